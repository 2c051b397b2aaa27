"""The loads of events: two writers, a relay and an end, in processes of their own.

On a database and a broker of their own: what the writers' journals say is held against
what happened at the end of the road. Here that is a listener, with nothing but the
kernel between; in `tests.faults.trail` it is the audit log.
"""

import json
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar, Final, Self

from sqlalchemy import text

from infra import topology
from infra.postgres.server import DatabaseServerError
from infra.stack import Stack
from infra.stack.programs import Program
from kernel.bus import Interest
from tests.databases import kernel_tables, owner_engine
from tests.faults import effects
from tests.faults.crash import Point
from tests.faults.effects import LISTENER, PUBLISHER
from tests.faults.journal import Said
from tests.faults.proxy import Proxy
from tests.faults.words import Words

WRITERS: Final = ("writer-1", "writer-2")
WINDOW: Final = 2_000
"""Events on the road at most: the load follows the listener's pace."""
STANDSTILL_S: Final = 60.0
"""So long without one more effect, and it is not coming."""
POLL_S: Final = 0.5


@dataclass(slots=True)
class Pace:
    """Whether a count still grows."""

    seen: int = -1
    _since: float = field(default_factory=time.monotonic, init=False)

    def saw(self, count: int) -> None:
        if count != self.seen:
            self.seen, self._since = count, time.monotonic()

    @property
    def stands_still(self) -> bool:
        return time.monotonic() - self._since > STANDSTILL_S


@dataclass(slots=True)
class EventLoad:
    """A `campaign.Ground`: see there."""

    stack: Stack
    folder: Path
    road: Proxy = field(init=False)
    label: str = ""
    size: int = 0
    _from: int = field(default=0, init=False)
    _repeated: int = field(default=0, init=False)
    _over: threading.Event = field(default_factory=threading.Event, init=False)
    _running: threading.Thread | None = field(default=None, init=False)

    name = "events"
    lives = None
    wishes: ClassVar[Mapping[str, Sequence[Interest]]] = effects.WISHES
    processes: ClassVar[tuple[str, ...]] = (PUBLISHER, LISTENER, *WRITERS)
    answering: ClassVar[tuple[str, ...]] = (PUBLISHER, LISTENER)
    points: ClassVar[tuple[Point, ...]] = (
        Point("outbox.numbered", PUBLISHER, most=1),
        Point("outbox.published", PUBLISHER, most=1),
        Point("outbox.marked", PUBLISHER, most=1),
        Point("inbox.handled", LISTENER),
        Point("inbox.applied", LISTENER),
    )

    @contextmanager
    def open(self) -> Iterator[Self]:
        """Tables, queues, four processes, and a proxy before the broker."""
        broker = ("127.0.0.1", self.stack.port(topology.BROKER_SERVER))
        with kernel_tables(self.stack, self.wishes), Proxy(broker) as self.road:
            self.folder.mkdir()
            self.folder.chmod(0o700)
            self._duplicates.touch()
            self._order(0)
            self._prepare()
            programs = [*map(self.program, self._ends()), *map(self._writer, WRITERS)]
            self.stack.run_instead(*programs)
            self.stack.wait_ready(*self.answering)
            try:
                yield self
            finally:
                self.stack.supervisor.stop([program.name for program in programs])

    def _prepare(self) -> None:
        """What the end of the road keeps."""
        engine = owner_engine(self.stack, LISTENER)
        with engine.begin() as connection:
            effects.metadata.create_all(connection)
            connection.execute(text(f'GRANT SELECT, INSERT ON effects TO "{LISTENER}"'))
        engine.dispose()

    def _ends(self) -> Sequence[str]:
        """The relay, and who is at the end of the road."""
        return self.answering

    def program(self, process: str) -> Program:
        """The relay or the listener."""
        program = self._program(process, process, "tests.faults.probe", process)
        tally = {effects.DUPLICATES: str(self._duplicates)}
        return replace(program, environment={**program.environment, **tally})

    def _writer(self, name: str) -> Program:
        return self._program(name, PUBLISHER, "tests.faults.writer", name, self.folder)

    def _program(
        self, name: str, principal: str, module: str, *arguments: object
    ) -> Program:
        direct = f"127.0.0.1:{self.stack.port(topology.BROKER_SERVER)}/"
        through = f"127.0.0.1:{self.road.port}/"
        return Program(
            name=name,
            command=(sys.executable, "-m", module, *map(str, arguments)),
            environment={
                key: value.replace(direct, through)
                for key, value in self.stack.env(principal).items()
            },
            inputs=(),
        )

    @property
    def _duplicates(self) -> Path:
        return self.folder / "duplicates"

    def begin(self, label: str, size: int) -> None:
        """Let the writers ask for `size` events at least, no faster than they come."""
        self.label, self.size = label, size
        self._begin()
        newest = "SELECT coalesce(max(inserted), 0) FROM outbox"
        self._from = int(self._sql(PUBLISHER, newest))
        self._repeated = self._duplicates.stat().st_size
        self._over.clear()
        self._running = threading.Thread(target=self._ask, daemon=True)
        self._running.start()

    def _begin(self) -> None:
        """Of earlier loads nothing counts any more."""
        self._sql(LISTENER, "TRUNCATE effects")

    def _ask(self) -> None:
        """Move the window until the faults are over and enough has been applied."""
        pace = Pace()
        while self.folder.exists() and not (self._over.is_set() and pace.stands_still):
            with suppress(DatabaseServerError, OSError):
                pace.saw(self.applied())
                self._order(pace.seen + WINDOW)
                if self._over.is_set() and pace.seen + WINDOW > self.size:
                    return
            time.sleep(POLL_S)

    def applied(self) -> int:
        """How many effects there are.  DatabaseServerError while it is away."""
        return int(self._sql(LISTENER, "SELECT count(*) FROM effects"))

    def flows(self) -> bool:
        """Whether effects come at this moment."""
        with suppress(DatabaseServerError):
            before = self.applied()
            time.sleep(POLL_S)
            return self.applied() > before
        return False

    def finish(self) -> None:
        """The faults are over: return when enough has been asked for."""
        self._over.set()
        assert self._running is not None
        self._running.join()

    def settle(self) -> None:
        """Stop asking and wait until all that was committed has been applied."""
        self._order(0)
        pace = Pace()
        while (state := self._on_the_road()) != (0, 0):
            pace.saw(self.applied())
            assert not pace.stands_still, (
                f"{state[0]} committed events are not applied,"
                f" {state[1]} wait in the inbox, and nothing moves"
            )
            time.sleep(POLL_S)

    def _on_the_road(self) -> tuple[int, int]:
        since = f"SELECT count(*) FROM outbox WHERE inserted > {self._from}"  # noqa: S608 - a number
        committed = int(self._sql(PUBLISHER, since))
        return committed - len(set(self._happened())), self._waiting()

    def _happened(self) -> Sequence[str]:
        """The event of each effect."""
        return self._sql(LISTENER, "SELECT event_id FROM effects").split()

    def _waiting(self) -> int:
        """How many came and have had no effect yet."""
        waiting = "SELECT count(*) FROM inbox WHERE state <> 'applied'"
        return int(self._sql(LISTENER, waiting))

    def judge(self) -> Words:
        """Hold the journals against the effects."""
        said = Said.of(self.folder.glob(f"{self.label}.writer-*"))
        rows = self._happened()
        happened = set(rows)
        return Words(
            attempted=len(said.asked),
            acknowledged=len(said.committed),
            lost=len(said.committed - happened),
            duplicated=self._duplicates.stat().st_size - self._repeated,
            recovered=len((said.asked - said.committed) & happened),
            unexpected=len(happened - said.asked),
            twice=len(rows) - len(happened) + self._out_of_order(),
        )

    def _out_of_order(self) -> int:
        """Effects whose version is not the one after the last of their subject."""
        return int(
            self._sql(
                LISTENER,
                "SELECT count(*) FROM (SELECT version - lag(version) OVER (PARTITION"
                " BY subject ORDER BY position) AS step FROM effects) AS steps"
                " WHERE step <> 1",
            )
        )

    def sweep(self) -> None:
        """The two inboxes know each message once."""
        for service in self.answering:
            doubles = self._sql(
                service,
                "SELECT count(*) - count(DISTINCT message_id) FROM inbox"
                " WHERE state = 'applied'",
            )
            assert int(doubles) == 0

    def _sql(self, service: str, statement: str) -> str:
        return self.stack.servers.database.run_sql(statement, database=service).strip()

    def _order(self, ceiling: int) -> None:
        order = {"label": self.label, "ceiling": ceiling // len(WRITERS)}
        fresh = self.folder / "order.new"
        fresh.write_text(json.dumps(order))
        fresh.replace(self.folder / "order")
