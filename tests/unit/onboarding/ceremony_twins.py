"""Twins of what is kept of ceremonies and their proofs."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from uuid import UUID

from services.onboarding.domain.archive import KeptSignature, Restamp
from services.onboarding.domain.ceremony import (
    UNFINISHED,
    Attempt,
    AttemptState,
    Ceremony,
    CeremonyState,
)
from services.onboarding.domain.visits import Visit
from services.onboarding.ports import (
    ProtocolProof,
    SignatureOnFile,
    SignatureProof,
    Stamp,
)


@dataclass
class FakeCeremonies:
    rows: dict[UUID, Ceremony] = field(default_factory=dict)
    attempts: dict[UUID, Attempt] = field(default_factory=dict)
    settled: dict[UUID, Visit] = field(default_factory=dict)
    """In the order they were."""
    protocols: list[ProtocolProof] = field(default_factory=list)
    signatures: list[SignatureProof] = field(default_factory=list)
    refusals: list[tuple[UUID, str]] = field(default_factory=list)

    def add(self, ceremony: Ceremony) -> bool:
        if self.unfinished_of(ceremony.operation) is not None:
            return False
        self.rows[ceremony.ceremony_id] = ceremony
        return True

    def get(self, ceremony_id: UUID) -> Ceremony | None:
        return self.rows.get(ceremony_id)

    def unfinished_of(self, operation: str) -> Ceremony | None:
        for row in self.rows.values():
            if row.operation == operation and row.state in UNFINISHED:
                return row
        return None

    def unfinished_of_client(self, client_id: UUID) -> tuple[Ceremony, ...]:
        return tuple(
            row
            for row in self.rows.values()
            if row.client_id == client_id and row.state in UNFINISHED
        )

    def move(
        self,
        ceremony_id: UUID,
        *,
        source: CeremonyState,
        target: CeremonyState,
        at: datetime,
    ) -> bool:
        row = self.rows[ceremony_id]
        if row.state is not source or row.expires_at <= at:
            return False
        self.rows[ceremony_id] = replace(row, state=target)
        return True

    def fail(
        self,
        ceremony_id: UUID,
        *,
        code: str,
        at: datetime,
    ) -> bool:
        row = self.rows[ceremony_id]
        if row.state not in UNFINISHED:
            return False
        self.rows[ceremony_id] = replace(row, state=CeremonyState.FAILED)
        return True

    def add_attempt(self, attempt: Attempt) -> bool:
        if self.open_attempt(attempt.ceremony_id) is not None:
            return False
        self.attempts[attempt.attempt_id] = attempt
        return True

    def open_attempt(self, ceremony_id: UUID) -> Attempt | None:
        for attempt in self.attempts.values():
            if (attempt.ceremony_id, attempt.state) == (
                ceremony_id,
                AttemptState.OPEN,
            ):
                return attempt
        return None

    def attempt_of_reference(self, reference_sha256: bytes) -> Attempt | None:
        for attempt in self.attempts.values():
            if attempt.reference_sha256 == reference_sha256:
                return attempt
        return None

    def settle_attempt(
        self,
        attempt_id: UUID,
        *,
        becomes: AttemptState,
        tries: int,
        at: datetime,
    ) -> bool:
        attempt = self.attempts[attempt_id]
        if attempt.state is not AttemptState.OPEN:
            return False
        self.attempts[attempt_id] = replace(attempt, state=becomes)
        self.settled[attempt_id] = Visit(
            proved=becomes is AttemptState.POSITIVE, tries=tries, settled_at=at
        )
        return True

    def visits(self, client_id: UUID) -> tuple[Visit, ...]:
        return tuple(
            visit
            for attempt_id, visit in self.settled.items()
            if self.rows[self.attempts[attempt_id].ceremony_id].client_id == client_id
        )

    def visits_locked(self, client_id: UUID) -> tuple[Visit, ...]:
        return self.visits(client_id)

    def add_protocol(self, proof: ProtocolProof) -> bool:
        if any(one.protocol_id == proof.protocol_id for one in self.protocols):
            return False
        self.protocols.append(proof)
        return True

    def protocol_id(self, ceremony_id: UUID) -> str | None:
        for proof in self.protocols:
            if proof.ceremony_id == ceremony_id and proof.code is None:
                return proof.protocol_id
        return None

    def protocol(self, ceremony_id: UUID) -> tuple[str, bytes] | None:
        for proof in self.protocols:
            if proof.ceremony_id == ceremony_id and proof.code is None:
                return proof.protocol_id, proof.protocol
        return None

    def add_signature(self, proof: SignatureProof) -> bool:
        fresh = proof.facts.evidence.signature_sha256
        if any(
            one.facts.evidence.signature_sha256 == fresh
            or one.ceremony_id == proof.ceremony_id
            for one in self.signatures
        ):
            return False
        self.signatures.append(proof)
        return True

    def signature(self, ceremony_id: UUID) -> SignatureOnFile | None:
        for proof in self.signatures:
            if proof.ceremony_id == ceremony_id:
                return SignatureOnFile(
                    certificate_serial=proof.facts.certificate.serial,
                    signature_sha256=proof.facts.evidence.signature_sha256,
                )
        return None

    def add_signature_refusal(
        self,
        refusal_id: UUID,
        ceremony_id: UUID,
        *,
        code: str,
        sha256: str,
        at: datetime,
    ) -> int:
        self.refusals.append((ceremony_id, code))
        return sum(one == ceremony_id for one, _ in self.refusals)


@dataclass
class FakeKeptSignatures:
    rows: dict[UUID, KeptSignature] = field(default_factory=dict)
    ages: dict[UUID, datetime | None] = field(default_factory=dict)
    looked: dict[UUID, datetime] = field(default_factory=dict)

    def due(
        self, *, ages_before: datetime, looked_before: datetime, limit: int
    ) -> tuple[UUID, ...]:
        found = [
            one
            for one in self.rows
            if (self.ages.get(one) or ages_before - timedelta(1)) < ages_before
            and self.looked.get(one, looked_before - timedelta(1)) < looked_before
        ]
        return tuple(found[:limit])

    def get(self, ceremony_id: UUID) -> KeptSignature | None:
        return self.rows.get(ceremony_id)

    def add(
        self,
        restamp_id: UUID,
        ceremony_id: UUID,
        *,
        number: int,
        stamp: Stamp,
        at: datetime,
    ) -> None:
        kept = self.rows[ceremony_id]
        if number == len(kept.restamps):
            made = Restamp(token=stamp.token, revocation=stamp.revocation)
            restamps = (*kept.restamps, made)
            self.rows[ceremony_id] = replace(kept, restamps=restamps)

    def note(
        self, ceremony_id: UUID, *, ages_at: datetime | None, at: datetime
    ) -> None:
        self.ages[ceremony_id], self.looked[ceremony_id] = ages_at, at
