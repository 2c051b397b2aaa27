"""Numbers that go on moving while the relay cannot work."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from prometheus_client import REGISTRY
from sqlalchemy import text

from infra.stack import Stack
from kernel.measures import Measures
from kernel.outbox import Relay, Signer
from tests.databases import owner_engine
from tests.integration.kernel.conftest import MovableClock, Service, open_service
from tests.integration.operators.conftest import annulled, any_id
from tests.waiting import eventually

QUIET = "audit"
"""The one of the migrated services that no test runs."""
HOUR_S = 3600


@pytest.fixture
def quiet(stack: Stack) -> Iterator[Service]:
    """A service of which no process runs, so that nobody empties its outbox."""
    service = open_service(stack, QUIET, MovableClock())
    yield service
    service.end()
    engine = owner_engine(stack, QUIET)
    with engine.begin() as connection:
        connection.execute(text("TRUNCATE outbox, outbox_subject, outbox_unconfirmed"))
    engine.dispose()


def age_s() -> float:
    return REGISTRY.get_sample_value("outbox_oldest_age_seconds") or 0.0


@pytest.mark.catalogue("F24", "F41")
@pytest.mark.seeded("outbox_age_stands_still")
def test_the_age_of_the_outbox_grows_while_nothing_can_leave(
    stack: Stack, quiet: Service
) -> None:
    """First without a broker, then without a database; it falls when all is sent."""
    platform = quiet.platform
    nowhere = replace(platform.broker, url="amqps://127.0.0.1:1/kredit")
    signer = Signer(QUIET, platform.signing_key)
    relay = Relay(platform.database.engine, nowhere, signer)
    measures = Measures(platform.database, quiet.clock, platform.ids)
    quiet.run(relay.run)
    quiet.run(measures.run)
    quiet.publish(annulled(any_id(), "x"))
    quiet.clock.move(hours=1)
    eventually(lambda: age_s() >= HOUR_S)
    stack.halt("postgres")
    try:
        quiet.clock.move(hours=1)
        assert age_s() >= 2 * HOUR_S
    finally:
        stack.resume("postgres")
    able = threading.Event()

    def relay_now(stop: threading.Event) -> None:
        able.set()
        quiet.relay().run(stop)

    quiet.run(relay_now)
    eventually(lambda: able.is_set() and age_s() == 0.0)


@pytest.mark.seeded("parked_are_not_counted")
def test_what_is_parked_is_counted_anew_by_each_process(quiet: Service) -> None:
    """A number kept in memory would be lost with the process."""
    insert = text(
        "INSERT INTO inbox (source, subject, subject_version, message_id, type, state,"
        " received_at, parked_at) VALUES ('contracts', 'contract:1', 1, :id, 'x',"
        " 'parked', :now, :now)"
    )
    with quiet.platform.database.begin(quiet.context()) as tx:
        tx.connection.execute(insert, {"id": any_id(), "now": quiet.clock.now()})
    measures = Measures(quiet.platform.database, quiet.clock, quiet.platform.ids)
    measures.measure()
    assert REGISTRY.get_sample_value("inbox_parked") == 1
    with quiet.platform.database.begin(quiet.context()) as tx:
        tx.connection.execute(text("DELETE FROM inbox"))
    measures.measure()
    assert REGISTRY.get_sample_value("inbox_parked") == 0
