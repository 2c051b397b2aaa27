"""What the register of risks needs from outside."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.antifraud.domain.risks import Acceptance, History, Revision, Risk
from services.antifraud.ports.duties import DutyUnit


class Risks(Protocol):
    """The register; what is in it is only added to."""

    def lock(self) -> None:
        """Held until the commit: of two changes one is the first."""
        ...

    def next_number(self) -> int: ...

    def add(self, risk_id: UUID, *, number: int, at: datetime, by: UUID) -> None: ...

    def revise(self, risk_id: UUID, revision: Revision) -> None: ...

    def accept(
        self, risk_id: UUID, acceptance: Acceptance, *, acceptance_id: UUID
    ) -> None: ...

    def find(self, risk_id: UUID) -> Risk | None: ...

    def listed(self) -> Sequence[Risk]:
        """All of them, by number."""
        ...

    def history(self, risk_id: UUID) -> History | None: ...


class RiskUnit(DutyUnit, Protocol):
    """A unit of work that knows the register of risks."""

    @property
    def risks(self) -> Risks: ...


class RiskUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[RiskUnit]: ...
