"""Where the parties meet: private servers, prepared messages, processes.

The kernel's tables lie in the databases of `contracts`, who publishes, and of
`disbursement`, who listens; nothing of the services themselves runs.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Engine, text

from infra.stack import Stack
from kernel.bus import ConfirmingPublisher, Interest, close_quietly
from kernel.crypto import canonical
from kernel.events import Envelope
from kernel.events.contracts import ContractSigned
from kernel.events.envelope import routing_key
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from kernel.tables import kernel_metadata, outbox
from tests.databases import kernel_tables, owner_engine
from tests.marks import ROOT

PUBLISHER: Final = "contracts"
LISTENER: Final = "disbursement"
WISHES: Final = {
    PUBLISHER: [Interest(LISTENER, "payout")],
    LISTENER: [Interest(PUBLISHER, "contract")],
}
EXCHANGE: Final = f"{PUBLISHER}.events"
QUEUE: Final = f"{LISTENER}.inbox"
KEY: Final = routing_key(ContractSigned.TYPE, "contract:")
EVENTS_PER_SUBJECT: Final = 5
FIRST_TIME: Final = datetime(2026, 11, 25, 9, tzinfo=UTC)
PATIENCE_S: Final = 120
"""The longest a party may take for one round before the bench gives up."""


class PartyFailedError(Exception):
    """A party ended without its figures; its last words say why."""


@dataclass(frozen=True, slots=True)
class Party:
    """One measured process."""

    process: subprocess.Popen[str]

    def go(self) -> None:
        """Let a party that said ready begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def hear(self) -> Mapping[str, Any]:
        """The next line of figures; PartyFailedError when there is none."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            if line.startswith('{"') and '"event"' not in line:
                figures: Mapping[str, Any] = json.loads(line)
                return figures
        raise PartyFailedError(f"{self.process.args}: no figures")


@dataclass(frozen=True, slots=True)
class Bench:
    """Private servers with empty tables and queues."""

    servers: Stack
    folder: Path
    platform: Platform[PlatformSettings]
    engines: Mapping[str, Engine]

    @classmethod
    @contextmanager
    def on(cls, servers: Stack) -> Iterator["Bench"]:
        """Set up on running servers; leaves them as they were."""
        settings = read(
            PlatformSettings, prefix=PUBLISHER, environ=servers.env(PUBLISHER)
        )
        with (
            kernel_tables(servers, WISHES),
            tempfile.TemporaryDirectory(prefix="kredit-bench-") as folder,
        ):
            engines = {name: owner_engine(servers, name) for name in WISHES}
            platform = Platform.open(settings)
            bench = cls(servers, Path(folder), platform, engines)
            try:
                yield bench
                bench.empty()
            finally:
                platform.close()
                for engine in engines.values():
                    engine.dispose()

    def empty(self) -> None:
        """Forget every message and every row."""
        names = ", ".join(f'"{t.name}"' for t in kernel_metadata.sorted_tables)
        for engine in self.engines.values():
            with engine.begin() as connection:
                connection.execute(text(f"TRUNCATE {names} RESTART IDENTITY"))
        self.purge(LISTENER, QUEUE)

    def purge(self, service: str, queue: str) -> None:
        """Empty a queue of ``service``."""
        env = self.servers.env(service)
        listener = Platform.open(read(PlatformSettings, prefix=service, environ=env))
        connection = listener.broker.connect()
        connection.default_channel.queue_purge(queue)
        close_quietly(connection)
        listener.close()

    @contextmanager
    def party(self, module: str, *arguments: object, principal: str) -> Iterator[Party]:
        """A process of its own, ready to go; killed on leaving."""
        process = subprocess.Popen(
            [sys.executable, "-m", f"tests.benchmarks.{module}", *map(str, arguments)],
            cwd=ROOT,
            env=self.servers.env(principal),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        party = Party(process)
        try:
            party.hear()
            yield party
        finally:
            process.kill()
            process.communicate()

    def messages(self, count: int) -> list[bytes]:
        """Signed events as the relay would make them from `rows`."""
        key = self.platform.signing_key
        return [
            Envelope(
                id=row["id"],
                source=PUBLISHER,
                type=row["type"],
                time=row["time"],
                subject=row["subject"],
                subjectversion=1 + index // _subjects(count),
                sequence=1 + index,
                traceparent=row["traceparent"],
                correlation_id=row["correlation_id"],
                causation_id=None,
                keyid=key.keyid,
                data=row["event"].to_data(),
            ).signed(key)
            for index, row in enumerate(_facts(count))
        ]

    def fill_queue(self, bodies: Sequence[bytes]) -> None:
        """Put messages into the listener's queue, confirmed."""
        with ConfirmingPublisher(self.platform.broker) as publisher:
            for first in range(0, len(bodies), 200):
                publisher.publish_all(
                    (str(first + i), body, EXCHANGE, KEY)
                    for i, body in enumerate(bodies[first : first + 200])
                )

    def fill_outbox(self, count: int) -> None:
        """Commit ``count`` events that no relay has seen."""
        rows = [
            {**{k: v for k, v in fact.items() if k != "event"}, "data": data}
            for fact in _facts(count)
            for data in (canonical(fact["event"].to_data()),)
        ]
        with self.engines[PUBLISHER].begin() as connection:
            connection.execute(outbox.insert(), rows)

    def write_bodies(self, bodies: Sequence[bytes]) -> Path:
        """A file for parties: one message per line."""
        path = self.folder / "bodies"
        path.write_bytes(b"\n".join(bodies))
        return path


def _subjects(count: int) -> int:
    return max(1, count // EVENTS_PER_SUBJECT)


def _facts(count: int) -> Iterator[dict[str, Any]]:
    """Events of many contracts side by side, as many clients make them."""
    subjects = _subjects(count)
    for index in range(count):
        contract = UUID(int=(1 << 96) + index % subjects)
        event = ContractSigned(
            contract_id=contract,
            client_id=contract,
            account_id=contract,
            ceremony_id=contract,
            document_sha256=f"{index:064x}",
            amount="400000.00",  # type: ignore[arg-type] # read from its wire form
            signed_at=FIRST_TIME,
        )
        yield {
            "id": UUID(int=(2 << 96) + index),
            "type": event.TYPE,
            "subject": event.subject,
            "time": FIRST_TIME + timedelta(milliseconds=index),
            "traceparent": f"00-{index:032x}-{index:016x}-01",
            "correlation_id": contract,
            "causation_id": None,
            "event": event,
        }
