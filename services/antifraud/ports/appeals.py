"""What the register of appeals needs from outside."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from kernel.pages import Page
from services.antifraud.domain.appeals import Appeal, AppealOutcome
from services.antifraud.domain.cases import Case
from services.antifraud.ports.cases import CaseUnit
from services.antifraud.ports.suspensions import SuspensionUnit


class Appeals(Protocol):
    """The register; entries are added, and answered once."""

    def next_number(self, year: int) -> int:
        """The next of a year; whoever asks is alone until the commit."""
        ...

    def was_decided(self, against: str, *, client_id: UUID) -> bool:
        """Whether anything was decided on it, or it is suspended."""
        ...

    def was_stopped(self, against: str, *, client_id: UUID) -> bool:
        """Whether it was ever held or refused, whatever became of it since."""
        ...

    def filed(self, client_id: UUID, *, since: datetime) -> int:
        """How many the client has filed since."""
        ...

    def own(
        self, client_id: UUID, page: Page, *, against: str | None = None
    ) -> Sequence[Appeal]:
        """The client's, the newest first."""
        ...

    def add(self, appeal: Appeal, *, number: int, words: str) -> bool:
        """False when one against the same is open."""
        ...

    def listed(self, *, answered: bool, limit: int) -> Sequence[Appeal]:
        """What is due first before the others; of answered ones the newest."""
        ...

    def find(self, appeal_id: UUID) -> Appeal | None: ...

    def lock(self, appeal_id: UUID) -> Appeal | None:
        """Held until the commit."""
        ...

    def words(self, appeal_id: UUID) -> str: ...

    def answer_of(self, appeal_id: UUID) -> str | None: ...

    def deciders(self, appeal: Appeal) -> frozenset[str]:
        """The staff who had a part in what it is against."""
        ...

    def cases(self, appeal: Appeal) -> Sequence[Case]:
        """Closed cases of what it is against."""
        ...

    def extend(
        self, appeal_id: UUID, *, answer_by: date, reason: str, at: datetime
    ) -> None: ...

    def answer(
        self,
        appeal_id: UUID,
        *,
        outcome: AppealOutcome,
        words: str,
        by: UUID,
        at: datetime,
    ) -> None: ...

    def count_overdue(self, *, today: date) -> int: ...


class AppealUnit(CaseUnit, SuspensionUnit, Protocol):
    """A unit of work that knows appeals, cases and suspensions."""

    @property
    def appeals(self) -> Appeals: ...


class AppealUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[AppealUnit]: ...


class AppealAlarms(Protocol):
    """Telling the operators."""

    def appeals_overdue(self, *, count: int) -> None:
        """So many appeals wait longer than the law allows; 0 when none."""
        ...
