"""A visit to the office: for who has lost both the number and the password.

Two members of the staff agree on who was there; what the client leaves with is a pass,
256 random bits on paper, good once and soon. It stands for the password of a lost
number and for nothing else: ЦОИД and the ceremony of the change come after it.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.errors import Refused


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficePass:
    """Lets a client begin the change of a lost number; kept as a digest."""

    pass_id: UUID
    client_id: UUID
    digest: bytes
    expires_at: datetime


def pass_not_valid() -> Refused:
    """No such pass, used up or run out: the answer is the same."""
    return Refused(
        "pass_not_valid",
        "The pass of the office is not valid, or not any more.",
        next_step="Check it letter by letter, or visit the office again.",
    )
