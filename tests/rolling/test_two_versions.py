"""A release under load: the old version and the next one side by side, and nobody sees.

States: old code alone; old code on the prepared schema; both; the next code alone on
the prepared schema; the next code after the post-migrations.  Certificates are renewed
on the way: every new process starts with a new one (F30).
"""

import os
import struct
import subprocess
import time
from collections import Counter
from datetime import UTC, datetime
from functools import partial
from typing import Final

import pytest

from infra import pki, topology
from infra.layout import find_program
from infra.stack import Stack, company
from tests.rolling.beside import Beside, certificate
from tests.rolling.doors import Doors
from tests.rolling.load import Load
from tests.rolling.next_version import NEXT
from tests.sweep import Sweep
from tests.waiting import eventually

PROCESSES: Final = tuple(process.name for process in topology.runnable())
ROUNDS_BACK: Final = int(os.environ.get("KREDIT_ROUNDS", "0"))
"""How often the release is taken back before it stays."""
SERVERS: Final = {
    topology.DATABASE_SERVER: struct.pack("!ii", 8, 80877103),  # SSLRequest
    topology.BROKER_SERVER: b"",
}
MIXED_WITHIN_S: Final = 240.0
LOOK_S: Final = 2.0
ALL_MIXTURES: Final = {(old, new) for old in (False, True) for new in (False, True)}
DEFECTS: Final = (
    "loop_ended", "handler_defect", "call_defect", "call_broken", "beat_defect",
    "beat_broken", "request_defect", "message_quarantined", "message_parked",
    "handler_failed",
)  # fmt: skip


@pytest.mark.timeout(900)
@pytest.mark.catalogue("F29", "F30")
def test_a_release_is_rolled_under_load(
    platform: Stack, beside: Beside, doors: Doors, load: Load, sweep: Sweep
) -> None:
    old_door = platform.url
    load.begin()
    beside.migrate()
    for _ in range(ROUNDS_BACK):
        _roll_forward(platform, beside, doors)
        _until_mixed(sweep, load)
        _take_back(beside, doors)
        load.go_on()
    _roll_forward(platform, beside, doors)
    _until_mixed(sweep, load)
    load.end()
    load.money()
    load.begin()
    doors.close(old_door)
    for name in PROCESSES:
        platform.halt(name)
    beside.migrate("--post")
    load.end()
    load.money()
    assert load.complaints == []
    for name in PROCESSES:
        eventually(partial(beside.is_ready, name), told=partial(str, name))
    _sweep(platform, sweep, load)


def _roll_forward(platform: Stack, beside: Beside, doors: Doors) -> None:
    """Renew all certificates, then start the next version beside the old one."""
    _renew_certificates(platform)
    beside.start(*PROCESSES)
    shown = {name: beside.certificate(name) for name in PROCESSES}
    assert shown == {name: _on_disk(platform, name) for name in PROCESSES}
    doors.open(beside.url)


def _take_back(beside: Beside, doors: Doors) -> None:
    doors.close(beside.url)
    for name in PROCESSES:
        beside.stop(name)


def _renew_certificates(stack: Stack) -> None:
    """New leaves for everybody; the two servers are told to read theirs anew."""
    layout = stack.layout
    leaves = {
        path
        for folder in (layout.pki, layout.outer)
        for path in folder.glob("*.crt")
        if path.name not in {"ca.crt", company.CERTIFICATE}
    }
    for path in leaves:
        path.unlink()
    made = pki.ensure(layout, now=datetime.now(UTC))
    assert len(made) == len(leaves)
    stack.servers.database.prepare()
    stack.servers.database.run_sql("SELECT pg_reload_conf()")
    subprocess.run(
        [
            find_program("usr/lib/rabbitmq/bin/rabbitmqctl", "usr/sbin/rabbitmqctl"),
            *("-q", "eval", "ssl:clear_pem_cache()."),
        ],
        env=stack.servers.broker.environment(),
        check=True,
        capture_output=True,
        timeout=60,
    )
    end = time.monotonic() + MIXED_WITHIN_S
    for server, prelude in SERVERS.items():
        port, fresh = stack.port(server), _on_disk(stack, server)
        while certificate(stack, port, prelude=prelude) != fresh:
            assert time.monotonic() < end, f"{server} shows its old certificate"
            time.sleep(LOOK_S)


def _on_disk(stack: Stack, name: str) -> str:
    return (stack.layout.pki / f"{name}.crt").read_text()


def _until_mixed(sweep: Sweep, load: Load) -> None:
    """Until each version has applied what each version has said."""
    end = time.monotonic() + MIXED_WITHIN_S
    while set(_mixtures(sweep)) != ALL_MIXTURES:
        assert load.complaints == []
        assert time.monotonic() < end, _mixtures(sweep)
        time.sleep(LOOK_S)


def _mixtures(sweep: Sweep) -> Counter[tuple[bool, bool]]:
    """How many events were (said by the next version, applied by the next version)."""
    # In this order: what was applied has been said.
    applied = [
        row
        for service in topology.services()
        for row in sweep.rows(
            service, "SELECT message_id, applied_by FROM inbox WHERE state = 'applied'"
        )
    ]
    said = {
        row["id"]: row["written_by"] == NEXT
        for service in topology.services()
        for row in sweep.rows(service, "SELECT id, written_by FROM outbox")
    }
    return Counter(
        (said[row["message_id"]], row["applied_by"] == NEXT) for row in applied
    )


def _sweep(platform: Stack, sweep: Sweep, load: Load) -> None:
    """I1 to I7, every loan paid, nothing quarantined, no defect in any log."""
    sweep.run(people=load.people)
    paid = Counter(line["creditor_iban"] for line in load.world.control().ledger())
    assert paid == Counter(client.person.iban for client in load.people)
    for service in topology.services():
        assert (service, sweep.rows(service, "SELECT code FROM quarantine")) == (
            service,
            [],
        )
    found = [
        f"{path.name}: {line}"
        for path in sorted(platform.layout.logs.glob("*.log"))
        for line in path.read_text(errors="replace").splitlines()
        if any(f'"{word}"' in line for word in DEFECTS)
    ]
    assert found == []
