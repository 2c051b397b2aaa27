"""The service's own database, migrated for real, with twins in place of neighbours."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, Engine, text

from infra.layout import ROOT
from infra.stack import Stack
from kernel.context import Call, Origin
from kernel.crypto import Json, sha256
from kernel.errors import Transient
from kernel.events.onboarding import ClientActivated, IdentificationCompleted
from kernel.migrations.applying import upgrade
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import read
from services.contracts.adapters.printing import PdfPrinter
from services.contracts.domain.contract import LENDER_CHANNEL, Contract, Statement
from services.contracts.domain.credits import StatementPage
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.handlers import (
    applications,
    contracts,
    documents,
    reactions,
    schedules,
    signing,
)
from services.contracts.handlers.applications import Wish
from services.contracts.handlers.signing import SigningDesk
from services.contracts.ports import Judges
from services.contracts.settings import Settings
from services.contracts.storage import metadata
from services.contracts.storage.work import DatabaseUnit, DatabaseWork
from tests.databases import owner_engine
from tests.unit.contracts.builders import CEREMONY, CLIENT, OFFERED_AT
from tests.unit.contracts.fakes import (
    FakeAntifraud,
    FakeBureau,
    FakeClock,
    FakeDisbursement,
    FakeMonitoring,
    FakeOnboarding,
    FakeSigner,
    FakeState,
    FakeWitness,
    FakeWork,
)

MIGRATIONS = ROOT / "services" / "contracts" / "migrations"
_NOBODY = FakeWork()
PRINTER = PdfPrinter(site="https://kredit.example")


class NoBank:
    """A bank that is away.  Implements Statements."""

    def page(self, *, after: int) -> StatementPage:
        raise Transient(f"away at {after}")


@dataclass
class Desk:
    """The use cases on the real database, neighbours played by twins."""

    platform: Platform[Settings]
    owner: Engine
    clock: FakeClock = field(default_factory=FakeClock)
    onboarding: FakeOnboarding = field(default_factory=lambda: FakeOnboarding(_NOBODY))
    bureau: FakeBureau = field(default_factory=lambda: FakeBureau(_NOBODY))
    state: FakeState = field(default_factory=lambda: FakeState(_NOBODY))
    monitoring: FakeMonitoring = field(default_factory=lambda: FakeMonitoring(_NOBODY))
    antifraud: FakeAntifraud = field(default_factory=lambda: FakeAntifraud(_NOBODY))
    disbursement: FakeDisbursement = field(
        default_factory=lambda: FakeDisbursement(_NOBODY)
    )
    signer: FakeSigner = field(default_factory=lambda: FakeSigner(_NOBODY))
    witness: FakeWitness = field(default_factory=lambda: FakeWitness(_NOBODY))
    origin: Origin | None = None
    """Where the client's requests come from."""

    def work(
        self, method: str = "", *, key: str | None = None, client_id: UUID = CLIENT
    ) -> DatabaseWork:
        """Transactions of a request of the client's, with that Idempotency-Key."""
        context = replace(self.platform.context(), origin=self.origin)
        call = Call(
            id=self.platform.ids.new(),
            caller="gateway",
            method=method,
            deadline=self.clock.now() + timedelta(seconds=5),
            context=context,
            client_id=client_id,
            idempotency_key=key,
            arguments_digest=sha256(method.encode()),
        )
        return DatabaseWork(
            self.platform.database,
            context,
            field_keys=self.platform.field_keys,
            call=call,
        )

    @contextmanager
    def unit(self) -> Iterator[DatabaseUnit]:
        """One transaction, as a reaction has it."""
        with self.platform.database.begin(self.platform.context()) as tx:
            yield DatabaseUnit(tx, field_keys=self.platform.field_keys)

    @contextmanager
    def as_service(self) -> Iterator[Connection]:
        """A connection of the service's own role."""
        with self.platform.database.engine.begin() as connection:
            yield connection

    def rows(self, statement: str, **values: object) -> list[Any]:
        with self.owner.begin() as connection:
            return list(connection.execute(text(statement), values))

    def said(self) -> list[str]:
        """Names of the events that left with a commit, in order."""
        found = self.rows("SELECT type FROM outbox ORDER BY inserted")
        return [row.type.split(".")[1] for row in found]

    def activate(self, client_id: UUID = CLIENT) -> None:
        event = ClientActivated.model_validate(
            {
                "client_id": client_id,
                "registration_id": client_id,
                "iin_token": "k1.i",
                "phone_token": "k1.p",
            }
        )
        with self.unit() as unit:
            reactions.when_client_activated(event, unit=unit, clock=self.clock)

    def submit(
        self,
        *,
        amount: str = "400000",
        key: str | None = None,
        client_id: UUID = CLIENT,
    ) -> dict[str, Json]:
        reply = applications.submit_application(
            client_id=client_id,
            wish=Wish(
                product="standard",
                repayment=RepaymentMethod.ANNUITY,
                amount=Money.of(amount),
                term_days=90,
            ),
            work=self.work("submit_application", key=key, client_id=client_id),
            judges=self.judges,
            policy=self.platform.policy,
            clock=self.clock,
            ids=self.platform.ids,
        )
        return as_object(reply)

    @property
    def judges(self) -> Judges:
        """Whom an application is put to."""
        return Judges(
            onboarding=self.onboarding,
            bureau=self.bureau,
            state=self.state,
            monitoring=self.monitoring,
            antifraud=self.antifraud,
            printer=PRINTER,
        )

    def decide_held(self) -> int:
        """The beat that goes on with applications that wait."""
        return applications.decide_held(
            work=self.work(),
            judges=self.judges,
            policy=self.platform.policy,
            clock=self.clock,
            ids=self.platform.ids,
        )

    def offered(self, *, amount: str = "400000") -> UUID:
        """A contract whose document stands ready."""
        self.activate()
        return UUID(str(self.submit(amount=amount)["contract_id"]))

    def open_signing(self, contract_id: UUID, *, client_id: UUID = CLIENT) -> Json:
        return contracts.open_signing(
            client_id=client_id,
            contract_id=contract_id,
            work=self.work(),
            onboarding=self.onboarding,
            bureau=self.bureau,
            clock=self.clock,
        )

    def identify(self, contract_id: UUID, **changes: object) -> None:
        """Onboarding says that the identification was completed now."""
        fields = {
            "ceremony_id": CEREMONY,
            "client_id": CLIENT,
            "operation": f"contract:{contract_id}",
            "document_sha256": self.contract(contract_id).document_sha256,
            "protocol_id": "P-1",
            "certificate_serial": "0A1B",
            "signature_sha256": "5" * 64,
            "completed_at": self.clock.now(),
        }
        event = IdentificationCompleted.model_validate({**fields, **changes})
        with self.unit() as unit:
            reactions.when_identification_completed(event, unit=unit)

    def sign_for_company(self) -> int:
        """The company signs what clients have signed, at this instant."""
        self.witness.stamped_at = self.clock.now()
        return signing.sign_for_company(self.signing_desk())

    def signing_desk(self) -> SigningDesk:
        return SigningDesk(
            work=self.work(),
            antifraud=self.antifraud,
            signer=self.signer,
            witness=self.witness,
            printer=PRINTER,
            policy=self.platform.policy,
            clock=self.clock,
        )

    def concluded(self, *, amount: str = "400000") -> UUID:
        contract_id = self.offered(amount=amount)
        self.open_signing(contract_id)
        self.clock.move(timedelta(minutes=10))
        self.identify(contract_id)
        self.sign_for_company()
        return contract_id

    def give_consent(
        self, contract_id: UUID, *, key: str | None = None, client_id: UUID = CLIENT
    ) -> dict[str, Json]:
        reply = contracts.give_consent(
            client_id=client_id,
            contract_id=contract_id,
            work=self.work("give_consent", key=key, client_id=client_id),
            policy=self.platform.policy,
            wish=self.wish(contract_id),
        )
        return as_object(reply)

    def confirm_release(
        self, contract_id: UUID, *, client_id: UUID = CLIENT
    ) -> dict[str, Json]:
        reply = contracts.confirm_release(
            client_id=client_id,
            contract_id=contract_id,
            work=self.work("confirm_release", client_id=client_id),
            policy=self.platform.policy,
            wish=self.wish(contract_id),
        )
        return as_object(reply)

    def consented(self, *, amount: str = "400000") -> UUID:
        contract_id = self.concluded(amount=amount)
        self.clock.move(timedelta(hours=1))
        self.give_consent(contract_id)
        return contract_id

    def refuse(self, contract_id: UUID, *, client_id: UUID = CLIENT) -> dict[str, Json]:
        reply = contracts.refuse_contract(
            client_id=client_id,
            contract_id=contract_id,
            work=self.work("refuse_contract", client_id=client_id),
            disbursement=self.disbursement,
            clock=self.clock,
        )
        return as_object(reply)

    def schedule(self, contract_id: UUID) -> dict[str, Json]:
        """The schedule in force, as its client sees it."""
        answer = schedules.get_schedule(
            client_id=CLIENT, contract_id=contract_id, work=self.work()
        )
        return as_object(answer)

    def view(self, contract_id: UUID, *, client_id: UUID = CLIENT) -> dict[str, Json]:
        reply = contracts.get_contract(
            client_id=client_id,
            contract_id=contract_id,
            work=self.work(),
            clock=self.clock,
        )
        return as_object(reply)

    def document(self, contract_id: UUID, *, client_id: UUID = CLIENT) -> Json:
        return documents.get_document(
            client_id=client_id, contract_id=contract_id, work=self.work()
        )

    def contract(self, contract_id: UUID) -> Contract:
        with self.unit() as unit:
            found = unit.contracts.get(contract_id)
        assert found is not None
        return found

    def hold_until(self, contract_id: UUID) -> datetime:
        found = self.contract(contract_id).hold_until
        assert found is not None
        return found

    def wish(
        self, contract_id: UUID, *, age: timedelta = timedelta(minutes=1)
    ) -> Statement:
        """A statement about the text the screen shows, whoever looks at it."""
        statement = self.view(contract_id)["statement"]
        digest = as_object(statement)["sha256"] if statement else "0" * 64
        return Statement(
            text_sha256=str(digest),
            channel=LENDER_CHANNEL,
            second_factor_at=self.clock.now() - age,
            given_at=self.clock.now(),
        )


def as_object(reply: Json) -> dict[str, Json]:
    assert isinstance(reply, dict)
    return dict(reply)


@pytest.fixture(scope="module")
def owner(servers: Stack) -> Iterator[Engine]:
    """The schema's owner, on a schema freshly made by the service's migrations."""
    engine = owner_engine(servers, "contracts")
    _drop(engine)
    upgrade(engine, directory=MIGRATIONS, metadata=metadata)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def platform(servers: Stack, owner: Engine) -> Iterator[Platform[Settings]]:
    """The platform of the process `contracts`."""
    del owner  # the schema must stand first
    made = open_platform(servers)
    yield made
    made.close()


def open_platform(servers: Stack) -> Platform[Settings]:
    """What one process of the service works with."""
    env = servers.env("contracts")
    return Platform.open(read(Settings, prefix="contracts", environ=env))


@pytest.fixture
def desk(platform: Platform[Settings], owner: Engine) -> Desk:
    """Empty tables, and a clock that begins when the twins' does."""
    names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
    with owner.begin() as connection:
        connection.execute(text(f"TRUNCATE {names}"))
    return Desk(platform, owner, clock=FakeClock(OFFERED_AT))


def _drop(engine: Engine) -> None:
    """Begin with nothing: others use the same database in their own way."""
    with engine.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
