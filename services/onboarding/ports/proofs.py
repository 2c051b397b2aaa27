"""Who gives the proofs, and who verifies them."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from kernel.values import Iin
from services.onboarding.domain.archive import KeptEvidence
from services.onboarding.domain.comparison import Comparison
from services.onboarding.domain.consent import Leave
from services.onboarding.domain.protocol import Protocol as BiometricProtocol
from services.onboarding.domain.signature import Examination
from services.onboarding.ports.ceremonies import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A session a provider has opened: where to send the person."""

    session_id: str
    redirect_url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedProtocol:
    """The bytes a provider gave: the protocol, and a detached CMS over it."""

    protocol: bytes
    signature: bytes


class BiometricProvider(Protocol):
    """Who compares a person with the state's reference: ЦОИД, or another by law.

    Asked by leave of the consent to biometrics.
    """

    def open(
        self, *, reference: str, nonce: str, iin: Iin, document_sha256: str, by: Leave
    ) -> Session: ...

    def result(self, session_id: str, code: str, *, by: Leave) -> SignedProtocol:
        """Refused with ``biometrics_code_unknown`` when the code is not of it."""
        ...

    def compare(
        self, *, iin: Iin, nonce: str, photo: bytes, by: Leave
    ) -> SignedProtocol:
        """Compare a photo with the state's reference of a person."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """A provider by its name, and the БИН whose organisation signs its protocols."""

    name: str
    bin: str
    door: BiometricProvider


class Providers(Protocol):
    """The providers of identification this company has agreements with."""

    def in_force(self, at: datetime) -> Provider:
        """Whom the dated settings choose for new visits (clauses 4.2, 4.10)."""
        ...

    def named(self, name: str) -> Provider:
        """Who began a visit that goes on. Broken for one nobody knows any more."""
        ...


class Protocols(Protocol):
    """Reads the protocols of providers."""

    def read(self, raw: bytes) -> BiometricProtocol | None:
        """None when the bytes are no protocol."""
        ...

    def read_comparison(self, raw: bytes) -> Comparison | None:
        """None when the bytes are no comparison."""
        ...


class Signatures(Protocol):
    """The verifier of ЭЦП."""

    def examine(self, raw: bytes, document: bytes) -> Examination: ...


class Timestamps(Protocol):
    """The time-stamping authority."""

    def stamp(self, signature: bytes) -> Stamp:
        """Transient when none can be had: without it nothing is accepted."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ProofTimes:
    """When НУЦ answered about a certificate, and when the signature was stamped."""

    checked_at: datetime
    stamped_at: datetime


class Archive(Protocol):
    """The verifier of kept signatures."""

    def examine(self, kept: KeptEvidence) -> Examination:
        """As of its first stamp, by what was stored; asks nobody."""
        ...

    def times(self, revocation: tuple[bytes, ...], stamp: bytes) -> ProofTimes:
        """What the stored answers and the stamp say of their own instants."""
        ...

    def ages_at(self, token: bytes) -> datetime:
        """When a time stamp stops proving anything by itself."""
        ...
