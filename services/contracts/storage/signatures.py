"""Rows of the company's signatures: every part sealed in one field."""

import base64
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select
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
from services.contracts.domain.signing import Signed
from services.contracts.storage.keys import KeyRing
from services.contracts.storage.tables import company_signatures

_TABLE: Final = "company_signatures"


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
                    table=_TABLE,
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
        try:
            raw = self._keys.of_contract(row.contract_id).unseal(
                bytes(row.proof), table=_TABLE, column="proof", row=document_sha256
            )
        except UnsealError as error:
            raise Broken("A stored signature was changed") from error
        parts = as_object(parse_canonical(raw))
        return Signed(
            cms=_bytes(parts["cms"]),
            chain=_many(parts["chain"]),
            revocation=_many(parts["revocation"]),
            stamp=_bytes(parts["stamp"]),
            certificate_serial=row.certificate_serial,
            checked_at=datetime.fromisoformat(str(parts["checked_at"])),
            stamped_at=row.stamped_at,
        )


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
