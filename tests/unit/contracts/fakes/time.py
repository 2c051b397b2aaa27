"""A clock and ids that the test moves."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tests.unit.contracts.builders import OFFERED_AT


@dataclass
class FakeClock:
    """A clock the test moves."""

    at: datetime = OFFERED_AT

    def now(self) -> datetime:
        return self.at

    def move(self, by: timedelta) -> None:
        self.at += by


class FakeIds:
    """1, 2, 3 …"""

    def __init__(self) -> None:
        self.last = 0xF000

    def new(self) -> UUID:
        self.last += 1
        return UUID(int=self.last)
