"""Accepted signatures with all their evidence, and the stamps that keep it good."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from kernel.person_keys import is_erased
from services.onboarding.domain.archive import KeptSignature, Restamp
from services.onboarding.ports import Stamp
from services.onboarding.storage.key_tables import person_keys
from services.onboarding.storage.keys import KeyRing
from services.onboarding.storage.tables import (
    ceremonies,
    persons,
    restamps,
    signatures,
)


@dataclass(frozen=True, slots=True)
class SqlArchive:
    """`ports.KeptSignatures` on one connection."""

    connection: Connection
    keys: KeyRing

    def due(
        self, *, ages_before: datetime, looked_before: datetime, limit: int
    ) -> tuple[UUID, ...]:
        moving = signatures.c
        found = self.connection.execute(
            select(moving.ceremony_id)
            .join(ceremonies, ceremonies.c.ceremony_id == moving.ceremony_id)
            .where(
                ~is_erased(person_keys, ceremonies.c.client_id),
                or_(moving.ages_at.is_(None), moving.ages_at < ages_before),
                or_(moving.looked_at.is_(None), moving.looked_at < looked_before),
            )
            .order_by(moving.ages_at.nulls_first())
            .limit(limit)
        )
        return tuple(found.scalars())

    def get(self, ceremony_id: UUID) -> KeptSignature | None:
        row = self.connection.execute(
            select(
                signatures.c.cms_sealed,
                signatures.c.chain_sealed,
                signatures.c.revocation_sealed,
                signatures.c.stamp_sealed,
                signatures.c.accepted_at,
                ceremonies.c.client_id,
                ceremonies.c.document_sealed,
                persons.c.iin_sealed,
            )
            .join(ceremonies, ceremonies.c.ceremony_id == signatures.c.ceremony_id)
            .join(persons, persons.c.client_id == ceremonies.c.client_id)
            .where(signatures.c.ceremony_id == ceremony_id)
        ).one_or_none()
        if row is None or self.keys.is_erased(row.client_id):
            return None
        seal = self.keys.seal("signatures", ceremony_id, of=row.client_id)
        document = self.keys.seal("ceremonies", ceremony_id, of=row.client_id)
        person = self.keys.seal("persons", row.client_id, of=row.client_id)
        return KeptSignature(
            ceremony_id=ceremony_id,
            document=document.open("document_sealed", row.document_sealed),
            cms=seal.open("cms_sealed", row.cms_sealed),
            chain=seal.open_many("chain_sealed", row.chain_sealed),
            revocation=seal.open_many("revocation_sealed", row.revocation_sealed),
            stamp=seal.open("stamp_sealed", row.stamp_sealed),
            restamps=self._restamps(ceremony_id),
            iin=person.open_text("iin_sealed", row.iin_sealed),
            accepted_at=row.accepted_at,
        )

    def add(
        self,
        restamp_id: UUID,
        ceremony_id: UUID,
        *,
        number: int,
        stamp: Stamp,
        at: datetime,
    ) -> None:
        seal = self.keys.seal_of_ceremony("restamps", restamp_id, ceremony_id)
        self.connection.execute(
            insert(restamps)
            .values(
                restamp_id=restamp_id,
                ceremony_id=ceremony_id,
                number=number,
                stamp_sealed=seal.seal("stamp_sealed", stamp.token),
                revocation_sealed=seal.seal_many("revocation_sealed", stamp.revocation),
                stamped_at=stamp.stamped_at,
                kept_at=at,
            )
            .on_conflict_do_nothing()
        )

    def note(
        self, ceremony_id: UUID, *, ages_at: datetime | None, at: datetime
    ) -> None:
        self.connection.execute(
            update(signatures)
            .where(signatures.c.ceremony_id == ceremony_id)
            .values(ages_at=ages_at, looked_at=at)
        )

    def _restamps(self, ceremony_id: UUID) -> tuple[Restamp, ...]:
        rows = self.connection.execute(
            select(
                restamps.c.restamp_id,
                restamps.c.stamp_sealed,
                restamps.c.revocation_sealed,
            )
            .where(restamps.c.ceremony_id == ceremony_id)
            .order_by(restamps.c.number)
        )
        return tuple(self._restamp(row, ceremony_id) for row in rows)

    def _restamp(self, row: Row[*tuple[Any, ...]], ceremony_id: UUID) -> Restamp:
        seal = self.keys.seal_of_ceremony("restamps", row.restamp_id, ceremony_id)
        said = row.revocation_sealed
        return Restamp(
            token=seal.open("stamp_sealed", row.stamp_sealed),
            revocation=(
                () if said is None else seal.open_many("revocation_sealed", said)
            ),
        )
