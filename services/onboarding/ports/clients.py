"""Clients, their accounts, and the changes of both."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.values import CardToken, Iban, Iin, Phone
from services.onboarding.domain.account import (
    Account,
    AccountState,
    CardRecord,
    Ownership,
)
from services.onboarding.domain.change import Change, ChangeKind, ChangeState
from services.onboarding.domain.refusal import Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """A person with an account in the cabinet."""

    client_id: UUID
    registration_id: UUID
    iin_token: str
    phone: Phone
    phone_token: str


class Clients(Protocol):
    """Persons with an account: one person one account, one number one account."""

    def add(self, client: Client, *, at: datetime) -> bool:
        """False when the person or the phone number has an account already."""
        ...

    def get(self, client_id: UUID) -> Client | None: ...

    def lock(self, client_id: UUID) -> Client | None:
        """The client, whose row is ours until the transaction ends."""
        ...

    def has_phone(self, phone_token: str) -> bool: ...

    def find(
        self, *, iin_token: str | None = None, phone_token: str | None = None
    ) -> UUID | None:
        """The client of both tokens, or of the one that is given."""
        ...

    def change_phone(self, change: Change) -> bool:
        """From the old number to the new; False when it is not the old one."""
        ...


class Accounts(Protocol):
    """Accounts, cards, and the answers about their owners."""

    def add(self, account: Account, *, at: datetime) -> bool:
        """False when the client has such an account, or one selected, already."""
        ...

    def of_client(self, client_id: UUID) -> tuple[Account, ...]:
        """All but the removed ones, the first added first."""
        ...

    def get(self, account_id: UUID) -> Account | None:
        """None when it was removed, too."""
        ...

    def replace(self, change: Change) -> bool:
        """From the old value to the new, unproved; False when it is not the old."""
        ...

    def select(self, change: Change) -> bool:
        """From the account selected before to another; False when it was not."""
        ...

    def remove(self, change: Change, *, at: datetime) -> bool:
        """Keep it for the record only; False when it is selected or not as it was."""
        ...

    def record(
        self,
        account: Account,
        ownership: Ownership,
        *,
        check_id: UUID,
        becomes: AccountState,
    ) -> bool:
        """Append the answer, move the state; False when `account` is not as it was."""
        ...


class Changes(Protocol):
    """Changes of numbers and accounts, from the wish to the proof."""

    def add(self, change: Change) -> None: ...

    def get(self, change_id: UUID) -> Change | None: ...

    def of_client(self, client_id: UUID) -> tuple[Change, ...]:
        """All changes one client ever began, the oldest first."""
        ...

    def begun_since(self, client_id: UUID, *, since: datetime) -> int: ...

    def supersede(
        self, client_id: UUID, kind: ChangeKind, *, code: str, at: datetime
    ) -> None:
        """Give up what the client began of this kind and did not finish."""
        ...

    def note_code(self, change_id: UUID, challenge_id: UUID) -> None:
        """Remember which code was sent to the new number."""
        ...

    def move(
        self,
        change_id: UUID,
        *,
        source: ChangeState,
        target: ChangeState,
        at: datetime,
    ) -> bool:
        """One conditional update; False when it no longer stands in `source`."""
        ...

    def prove(self, change_id: UUID, ceremony_id: UUID, *, at: datetime) -> bool:
        """Checked → proved, by this ceremony; False when it was not checked."""
        ...

    def proved(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        """Proved changes antifraud is due to be asked about, the oldest first."""
        ...

    def apply(self, change_id: UUID, ceremony_id: UUID, *, at: datetime) -> bool:
        """Checked or proved → applied, by this ceremony; False when it was neither."""
        ...

    def adding(self, account_id: UUID) -> Change | None:
        """The change by which an account of that id was to be added."""
        ...

    def cover(self, change_id: UUID, operation: str) -> bool:
        """Let another operation's ceremony apply it; False unless it is checked."""
        ...

    def covered_by(self, operation: str) -> Change | None:
        """The change that the ceremony of an operation is to apply as well."""
        ...

    def refuse(
        self,
        change_id: UUID,
        *,
        code: str,
        at: datetime,
        reason: Reason | None = None,
    ) -> bool:
        """End it; `reason` is for the staff.  False when it has ended already."""
        ...

    def is_quarantined(
        self, phone_token: str, *, since: datetime, but_for: UUID | None
    ) -> bool:
        """Whether another client gave the number up after an instant."""
        ...


class Bank(Protocol):
    """Where the account is held."""

    def ownership(self, iban: Iban, iin: Iin) -> Ownership:
        """Whose account it is. Transient when there is no answer."""
        ...


class Cards(Protocol):
    """The card processor, which alone knows the numbers of cards."""

    def look_up(self, token: CardToken, iin: Iin) -> CardRecord:
        """Whose card it is, and the account behind it. Transient without an answer."""
        ...
