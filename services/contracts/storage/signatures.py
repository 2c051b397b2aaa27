"""Rows of the company's signatures: every part sealed in one field."""

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, or_, select
from sqlalchemy.dialects.postgresql import insert

from kernel.clock import rfc3339
from kernel.crypto import (
    Json,
    UnsealError,
    as_object,
    canonical,
    parse_canonical,
)
from kernel.errors import Broken
from kernel.person_keys import is_erased
from services.contracts.domain.signing import Restamp, Signed
from services.contracts.storage.keys import KeyRing
from services.contracts.storage.tables import (
    company_restamps,
    company_signatures,
    contracts,
    person_keys,
)


class SignatureRows:
    """Implements CompanySignatures on one open transaction."""

    def __init__(self, connection: Connection, *, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def add(self, contract_id: UUID, document_sha256: str, proof: Signed) -> None:
        self._connection.execute(
            insert(company_signatures).values(
                document_sha256=document_sha256,
                contract_id=contract_id,
                certificate_serial=proof.certificate_serial,
                stamped_at=proof.stamped_at,
                proof=self._keys.of_contract(contract_id).seal(
                    canonical(_written(proof)),
                    table=company_signatures.name,
                    column="proof",
                    row=document_sha256,
                ),
            )
        )

    def get(self, document_sha256: str) -> Signed | None:
        row = self._connection.execute(
            select(company_signatures).where(
                company_signatures.c.document_sha256 == document_sha256
            )
        ).one_or_none()
        if row is None:
            return None
        parts = self._parts(row.contract_id, row.proof, of=document_sha256)
        return Signed(
            cms=_bytes(parts["cms"]),
            chain=_many(parts["chain"]),
            revocation=_many(parts["revocation"]),
            stamp=_bytes(parts["stamp"]),
            certificate_serial=row.certificate_serial,
            checked_at=datetime.fromisoformat(str(parts["checked_at"])),
            stamped_at=row.stamped_at,
        )

    def ageing(
        self, *, ages_before: datetime, looked_before: datetime, limit: int
    ) -> list[tuple[UUID, str]]:
        moving = company_signatures.c
        rows = self._connection.execute(
            select(moving.contract_id, moving.document_sha256)
            .join(contracts, contracts.c.id == moving.contract_id)
            .where(
                ~is_erased(person_keys, contracts.c.client_id),
                or_(moving.ages_at.is_(None), moving.ages_at < ages_before),
                or_(moving.looked_at.is_(None), moving.looked_at < looked_before),
            )
            .order_by(moving.ages_at.nulls_first())
            .limit(limit)
        )
        return [(row.contract_id, row.document_sha256) for row in rows]

    def restamps(self, document_sha256: str) -> list[Restamp]:
        rows = self._connection.execute(
            select(company_restamps, company_signatures.c.contract_id)
            .join(
                company_signatures,
                company_signatures.c.document_sha256
                == company_restamps.c.document_sha256,
            )
            .where(company_restamps.c.document_sha256 == document_sha256)
            .order_by(company_restamps.c.number)
        )
        return [self._restamp(row) for row in rows]

    def _restamp(self, row: Row[*tuple[Any, ...]]) -> Restamp:
        parts = self._parts(row.contract_id, row.proof, of=row.restamp_id)
        return Restamp(
            stamp=_bytes(parts["stamp"]),
            revocation=_many(parts["revocation"]),
            stamped_at=row.stamped_at,
        )

    def add_restamp(
        self,
        contract_id: UUID,
        document_sha256: str,
        restamp: Restamp,
        *,
        restamp_id: UUID,
        number: int,
        at: datetime,
    ) -> None:
        proof: Json = {
            "stamp": _text(restamp.stamp),
            "revocation": [_text(one) for one in restamp.revocation],
        }
        self._connection.execute(
            insert(company_restamps)
            .values(
                restamp_id=restamp_id,
                document_sha256=document_sha256,
                number=number,
                proof=self._keys.of_contract(contract_id).seal(
                    canonical(proof),
                    table=company_restamps.name,
                    column="proof",
                    row=restamp_id,
                ),
                stamped_at=restamp.stamped_at,
                kept_at=at,
            )
            .on_conflict_do_nothing()
        )

    def note(
        self, document_sha256: str, *, ages_at: datetime | None, at: datetime
    ) -> None:
        self._connection.execute(
            company_signatures.update()
            .where(company_signatures.c.document_sha256 == document_sha256)
            .values(ages_at=ages_at, looked_at=at)
        )

    def _parts(
        self, contract_id: UUID, proof: bytes, *, of: UUID | str
    ) -> Mapping[str, Json]:
        """What is sealed in a row of a signature, or of a restamp."""
        table = company_restamps if isinstance(of, UUID) else company_signatures
        try:
            raw = self._keys.of_contract(contract_id).unseal(
                bytes(proof), table=table.name, column="proof", row=of
            )
        except UnsealError as error:
            raise Broken("A stored signature was changed") from error
        return as_object(parse_canonical(raw))


def _written(proof: Signed) -> Json:
    return {
        "cms": _text(proof.cms),
        "chain": [_text(one) for one in proof.chain],
        "revocation": [_text(one) for one in proof.revocation],
        "stamp": _text(proof.stamp),
        "checked_at": rfc3339(proof.checked_at),
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def _bytes(text: Json) -> bytes:
    return base64.b64decode(str(text))


def _many(texts: Json) -> tuple[bytes, ...]:
    if not isinstance(texts, list):
        raise Broken("A stored signature lacks a part")
    return tuple(_bytes(one) for one in texts)
