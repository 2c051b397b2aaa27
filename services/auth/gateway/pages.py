"""Lists by the page, the newest first; one form for every list of a client.

The owner of a list pages by id (`kernel.pages`); the client gets the place as a cursor
it can neither read nor change.
"""

from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Query

from kernel.pages import MOST, USUAL
from services.auth.domain.sessions import Session
from services.auth.gateway.answers import Answer, AnswerId, PageAnswer
from services.auth.gateway.cursors import LONGEST_CURSOR
from services.auth.gateway.gate import Visit, member

PageT = TypeVar("PageT", bound=PageAnswer)


@dataclass(frozen=True, slots=True)
class PageAsked:
    """The part of a list a client names: how much, and after which page."""

    limit: Annotated[int, Query(ge=1, le=MOST)] = USUAL
    cursor: Annotated[
        str | None,
        Query(min_length=1, max_length=LONGEST_CURSOR, pattern="^[A-Za-z0-9_-]+$"),
    ] = None


Asked = Annotated[PageAsked, Depends(PageAsked)]


class _Place(Answer):
    """Where the owner of a list says that it goes on."""

    next_before: AnswerId | None


async def page_of(
    kind: type[PageT],
    service: str,
    method: str,
    *,
    here: Visit,
    session: Session,
    asked: PageAsked,
) -> PageT:
    """One page of a list that `service` keeps for the client."""
    cursors, client_id = here.gate.cursors, session.client_id
    collection = f"{service}.{method}"
    before: UUID | None = None
    if asked.cursor is not None:
        before = cursors.open(asked.cursor, collection=collection, client_id=client_id)
    answer = await here.ask(
        service, method, client_id=client_id, limit=asked.limit, before=before
    )
    following: str | None = None
    place = _Place.read(answer).next_before
    if place is not None:
        following = cursors.seal(place, collection=collection, client_id=client_id)
    return kind.read({"items": member(answer, "items"), "next": following})
