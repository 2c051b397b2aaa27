"""Ceremonies, visits to providers, and the evidence of both proofs in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from services.onboarding.domain.ceremony import (
    UNFINISHED,
    Attempt,
    AttemptState,
    Ceremony,
    CeremonyState,
)
from services.onboarding.domain.visits import Visit
from services.onboarding.ports import ProtocolProof, SignatureOnFile, SignatureProof
from services.onboarding.storage.keys import KeyRing
from services.onboarding.storage.tables import (
    attempts,
    ceremonies,
    persons,
    protocols,
    signature_refusals,
    signatures,
)

_UNFINISHED = [state.value for state in UNFINISHED]
_CEREMONY: Final = select(
    ceremonies.c.ceremony_id,
    ceremonies.c.client_id,
    ceremonies.c.operation,
    ceremonies.c.document_sealed,
    ceremonies.c.document_sha256,
    ceremonies.c.nonce,
    ceremonies.c.state,
    ceremonies.c.opened_at,
    ceremonies.c.expires_at,
)


@dataclass(frozen=True, slots=True)
class SqlCeremonies:
    """`ports.Ceremonies` on one connection."""

    connection: Connection
    keys: KeyRing

    def add(self, ceremony: Ceremony) -> bool:
        seal = self.keys.seal("ceremonies", ceremony.ceremony_id, of=ceremony.client_id)
        added = self.connection.execute(
            postgresql_insert(ceremonies)
            .values(
                ceremony_id=ceremony.ceremony_id,
                client_id=ceremony.client_id,
                operation=ceremony.operation,
                document_sealed=seal.seal("document_sealed", ceremony.document),
                document_sha256=ceremony.document_sha256,
                nonce=ceremony.nonce,
                state=ceremony.state.value,
                opened_at=ceremony.opened_at,
                expires_at=ceremony.expires_at,
                moved_at=ceremony.opened_at,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def get(self, ceremony_id: UUID) -> Ceremony | None:
        return self._one(ceremonies.c.ceremony_id == ceremony_id)

    def unfinished_of(self, operation: str) -> Ceremony | None:
        return self._one(
            (ceremonies.c.operation == operation) & ceremonies.c.state.in_(_UNFINISHED)
        )

    def unfinished_of_client(self, client_id: UUID) -> tuple[Ceremony, ...]:
        rows = self.connection.execute(
            _CEREMONY.where(
                ceremonies.c.client_id == client_id,
                ceremonies.c.state.in_(_UNFINISHED),
            )
        )
        return tuple(self._ceremony(row) for row in rows)

    def move(
        self,
        ceremony_id: UUID,
        *,
        source: CeremonyState,
        target: CeremonyState,
        at: datetime,
    ) -> bool:
        changed = self.connection.execute(
            update(ceremonies)
            .where(
                ceremonies.c.ceremony_id == ceremony_id,
                ceremonies.c.state == source.value,
                ceremonies.c.expires_at > at,
            )
            .values(state=target.value, moved_at=at)
        )
        return changed.rowcount == 1

    def fail(self, ceremony_id: UUID, *, code: str, at: datetime) -> bool:
        changed = self.connection.execute(
            update(ceremonies)
            .where(
                ceremonies.c.ceremony_id == ceremony_id,
                ceremonies.c.state.in_(_UNFINISHED),
            )
            .values(state=CeremonyState.FAILED.value, failed_code=code, moved_at=at)
        )
        return changed.rowcount == 1

    def add_attempt(self, attempt: Attempt) -> bool:
        seal = self.keys.seal_of_ceremony(
            "attempts", attempt.attempt_id, attempt.ceremony_id
        )
        added = self.connection.execute(
            postgresql_insert(attempts)
            .values(
                attempt_id=attempt.attempt_id,
                ceremony_id=attempt.ceremony_id,
                provider=attempt.provider,
                reference_sha256=attempt.reference_sha256,
                session_id=attempt.session_id,
                redirect_url_sealed=seal.seal_text(
                    "redirect_url_sealed", attempt.redirect_url
                ),
                state=attempt.state.value,
                opened_at=attempt.opened_at,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def open_attempt(self, ceremony_id: UUID) -> Attempt | None:
        return self._attempt(
            (attempts.c.ceremony_id == ceremony_id)
            & (attempts.c.state == AttemptState.OPEN.value)
        )

    def attempt_of_reference(self, reference_sha256: bytes) -> Attempt | None:
        return self._attempt(attempts.c.reference_sha256 == reference_sha256)

    def settle_attempt(
        self, attempt_id: UUID, *, becomes: AttemptState, tries: int, at: datetime
    ) -> bool:
        changed = self.connection.execute(
            update(attempts)
            .where(
                attempts.c.attempt_id == attempt_id,
                attempts.c.state == AttemptState.OPEN.value,
            )
            .values(state=becomes.value, tries=tries, settled_at=at)
        )
        return changed.rowcount == 1

    def visits(self, client_id: UUID) -> tuple[Visit, ...]:
        mine, same = persons.alias(), persons.alias()
        rows = self.connection.execute(
            select(attempts.c.state, attempts.c.tries, attempts.c.settled_at)
            .join(ceremonies, ceremonies.c.ceremony_id == attempts.c.ceremony_id)
            .join(same, same.c.client_id == ceremonies.c.client_id)
            .join(mine, mine.c.iin_token == same.c.iin_token)
            .where(
                mine.c.client_id == client_id,
                attempts.c.state != AttemptState.OPEN.value,
            )
            .order_by(attempts.c.settled_at, attempts.c.attempt_id)
        )
        return tuple(
            Visit(
                proved=row.state == AttemptState.POSITIVE.value,
                tries=row.tries,
                settled_at=row.settled_at,
            )
            for row in rows
        )

    def visits_locked(self, client_id: UUID) -> tuple[Visit, ...]:
        # One lock for all who claim this ИИН: no row stands for the person alone.
        self.connection.execute(
            select(
                func.pg_advisory_xact_lock(
                    func.hashtextextended(persons.c.iin_token, 0)
                )
            ).where(persons.c.client_id == client_id)
        )
        return self.visits(client_id)

    def add_protocol(self, proof: ProtocolProof) -> bool:
        seal = self.keys.seal_of_ceremony(
            "protocols", proof.attempt_id, proof.ceremony_id
        )
        evidence = proof.evidence
        added = self.connection.execute(
            postgresql_insert(protocols)
            .values(
                attempt_id=proof.attempt_id,
                ceremony_id=proof.ceremony_id,
                protocol_id=proof.protocol_id,
                code=proof.code,
                protocol_sealed=seal.seal("protocol_sealed", proof.protocol),
                **seal.seal_evidence(evidence),
                judged_at=proof.judged_at,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def protocol_id(self, ceremony_id: UUID) -> str | None:
        found: str | None = self.connection.execute(
            select(protocols.c.protocol_id).where(
                protocols.c.ceremony_id == ceremony_id, protocols.c.code.is_(None)
            )
        ).scalar_one_or_none()
        return found

    def protocol(self, ceremony_id: UUID) -> tuple[str, bytes] | None:
        row = self.connection.execute(
            select(
                protocols.c.attempt_id,
                protocols.c.protocol_id,
                protocols.c.protocol_sealed,
            ).where(protocols.c.ceremony_id == ceremony_id, protocols.c.code.is_(None))
        ).one_or_none()
        if row is None:
            return None
        seal = self.keys.seal_of_ceremony("protocols", row.attempt_id, ceremony_id)
        return row.protocol_id, seal.open("protocol_sealed", row.protocol_sealed)

    def add_signature(self, proof: SignatureProof) -> bool:
        seal = self.keys.seal_of_ceremony(
            "signatures", proof.ceremony_id, proof.ceremony_id
        )
        evidence, certificate = proof.facts.evidence, proof.facts.certificate
        added = self.connection.execute(
            postgresql_insert(signatures)
            .values(
                ceremony_id=proof.ceremony_id,
                certificate_serial=certificate.serial,
                certificate_sha256=certificate.sha256,
                signature_sha256=evidence.signature_sha256,
                signed_sha256=evidence.signed_sha256,
                **seal.seal_evidence(evidence),
                stamp_sealed=seal.seal("stamp_sealed", proof.stamp.token),
                stamped_at=proof.stamp.stamped_at,
                accepted_at=proof.accepted_at,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def signature(self, ceremony_id: UUID) -> SignatureOnFile | None:
        row = self.connection.execute(
            select(
                signatures.c.certificate_serial, signatures.c.signature_sha256
            ).where(signatures.c.ceremony_id == ceremony_id)
        ).one_or_none()
        if row is None:
            return None
        return SignatureOnFile(
            certificate_serial=row.certificate_serial,
            signature_sha256=row.signature_sha256,
        )

    def add_signature_refusal(
        self,
        refusal_id: UUID,
        ceremony_id: UUID,
        *,
        code: str,
        sha256: str,
        at: datetime,
    ) -> int:
        self.connection.execute(
            insert(signature_refusals).values(
                refusal_id=refusal_id,
                ceremony_id=ceremony_id,
                code=code,
                cms_sha256=sha256,
                refused_at=at,
            )
        )
        count = self.connection.execute(
            select(func.count()).where(signature_refusals.c.ceremony_id == ceremony_id)
        ).scalar_one()
        return int(count)

    def _one(self, condition: ColumnElement[bool]) -> Ceremony | None:
        row = self.connection.execute(_CEREMONY.where(condition)).one_or_none()
        if row is None or self.keys.is_erased(row.client_id):
            return None
        return self._ceremony(row)

    def _ceremony(self, row: Row[*tuple[Any, ...]]) -> Ceremony:
        seal = self.keys.seal("ceremonies", row.ceremony_id, of=row.client_id)
        return Ceremony(
            ceremony_id=row.ceremony_id,
            client_id=row.client_id,
            operation=row.operation,
            document=seal.open("document_sealed", row.document_sealed),
            document_sha256=row.document_sha256,
            nonce=row.nonce,
            state=CeremonyState(row.state),
            opened_at=row.opened_at,
            expires_at=row.expires_at,
        )

    def _attempt(self, condition: ColumnElement[bool]) -> Attempt | None:
        row = self.connection.execute(
            select(
                attempts.c.attempt_id,
                attempts.c.ceremony_id,
                attempts.c.provider,
                attempts.c.reference_sha256,
                attempts.c.session_id,
                attempts.c.redirect_url_sealed,
                attempts.c.state,
                attempts.c.opened_at,
            ).where(condition)
        ).one_or_none()
        if row is None:
            return None
        seal = self.keys.seal_of_ceremony("attempts", row.attempt_id, row.ceremony_id)
        return Attempt(
            attempt_id=row.attempt_id,
            ceremony_id=row.ceremony_id,
            provider=row.provider,
            reference_sha256=bytes(row.reference_sha256),
            session_id=row.session_id,
            redirect_url=seal.open_text("redirect_url_sealed", row.redirect_url_sealed),
            state=AttemptState(row.state),
            opened_at=row.opened_at,
        )
