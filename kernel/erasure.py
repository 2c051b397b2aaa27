"""Erasing persons by the end of their keys: what every service that seals them does.

Onboarding decides that a person is erased and says so; a service that heard it erases
what it has as soon as the law lets it go, which may be later (`erase_heard`).  Nothing
here does I/O of its own: storage is `kernel.person_keys`.
"""

import calendar
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Final, Protocol, TypeVar
from uuid import UUID

from kernel.crypto import UnsealError

AT_ONCE: Final = 20
"""Persons looked at per beat; the rest waits for the next."""

ASKED_AGAIN: Final = timedelta(days=1)
"""How long after a look at open obligations the next one is due."""


class PersonKeys(Protocol):
    """The keys by which what is sealed of persons opens, one for each."""

    def unfinished(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        """Persons whose fields other keys have sealed, or whose key has."""
        ...

    def take_further(self, client_id: UUID, *, at: datetime) -> None:
        """One step towards the person's own key.  UnsealError for a broken field."""
        ...


class MakesKeys(PersonKeys, Protocol):
    """The same, where the beats of this module need new ones as well."""

    def make(
        self, client_id: UUID, *, at: datetime, look_at: datetime | None = None
    ) -> None:
        """A key for somebody new; whoever has one keeps it."""
        ...


class KeyEnds(Protocol):
    """When persons are looked at to be erased, and the erasure itself."""

    def due(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        """Persons to be looked at by an instant, the longest due first."""
        ...

    def take(self, client_id: UUID) -> bool:
        """Hold the person's key until commit; False if it is held, or destroyed."""
        ...

    def look_again(self, client_id: UUID, *, at: datetime | None) -> None:
        """When the person may be due; None: not before something happens."""
        ...

    def erase(self, client_id: UUID, *, at: datetime) -> bool:
        """Destroy the key, remove the tokens; False unless the key seals everything."""
        ...


class HasKeys(Protocol):
    """One transaction with the keys of persons in it."""

    @property
    def keys(self) -> PersonKeys: ...


class HasEnds(Protocol):
    """One transaction with the keys of persons, and their ends."""

    @property
    def keys(self) -> MakesKeys: ...

    @property
    def ends(self) -> KeyEnds: ...


WithKeys = TypeVar("WithKeys", bound=HasKeys)
WithEnds = TypeVar("WithEnds", bound=HasEnds)


def years_after(moment: datetime, years: int) -> datetime:
    """The same day and hour so many years later; of 29 February, 1 March.

    A term of "not less than" so many years is over then, never a day before.
    """
    year = moment.year + years
    if (moment.month, moment.day) == (2, 29) and not calendar.isleap(year):
        return moment.replace(year=year, month=3, day=1)
    return moment.replace(year=year)


def seal_by_own_keys(
    begin: Callable[[], AbstractContextManager[WithKeys]], *, at: datetime
) -> tuple[UUID, ...]:
    """Take persons of before there were such keys a step further.

    A field that does not open stops nobody else; whose it is comes back.
    """
    with begin() as unit:
        found = unit.keys.unfinished(at=at, limit=AT_ONCE)
    return tuple(_broken(begin, found, at=at))


def hear(unit: HasEnds, client_id: UUID, *, at: datetime) -> None:
    """Onboarding has erased the person: a beat looks what may go here, and when.

    Who has no key here gets one that ends at once: nothing is sealed of them later.
    """
    unit.keys.make(client_id, at=at)
    unit.ends.look_again(client_id, at=at)


def erase_heard(
    begin: Callable[[], AbstractContextManager[WithEnds]],
    *,
    at: datetime,
    kept_until: Callable[[WithEnds, UUID], datetime | None],
    say: Callable[[WithEnds, UUID], None],
) -> int:
    """Erase whoever onboarding has erased and nothing obliges to keep; how many.

    1. Persons whose time to be looked at has come.
    2. Each in a transaction of its own, passed over while somebody else has it.
    3. What must be kept (`kept_until`; None while something is open) puts it off.
    4. The key is destroyed, and what is said of it leaves, in one commit.
    """
    with begin() as unit:  # step 1
        due = unit.ends.due(at=at, limit=AT_ONCE)
    erased = 0
    for client_id in due:
        with begin() as unit:
            if not unit.ends.take(client_id):  # step 2
                continue
            until = kept_until(unit, client_id)  # step 3
            if until is None or until > at:
                again = at + ASKED_AGAIN if until is None else until
                unit.ends.look_again(client_id, at=again)
            elif unit.ends.erase(client_id, at=at):  # step 4
                say(unit, client_id)
                erased += 1
    return erased


def _broken(
    begin: Callable[[], AbstractContextManager[WithKeys]],
    found: Iterable[UUID],
    *,
    at: datetime,
) -> Iterable[UUID]:
    for client_id in found:
        try:
            with begin() as unit:
                unit.keys.take_further(client_id, at=at)
        except UnsealError:
            yield client_id
