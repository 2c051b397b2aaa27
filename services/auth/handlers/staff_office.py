"""What the staff's door works with."""

from dataclasses import dataclass
from datetime import datetime

from kernel.ids import Ids
from services.auth.domain.rules import Rules
from services.auth.ports import (
    Attempts,
    Authenticators,
    Blocks,
    Codes,
    Passkeys,
    Publish,
    RecoveryCodes,
    Staff,
    Stays,
    Totps,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """The staff's stores, over one open transaction; `authenticators` are keys."""

    now: datetime
    rules: Rules
    ids: Ids
    codes: Codes
    staff: Staff
    stays: Stays
    attempts: Attempts
    totps: Totps
    recovery: RecoveryCodes
    passkeys: Passkeys
    authenticators: Authenticators
    blocks: Blocks
    publish: Publish
