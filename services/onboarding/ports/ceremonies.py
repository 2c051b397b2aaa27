"""Ceremonies and the evidence of both proofs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.onboarding.domain.archive import KeptSignature
from services.onboarding.domain.ceremony import (
    Attempt,
    AttemptState,
    Ceremony,
    CeremonyState,
)
from services.onboarding.domain.signature import (
    Evidence,
    SignatureFacts,
)
from services.onboarding.domain.visits import Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """A time-stamp token over a signature value, and the instant it names.

    `revocation`: what says that the stamper and the authorities above were good then.
    """

    token: bytes
    stamped_at: datetime
    revocation: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureProof:
    """An accepted ЭЦП with its evidence, to be kept in one row."""

    ceremony_id: UUID
    facts: SignatureFacts
    stamp: Stamp
    accepted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureOnFile:
    """What of an accepted signature others may know."""

    certificate_serial: str
    signature_sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtocolProof:
    """A judged protocol with its evidence; `code` None means it proves the client."""

    attempt_id: UUID
    ceremony_id: UUID
    protocol_id: str
    tries: int
    code: str | None
    protocol: bytes
    evidence: Evidence
    judged_at: datetime


class Ceremonies(Protocol):
    """Ceremonies, their visits to providers, and the evidence."""

    def add(self, ceremony: Ceremony) -> bool:
        """False when the operation has an unfinished ceremony."""
        ...

    def get(self, ceremony_id: UUID) -> Ceremony | None: ...

    def unfinished_of(self, operation: str) -> Ceremony | None: ...

    def unfinished_of_client(self, client_id: UUID) -> tuple[Ceremony, ...]: ...

    def move(
        self,
        ceremony_id: UUID,
        *,
        source: CeremonyState,
        target: CeremonyState,
        at: datetime,
    ) -> bool:
        """One conditional update; False if not in `source`, or run out by `at`."""
        ...

    def fail(self, ceremony_id: UUID, *, code: str, at: datetime) -> bool:
        """Give it up; False when it was complete or given up already."""
        ...

    def add_attempt(self, attempt: Attempt) -> bool:
        """False when the ceremony has an open attempt."""
        ...

    def open_attempt(self, ceremony_id: UUID) -> Attempt | None: ...

    def attempt_of_reference(self, reference_sha256: bytes) -> Attempt | None: ...

    def settle_attempt(
        self, attempt_id: UUID, *, becomes: AttemptState, tries: int, at: datetime
    ) -> bool:
        """One conditional update from open; False when it was settled already."""
        ...

    def visits(self, client_id: UUID) -> tuple[Visit, ...]:
        """The taken results of this person (ИИН), whatever they were for, in order."""
        ...

    def visits_locked(self, client_id: UUID) -> tuple[Visit, ...]:
        """The same, with nobody else's result of this person taken until commit."""
        ...

    def add_protocol(self, proof: ProtocolProof) -> bool:
        """False when a protocol of this number was used before."""
        ...

    def protocol_id(self, ceremony_id: UUID) -> str | None:
        """The number of the protocol that proves the client, if there is one."""
        ...

    def add_signature(self, proof: SignatureProof) -> bool:
        """False when this signature was used before (replay)."""
        ...

    def signature(self, ceremony_id: UUID) -> SignatureOnFile | None: ...

    def protocol(self, ceremony_id: UUID) -> tuple[str, bytes] | None:
        """Id and content of the protocol that proved the client."""
        ...

    def add_signature_refusal(
        self,
        refusal_id: UUID,
        ceremony_id: UUID,
        *,
        code: str,
        sha256: str,
        at: datetime,
    ) -> int:
        """Append a refusal; how many the ceremony has now."""
        ...


class KeptSignatures(Protocol):
    """Accepted signatures with their evidence, and the stamps that keep it good."""

    def due(
        self, *, ages_before: datetime, looked_before: datetime, limit: int
    ) -> tuple[UUID, ...]:
        """Ceremonies whose stamp ages soon, or was never looked at."""
        ...

    def get(self, ceremony_id: UUID) -> KeptSignature | None: ...

    def add(
        self,
        restamp_id: UUID,
        ceremony_id: UUID,
        *,
        number: int,
        stamp: Stamp,
        at: datetime,
    ) -> None:
        """Append a stamp; nothing when one of this number is kept already."""
        ...

    def note(
        self, ceremony_id: UUID, *, ages_at: datetime | None, at: datetime
    ) -> None:
        """When it was looked at, and when its last stamp ages, if that is known."""
        ...
