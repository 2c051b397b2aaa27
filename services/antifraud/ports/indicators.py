"""What indicators need from outside."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.antifraud.domain.indicators import Counted, Indicator, Item, Reading
from services.antifraud.ports.duties import DutyAlarms
from services.antifraud.ports.risks import RiskUnit


class Series(Protocol):
    """Live numbers, the readings kept of them, and what waits for an answer."""

    def counted(self, indicator: Indicator, *, at: datetime) -> Counted:
        """What its measure comes to at an instant."""
        ...

    def keep(self, reading: Reading) -> bool:
        """False when that instant's is kept already."""
        ...

    def last(self) -> Mapping[str, Reading]:
        """The newest reading of each code."""
        ...

    def readings(self, code: str, *, since: datetime, limit: int) -> Sequence[Reading]:
        """Of one indicator, the oldest first; the newest of them when too many."""
        ...

    def open_item(self, item: Item) -> bool:
        """False when one of that code waits already."""
        ...

    def was_opened(self, code: str, *, since: datetime) -> bool:
        """Whether one of that code was opened since."""
        ...

    def items(self, *, waiting: bool, limit: int) -> Sequence[Item]:
        """Those that wait, the oldest first; or all, the newest first."""
        ...

    def lock_item(self, item_id: UUID) -> Item | None:
        """Held until the commit."""
        ...

    def answer(
        self, item_id: UUID, *, at: datetime, by: UUID, words: str, risk_id: UUID | None
    ) -> None: ...


class IndicatorUnit(RiskUnit, Protocol):
    """A unit of work that knows indicators."""

    @property
    def series(self) -> Series: ...


class IndicatorUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[IndicatorUnit]: ...


class IndicatorAlarms(DutyAlarms, Protocol):
    """Telling the operators."""

    def indicator_crossed(self, reading: Reading) -> None:
        """Once, when it gets worse."""
        ...

    def indicators_read(self, readings: Sequence[Reading]) -> None:
        """The numbers as they are now."""
        ...
