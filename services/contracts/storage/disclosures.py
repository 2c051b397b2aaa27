"""Rows of the register of disclosures: only added; the requests sealed."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import UnsealError
from kernel.errors import Broken
from kernel.pages import Page
from kernel.person_keys import ErasedError
from services.contracts.domain.disclosure import Asked, Disclosure
from services.contracts.domain.erasure import erased
from services.contracts.storage.keys import HOUSE, KeyRing
from services.contracts.storage.tables import disclosure_documents as documents
from services.contracts.storage.tables import disclosures as table

_COLUMNS: Final = (
    table.c.disclosure_id,
    table.c.ground,
    table.c.recipient_kind,
    table.c.recipient,
    table.c.client_id,
    table.c.document_sha256,
    table.c.proofs,
    table.c.days,
    table.c.told,
    table.c.asked_by,
    table.c.approved_by,
    table.c.approved_at,
    table.c.valid_until,
)


class DisclosureRows:
    """Implements Disclosures on one open transaction."""

    def __init__(self, connection: Connection, *, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def keep_document(
        self, sha256: str, document: bytes, *, client_id: UUID | None, at: datetime
    ) -> None:
        whose = HOUSE if client_id is None else client_id
        self._keys.make(whose, at=at)
        sealed = self._keys.of_client(whose).seal(
            document, table=documents.name, column="document", row=sha256
        )
        self._connection.execute(
            insert(documents)
            .values(sha256=sha256, client_id=client_id, document=sealed)
            .on_conflict_do_nothing()
        )

    def document(self, sha256: str) -> bytes | None:
        row = self._connection.execute(
            select(documents.c.client_id, documents.c.document).where(
                documents.c.sha256 == sha256
            )
        ).one_or_none()
        if row is None:
            return None
        about = self._connection.execute(
            select(table.c.client_id).where(
                table.c.document_sha256 == sha256, table.c.client_id.is_not(None)
            )
        )
        owners = {row.client_id or HOUSE, *about.scalars()}
        return self._opened(sha256, bytes(row.document), owners)

    def _opened(self, sha256: str, sealed: bytes, owners: set[UUID]) -> bytes:
        """By the key of whoever it was filed for: of one of those, one is it."""
        is_gone = False
        for owner in owners:
            try:
                return self._keys.of(owner).unseal(
                    sealed, table=documents.name, column="document", row=sha256
                )
            except ErasedError:
                is_gone = True
            except UnsealError:
                continue
        if is_gone:
            raise erased()
        raise Broken("A request in the register was changed")

    def add(self, entry: Disclosure) -> None:
        asked = entry.asked
        self._connection.execute(
            table.insert(),
            {
                "disclosure_id": entry.disclosure_id,
                "ground": asked.ground,
                "recipient_kind": entry.recipient_kind,
                "recipient": asked.recipient,
                "client_id": asked.client_id,
                "document_sha256": asked.document_sha256,
                "proofs": " ".join(asked.proofs),
                "days": asked.days,
                "told": entry.told,
                "asked_by": entry.asked_by,
                "approved_by": entry.approved_by,
                "approved_at": entry.approved_at,
                "valid_until": entry.valid_until,
            },
        )

    def find(self, disclosure_id: UUID) -> Disclosure | None:
        row = self._connection.execute(
            select(*_COLUMNS).where(table.c.disclosure_id == disclosure_id)
        ).one_or_none()
        return None if row is None else _entry(row)

    def newest(self, *, limit: int) -> list[Disclosure]:
        query = select(*_COLUMNS).order_by(table.c.disclosure_id.desc()).limit(limit)
        return [_entry(row) for row in self._connection.execute(query)]

    def told_to(self, client_id: UUID, page: Page) -> list[Disclosure]:
        query = (
            select(*_COLUMNS)
            .where(table.c.client_id == client_id)
            .where(table.c.told)
            .order_by(table.c.disclosure_id.desc())
            .limit(page.rows)
        )
        if page.before is not None:
            query = query.where(table.c.disclosure_id < page.before)
        return [_entry(row) for row in self._connection.execute(query)]


def _entry(row: "Row[*tuple[Any, ...]]") -> Disclosure:
    asked = Asked(
        ground=row.ground,
        recipient=row.recipient,
        client_id=row.client_id,
        document_sha256=row.document_sha256,
        proofs=tuple(row.proofs.split()),
        days=row.days,
    )
    return Disclosure(
        disclosure_id=row.disclosure_id,
        asked=asked,
        recipient_kind=row.recipient_kind,
        told=row.told,
        asked_by=row.asked_by,
        approved_by=row.approved_by,
        approved_at=row.approved_at,
        valid_until=row.valid_until,
    )
