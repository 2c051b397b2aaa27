"""Lists of names: who is refused, watched, trusted, or told of by the centre.

An entry stands under a keyed name, for a reason, until a day; nothing on a list stands
for ever.  The same form goes in and out, one entry a line (CSV); values come in clear
and leave as their keyed tokens.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import ALMATY
from kernel.errors import Refused
from kernel.values import Iban, Iin, Phone
from services.antifraud.domain.catalogue import LISTS, Entity
from services.antifraud.domain.names import skeleton
from services.antifraud.domain.occurrences import key_of

MAX_AT_ONCE: Final = 2_000
COLUMNS: Final = ("entity", "value", "expires_on", "reason", "source")
"""Of the form in which lists go in and out."""
MAX_DAYS: Final = 1_096
MAX_WORDS: Final = 200
MAX_TOKEN: Final = 120

Token = Callable[[str, str], str]
"""The keyed token of a kind and a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A name on a list."""

    entry_id: UUID
    of: str
    entity: Entity
    key: str
    expires_at: datetime
    reason: str
    source: str
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """An entry as it is told: a line to put it on a list again by, and who did."""

    entity: str
    value: str
    """The keyed name: entity and token."""
    expires_on: date
    reason: str
    source: str
    added_at: datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of what is to be put on a list."""

    entity: str
    value: str
    expires_on: date
    reason: str
    source: str


def keyed(line: Line, *, number: int, today: date, token: Token) -> tuple[Entity, str]:
    """The keyed name a line stands for.

    A value may be in clear, or a keyed name as a list is shown by.  Refused
    ``list_line_unfit`` with the line's number and what about it is unfit; the
    value itself is repeated nowhere.
    """
    try:
        entity = Entity(line.entity)
    except ValueError:
        raise _unfit(number, "entity") from None
    if not today < line.expires_on <= today + timedelta(days=MAX_DAYS):
        raise _unfit(number, "expires_on")
    if not all(0 < len(words) <= MAX_WORDS for words in (line.reason, line.source)):
        raise _unfit(number, "reason")
    if len(line.value) > MAX_TOKEN:
        raise _unfit(number, "value")
    if line.value.startswith(f"{entity}:"):
        return entity, line.value
    try:
        return entity, key_of(entity, _tokened(entity, line.value, token))
    except Refused as refused:
        raise _unfit(number, "value") from refused


def keyed_name(entity: Entity, value: str, token: Token) -> str:
    """The keyed name of a value in clear; one that is keyed stays as it is.

    Refused ``name_unfit``; the value itself is repeated nowhere.
    """
    keyed_already = value.startswith(f"{entity}:")
    try:
        if len(value) <= MAX_TOKEN:
            return (
                value
                if keyed_already
                else key_of(entity, _tokened(entity, value, token))
            )
    except Refused:
        pass
    raise Refused(
        "name_unfit",
        "This is no such name.",
        next_step="Give the number itself, or the keyed name as a decision has it.",
    )


def day_of(expires_at: datetime) -> date:
    """The last day in Almaty on which an entry stands."""
    return (expires_at.astimezone(ALMATY) - timedelta(days=1)).date()


def end_of(day: date) -> datetime:
    """The instant at which a day in Almaty is over."""
    midnight = datetime.min.time()
    return datetime.combine(day + timedelta(days=1), midnight, tzinfo=ALMATY)


def refuse_unfit_list(of: str, lines: Sequence[object]) -> None:
    """Refused: ``list_unknown``, ``list_too_long``."""
    if of not in LISTS:
        raise Refused(
            "list_unknown", "There is no such list.", next_step=f"One of {LISTS}."
        )
    if len(lines) > MAX_AT_ONCE:
        raise Refused(
            "list_too_long",
            "These are too many entries at once.",
            next_step="Send them in parts.",
            most=MAX_AT_ONCE,
        )


def _tokened(entity: Entity, value: str, token: Token) -> str:
    match entity:
        case Entity.IIN:
            return token("iin", Iin(value).reveal())
        case Entity.PHONE:
            return token("phone", Phone(value).reveal())
        case Entity.ACCOUNT:
            return token("iban", Iban(value).reveal())
        case Entity.NAME:
            return token("name", skeleton(value))
        case _ if 0 < len(value) <= MAX_TOKEN and value.isascii():
            return value
    raise Refused("value_unfit", "This is no such name.", next_step="Correct it.")


def _unfit(number: int, what: str) -> Refused:
    return Refused(
        "list_line_unfit",
        "A line is unfit; nothing was put on the list.",
        next_step="Correct the line and send all of them again.",
        line=number,
        what=what,
    )
