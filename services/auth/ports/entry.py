"""Logins, their passwords, and the counts that guard them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID

from kernel.values import Phone
from services.auth.domain.passwords import Attempt, Former, Login
from services.auth.domain.rules import Allowance, Rules
from services.auth.domain.visits import OfficePass

PhoneToken = Callable[[Phone], str]
"""The keyed token of a number, the same in every service that may make it."""


class Passwords(Protocol):
    """The slow hash, at the cost the dated settings ask for."""

    def hash(self, password: str) -> str: ...

    def matches(
        self, password: str, password_hash: str | None, *, like: str | None = None
    ) -> bool:
        """Whether they belong together; None stands for nobody and never does.

        For nobody the look costs what `like` would have cost, or else what a new hash
        costs.
        """
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Whether a new hash of the same password would be stronger."""
        ...


class Erasures(Protocol):
    """The end of a login."""

    def erase(self, login: Login) -> None:
        """Remove it with its factors, browsers, codes, counts, words of messages."""
        ...


class Logins(Protocol):
    """Who may come in."""

    def add(self, login: Login) -> bool:
        """Keep a new login; False when the client or the number has one."""
        ...

    def by_phone(self, phone_token: str) -> Login | None: ...

    def by_client(self, client_id: UUID) -> Login | None: ...

    def by_id(self, login_id: UUID) -> Login | None: ...

    def nearest(self, phone_token: str) -> Login | None:
        """The login of the number or, when nobody has it, its neighbour's.

        The same work for known and unknown numbers.
        """
        ...

    def lock(self, client_id: UUID) -> Login | None:
        """The client's login, whose row is ours until the transaction ends."""
        ...

    def move(
        self, login: Login, phone: Phone, phone_token: str, *, now: datetime
    ) -> bool:
        """Let another number be the login; False when `login` is not as it was.

        The number it leaves is kept as the former one.

        Broken when the number is another's.
        """
        ...

    def former_number(self, client_id: UUID, *, since: datetime) -> Former | None:
        """The number the login has left after an instant."""
        ...

    def forget_former(self, *, before: datetime) -> None:
        """Remove the numbers that were left until then."""
        ...

    def reset_password(
        self, login: Login, password_hash: str, *, now: datetime
    ) -> None:
        """Set another password, whatever it was."""
        ...

    def replace_hash(self, login: Login, password_hash: str) -> bool:
        """Exchange the hash `login` shows; False when it is another by now."""
        ...

    def set_first_password(
        self, login: Login, password_hash: str, *, now: datetime
    ) -> bool:
        """Set the password of a login that has none; False when it has one."""
        ...


class Attempts(Protocol):
    """The count of password attempts per number, known or not."""

    def reserve(
        self, phone_token: str, *, login_id: UUID, rules: Rules, now: datetime
    ) -> Attempt | None:
        """Take one attempt, by one statement; None when the number is locked."""
        ...

    def locked_until(self, phone_token: str) -> datetime | None: ...

    def carry(self, login: Login, phone_token: str, *, now: datetime) -> None:
        """Let the count of a login's new number be no milder than the old one's."""
        ...

    def clear(self, attempt: Attempt) -> bool:
        """Forget the run that ends with `attempt`; False when others came after."""
        ...

    def tell(self, attempt: Attempt) -> bool:
        """Note that the lock of `attempt` is told of; False when it was, or is gone."""
        ...

    def untold(self, *, before: datetime) -> Sequence[Attempt]:
        """Attempts that have locked, before an instant, and are not told of."""
        ...

    def reopen(self, *, now: datetime) -> Sequence[UUID]:
        """End the locks that have run out; ids of their logins."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove counts untouched since an instant; returns how many."""
        ...


class OfficePasses(Protocol):
    """Passes of who was at the office, by their digests."""

    def add(self, given: OfficePass) -> None: ...

    def take(self, digest: bytes, *, now: datetime) -> UUID | None:
        """Whose pass it is; used up from now on.  None when it is not good."""
        ...

    def forget(self, *, before: datetime) -> int: ...


class Blocks(Protocol):
    """Whom incidents keep out: ``client:<id>`` or ``staff:<id>`` (clause 7.2)."""

    def add(self, subject: str, incident_id: UUID, *, now: datetime) -> bool:
        """Keep out for an incident; False when it is so already."""
        ...

    def lift(self, subject: str, incident_id: UUID) -> bool:
        """End what one incident has caused; False when it caused nothing."""
        ...

    def stands(self, subject: str) -> bool:
        """Whether any incident keeps them out."""
        ...


class Sources(Protocol):
    """Buckets of failed logins, by the keyed token of where they come from."""

    def take(
        self, source_token: str, *, allowance: Allowance, now: datetime
    ) -> timedelta:
        """Take one, by one statement; how long to wait when there is none, else 0."""
        ...

    def give_back(self, source_token: str, *, allowance: Allowance) -> None:
        """Put one back: the attempt was no failure."""
        ...

    def alarm(self, source_token: str, *, now: datetime) -> bool:
        """Whether it is time to report this source; True once in `ALARM_EVERY`."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove the buckets untouched since an instant; returns how many."""
        ...
