"""What a connector to a bank or a processor can: looked up, never guessed.

A connector serves one rail.  One that cannot be asked about an order by its key is not
used at all: the status is asked before every sending.
"""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Final

from kernel.clock import ALMATY
from kernel.errors import Broken

KEY_RESERVE_S: Final = 300
"""So long before the partner may forget a key nothing is sent under it any more."""


class Rail(StrEnum):
    """By what money reaches the client (clause 5.3)."""

    ACCOUNT = "account"
    CARD = "card"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """One row of the table.

    ``inquiry``: the status of an order can be asked by its key; ``statement``: the
    company's statement shows what was booked; ``remembers_s``: how long a repeated key
    is surely known for one, 0 for never; ``cut_off``: from this time of day in Almaty
    on orders wait for the next day, None for around the clock.
    """

    inquiry: bool
    statement: bool
    remembers_s: int
    cut_off: time | None = None

    def __post_init__(self) -> None:
        """Broken for a connector with which no payment would be safe."""
        if not self.inquiry:
            raise Broken("A connector that cannot be asked about an order is not used")
        if self.remembers_s < 0:
            raise Broken("Nobody remembers a key for less than no time")

    def takes_orders(self, now: datetime) -> bool:
        """Whether an order given now is not one for tomorrow."""
        local = now.astimezone(ALMATY).time()
        return self.cut_off is None or local < self.cut_off

    @property
    def window_s(self) -> int:
        """How long an order may be sent again under its key."""
        return max(self.remembers_s - KEY_RESERVE_S, 0)
