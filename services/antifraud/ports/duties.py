"""What telling of overdue duties needs from outside."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from services.antifraud.domain.duties import Duty, Owed
from services.antifraud.ports import Unit


class Duties(Protocol):
    """Of what was told."""

    def told(self, owed: Owed, *, at: datetime) -> bool:
        """Keep that it was told; False when it was told before."""
        ...


class DutyUnit(Unit, Protocol):
    """A unit of work that knows what was told."""

    @property
    def duties(self) -> Duties: ...


class DutyUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[DutyUnit]: ...


class DutyAlarms(Protocol):
    """Telling the operators."""

    def duty_overdue(self, owed: Owed) -> None:
        """Once for each day that passed."""
        ...

    def duties_overdue(self, counts: Mapping[Duty, int]) -> None:
        """How many are overdue of each; 0 when none."""
        ...
