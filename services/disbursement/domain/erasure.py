"""How long the orders of a client whom onboarding has erased must be kept.

A payment order proves to whom the company paid: it stays `documents.retention_years`
(at least five) after the last payout has ended, like the contract it fulfils.
"""

from dataclasses import dataclass
from datetime import datetime

from kernel.erasure import years_after


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the term runs from.

    `is_open`: a payout has not ended; `last_at`: when the last one arrived, or was
    entered.
    """

    is_open: bool
    last_at: datetime | None

    def until(self, years: int, *, at: datetime) -> datetime | None:
        """From when nothing has to be kept, at `at` if ever; None while one is open."""
        if self.is_open:
            return None
        return at if self.last_at is None else years_after(self.last_at, years)
