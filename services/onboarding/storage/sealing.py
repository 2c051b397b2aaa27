"""Sealing fields for one row, so that a value cannot be moved to another."""

import base64
from dataclasses import dataclass
from uuid import UUID

from kernel.crypto import FieldKeys, UnsealError, canonical, parse_canonical
from services.onboarding.domain.signature import Evidence


@dataclass(frozen=True, slots=True)
class RowSeal:
    """Seals and unseals the fields of one row of one table."""

    keys: FieldKeys
    table: str
    row: UUID

    def seal(self, column: str, plaintext: bytes) -> bytes:
        return self.keys.seal(plaintext, table=self.table, column=column, row=self.row)

    def seal_text(self, column: str, plaintext: str) -> bytes:
        return self.seal(column, plaintext.encode())

    def seal_many(self, column: str, parts: tuple[bytes, ...]) -> bytes:
        """Several byte strings as one field, in order."""
        texts = [base64.b64encode(part).decode() for part in parts]
        return self.seal(column, canonical(tuple(texts)))

    def seal_evidence(self, evidence: Evidence) -> dict[str, bytes | str]:
        """The columns of `tables.evidence_columns` for what a verdict rests on."""
        return {
            "cms_sealed": self.seal("cms_sealed", evidence.cms),
            "chain_sealed": self.seal_many("chain_sealed", evidence.chain),
            "revocation_sealed": self.seal_many(
                "revocation_sealed", evidence.revocation
            ),
            "verifier": evidence.verifier,
            "trust_sha256": evidence.trust_sha256,
        }

    def open(self, column: str, sealed: bytes) -> bytes:
        """UnsealError when the field was changed or belongs to another row."""
        return self.keys.unseal(
            bytes(sealed), table=self.table, column=column, row=self.row
        )

    def open_many(self, column: str, sealed: bytes) -> tuple[bytes, ...]:
        """What `seal_many` sealed, in order."""
        texts = parse_canonical(self.open(column, sealed))
        if not isinstance(texts, list):
            raise UnsealError("not several byte strings")
        return tuple(base64.b64decode(str(one)) for one in texts)

    def open_text(self, column: str, sealed: bytes) -> str:
        return self.open(column, sealed).decode()
