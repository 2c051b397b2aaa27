"""The National Bank's centre over HTTPS with our certificate, every answer bounded.

It speaks in clear numbers.  They become keyed names here, at the door: nothing behind
it, and no log line, ever sees one.
"""

import re
import time
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar
from uuid import UUID

import httpx
import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from kernel.clock import rfc3339
from kernel.errors import Broken, Refused, Transient
from kernel.tls import client_context
from kernel.values import Iban, Iin, Phone
from services.antifraud.domain.catalogue import Entity
from services.antifraud.domain.centre import (
    Change,
    Delisting,
    Listing,
    Notice,
    Page,
    Says,
    Status,
    Unfit,
)
from services.antifraud.domain.lists import Token
from services.antifraud.domain.occurrences import key_of
from services.antifraud.ports.centre import Told, UnreadableError

TIMEOUT: Final = httpx.Timeout(5.0, connect=3.0)
WHOLE_ANSWER_S: Final = 15.0
"""An answer that trickles is cut here."""
MAX_ANSWER_BYTES: Final = 16 * 1024
MAX_PAGE_BYTES: Final = 1024 * 1024
MESSAGES: Final = "/centre/v1/messages"
CHANGES: Final = "/centre/v1/changes"
"""Under the root of the centre's listener."""
MESSAGES_A_PAGE: Final = 500
PAGES_A_DAY: Final = 200

_Id = Annotated[UUID, Field(strict=False)]
_CODE: Final = re.compile(r"[a-z][a-z0-9_]{0,39}")
_Code = Annotated[str, Field(pattern=rf"^{_CODE.pattern}$")]
_Number = Annotated[str, Field(max_length=40)]


def _code(value: object) -> object:
    """A reason if it is a code: it is shown and kept, so words are not let in."""
    fit = value is None or (isinstance(value, str) and _CODE.fullmatch(value))
    return value if fit else "unspecified"


class _Answer(BaseModel):
    """What the centre says: strict types; what we do not know of is passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


_P = TypeVar("_P", bound=_Answer)


class _Acknowledgement(_Answer):
    ack_id: str = Field(min_length=1, max_length=200)


class _State(_Answer):
    event_id: _Id
    status: Annotated[Status, Field(strict=False)]
    reason: Annotated[str | None, BeforeValidator(_code)] = None


class _Problem(_Answer):
    code: str


class _Messages(_Answer):
    messages: list[_State] = Field(max_length=MESSAGES_A_PAGE)
    more: bool


class _Numbered(_Answer):
    number: int = Field(ge=1, lt=2**53)
    says: Any = None


class _Changes(_Answer):
    changes: list[_Numbered]
    last: int = Field(ge=0, lt=2**53)


class _Subject(_Answer):
    iin: _Number | None = None
    iban: _Number | None = None
    phone: _Number | None = None


class _Listing(_Answer):
    item_id: _Id
    subject: _Subject
    category: _Code
    expires_on: Annotated[date | None, Field(strict=False)] = None


class _Delisting(_Answer):
    item_id: _Id
    listing_id: _Id


class _Notice(_Answer):
    item_id: _Id
    subject: _Subject
    category: _Code


class HttpCentre:
    """Implements Centre."""

    def __init__(self, client: httpx.Client, *, token: Token) -> None:
        self._client = client
        self._token = token

    def post(self, body: bytes) -> str:
        status, answer = self._ask("POST", MESSAGES, content=body)
        if not httpx.codes.is_success(status):
            raise Broken(f"the anti-fraud centre refused a message: {status}")
        try:
            return _Acknowledgement.model_validate_json(answer).ack_id
        except ValidationError as cause:
            # Whether it was taken is unknown; the same bytes may safely go again.
            raise Transient("the centre's answer is no acknowledgement") from cause

    def status_of(self, event_id: UUID) -> Told | None:
        status, answer = self._ask("GET", f"{MESSAGES}/{event_id}")
        try:
            if status == httpx.codes.OK:
                state = _State.model_validate_json(answer)
                if state.event_id == event_id:
                    return Told(state.status, state.reason)
            elif (
                # Only in the centre's own words: any server may answer 404.
                status == httpx.codes.NOT_FOUND
                and _Problem.model_validate_json(answer).code == "message_unknown"
            ):
                return None
        except ValidationError as cause:
            raise Transient("the centre's answer is no status") from cause
        raise Transient(f"the centre's answer is no status: {status}")

    def messages(self, since: datetime, until: datetime) -> Mapping[UUID, str]:
        found: dict[UUID, str] = {}
        for number in range(PAGES_A_DAY):
            status, answer = self._ask(
                "GET",
                MESSAGES,
                params={
                    "from": rfc3339(since),
                    "to": rfc3339(until),
                    "after": number * MESSAGES_A_PAGE,
                    "limit": MESSAGES_A_PAGE,
                },
                at_most=MAX_PAGE_BYTES,
            )
            page = _page(_Messages, status, answer)
            found |= {each.event_id: each.status.value for each in page.messages}
            if not page.more:
                return found
        raise Transient("the centre's list of a day has no end")

    def changes(self, *, after: int, limit: int) -> Page:
        status, answer = self._ask(
            "GET",
            CHANGES,
            params={"after": after, "limit": limit},
            at_most=MAX_PAGE_BYTES,
        )
        page = _page(_Changes, status, answer)
        numbers = [each.number for each in page.changes]
        beyond = range(after + 1, after + limit + 1)
        if any(number not in beyond for number in numbers):
            raise UnreadableError("the centre's page is none of what was asked for")
        if len(set(numbers)) < len(numbers):
            raise UnreadableError("the centre's page has a number twice")
        changes = (Change(e.number, self._says(e.says)) for e in page.changes)
        return Page(tuple(changes), page.last)

    def _says(self, says: object) -> Says:
        """What one change says, by keyed names; never an error."""
        try:
            match says:
                case {"kind": "list_entry"}:
                    listing = _Listing.model_validate_json(orjson.dumps(says))
                    return Listing(
                        item_id=listing.item_id,
                        keys=self._keys(listing.subject),
                        category=listing.category,
                        expires_on=listing.expires_on,
                    )
                case {"kind": "list_removal"}:
                    ended = _Delisting.model_validate_json(orjson.dumps(says))
                    return Delisting(item_id=ended.item_id, listing_id=ended.listing_id)
                case {"kind": "notice"}:
                    notice = _Notice.model_validate_json(orjson.dumps(says))
                    return Notice(
                        item_id=notice.item_id,
                        keys=self._keys(notice.subject),
                        category=notice.category,
                    )
                case {"kind": str()}:
                    return Unfit("kind_unknown")
        except Refused as refused:
            return Unfit(refused.code)
        except (ValidationError, orjson.JSONEncodeError):
            pass
        return Unfit("malformed")

    def _keys(self, subject: _Subject) -> tuple[tuple[Entity, str], ...]:
        """Refused ``subject_missing``, and as the values' own types."""
        keys = tuple(self._named(subject))
        if not keys:
            raise Refused(
                "subject_missing", "It names nobody.", next_step="Ask the centre."
            )
        return keys

    def _named(self, subject: _Subject) -> Iterator[tuple[Entity, str]]:
        given = (
            (Entity.IIN, "iin", subject.iin, Iin),
            (Entity.ACCOUNT, "iban", subject.iban, Iban),
            (Entity.PHONE, "phone", subject.phone, Phone),
        )
        for entity, kind, text, value in given:
            if text is not None:
                token = self._token(kind, value(text).reveal())
                yield entity, key_of(entity, token)

    def _ask(
        self,
        method: str,
        path: str,
        *,
        content: bytes | None = None,
        params: Mapping[str, str | int] | None = None,
        at_most: int = MAX_ANSWER_BYTES,
    ) -> tuple[int, bytes]:
        """Status and answer.  Transient when there is none, or the centre is unable."""
        ends = time.monotonic() + WHOLE_ANSWER_S
        headers = {"Content-Type": "application/json"} if content else None
        try:
            with self._client.stream(
                method, path, content=content, params=params, headers=headers
            ) as reply:
                answer = bytearray()
                for piece in reply.iter_bytes():
                    answer += piece
                    if len(answer) > at_most:
                        raise UnreadableError("the centre's answer is too long")
                    if time.monotonic() > ends:
                        raise Transient("the centre's answer takes too long")
                status = reply.status_code
        except httpx.HTTPError as cause:
            raise Transient("the anti-fraud centre is away") from cause
        if status >= httpx.codes.INTERNAL_SERVER_ERROR:
            raise Transient("the anti-fraud centre is not able right now")
        if status == httpx.codes.TOO_MANY_REQUESTS:
            raise Transient("the anti-fraud centre asks for patience")
        return status, bytes(answer)


def _page(schema: type[_P], status: int, answer: bytes) -> _P:
    if status != httpx.codes.OK:
        raise Transient(f"the centre shows no page: {status}")
    try:
        return schema.model_validate_json(answer)
    except ValidationError:
        # Without its cause, which quotes what was told.
        raise UnreadableError("the centre's page is of no form") from None


def http_centre(
    url: str, *, ca: Path, cert: Path, key: Path, token: Token
) -> HttpCentre:
    """The centre at this address; connects at the first message."""
    client = httpx.Client(
        base_url=url,
        verify=client_context(ca, cert, key),
        timeout=TIMEOUT,
        follow_redirects=False,
        trust_env=False,
    )
    return HttpCentre(client, token=token)
