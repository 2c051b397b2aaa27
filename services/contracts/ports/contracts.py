"""Contracts with the statements, reminders and schedules that belong to them."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.money import Money
from kernel.pages import Page
from services.contracts.domain.contract import Contract, Statement
from services.contracts.domain.schedule import Schedule
from services.contracts.domain.states import ContractState
from services.contracts.domain.texts import Awaited, StatementText


@dataclass(frozen=True, slots=True, kw_only=True)
class Reminder:
    """One of the reminders of one answer that is awaited.

    `since`: the amendment it is about, or that began the wait anew.
    """

    awaits: Awaited
    days_left: int
    since: UUID | None = None


class Contracts(Protocol):
    """The contracts, their sealed documents and the statements made about them."""

    def add(self, contract: Contract, document: bytes) -> None: ...

    def get(self, contract_id: UUID) -> Contract | None:
        """The contract, its row locked until the transaction ends."""
        ...

    def get_own(self, contract_id: UUID, client_id: UUID) -> Contract | None:
        """The client's own contract, locked; somebody else's is not found."""
        ...

    def list_own(self, client_id: UUID, page: Page) -> list[Contract]:
        """The client's contracts, the newest first, one more than the page shows."""
        ...

    def earlier_sum(self, contract: Contract, *, since: datetime) -> Money:
        """The client's microcredits signed from then on and paid before this one."""
        ...

    def unfinished_of(self, client_id: UUID) -> Contract | None:
        """The client's one contract on its way to the money, locked."""
        ...

    def has_unfinished(self, client_id: UUID) -> bool:
        """Whether a contract of the client is neither paid out nor annulled."""
        ...

    def document(self, contract: Contract) -> bytes:
        """The very bytes offered.  Raises Broken when their digest has changed."""
        ...

    def save(self, contract: Contract, *, was: ContractState) -> bool:
        """One conditional update; False when the state is no longer `was`."""
        ...

    def add_statement(
        self,
        contract_id: UUID,
        statement: Statement,
        *,
        text: StatementText,
        since: UUID | None = None,
    ) -> None:
        """Keep what was agreed to: text version and digest, channel, times.

        `since`: the amendment that began the hold anew, so that it is given again.
        """
        ...

    def refused(self, *, limit: int) -> list[Contract]:
        """Contracts the client has refused and disbursement has not yet stopped."""
        ...

    def awaiting_company(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        """Contracts the client has signed and the company has not, the oldest first."""
        ...

    def to_remind(self, *, ending_by: datetime, limit: int) -> list[UUID]:
        """Contracts that await an answer until then at the latest."""
        ...

    def add_reminder(
        self, contract_id: UUID, reminder: Reminder, *, at: datetime
    ) -> bool:
        """False when that reminder was sent already."""
        ...

    def silent(self, *, at: datetime, limit: int) -> list[UUID]:
        """Contracts whose client's silence has lasted too long by then."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSchedule:
    """A schedule as it was offered, or as it counts since the money arrived."""

    schedule: Schedule
    final: bool


class Schedules(Protocol):
    """The schedules of contracts: one offered, one final; neither ever changes."""

    def add(self, contract_id: UUID, schedule: Schedule, *, final: bool) -> None: ...

    def latest(self, contract_id: UUID) -> KeptSchedule | None:
        """The final one if there is one."""
        ...
