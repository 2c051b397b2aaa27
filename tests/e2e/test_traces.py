"""One trace from the browser's request to the leaf of the log, and every number."""

import json
import secrets
from typing import Any

import httpx
import pytest

from infra import topology
from infra.demo.world import World
from infra.stack import Stack
from kernel.tls import client_context
from tests.e2e.test_from_registration_to_money import AMOUNT, register
from tests.seeds import seed
from tests.sweep import Sweep

NUMBERS = (
    "outbox_oldest_age_seconds",
    "outbox_published_total",
    "inbox_dup_total",
    "inbox_parked",
    "quarantined_total",
    "dead_letters_total",
    "handler_seconds",
    "rpc_server_seconds",
    "rpc_client_seconds",
    "certificate_days_left",
)
CHAIN = (
    ("contracts", "contracts.additional_consent_given.v1"),
    ("disbursement", "disbursement.payout_scheduled.v1"),
)
EVENTS = "SELECT id, type FROM outbox WHERE traceparent LIKE '00-{trace}-%'"
LEAF = (
    "SELECT convert_from(leaf, 'UTF8') AS leaf FROM audit_log WHERE event_id = '{id}'"
)


def event_of(sweep: Sweep, service: str, trace: str) -> dict[str, str]:
    """The events a service published in a trace: type → id."""
    rows = sweep.rows(service, EVENTS.format(trace=trace))
    return {row["type"]: row["id"] for row in rows}


def lines_of(stack: Stack, process: str, event: str) -> list[dict[str, Any]]:
    """The lines of a process's log with this event."""
    log = stack.layout.logs / f"{process}.log"
    told = [
        json.loads(line) for line in log.read_text().splitlines() if line[:1] == "{"
    ]
    return [line for line in told if line.get("event") == event]


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("trace_lost_at_rpc")
def test_one_trace_goes_from_the_request_to_the_leaf(
    world: World, sweep: Sweep
) -> None:
    """A consent: gateway, contracts, its event, disbursement's event, their leaves."""
    client = world.borrower(seed())
    register(client)
    client.log_in()
    assert client.apply(AMOUNT)["state"] == "offered"
    client.sign()
    trace = secrets.token_hex(16)
    headers = client.cabinet._client.headers
    headers["traceparent"] = f"00-{trace}-{secrets.token_hex(8)}-01"
    client.consent()
    del headers["traceparent"]
    client.payout_until("held")
    client.cabinet.close()
    sweep.settled()
    for service, event_type in CHAIN:
        leaf = LEAF.format(id=event_of(sweep, service, trace)[event_type])
        assert trace in sweep.rows("audit", leaf)[0]["leaf"]
    for process, event in (
        ("gateway", "request"),
        ("contracts", "call"),
        ("disbursement", "reaction"),
    ):
        told = {line["trace_id"] for line in lines_of(world.stack, process, event)}
        assert trace in told, process


def test_every_process_shows_every_number(platform: Stack) -> None:
    """Under the names the runbook knows; the public door times its requests too."""
    pki = platform.layout.pki
    context = client_context(pki / "ca.crt", pki / "operator.crt", pki / "operator.key")
    with httpx.Client(verify=context) as scraper:
        for process in topology.runnable():
            port = platform.port(f"{process.name}.metrics")
            shown = scraper.get(f"https://127.0.0.1:{port}/metrics").text
            lacking = [name for name in NUMBERS if f"# TYPE {name}" not in shown]
            assert lacking == [], process.name
            timed = "# TYPE http_request_seconds histogram" in shown
            assert timed == (process.name == "gateway")
            (days,) = (
                float(line.split()[1])
                for line in shown.splitlines()
                if line.startswith("certificate_days_left ")
            )
            assert 2 < days <= 7
