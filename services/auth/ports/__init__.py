"""What auth needs from outside, in its own words."""

from collections.abc import Callable
from uuid import UUID

from kernel.events import Event
from services.auth.ports.codes import Challenges, Codes
from services.auth.ports.entry import (
    Attempts,
    Blocks,
    Erasures,
    Logins,
    OfficePasses,
    Passwords,
    PhoneToken,
    Sources,
)
from services.auth.ports.factors import (
    Authenticators,
    FactorAttempts,
    Passkeys,
    RecoveryCodes,
    Totps,
)
from services.auth.ports.messages import Languages, Messages, SmsGateway
from services.auth.ports.sessions import Devices, Sessions, SessionTokens
from services.auth.ports.staff import Staff, Stays

Publish = Callable[[Event], UUID]
"""Let an event leave with the commit of the work at hand; returns its id."""

__all__ = [
    "Attempts",
    "Authenticators",
    "Blocks",
    "Challenges",
    "Codes",
    "Devices",
    "Erasures",
    "FactorAttempts",
    "Languages",
    "Logins",
    "Messages",
    "OfficePasses",
    "Passkeys",
    "Passwords",
    "PhoneToken",
    "Publish",
    "RecoveryCodes",
    "SessionTokens",
    "Sessions",
    "SmsGateway",
    "Sources",
    "Staff",
    "Stays",
    "Totps",
]
