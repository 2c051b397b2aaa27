"""Where the parties meet: private servers, prepared messages, processes.

The kernel's tables lie in the databases of `contracts`, who publishes, and of
`disbursement`, who listens; nothing of the services themselves runs.
"""

import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Final
from urllib.parse import urlsplit

from sqlalchemy import Engine, text

from infra.layout import find_program
from infra.stack import Stack
from kernel.bus import Broker, ConfirmingPublisher, Interest, close_quietly
from kernel.crypto import canonical
from kernel.events.contracts import ContractSigned
from kernel.events.envelope import routing_key
from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from kernel.tables import kernel_metadata, outbox
from tests.benchmarks import facts
from tests.databases import kernel_tables, owner_engine
from tests.marks import ROOT

PUBLISHER: Final = facts.SOURCE
LISTENER: Final = "disbursement"
WISHES: Final = {
    PUBLISHER: [Interest(LISTENER, "payout")],
    LISTENER: [Interest(PUBLISHER, "contract")],
}
EXCHANGE: Final = f"{PUBLISHER}.events"
QUEUE: Final = f"{LISTENER}.inbox"
KEY: Final = routing_key(ContractSigned.TYPE, "contract:")
OTHER_VHOST: Final = "stock"
BATCH: Final = 200
CTL_S: Final = 60


PATIENCE_S: Final = 300
"""How long a party may say nothing."""
LAST_WORDS: Final = 2000
"""Characters of what a party said on stderr that its failure quotes."""


class PartyFailedError(Exception):
    """A party ended without its figures; the text ends with its last words."""


@dataclass(frozen=True, slots=True)
class Party:
    """One measured process."""

    process: subprocess.Popen[str]
    words: Path
    said: "SimpleQueue[str | None]" = field(default_factory=SimpleQueue)

    def listen(self) -> None:
        """Take whatever it says, as it says it: who is not read from stands still."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.said.put(line)
        self.said.put(None)

    def go(self) -> None:
        """Let a party that said ready begin."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def hear(self) -> Mapping[str, Any]:
        """Its next figures; a process of ours says log lines too, which have a level.

        Raises PartyFailedError when it ended, or fell silent, without any.
        """
        with suppress(Empty):
            while (line := self.said.get(timeout=PATIENCE_S)) is not None:
                if line.startswith("{"):
                    said: Mapping[str, Any] = json.loads(line)
                    if "level" not in said:
                        return said
        raise PartyFailedError(self.words.read_text()[-LAST_WORDS:])


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
        """Set up on running servers; nothing of it is left there afterwards."""
        with (
            kernel_tables(servers, WISHES),
            tempfile.TemporaryDirectory(prefix="kredit-bench-") as folder,
        ):
            engines = {name: owner_engine(servers, name) for name in WISHES}
            platform = _platform(servers, PUBLISHER)
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
        listener = _platform(self.servers, LISTENER)
        connection_to_broker = listener.broker.connect()
        connection_to_broker.default_channel.queue_purge(QUEUE)
        close_quietly(connection_to_broker)
        listener.close()

    @contextmanager
    def party(
        self, module: object, *arguments: object, principal: str
    ) -> Iterator[Party]:
        """A process of its own, ready to go; killed on leaving."""
        words = self.folder / f"{module}.{principal}"
        with words.open("w") as stderr:
            process = subprocess.Popen(
                [
                    *(sys.executable, "-m", f"tests.benchmarks.{module}"),
                    *map(str, arguments),
                ],
                cwd=ROOT,
                env=self.servers.env(principal),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        party = Party(process, words)
        listening = threading.Thread(target=party.listen)
        listening.start()
        try:
            party.hear()
            yield party
        finally:
            process.kill()
            listening.join()
            process.communicate()

    def messages(self, count: int) -> list[bytes]:
        """Signed events, as the wire carries them."""
        return facts.messages(count, self.platform.signing_key)

    def fill_queue(
        self, bodies: Sequence[bytes], *, vhost: str | None = None, key: str = KEY
    ) -> None:
        """Put messages where the listener finds them, confirmed."""
        broker = self.platform.broker
        with ConfirmingPublisher(_in(broker, vhost) if vhost else broker) as publisher:
            for first in range(0, len(bodies), BATCH):
                refused = publisher.publish_all(
                    (str(first + i), body, EXCHANGE, key)
                    for i, body in enumerate(bodies[first : first + BATCH])
                )
                assert not refused, "a listener's queue is missing"

    def fill_outbox(self, count: int) -> None:
        """Commit ``count`` events that no relay has seen."""
        rows = [
            {
                "id": e.id,
                "type": e.type,
                "subject": e.subject,
                "data": canonical(e.data),
                "time": e.time,
                "traceparent": e.traceparent,
                "correlation_id": e.correlation_id,
            }
            for e in facts.envelopes(count, keyid=self.platform.signing_key.keyid)
        ]
        with self.engines[PUBLISHER].begin() as connection:
            connection.execute(outbox.insert(), rows)

    def write_bodies(self, bodies: Sequence[bytes]) -> Path:
        """A file for parties: one message per line."""
        path = self.folder / "bodies"
        path.write_bytes(b"\n".join(bodies))
        return path

    @contextmanager
    def other_vhost(self) -> Iterator[str]:
        """A vhost in which both principals may do everything, as stock nameko needs."""
        self._ctl("add_vhost", OTHER_VHOST)
        try:
            for name in WISHES:
                self._ctl("set_permissions", "-p", OTHER_VHOST, name, ".*", ".*", ".*")
            yield OTHER_VHOST
        finally:
            self._ctl("delete_vhost", OTHER_VHOST)

    def _ctl(self, *arguments: str) -> None:
        subprocess.run(
            [find_program("usr/lib/rabbitmq/bin/rabbitmqctl"), "-q", *arguments],
            env=self.servers.servers.broker.environment(),
            stdout=subprocess.DEVNULL,
            timeout=CTL_S,
            check=True,
        )


def _platform(servers: Stack, service: str) -> Platform[PlatformSettings]:
    env = servers.env(service)
    return Platform.open(read(PlatformSettings, prefix=service, environ=env))


def _in(broker: Broker, vhost: str) -> Broker:
    return replace(broker, url=urlsplit(broker.url)._replace(path=f"/{vhost}").geturl())
