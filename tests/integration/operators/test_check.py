"""`check`: each part of a process, whatever of it is not well."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from infra import topology
from infra.stack import Stack
from kernel import checks
from kernel.bus import Broker
from kernel.schema import Schema
from tests.databases import owner_engine
from tests.integration.kernel.conftest import MovableClock, Service
from tests.integration.operators.conftest import (
    LISTENER,
    PUBLISHER,
    Cli,
    Probe,
    Told,
    command,
)

PARTS = ["database", "schema", "clock", "broker", "certificate"]


def unwell(told: Told) -> list[str]:
    return [part["part"] for part in told.answer["parts"] if not part["well"]]


def found(service: Service, *, machine_is_late_by: timedelta) -> set[str]:
    """What a check finds when the machine's clock is moved."""
    machine = MovableClock(-machine_is_late_by)
    parts = checks.examine(service.platform, service.name, machine=machine)
    assert all(part.well or part.advice for part in parts)
    return {part.part for part in parts if not part.well}


def test_a_service_that_is_well_says_so(cli: Cli, publishing: Probe) -> None:
    """Over RPC, with the certificate of whoever asks beside its own."""
    told = cli(PUBLISHER, "check")
    assert (told.code, unwell(told)) == (0, [])
    names = [part["part"] for part in told.answer["parts"]]
    assert names == [*PARTS, "certificate of operator"]


@pytest.mark.parametrize(
    ("process", "service"),
    [("gateway", "auth"), ("disbursement-worker", "disbursement")],
)
def test_every_process_can_look_at_itself(
    stack: Stack, process: str, service: str
) -> None:
    """Without any running service, under its own certificate and database role."""
    told = command(f"services.{service}", "check", "--json", env=stack.env(process))
    assert (told.code, unwell(told), told.answer["principal"]) == (0, [], process)
    names = [part["part"] for part in told.answer["parts"]]
    partner = process in topology.PARTNER_CLIENTS
    assert names == [*PARTS, *(["outer certificate"] if partner else [])]


def test_servers_that_are_away_are_findings(stack: Stack) -> None:
    """Nobody listens there: the check says so and ends, instead of failing."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    env = stack.env("audit-worker") | {
        "AUDIT_DATABASE_URL": f"postgresql+psycopg2://audit@127.0.0.1:{port}/audit",
        "AUDIT_BROKER_URL": f"amqps://127.0.0.1:{port}/kredit",
    }
    told = command("services.audit", "check", "--json", env=env)
    assert (told.code, unwell(told)) == (3, ["database", "schema", "clock", "broker"])
    assert all(part["advice"] for part in told.answer["parts"] if not part["well"])


@contextmanager
def changed(stack: Stack, statement: str, back: str) -> Iterator[None]:
    """The listener's schema as somebody left it."""
    engine = owner_engine(stack, LISTENER)
    try:
        with engine.begin() as connection:
            connection.execute(text(statement))
        yield
    finally:
        with engine.begin() as connection:
            connection.execute(text(back))
        engine.dispose()


@pytest.mark.seeded("check_ignores_schema")
def test_a_schema_that_is_not_the_codes_is_a_finding(
    cli: Cli, stack: Stack, listening: Probe, listener: Service
) -> None:
    """An older revision, and a table somebody changed by hand."""
    older = "UPDATE alembic_version SET version_num = '0000'"
    with changed(stack, older, older.replace("0000", Schema.of(LISTENER).newest())):
        told = cli(LISTENER, "check")
    (part,) = (p for p in told.answer["parts"] if p["part"] == "schema")
    assert (told.code, unwell(told)) == (3, ["schema"])
    assert part["figure"].startswith("0000, not ")
    drift = "ALTER TABLE quarantine ADD COLUMN remark text"
    with changed(stack, drift, "ALTER TABLE quarantine DROP COLUMN remark"):
        assert found(listener, machine_is_late_by=timedelta()) == {"schema"}


@pytest.mark.seeded("check_believes_every_clock", "check_counts_no_days")
def test_clock_and_certificate_are_judged(listener: Service) -> None:
    """A clock off by a minute loses calls; a leaf of a week is renewed in its third."""
    assert found(listener, machine_is_late_by=timedelta()) == set()
    for minutes in (-1, 1):
        late = timedelta(minutes=minutes)
        assert found(listener, machine_is_late_by=late) == {"clock"}
    far = timedelta(days=-5, hours=-12)
    assert found(listener, machine_is_late_by=far) == {"clock", "certificate"}


def test_a_broker_that_refuses_us_is_a_finding(listener: Service) -> None:
    """A certificate of another name: TLS stands, the user is not ours."""
    platform = listener.platform
    stranger = Broker(
        platform.broker.url.replace("/kredit", "/elsewhere"),
        platform.broker.principal,
        platform.broker.ca,
        platform.broker.cert,
        platform.broker.key,
    )
    parts = checks.examine(replace(platform, broker=stranger), LISTENER)
    assert [part.part for part in parts if not part.well] == ["broker"]
