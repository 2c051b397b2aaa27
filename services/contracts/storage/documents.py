"""Documents by their digest, sealed; and the templates they are made of."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, or_, select
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import UnsealError, constant_time_equal
from kernel.errors import Broken
from services.contracts.domain.document import Document
from services.contracts.domain.editions import FIRST, Template, TemplateKind
from services.contracts.ports import Approvers, Filed
from services.contracts.storage.keys import KeyRing
from services.contracts.storage.tables import documents, templates

_FILED: Final[tuple[ColumnElement[Any], ...]] = (
    documents.c.sha256,
    documents.c.content_sha256,
    documents.c.contract_id,
    documents.c.kind,
    documents.c.template,
    documents.c.media_type,
    documents.c.made_at,
)


class DocumentRows:
    """Implements Documents on one open transaction."""

    def __init__(self, connection: Connection, *, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def add(self, document: Document, *, at: datetime) -> None:
        digest = document.sha256
        self._connection.execute(
            insert(documents)
            .values(
                sha256=digest,
                content_sha256=document.content_sha256,
                contract_id=document.contract_id,
                kind=document.kind,
                template=document.template,
                media_type=document.media_type,
                data=self._keys.of_contract(document.contract_id).seal(
                    document.data, table="documents", column="data", row=digest
                ),
                made_at=at,
            )
            # The same bytes are the same document.
            .on_conflict_do_nothing()
        )

    def get(self, sha256: str) -> Document | None:
        row = self._connection.execute(
            select(*_FILED, documents.c.data).where(documents.c.sha256 == sha256)
        ).one_or_none()
        if row is None:
            return None
        try:
            data = self._keys.of_contract(row.contract_id).unseal(
                bytes(row.data), table="documents", column="data", row=sha256
            )
        except UnsealError as error:
            raise Broken("A stored document was changed") from error
        document = Document(
            contract_id=row.contract_id,
            kind=row.kind,
            template=row.template,
            content_sha256=row.content_sha256,
            data=data,
            media_type=row.media_type,
        )
        if not constant_time_equal(document.sha256.encode(), sha256.encode()):
            raise Broken("A stored document no longer has its digest")
        return document

    def of_contract(self, contract_id: UUID) -> Sequence[Filed]:
        rows = self._connection.execute(
            select(*_FILED)
            .where(documents.c.contract_id == contract_id)
            .order_by(documents.c.made_at, documents.c.sha256)
        )
        return [_filed(row) for row in rows]

    def find(self, digest: str) -> Filed | None:
        row = self._connection.execute(
            select(*_FILED)
            .where(
                or_(
                    documents.c.sha256 == digest,
                    documents.c.content_sha256 == digest,
                )
            )
            .limit(1)
        ).one_or_none()
        return None if row is None else _filed(row)


class TemplateRows:
    """Implements Templates on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def in_force(self, kind: TemplateKind) -> Template:
        row = self._connection.execute(
            select(templates)
            .where(templates.c.kind == kind)
            .order_by(templates.c.version.desc())
            .limit(1)
        ).one_or_none()
        return FIRST[kind] if row is None else _template(row)

    def get(self, kind: TemplateKind, version: int) -> Template | None:
        if version == FIRST[kind].version:
            return FIRST[kind]
        row = self._connection.execute(
            select(templates).where(
                templates.c.kind == kind, templates.c.version == version
            )
        ).one_or_none()
        return None if row is None else _template(row)

    def approved(self) -> Sequence[tuple[Template, Approvers]]:
        rows = self._connection.execute(
            select(templates).order_by(templates.c.kind, templates.c.version.desc())
        )
        return [
            (
                _template(row),
                Approvers(
                    asked_by=row.asked_by,
                    approved_by=row.approved_by,
                    at=row.approved_at,
                ),
            )
            for row in rows
        ]

    def add(self, template: Template, approvers: Approvers) -> bool:
        done = self._connection.execute(
            insert(templates)
            .values(
                kind=template.kind,
                version=template.version,
                kk=template.kk,
                ru=template.ru,
                sha256=template.sha256,
                asked_by=approvers.asked_by,
                approved_by=approvers.approved_by,
                approved_at=approvers.at,
            )
            .on_conflict_do_nothing()
        )
        return done.rowcount == 1


def _filed(row: Row[Any]) -> Filed:
    return Filed(
        sha256=row.sha256,
        content_sha256=row.content_sha256,
        contract_id=row.contract_id,
        kind=row.kind,
        template=row.template,
        media_type=row.media_type,
        made_at=row.made_at,
    )


def _template(row: Row[Any]) -> Template:
    template = Template(kind=row.kind, version=row.version, kk=row.kk, ru=row.ru)
    if not constant_time_equal(template.sha256.encode(), row.sha256.encode()):
        raise Broken("A stored template no longer has its digest")
    return template
