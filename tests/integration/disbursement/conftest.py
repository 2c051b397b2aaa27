"""The payer on the session's real PostgreSQL, against a bank that can misbehave.

Role, grants, constraints and migrations are the product's own; peers and bank are the
unit tests' fakes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

import services.disbursement
from infra.stack import Stack
from kernel.context import Context
from kernel.migrations.applying import upgrade
from kernel.platform import Platform
from kernel.settings import read
from services.disbursement.domain.payout import Payout, Trail
from services.disbursement.ports import Till, Work
from services.disbursement.settings import Settings
from services.disbursement.storage import DatabaseDesk, PayoutRows, metadata
from tests.databases import owner_engine
from tests.unit.disbursement.builders import DUE, witnessed
from tests.unit.disbursement.fake_reconciliation import FakeStatements
from tests.unit.disbursement.fakes import (
    Boundaries,
    FakeAccounts,
    FakeAlarms,
    FakeBank,
    FakeClock,
    FakeContracts,
    FakeDesk,
    FakePeers,
    Stage,
    witness_of,
)

SERVICE = "disbursement"


def forget(owner: Engine) -> None:
    """Leave the database as empty as it was found."""
    with owner.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))


@pytest.fixture(scope="module")
def owner(servers: Stack) -> Iterator[Engine]:
    """The schema's owner, with the migrations applied."""
    engine = owner_engine(servers, SERVICE)
    forget(engine)
    folder = Path(str(services.disbursement.__file__)).parent / "migrations"
    upgrade(engine, directory=folder, metadata=metadata)
    yield engine
    forget(engine)
    engine.dispose()


@dataclass
class Office:
    """The service's own role at its database, with a payer beside it."""

    platform: Platform[Settings]
    clock: FakeClock
    boundaries: Boundaries = field(default_factory=Boundaries)

    @classmethod
    def at(cls, platform: Platform[Settings], instant: datetime) -> "Office":
        """Its clock, and that of its database, stand at an instant."""
        clock = FakeClock(instant)
        platform.database._clock = clock
        return cls(platform, clock)

    def __post_init__(self) -> None:
        self.bank = FakeBank(self.clock, self.boundaries)
        self.peers = FakePeers(self.clock, FakeDesk(self.boundaries))
        self.alarms = FakeAlarms()
        self.statements = FakeStatements()
        self.desk = DatabaseDesk(
            self.platform.database,
            keys=self.platform.field_keys,
            contexts=self.context_of,
            account=self.platform.settings.company_iban,
        )
        self.witness = witness_of(self.desk, self.clock, self.platform.ids)
        self.begin_at(self.clock.now())

    def begin_at(self, at: datetime) -> None:
        """Clock and witness stand at an instant, as if all had run up to it."""
        self.clock.set_back(at)
        with self.desk.open() as work:
            work.witness.write(witnessed(at))
            self._reconciled(work)

    def _reconciled(self, work: Work) -> None:
        """What the bank booked is read to its end."""
        now = self.clock.now()
        for position in work.reconciliation.positions():
            work.reconciliation.take_place(position)
            work.reconciliation.keep_place(
                replace(
                    position,
                    caught_up_at=now,
                    database=work.reconciliation.database(),
                    next_at=now,
                )
            )

    def context_of(self, trail: Trail | None) -> Context:
        fresh = self.platform.context()
        if trail is None:
            return fresh
        return replace(fresh, correlation_id=trail.correlation_id)

    @property
    def till(self) -> Till:
        """A payer's ports; each call is another worker on the same database."""
        return replace(
            Stage().till,
            desk=self.desk,
            accounts=FakeAccounts(self.peers),
            antifraud=self.peers,
            contracts=FakeContracts(self.peers),
            bank=self.bank,
            statements=self.statements,
            alarms=self.alarms,
            clock=self.clock,
            uptime=self.clock,
            ids=self.platform.ids,
        )

    def payout(self, contract_id: UUID) -> Payout:
        with self.platform.database.begin(self.platform.context()) as tx:
            rows = PayoutRows(tx.connection, self.platform.field_keys)
            found = rows.lock(contract_id)
        assert isinstance(found, Payout)
        return found

    def rows(self, statement: str, **values: object) -> list[Any]:
        with self.platform.database.engine.connect() as connection:
            return list(connection.execute(text(statement), values))

    def checks(self, name: str | None = None) -> list[Any]:
        """What the gate saw, passage by passage, a row for each check."""
        return self.rows(
            "SELECT passage, payout_id, checked_at, one.* FROM payout_passages,"
            " json_to_recordset(checks)"
            " AS one(name text, verdict text, code text, evidence text)"
            " WHERE coalesce(name = :name, true) ORDER BY passage, name",
            name=name,
        )


@pytest.fixture
def office(servers: Stack, owner: Engine) -> Iterator[Office]:
    """The role `disbursement` on the migrated database."""
    settings = read(Settings, prefix=SERVICE, environ=servers.env(SERVICE))
    platform = Platform.open(settings)
    yield Office.at(platform, DUE)
    platform.close()
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with owner.begin() as connection:
        connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY CASCADE"))
