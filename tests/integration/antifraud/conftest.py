"""Antifraud on the session's real PostgreSQL, under its own role."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

import services.antifraud
from infra.stack import Stack
from kernel.migrations.applying import upgrade
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import read
from services.antifraud import handlers
from services.antifraud.handlers import Tools
from services.antifraud.ports import Decision, Signal, SignalKind
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlUnits, metadata
from tests.databases import owner_engine
from tests.unit.antifraud.fakes import FakeClock

SERVICE = "antifraud"
CLIENT = UUID(int=77)
APPLICATION = f"application:{UUID(int=1)}"


@pytest.fixture(scope="module")
def schema(servers: Stack) -> Iterator[Engine]:
    """The schema's owner, with the migrations applied."""
    servers.migrate(SERVICE)
    engine = owner_engine(servers, SERVICE)
    folder = Path(str(services.antifraud.__file__)).parent / "migrations"
    upgrade(engine, directory=folder, metadata=metadata)
    yield engine
    engine.dispose()


@dataclass
class Desk:
    """The use cases over the real tables, on the test's clock."""

    platform: Platform[Settings]
    clock: FakeClock = field(default_factory=FakeClock)

    @property
    def units(self) -> SqlUnits:
        return SqlUnits(self.platform.database, self.platform.context())

    @property
    def tools(self) -> Tools:
        return Tools(self.clock, self.platform.ids, self.platform.policy)

    def decide(self, operation: str = APPLICATION, **facts: str | int) -> Decision:
        return handlers.decide(
            operation=operation,
            client_id=CLIENT,
            amount=Money.of("400000"),
            facts=facts,
            asked_by="contracts",
            units=self.units,
            tools=self.tools,
        )

    def release(self, held: str) -> UUID:
        return handlers.release(
            held, ground="checked", by="operator", units=self.units, tools=self.tools
        )

    def saw(
        self,
        kind: SignalKind,
        *,
        object_id: int | None = None,
        token: str | None = None,
        client_id: UUID | None = CLIENT,
    ) -> None:
        """Something happened now."""
        with self.units.begin() as unit:
            unit.add_signal(
                Signal(
                    event_id=self.platform.ids.new(),
                    kind=kind,
                    at=self.clock.now(),
                    client_id=client_id,
                    object_id=UUID(int=object_id) if object_id else None,
                    token=token,
                )
            )

    def rows(self, statement: str, **values: object) -> list[Any]:
        with self.platform.database.engine.connect() as connection:
            return list(connection.execute(text(statement), values))


@pytest.fixture
def desk(servers: Stack, schema: Engine) -> Iterator[Desk]:
    names = ", ".join(table.name for table in metadata.sorted_tables)
    with schema.begin() as connection:
        connection.exec_driver_sql(f"TRUNCATE {names} RESTART IDENTITY")
    settings = read(Settings, prefix=SERVICE, environ=servers.env(SERVICE))
    platform = Platform.open(settings)
    yield Desk(platform)
    platform.close()
