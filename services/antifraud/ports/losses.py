"""What the base of losses needs from outside."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.antifraud.domain.losses import Entry, Loss, LossHistory, Told
from services.antifraud.ports.risks import RiskUnit


class Losses(Protocol):
    """The base; what is in it is only added to."""

    def lock(self) -> None:
        """Held until the commit: of two changes one is the first."""
        ...

    def next_number(self) -> int: ...

    def add(self, loss_id: UUID, *, number: int, at: datetime, by: UUID) -> None: ...

    def tell(self, loss_id: UUID, told: Told) -> None: ...

    def enter(self, loss_id: UUID, entry: Entry) -> None: ...

    def find(self, loss_id: UUID) -> Loss | None: ...

    def listed(self, *, since: date, until: date) -> Sequence[Loss]:
        """Those found within these days, both included, by number."""
        ...

    def history(self, loss_id: UUID) -> LossHistory | None: ...

    def is_fraud(self, case_id: UUID) -> bool:
        """Whether there is such a case, closed as a fraud."""
        ...

    def unrecorded(self) -> Sequence[tuple[UUID, datetime]]:
        """Cases closed as frauds that no loss names, with when they were closed."""
        ...


class LossUnit(RiskUnit, Protocol):
    """A unit of work that knows risks and losses."""

    @property
    def losses(self) -> Losses: ...


class LossUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[LossUnit]: ...
