"""Short lives of a payer, forked from a parent that has everything loaded.

``python -m tests.faults.lives <folder>``, with the environment of the payer and the
bank's address. For each line it is given, a plan, it forks before anything is
connected; the child connects, takes what is due, and dies or stands still at the
boundary the plan names. What became of it is answered by a line.

The payer is the product's own, over its database and its bank. Only those it asks
inside the company are at hand and say yes, and its clock is a file: who holds the file
decides what time it is, for a life that has been standing still as well.
"""

import gc
import json
import mmap
import os
import signal
import struct
import subprocess
import sys
import traceback
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn
from uuid import UUID

import httpx

from infra.leash import leashed
from infra.simulators.identities import iban_of
from kernel.clock import UptimeReading
from kernel.context import Context
from kernel.errors import Transient
from kernel.logging import configure
from kernel.platform import Platform
from kernel.settings import read
from kernel.tls import client_context
from services.disbursement.adapters import HttpStatements, partner_client
from services.disbursement.domain.gate import AccountFacts
from services.disbursement.domain.payout import Payout, Trail
from services.disbursement.ports import Till
from services.disbursement.settings import Settings, bank_access
from services.disbursement.storage import DatabaseDesk
from services.disbursement.wiring import beats_of, rules_of
from services.disbursement.wiring.rails import partner_at, rails_of
from tests.faults.boundaries import Watch
from tests.marks import ROOT
from tests.unit.disbursement.builders import TOKEN, elapsed_ns
from tests.unit.disbursement.fakes import (
    FakeAlarms,
    FakeContracts,
    FakeMeters,
    FakePeers,
    Stage,
)

SERVICE: Final = "disbursement"
BEATS: Final = ("reconcile", "prepare", "due", "ask", "pay", "close", "prove")
"""What a whole life does, one beat after the other until nothing is due."""
MOST_TURNS: Final = 20_000
REMEMBERED: Final = timedelta(days=365)
"""The simulated bank never forgets a key. So an order may be sent again however often
its payer was killed; how long a real bank remembers is tried by other tests."""
IIN: Final = "900101300017"
_BANK_CODE: Final = "722"
_INSTANT: Final = struct.Struct("<q")


class FileClock:
    """A wall clock and the uptime of its machine, in a file that many read."""

    def __init__(self, file: Path) -> None:
        if not file.exists():
            file.write_bytes(_INSTANT.pack(0))
        with file.open("r+b") as opened:
            self._map = mmap.mmap(opened.fileno(), _INSTANT.size)

    def now(self) -> datetime:
        (microseconds,) = _INSTANT.unpack(self._map[:])
        return datetime.fromtimestamp(0, UTC) + timedelta(microseconds=microseconds)

    def read(self) -> UptimeReading:
        """Implements Uptime: nobody ever sets this clock, time only passes."""
        return UptimeReading("boot-1", elapsed_ns(self.now()))

    def set(self, instant: datetime) -> None:
        since = instant - datetime.fromtimestamp(0, UTC)
        self._map[:] = _INSTANT.pack(since // timedelta(microseconds=1))


def account_of(account_id: UUID) -> str:
    """The IBAN behind an account: every payout of a campaign has its own."""
    return iban_of(_BANK_CODE, f"{account_id.int % 10**13:013d}")


class Accounts:
    """Onboarding: the account is the client's, and is known by its id."""

    def __init__(self, peers: FakePeers) -> None:
        self._peers = peers
        self.prove = peers.prove

    def read(self, payout: Payout) -> AccountFacts:
        iban = account_of(payout.account_id)
        return AccountFacts(account_token=TOKEN, iban=iban, iin=IIN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What becomes of a life."""

    at: str = ""
    """The boundary, by name; a life without one is whole."""
    times: int = 1
    """At so many-th passage."""
    late_s: float = 0.0
    """Death comes so much later, amid whatever follows."""
    stands: bool = False
    """It does not die: it is stopped there, and goes on when told."""
    told: bool = True
    """Whether it leaves a trace of what it came past."""
    beats: tuple[str, ...] = BEATS


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of it."""

    end: str
    """``killed``, ``standing``, ``whole`` or ``broken``."""
    pid: int
    passed: list[str] = field(default_factory=list)
    """The boundaries it came to, in order; those in a transaction begin with ``|``."""
    complaint: str = ""


class Nursery:
    """The parent's end: one line to it, one line from it."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        with (folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                leashed([sys.executable, "-m", "tests.faults.lives", str(folder)]),
                cwd=ROOT,
                env={"PATH": os.defpath, **environment},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )

    def warm(self) -> Outcome:
        """One life in the parent itself: the others inherit what it loads."""
        return self._told({"do": "warm"})

    def live(self, plan: Plan) -> Outcome:
        """A life, to its end or until it stands still."""
        return self._told({"do": "live", **asdict(plan)})

    def go_on(self, pid: int) -> Outcome:
        """Let one that stands still go on, to its end."""
        return self._told({"do": "go on", "pid": pid})

    def start(self) -> None:
        """A whole life beside others; `finish` waits for it."""
        self._told({"do": "start"})

    def finish(self) -> Outcome:
        """Wait for the next of those that were started."""
        return self._told({"do": "finish"})

    def close(self) -> None:
        """End the parent, and whoever still stands."""
        self._process.communicate()

    def _told(self, order: Mapping[str, object]) -> Outcome:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        assert line, "the payers' parent is gone"
        outcome = Outcome(**json.loads(line))
        assert outcome.end != "broken", outcome.complaint
        return outcome


class _Parent:
    """Everything a payer needs, ready and not connected."""

    def __init__(self, folder: Path) -> None:
        settings = read(Settings, prefix=SERVICE)
        configure(settings.principal, settings.log_level)
        self._clock = FileClock(folder / "clock")
        self._platform = replace(Platform.open(settings), clock=self._clock)
        self._platform.database._clock = self._clock
        access = bank_access(settings)
        self._tls = client_context(access.ca, access.cert, access.key)
        self._trace = os.open(folder / "passed", os.O_RDWR | os.O_CREAT | os.O_APPEND)
        self._complaints = folder / "complaints"
        self._standing: set[int] = set()

    def obey(self, order: dict[str, Any]) -> Outcome:
        match order.pop("do"):
            case "warm":
                return self._warm()
            case "live":
                return self._wait(self._fork(Plan(**order)))
            case "start":
                return Outcome(end="whole", pid=self._fork(Plan(told=False)))
            case "finish":
                return self._wait(-1)
            case "go on":
                os.kill(order["pid"], signal.SIGCONT)
                self._standing.discard(order["pid"])
                return self._wait(order["pid"])
            case other:
                raise AssertionError(other)

    def _warm(self) -> Outcome:
        self._live(Plan())
        self._platform.database.engine.dispose()
        gc.collect()
        gc.freeze()
        return Outcome(end="whole", pid=os.getpid(), passed=self._passed())

    def _fork(self, plan: Plan) -> int:
        os.ftruncate(self._trace, 0)
        pid = os.fork()
        if not pid:
            self._be_born(plan)
        return pid

    def _be_born(self, plan: Plan) -> NoReturn:
        """A child never comes back into what its parent does."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        try:
            self._live(plan)
        except BaseException:  # noqa: BLE001 - told to the parent, who says it on
            self._complaints.write_text(traceback.format_exc())
            os._exit(1)
        os._exit(0)

    def _live(self, plan: Plan) -> None:
        watch = Watch(partial(self._reached, plan, {}))
        with partner_client(self._tls) as client:
            beats = beats_of(watch.over(self._till(client)))
            for name in plan.beats:
                watch.beat = name
                _take_all(beats[name].take_next)

    def _reached(
        self, plan: Plan, passages: dict[str, int], name: str, *, locked: bool
    ) -> None:
        if plan.told:
            os.write(self._trace, f"{'|' if locked else ''}{name}\n".encode())
        if name != plan.at:
            return
        passages[name] = passages.get(name, 0) + 1
        if passages[name] != plan.times:
            return
        if plan.late_s:
            signal.setitimer(signal.ITIMER_REAL, plan.late_s)
        else:
            os.kill(os.getpid(), signal.SIGSTOP if plan.stands else signal.SIGKILL)

    def _till(self, client: httpx.Client) -> Till:
        platform, settings = self._platform, self._platform.settings
        bank = partner_at("bank", client, bank_access(settings).url, settings)
        stage = Stage()
        peers = FakePeers(stage.clock, stage.desk)
        peers.clock = self._clock  # type: ignore[assignment] # it has now()
        rules = rules_of(settings)
        return replace(
            stage.till,
            desk=DatabaseDesk(
                platform.database,
                keys=platform.field_keys,
                contexts=self._context_of,
                account=settings.company_iban,
            ),
            accounts=Accounts(peers),
            antifraud=peers,
            contracts=FakeContracts(peers),
            bank=rails_of(platform, client, bank),
            statements=HttpStatements(bank, iban=settings.company_iban),
            alarms=FakeAlarms(),
            meters=FakeMeters(),
            clock=self._clock,
            uptime=self._clock,
            ids=platform.ids,
            rules=replace(
                rules,
                witness=replace(rules.witness, fresh=REMEMBERED),
                resend=replace(rules.resend, window_s=int(REMEMBERED.total_seconds())),
            ),
        )

    def _context_of(self, trail: Trail | None) -> Context:
        fresh = self._platform.context()
        if trail is None:
            return fresh
        return replace(fresh, correlation_id=trail.correlation_id)

    def _wait(self, pid: int) -> Outcome:
        pid, status = os.waitpid(pid, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            self._standing.add(pid)
            return Outcome(end="standing", pid=pid, passed=self._passed())
        if os.WIFSIGNALED(status):
            return Outcome(end="killed", pid=pid, passed=self._passed())
        if os.WEXITSTATUS(status):
            complaint = self._complaints.read_text()
            return Outcome(end="broken", pid=pid, complaint=complaint)
        return Outcome(end="whole", pid=pid, passed=self._passed())

    def _passed(self) -> list[str]:
        size = os.fstat(self._trace).st_size
        return os.pread(self._trace, size, 0).decode().splitlines()

    def end(self) -> None:
        """Nobody is left standing."""
        for pid in self._standing:
            os.kill(pid, signal.SIGKILL)


def _take_all(take_next: Callable[[], bool]) -> None:
    """As the worker: until nothing is due, or it has to rest."""
    with suppress(Transient):
        for _ in range(MOST_TURNS):
            if not take_next():
                return
        raise AssertionError("the payer goes round and round")


def main(folder: Path) -> None:
    """Obey until nobody gives orders any more, or it is ended."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # for the payers' log
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    parent = _Parent(folder)
    try:
        for line in sys.stdin:
            outcome = parent.obey(json.loads(line))
            answers.write(json.dumps(asdict(outcome)) + "\n")
            answers.flush()
    finally:
        parent.end()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
