"""Two services on servers of their own, and the staff's command line beside them.

`contracts` publishes and `disbursement` listens, each as the kernel tests' probe in a
process of its own, on databases that real migrations made.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

import infra.stack
from infra.leash import leashed
from infra.stack import Stack
from kernel.bus import Received
from kernel.cli.session import Session, SessionFile
from kernel.context import Call, fresh_context
from kernel.crypto import random_bytes
from kernel.errors import Refused, Transient
from kernel.events import Envelope
from kernel.events.contracts import ContractAnnulled
from kernel.inbox import RETRY_AFTER_S
from kernel.platform import Platform
from kernel.settings import PlatformSettings
from kernel.values import Secret
from tests.integration.kernel.conftest import MovableClock, Service, open_service
from tests.marks import ROOT
from tests.staff import ANNA, Door, Person, Recruiter, door_of, member
from tests.waiting import eventually

PUBLISHER, LISTENER = "contracts", "disbursement"
PATIENCE_S = 60.0
CHANGES = {"replay", "drop", "approve", "reject"}
"""Verbs that ask before they act, where a person could answer."""
TOLD_AT = datetime(2026, 11, 25, tzinfo=UTC)


@pytest.fixture(scope="package")
def stack() -> Iterator[Stack]:
    """Servers that tests may stop; four migrated databases, so that all is routable."""
    folder = Path(tempfile.mkdtemp(prefix="kredit-test-"))
    folder.chmod(0o711)
    running = infra.stack.start(folder)
    try:
        running.migrate(PUBLISHER, LISTENER, "audit", "auth")
        yield running
    finally:
        running.stop()


@dataclass
class Probe:
    """A service in a process of its own; its log is kept line by line."""

    stack: Stack
    name: str
    process: "subprocess.Popen[str]"
    reader: threading.Thread
    lines: list[str]

    @classmethod
    def start(cls, stack: Stack, name: str) -> "Probe":
        process = subprocess.Popen(
            leashed(
                [sys.executable, "-m", "tests.integration.kernel.probe", name, "--log"]
            ),
            cwd=ROOT,
            env=stack.env(name),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines: list[str] = []
        reader = threading.Thread(target=_keep, args=(process, lines), daemon=True)
        reader.start()
        eventually(lambda: "ready" in lines)
        return cls(stack, name, process, reader, lines)

    def logged(self, event: str) -> list[dict[str, Any]]:
        """The lines of its log with this event."""
        found = []
        for line in list(self.lines):
            with contextlib.suppress(ValueError):
                told = json.loads(line)
                if told["event"] == event:
                    found.append(told)
        return found

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.reader.join()

    def restart(self) -> None:
        """Again, in the place of the one that was killed."""
        again = Probe.start(self.stack, self.name)
        self.process, self.reader = again.process, again.reader
        self.lines = again.lines


def _keep(process: "subprocess.Popen[str]", lines: list[str]) -> None:
    """Read to the end, so that the process never waits for us."""
    assert process.stdout is not None
    with process.stdout as output:
        lines.extend(line.strip() for line in output)


@pytest.fixture(scope="package")
def publishing(stack: Stack) -> Iterator[Probe]:
    probe = Probe.start(stack, PUBLISHER)
    yield probe
    probe.kill()


@pytest.fixture(scope="package")
def listening(stack: Stack) -> Iterator[Probe]:
    probe = Probe.start(stack, LISTENER)
    yield probe
    probe.kill()


@pytest.fixture
def publisher(stack: Stack) -> Iterator[Service]:
    """The publisher's own database and key, in this process."""
    service = open_service(stack, PUBLISHER, MovableClock())
    yield service
    service.end()


@pytest.fixture
def listener(stack: Stack) -> Iterator[Service]:
    service = open_service(stack, LISTENER, MovableClock())
    yield service
    service.end()


@dataclass(frozen=True, slots=True)
class Told:
    """What a command said, and how it ended."""

    code: int
    answer: Any
    complaint: str


Cli = Callable[..., Told]


@pytest.fixture(scope="package")
def staff(stack: Stack) -> Iterator[Recruiter]:
    """Auth in a process of its own, and its first two administrators."""
    with (stack.layout.logs / "auth.log").open("wb") as log:
        process = subprocess.Popen(
            leashed([sys.executable, "-m", "services.auth", "run"]),
            cwd=ROOT,
            env=stack.env("auth"),
            stdout=log,
            stderr=log,
        )
    try:
        with door_of(stack) as door:
            eventually(lambda: _answers(door))
            yield Recruiter.begin(door)
    finally:
        process.kill()
        process.wait()


def _answers(door: Door) -> bool:
    """Whether auth listens; it knows nobody by this session."""
    try:
        door.call("auth", "staff_rules", session="nobody's")
    except Refused:
        return True
    except Transient:
        return False
    raise AssertionError("a session that nobody has was good")


@pytest.fixture
def cli(stack: Stack, staff: Recruiter) -> Cli:
    """Run one command at a service as a member of the staff, unasked."""
    people = {person.login: person for person in (staff.first, staff.second)}

    def run(service: str, *words: str, who: str = "anna") -> Told:
        desk = desk_of(stack, people[who])
        env = stack.env("operator") | {"OPERATOR_SESSION_FOLDER": str(desk)}
        yes = ["--yes"] if CHANGES & {*words} else []
        return command("kernel.cli", service, *words, "--json", *yes, env=env)

    return run


def desk_of(stack: Stack, person: Person) -> Path:
    """A folder with the session of somebody who is logged in.

    The session may have ended of idleness since the last test of this package.
    """
    person.present()
    folder = stack.layout.session / person.login
    folder.mkdir(mode=0o700, exist_ok=True)
    SessionFile(folder).save(
        Session(
            secret=Secret(person.session),
            expires_at=person.door.clock.now() + timedelta(hours=8),
            staff_id=str(person.staff_id),
            roles=("administrator",),
        )
    )
    return folder


def command(module: str, *words: str, env: dict[str, str]) -> Told:
    """Run a program of the platform as a person would; it answers in JSON."""
    done = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        env=env | {"PATH": os.defpath},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S * 2,
    )
    answer = json.loads(done.stdout) if done.stdout else None
    return Told(done.returncode, answer, done.stderr)


def any_id() -> UUID:
    return UUID(bytes=random_bytes(16))


def annulled(contract: UUID, reason: str) -> ContractAnnulled:
    return ContractAnnulled(contract_id=contract, client_id=contract, reason=reason)


def call_of(platform: Platform[PlatformSettings], staff_id: UUID = ANNA) -> Call:
    return Call(
        id=platform.ids.new(),
        caller="operator",
        method="approve",
        deadline=platform.clock.now() + timedelta(minutes=1),
        context=fresh_context(platform.ids),
        client_id=None,
        idempotency_key=None,
        arguments_digest=b"",
        staff=member(staff_id),
    )


@dataclass(frozen=True, slots=True)
class Parked:
    """A parked message of a contract, and the ids of all, itself the first."""

    contract: UUID
    ids: tuple[UUID, ...]

    @property
    def id(self) -> str:
        return str(self.ids[0])

    @property
    def subject(self) -> str:
        return f"contract:{self.contract}"


Park = Callable[..., Parked]


@pytest.fixture
def park(publisher: Service, listener: Service) -> Park:
    """Park the first of a contract's messages at the listener; the others wait."""

    def refuse(*_: object) -> None:
        raise Transient("not now")

    def do(*reasons: str) -> Parked:
        contract = any_id()
        ids = tuple(any_id() for _ in reasons)
        door = listener.inbox({ContractAnnulled.TYPE: refuse})
        # Tomorrow: the probe's own retries must not find the message due meanwhile.
        today = listener.clock.offset
        listener.clock.move(days=1)
        for version, (message_id, reason) in enumerate(
            zip(ids, reasons, strict=True), start=1
        ):
            event = annulled(contract, reason)
            envelope = Envelope(
                id=message_id,
                source=PUBLISHER,
                type=event.TYPE,
                time=TOLD_AT,
                subject=event.subject,
                subjectversion=version,
                sequence=version,
                traceparent=f"00-{contract.hex}-{'1' * 16}-01",
                correlation_id=contract,
                causation_id=None,
                keyid=publisher.platform.signing_key.keyid,
                data=event.to_data(),
            )
            body = envelope.signed(publisher.platform.signing_key)
            door.receive(Received(body, PUBLISHER, {}, delivery_tag=1))
        for pause_s in RETRY_AFTER_S:
            listener.clock.move(seconds=pause_s + 1)
            door.retry_due()
        listener.clock.offset = today
        return Parked(contract, ids)

    return do


def states(listener: Service, subject: str) -> list[str]:
    """The states of a subject's messages at the listener, in order."""
    rows = listener.rows(
        "SELECT state FROM inbox WHERE subject = :subject ORDER BY subject_version",
        subject=subject,
    )
    return [row.state for row in rows]


def told_of(listener: Service, message_id: str) -> list[tuple[str, dict[str, Any]]]:
    """What the listener published about a message, in order: (type, data)."""
    rows = listener.rows("SELECT type, data FROM outbox ORDER BY inserted")
    found = [(row.type, json.loads(bytes(row.data))) for row in rows]
    return [(kind, data) for kind, data in found if data.get("event_id") == message_id]
