"""What first measures of incidents need from outside."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.audit.domain.incidents.measure import Ordered
from services.audit.ports.notices import NoticeUnit


@dataclass(frozen=True, slots=True)
class Standing:
    """What the broker's guard says: who is cut off, whose rights it gave back.

    Each loss has a number, which only grows.
    """

    cut: frozenset[str]
    given_back: Sequence[tuple[int, str]]


class BrokerGuard(Protocol):
    """Who may speak on the broker."""

    def cut_off(self, principals: Collection[str], *, since: int) -> Standing:
        """Cut off exactly these; what stands, and the losses from number ``since`` on.

        Transient while the guard or the broker is away: it is so then as it was.
        """
        ...


class Measures(Protocol):
    """Measures on record."""

    def add(self, ordered: Ordered) -> None: ...

    def lock(self, measure_id: UUID) -> Ordered | None:
        """Held until the commit."""
        ...

    def of(self, incident_id: UUID) -> Sequence[Ordered]: ...

    def cuts(self) -> Sequence[Ordered]:
        """All of `cut_off` that stand or are not undone yet."""
        ...

    def taken(self, measure_id: UUID, *, at: datetime) -> bool:
        """False when it was known."""
        ...

    def lift(self, measure_id: UUID, *, at: datetime) -> None: ...

    def undone(self, measure_id: UUID, *, at: datetime) -> bool:
        """False when it was known."""
        ...


class MeasureUnit(NoticeUnit, Protocol):
    """A unit of work that knows measures."""

    @property
    def measures(self) -> Measures: ...


class MeasureUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[MeasureUnit]: ...


class MeasureAlarms(Protocol):
    """Telling the operators."""

    def untaken(self, *, count: int) -> None:
        """So many orders to cut off nobody has carried out in time; 0 when none."""
        ...
