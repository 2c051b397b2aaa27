"""What must be kept of a client whom onboarding has erased, and for how long.

Documents and their evidence stay `documents.retention_years` (at least five) after the
obligations have ended; everything of a client opens by one key, so the last end counts.
"""

from dataclasses import dataclass
from datetime import datetime

from kernel.erasure import years_after
from kernel.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the term runs from.

    `is_open`: a contract has not ended; `last_at`: the last end of a contract,
    application, letter, or disclosure made of the client or by the client's request.
    """

    is_open: bool
    last_at: datetime | None

    def until(self, years: int, *, at: datetime) -> datetime | None:
        """From when nothing has to be kept, at `at` if ever; None while one is open."""
        if self.is_open:
            return None
        return at if self.last_at is None else years_after(self.last_at, years)


def erased() -> Refused:
    """The key by which it was sealed is destroyed: nobody can open it any more."""
    return Refused(
        "person_erased",
        "The client was erased: what was kept of them can be opened by nobody.",
        next_step="Nothing is to be done; the log says when it was.",
    )
