"""Lists by the page, the newest first; one form for every list of a client.

The owner of a list pages by id (`kernel.pages`); the client gets the place as a cursor
it can neither read nor change.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, TypeVar
from uuid import UUID

from fastapi import Depends, Query

from kernel.crypto import Json, as_object
from kernel.errors import Broken
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One of several lists that are shown as one, and how its entries look there."""

    service: str
    method: str
    id_of: str
    shown: Callable[[Mapping[str, Json]], Json]


async def merged_page_of(
    kind: type[PageT],
    sources: Sequence[Source],
    *,
    here: Visit,
    session: Session,
    asked: PageAsked,
) -> PageT:
    """One page of lists that several services keep, the newest of all first.

    Their ids grow with time alike (`kernel.ids`), so that one place is a place in each.
    """
    cursors, client_id = here.gate.cursors, session.client_id
    collection = "+".join(f"{one.service}.{one.method}" for one in sources)
    before: UUID | None = None
    if asked.cursor is not None:
        before = cursors.open(asked.cursor, collection=collection, client_id=client_id)
    found: list[tuple[UUID, Json]] = []
    more = False
    for source in sources:
        answer = await here.ask(
            source.service,
            source.method,
            client_id=client_id,
            limit=asked.limit,
            before=before,
        )
        more = more or _Place.read(answer).next_before is not None
        found += [
            (UUID(str(item[source.id_of])), source.shown(item))
            for item in _items(answer)
        ]
    found.sort(key=lambda entry: entry[0], reverse=True)
    shown = found[: asked.limit]
    following: str | None = None
    if shown and (more or len(found) > asked.limit):
        following = cursors.seal(
            shown[-1][0], collection=collection, client_id=client_id
        )
    return kind.read({"items": [item for _, item in shown], "next": following})


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


def _items(answer: Json) -> Sequence[Mapping[str, Json]]:
    items = member(answer, "items")
    if not isinstance(items, list):
        raise Broken("a list that is none")
    return [as_object(item) for item in items]
