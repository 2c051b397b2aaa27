"""The race itself: two doors, two of every process that has a say, and the bank.

Of each pair the client refuses at one door and releases at the other, while the payers
find the hold over.  All three meet within `WINDOW` of ``hold_until``; but money takes
its time through the gate, so that half of the refusals come when it is there, or when
the order has gone to the bank.  Whoever wins: what was refused for good is never paid.
"""

import json
import random
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import TracebackType
from typing import Any, Final, Self
from uuid import UUID, uuid4

from sqlalchemy import select
from typing_extensions import override

from infra.demo.cabinet import until
from infra.demo.world import World
from infra.layout import ROOT
from services.auth.gateway.security import SESSION_COOKIE
from services.disbursement.domain.order import order_key
from services.disbursement.domain.payout import AT_BANK, ENDED, FIRST_PAYOUT, State
from services.disbursement.storage.tables import payouts
from tests.benchmarks.visitors import Address, Answer, Line, request
from tests.race.ready import CODE, Held, Ready
from tests.rolling.beside import Beside
from tests.sweep import Sweep

RIVALS: Final = ("gateway", "contracts", "disbursement-worker")
"""Of these two run, each with a door, a queue or a database in common."""
WINDOW: Final = timedelta(milliseconds=5)
GATE: Final = frozenset({State.READY, *AT_BANK, *ENDED})
BANK: Final = frozenset({*AT_BANK, *ENDED})
COMES_AT: Final = (None, GATE, None, BANK)
"""When a refusal comes, turn by turn: in the window, or when the payout is seen to have
come to the gate, or to the bank."""
CLOSED_EVERY: Final = 5
"""Of so many accounts one is closed: the bank refuses what was sent in time."""
SPACING: Final = timedelta(milliseconds=300)
"""Between two pairs: what a machine of two cores takes without a queue."""
LEAD: Final = timedelta(minutes=10)
"""How far the holds end when the clients are put ready; then the clock is moved."""
START: Final = timedelta(seconds=2)
HOUR: Final = timedelta(hours=1)
READY_WITHIN_S: Final = 240.0
PATIENCE_S: Final = 60.0
AT_ONCE: Final = 128
_AHEAD_S: Final = 0.5
"""So long before its instant an act has its line open."""
_BUSY: Final = 503
_OK: Final = 200
_REST_S: Final = 0.2
_STALE: Final = "version_stale"
_LOOK_S: Final = 0.05
_WAIT_S: Final = 90.0
"""So long a refusal waits for its payout, which may stand still: on a machine that is
far too busy antifraud runs out of its time, and is asked again."""


@dataclass(frozen=True, slots=True)
class Outcomes:
    """How the pairs ended, and what the clients were told."""

    ended: Counter[str]
    told: Counter[str]
    late_ms: list[float]
    """How much after its instant each act in the window left, in milliseconds."""

    @override
    def __str__(self) -> str:
        worst = sorted(self.late_ms)
        middle, most = worst[len(worst) // 2], worst[-1]
        return (
            f"{dict(self.ended)}; told {dict(sorted(self.told.items()))};"
            f" acts left {middle:.1f} ms late in the middle, {most:.0f} ms at most"
        )


@contextmanager
def rivals(world: World) -> Iterator[Beside]:
    """A second of each process beside the stack's own, of the same code."""
    beside = Beside(world.stack, ROOT)
    try:
        beside.start(*RIVALS)
        yield beside
        for name in reversed(RIVALS):
            beside.stop(name)
    finally:
        beside.stop_all()


@dataclass
class Race:
    """Pairs on one stack with its rivals."""

    world: World
    beside: Beside
    sweep: Sweep
    ready: Ready
    _final: set[str] = field(default_factory=set)
    """Keys of the orders whose contract was refused for good."""

    def run(self, pairs: int, *, seed: str) -> Outcomes:
        """So many pairs; AssertionError when a refusal told as final was paid."""
        dice = random.Random(seed)
        begin = self.ready.now + LEAD
        holds = [begin + number * SPACING for number in range(pairs)]
        held = self.ready.put(holds, closed_every=CLOSED_EVERY)
        self._await(held, lambda state: state == State.HELD)
        self.world.move_clock(begin - START - self.ready.now)
        told, late_ms = self._compete(held, dice)
        self._await(held, _has_come_to_rest)
        self._final |= {
            _key(one) for one, said in told.items() if said["refusal"] == "final"
        }
        self.never_paid()
        paid = self._paid()
        ended: Counter[str] = Counter()
        for one, said in told.items():
            times = paid[_key(one)]
            assert times <= 1, "paid twice"
            ended[_outcome(final=said["refusal"] == "final", paid=bool(times))] += 1
        words = Counter(
            f"{act} {word}" for s in told.values() for act, word in s.items()
        )
        return Outcomes(ended, words, late_ms)

    def never_paid(self) -> None:
        """Of everything that was ever refused for good the bank has no line."""
        paid = self._paid()
        assert [key for key in self._final if paid[key]] == [], "refused, and paid"

    def close(self) -> None:
        """An hour later nothing has followed, and everything agrees."""
        self.world.move_clock(HOUR)
        self.sweep.settled()
        self.sweep.one_transfer_each()
        self.sweep.never_early()
        self.never_paid()

    def _compete(
        self, held: Sequence[Held], dice: random.Random
    ) -> tuple[dict[Held, dict[str, str]], list[float]]:
        told: dict[Held, dict[str, str]] = {one: {} for one in held}
        doors = (self.world.stack.url, self.beside.url)
        acts = sorted(
            (
                act
                for number, one in enumerate(held)
                for act in _acts(one, number, doors, dice)
            ),
            key=lambda act: act.at,
        )
        ca = self.world.stack.layout.pki / "ca.crt"
        trust = ssl.create_default_context(cafile=str(ca))
        late_ms: list[float] = []

        def do(act: "_Act") -> None:
            if act.comes_at is not None:
                watch.await_one(act.of.contract_id, act.comes_at)
            told[act.of][act.name] = act.do(self.ready, trust, late_ms=late_ms)

        with _Watch(self.ready) as watch, ThreadPoolExecutor(AT_ONCE) as pool:
            going: list[Future[None]] = []
            for act in acts:
                _sleep_until(act.at, self.ready, ahead_s=_AHEAD_S)
                going.append(pool.submit(do, act))
            for one in going:
                one.result()
        return told, late_ms

    def _await(self, held: Iterable[Held], at_rest: Callable[[str], bool]) -> None:
        ours = ", ".join(f"'{one.contract_id}'" for one in held)
        sql = (
            "SELECT state, count(*) FROM payouts"  # noqa: S608 - ids of our own
            f" WHERE contract_id IN ({ours}) GROUP BY state"
        )

        def moving() -> dict[str, object]:
            found = self.sweep.rows("disbursement", sql)
            left = {r["state"]: r["count"] for r in found if not at_rest(r["state"])}
            return {"state": left}

        until(moving, lambda answer: answer["state"] == {}, within_s=READY_WITHIN_S)

    def _paid(self) -> Counter[str]:
        return Counter(line["idempotency_key"] for line in self.sweep.ledger())


class _Watch:
    """How far payouts have come, by their own rows."""

    def __init__(self, ready: Ready) -> None:
        self._engine = ready.disbursement.database.engine
        self._turn = threading.Condition()
        self._states: dict[UUID, str | None] = {}
        self._over = False

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over = True
        self._thread.join()

    def await_one(self, contract_id: UUID, states: frozenset[State]) -> None:
        """Until its payout is seen in one of these, at most `_WAIT_S`."""
        with self._turn:
            self._states[contract_id] = None
            self._turn.wait_for(lambda: self._states[contract_id] in states, _WAIT_S)
            del self._states[contract_id]

    def _look(self) -> None:
        while not self._over:
            with self._turn:
                awaited = list(self._states)
            if awaited:
                self._tell(awaited)
            time.sleep(_LOOK_S)

    def _tell(self, awaited: Sequence[UUID]) -> None:
        query = select(payouts.c.contract_id, payouts.c.state).where(
            payouts.c.contract_id.in_(awaited)
        )
        with self._engine.connect() as connection:
            found = connection.execute(query).all()
        with self._turn:
            for row in found:
                if row.contract_id in self._states:
                    self._states[row.contract_id] = row.state
            self._turn.notify_all()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Act:
    """What one client does at one door, at one instant.

    ``comes_at``: not before the payout is seen there.
    """

    name: str
    of: Held
    at: datetime
    comes_at: frozenset[State] | None = None
    door: str
    session: str
    path: str
    body: Any = None
    seen: str | None = None

    def do(self, ready: Ready, trust: ssl.SSLContext, *, late_ms: list[float]) -> str:
        """Knock at the instant; the word of the answer, once there is one."""
        port = int(self.door.rpartition(":")[2])
        key, seen = uuid4().hex, self.seen
        with Line(Address(port), trust) as line:
            _sleep_until(self.at, ready)
            if self.comes_at is None:
                late_ms.append((ready.now - self.at).total_seconds() * 1000)
            end = time.monotonic() + PATIENCE_S
            while True:
                answer = line.ask(self._asking("POST", self.path, key=key, seen=seen))
                word = _word(answer)
                if word == _STALE:
                    answer = line.ask(self._asking("GET", ""))
                    if answer.status == _OK:
                        seen = str(json.loads(answer.body)["version"])
                elif answer.status != _BUSY:
                    return word
                if time.monotonic() > end:
                    return word
                if answer.status == _BUSY:
                    time.sleep(_REST_S)

    def _asking(
        self, method: str, path: str, *, key: str | None = None, seen: str | None = None
    ) -> bytes:
        headers = [f"Cookie: {SESSION_COOKIE}={self.session}", f"Origin: {self.door}"]
        if key is not None:
            headers.append(f"Idempotency-Key: {key}")
        if seen is not None:
            headers.append(f'If-Match: "{seen}"')
        return request(
            method,
            f"/api/v1/contracts/{self.of.contract_id}{path}",
            body=None if method == "GET" else self.body,
            headers=headers,
        )


def _acts(
    one: Held, number: int, doors: tuple[str, str], dice: random.Random
) -> Iterator[_Act]:
    """The refusal and, where the payout waits for it, the release at the other door."""

    def about(until: datetime) -> datetime:
        return until + dice.uniform(-1, 1) * WINDOW

    here, there = doors if number // 2 % 2 else reversed(doors)
    yield _Act(
        name="refusal",
        of=one,
        at=about(one.hold_until),
        comes_at=COMES_AT[number // 2 % len(COMES_AT)],
        door=here,
        session=one.sessions[0],
        path="/refusal",
    )
    if one.above:
        yield _Act(
            name="release",
            of=one,
            at=about(one.hold_until),
            door=there,
            session=one.sessions[1],
            path="/release",
            body={
                "challenge_id": str(one.challenge_id),
                "code": CODE,
                "text_sha256": one.release_sha256,
            },
            seen=one.seen,
        )


def _word(answer: Answer) -> str:
    """``final``, ``pending``, ``done``, or the code of the refusal."""
    told = json.loads(answer.body)
    if answer.status == _OK:
        return str(told.get("refusal", "done"))
    return str(told["code"])


def _has_come_to_rest(state: str) -> bool:
    """Nothing moves it any more unless the client does."""
    return state in ENDED or state == State.AWAITING_RELEASE


def _outcome(*, final: bool, paid: bool) -> str:
    return "refused" if final else "paid" if paid else "neither"


def _key(one: Held) -> str:
    return order_key(one.contract_id, FIRST_PAYOUT)


def _sleep_until(at: datetime, ready: Ready, *, ahead_s: float = 0.0) -> None:
    left_s = (at - ready.now).total_seconds() - ahead_s
    if left_s > 0:
        time.sleep(left_s)
