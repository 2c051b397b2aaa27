"""Antifraud on the session's real PostgreSQL, under its own role."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

import services.antifraud
from infra.stack import Stack
from kernel.events import Envelope, Event
from kernel.migrations.applying import upgrade
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import read
from services.antifraud import handlers
from services.antifraud.domain.catalogue import KINDS, Entity
from services.antifraud.domain.occurrences import Happening, Link, Occurrence
from services.antifraud.handlers import Tools
from services.antifraud.ports import Decision
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlUnits, metadata
from tests.databases import owner_engine
from tests.unit.antifraud.fakes import FakeClock, fake_tools

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
        return fake_tools(self.clock, self.platform.ids)

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
        kind: str,
        *keys: str,
        client_id: UUID = CLIENT,
        other: str | None = None,
        object_id: int | None = None,
        account_id: int | None = None,
    ) -> None:
        """Something happened now, under these names and the client's."""
        at, event_id = self.clock.now(), self.platform.ids.new()
        names = {Entity(key.partition(":")[0]): key for key in keys}
        every = {Entity.CLIENT: f"client:{client_id}", **names}
        happening = Happening(
            occurrences=tuple(
                Occurrence(
                    key=key,
                    kind=kind,
                    at=at,
                    event_id=event_id,
                    other=other,
                    object=str(UUID(int=object_id)) if object_id else None,
                )
                for entity, key in every.items()
                if entity in KINDS[kind].entities
            ),
            links=tuple(
                Link(
                    client_id=client_id,
                    entity=entity,
                    key=key,
                    object=str(UUID(int=account_id)) if account_id else "",
                    at=at,
                )
                for entity, key in names.items()
            ),
        )
        with self.units.begin() as unit:
            unit.remember(happening)

    def told(self, event: Event, *, at: datetime | None = None) -> None:
        """Another service said so."""
        envelope = Envelope(
            id=self.platform.ids.new(),
            source=event.TYPE.partition(".")[0],
            type=event.TYPE,
            time=at or self.clock.now(),
            subject=event.subject,
            subjectversion=1,
            sequence=1,
            traceparent="",
            correlation_id=UUID(int=1),
            causation_id=None,
            keyid="",
            data={},
        )
        with self.units.begin() as unit:
            handlers.remember(event, envelope, unit=unit)

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
