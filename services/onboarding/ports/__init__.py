"""What onboarding needs from outside, in its own words.

Handlers know these and nothing behind them: PostgreSQL, the bus and HTTP live in
storage and adapters, small twins in the tests.
"""

from collections.abc import Callable

from services.onboarding.ports.ceremonies import (
    Ceremonies,
    KeptSignatures,
    ProtocolProof,
    SignatureOnFile,
    SignatureProof,
    Stamp,
)
from services.onboarding.ports.clients import (
    Accounts,
    Bank,
    Cards,
    Changes,
    Client,
    Clients,
)
from services.onboarding.ports.personal_data import (
    Consents,
    Documents,
    Dossiers,
    Erasures,
    Identified,
    Obligations,
    PhotoOnFile,
    Readings,
)
from services.onboarding.ports.proofs import (
    Archive,
    BiometricProvider,
    ProofTimes,
    Protocols,
    Provider,
    Providers,
    Session,
    Signatures,
    SignedProtocol,
    Timestamps,
)
from services.onboarding.ports.registration import (
    PhoneCodes,
    Registrations,
    SentCode,
    StateBase,
)
from services.onboarding.ports.rules import Rules
from services.onboarding.ports.unit import Begin, Unit

Blind = Callable[[str, str], str]
"""Kind and value of a personal datum → its keyed token."""

Secrets = Callable[[int], str]
"""A fresh secret of that many random bytes, as URL-safe text."""

__all__ = [
    "Accounts",
    "Archive",
    "Bank",
    "Begin",
    "BiometricProvider",
    "Blind",
    "Cards",
    "Ceremonies",
    "Changes",
    "Client",
    "Clients",
    "Consents",
    "Documents",
    "Dossiers",
    "Erasures",
    "Identified",
    "KeptSignatures",
    "Obligations",
    "PhoneCodes",
    "PhotoOnFile",
    "ProofTimes",
    "ProtocolProof",
    "Protocols",
    "Provider",
    "Providers",
    "Readings",
    "Registrations",
    "Rules",
    "Secrets",
    "SentCode",
    "Session",
    "SignatureOnFile",
    "SignatureProof",
    "Signatures",
    "SignedProtocol",
    "Stamp",
    "StateBase",
    "Timestamps",
    "Unit",
]
