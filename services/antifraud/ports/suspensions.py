"""What suspensions and the breaker of rules need from outside."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.antifraud.domain.breaker import Stops, Trip
from services.antifraud.domain.suspending import Suspension
from services.antifraud.ports import Unit


class Suspensions(Protocol):
    """What is held, each thing once at a time."""

    def open(self, *, limit: int) -> Sequence[Suspension]:
        """What is held now, what ends first before the others."""
        ...

    def find(self, held: str) -> Suspension | None:
        """What is held under a name, locked until the commit."""
        ...

    def suspend(self, suspension: Suspension) -> bool:
        """False when it is held already."""
        ...

    def keep(
        self,
        hold_id: UUID,
        *,
        review_id: UUID,
        until_on: date,
        ground: str,
        by: str,
        at: datetime,
    ) -> None:
        """Note a review; the suspension goes on until another day."""
        ...

    def without_end(self, *, limit: int) -> Sequence[Suspension]:
        """What an older release has suspended without a day of its end."""
        ...

    def set_end(self, hold_id: UUID, *, until_on: date) -> None: ...

    def warn(self, *, by: date, today: date) -> Sequence[Suspension]:
        """Those that end by a day and nobody was told of; they count as told."""
        ...

    def run_over(self, *, today: date) -> Sequence[Suspension]:
        """Those whose term has ended and nobody was told of; they count as told."""
        ...

    def count(self, *, until: date) -> int:
        """How many are open whose last day is before a day."""
        ...


class Trips(Protocol):
    """The breaker's notes: which rules stopped too much."""

    def stops(self, version: str, *, since: datetime, rule: str | None = None) -> Stops:
        """Operations a version judged since, by kind; and those a rule stopped."""
        ...

    def rearmed_at(self, version: str) -> Mapping[str, datetime]:
        """When each rule that was ever tripped was last armed again."""
        ...

    def trip(self, trip: Trip) -> bool:
        """False when it is tripped already."""
        ...

    def open(self) -> Sequence[Trip]:
        """Which rules ask for a look only, the newest first."""
        ...

    def rearm(
        self,
        version: str,
        rule: str,
        *,
        at: datetime,
        asked_by: UUID,
        approved_by: UUID,
    ) -> UUID | None:
        """The trip that ends; None when there is none."""
        ...


class SuspensionUnit(Unit, Protocol):
    """A unit of work that knows suspensions."""

    @property
    def suspensions(self) -> Suspensions: ...

    @property
    def trips(self) -> Trips: ...


class SuspensionUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[SuspensionUnit]: ...


class SuspensionAlarms(Protocol):
    """Telling the operators."""

    def suspensions_ending(self, *, soon: int, over: int) -> None:
        """So many suspensions end soon, so many are past their end; 0 when none."""
        ...

    def rule_tripped(self, *, rule: str, judged: int, stopped: int) -> None: ...

    def rules_tripped(self, *, count: int) -> None:
        """So many rules ask for a look only."""
        ...
