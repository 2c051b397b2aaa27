"""Passkeys: WebAuthn as a second factor, the user verified by the authenticator.

Each challenge is 256 random bits, answered once and soon.  A count of signatures that
does not grow says that a copy of the key is about (WebAuthn level 3, section 6.1.1):
the passkey is suspended, and the client told.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.errors import Refused

CHALLENGE_BYTES: Final = 32
CEREMONY_LASTS: Final = timedelta(minutes=5)
MOST_PASSKEYS: Final = 10
LONGEST_CREDENTIAL_ID: Final = 1023
"""WebAuthn level 3, section 4."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A public key whose private half an authenticator of the client holds."""

    passkey_id: UUID
    login_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    added_at: datetime
    used_at: datetime | None = None
    suspended_at: datetime | None = None

    def is_copied(self, sign_count: int) -> bool:
        """Whether an authenticator that counts has not counted on."""
        counts = sign_count > 0 or self.sign_count > 0
        return counts and sign_count <= self.sign_count


@dataclass(frozen=True, slots=True)
class NewCredential:
    """What a registration proved: a key, and that its holder was verified."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def passkey_wrong() -> Refused:
    """The authenticator's answer proves nothing, or nothing any more."""
    return Refused(
        "passkey_wrong",
        "The passkey was not accepted.",
        next_step="Try again, or use another second factor.",
    )


def passkeys_too_many() -> Refused:
    """Nobody has so many authenticators."""
    return Refused(
        "passkeys_too_many",
        "No more passkeys can be added.",
        next_step="Remove one that you do not use.",
        limit=MOST_PASSKEYS,
    )
