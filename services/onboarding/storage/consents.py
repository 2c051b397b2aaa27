"""The history of consents, and what is known of open obligations, in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import Connection, Text, and_, cast, exists, insert, or_, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from services.onboarding.domain.ceremony import UNFINISHED, CeremonyState
from services.onboarding.domain.consent import ConsentAct, ConsentKind, ConsentRecord
from services.onboarding.storage.tables import (
    ceremonies,
    consent_acts,
    obligations,
)

_OF_CONTRACTS = "contract:"
_UNFINISHED = [state.value for state in UNFINISHED]


@dataclass(frozen=True, slots=True)
class SqlConsents:
    """`ports.Consents` on one connection."""

    connection: Connection

    def add(self, client_id: UUID, record: ConsentRecord) -> None:
        self.connection.execute(
            insert(consent_acts).values(
                client_id=client_id,
                kind=record.kind.value,
                act=record.act.value,
                text_version=record.version,
                text_sha256=record.text_sha256,
                channel=record.channel,
                acted_at=record.at,
            )
        )

    def history(self, client_id: UUID) -> tuple[ConsentRecord, ...]:
        rows = self.connection.execute(
            select(consent_acts)
            .where(consent_acts.c.client_id == client_id)
            .order_by(consent_acts.c.number)
        )
        return tuple(
            ConsentRecord(
                kind=ConsentKind(row.kind),
                act=ConsentAct(row.act),
                version=row.text_version,
                text_sha256=row.text_sha256,
                channel=row.channel,
                at=row.acted_at,
            )
            for row in rows
        )


@dataclass(frozen=True, slots=True)
class SqlObligations:
    """`ports.Obligations` on one connection: a small copy of contracts' facts."""

    connection: Connection

    def open(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        self.connection.execute(
            postgresql_insert(obligations)
            .values(contract_id=contract_id, client_id=client_id, opened_at=at)
            .on_conflict_do_nothing()
        )

    def close(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        self.connection.execute(
            postgresql_insert(obligations)
            .values(
                contract_id=contract_id,
                client_id=client_id,
                opened_at=at,
                closed_at=at,
            )
            .on_conflict_do_update(
                index_elements=[obligations.c.contract_id], set_={"closed_at": at}
            )
        )

    def reopen(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        self.connection.execute(
            postgresql_insert(obligations)
            .values(contract_id=contract_id, client_id=client_id, opened_at=at)
            .on_conflict_do_update(
                index_elements=[obligations.c.contract_id], set_={"closed_at": None}
            )
        )

    def are_open(self, client_id: UUID, *, at: datetime) -> bool:
        """Told so by contracts, or about to be: a contract is signed by a ceremony.

        A ceremony of which contracts has not told yet, complete or under way, is an
        obligation: otherwise a consent could be withdrawn between signature and event.
        """
        told = exists().where(
            obligations.c.client_id == client_id, obligations.c.closed_at.is_(None)
        )
        operation = _OF_CONTRACTS + cast(obligations.c.contract_id, Text)
        signing = exists().where(
            ceremonies.c.client_id == client_id,
            ceremonies.c.operation.startswith(_OF_CONTRACTS),
            or_(
                ceremonies.c.state == CeremonyState.COMPLETED.value,
                and_(ceremonies.c.state.in_(_UNFINISHED), ceremonies.c.expires_at > at),
            ),
            ~exists().where(operation == ceremonies.c.operation),
        )
        return bool(self.connection.execute(select(or_(told, signing))).scalar_one())
