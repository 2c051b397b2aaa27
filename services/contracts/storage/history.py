"""Reading back what was: contracts that fit, events that left, statements made."""

from collections.abc import Sequence
from uuid import UUID

import orjson
from sqlalchemy import Connection, select

from kernel.tables import outbox
from services.contracts.domain.contract import Contract
from services.contracts.domain.search import Wanted
from services.contracts.ports import Said, Stated
from services.contracts.storage.contracts import COLUMNS, contract_of, in_state
from services.contracts.storage.tables import (
    contracts,
    inquiries,
    statements,
    statements_anew,
)


class HistoryRows:
    """Implements History on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, wanted: Wanted, *, limit: int) -> list[Contract]:
        query = select(*COLUMNS).order_by(contracts.c.id.desc()).limit(limit)
        if wanted.number is not None:
            query = query.where(contracts.c.number == wanted.number)
        if wanted.client_id is not None:
            query = query.where(contracts.c.client_id == wanted.client_id)
        if wanted.state is not None:
            query = query.where(in_state(wanted.state))
        if wanted.since is not None:
            query = query.where(contracts.c.contract_on >= wanted.since)
        if wanted.until is not None:
            query = query.where(contracts.c.contract_on <= wanted.until)
        return [contract_of(row) for row in self._connection.execute(query)]

    def inquiries_about(self, ids: Sequence[UUID]) -> list[UUID]:
        found = self._connection.execute(
            select(inquiries.c.id).where(inquiries.c.about_id.in_(ids))
        )
        return list(found.scalars())

    def said(self, subjects: Sequence[str]) -> list[Said]:
        rows = self._connection.execute(
            select(
                outbox.c.id,
                outbox.c.type,
                outbox.c.time,
                outbox.c.sequence,
                outbox.c.data,
            )
            .where(outbox.c.subject.in_(subjects))
            .order_by(outbox.c.inserted)
        )
        return [
            Said(
                event_id=row.id,
                type=row.type,
                at=row.time,
                sequence=row.sequence,
                data=orjson.loads(bytes(row.data)),
            )
            for row in rows
        ]

    def statements(self, contract_id: UUID) -> list[Stated]:
        rows = [
            row
            for table in (statements, statements_anew)
            for row in self._connection.execute(
                select(table)
                .where(table.c.contract_id == contract_id)
                .order_by(table.c.given_at)
            )
        ]
        return [
            Stated(
                kind=row.kind,
                text_version=row.text_version,
                text_sha256=row.text_sha256,
                channel=row.channel,
                second_factor_at=row.second_factor_at,
                given_at=row.given_at,
            )
            for row in rows
        ]
