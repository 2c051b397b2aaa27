"""The schedule on the real database: who is woken, who is fenced, what a look costs."""

import json
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ctypes import c_int
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from multiprocessing.connection import Connection as End
from multiprocessing.sharedctypes import RawValue
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event, text

from infra.stack import Stack
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import read
from services.disbursement.domain.codes import PaymentCodes
from services.disbursement.domain.connector import Capabilities, Rail
from services.disbursement.domain.order import BankAnswer, NoAnswer, Order
from services.disbursement.domain.payout import AT_BANK, Payout, State
from services.disbursement.handlers.asking import ask_next
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import end_next_hold, prepare_next
from services.disbursement.settings import Settings
from services.disbursement.storage import CHANNEL
from services.disbursement.wiring import Beat, Payer
from services.disbursement.worker import Bell, listen
from tests.integration.disbursement.conftest import SERVICE, Office
from tests.integration.disbursement.test_payments import HOLD_ENDS, Journey, run_holds
from tests.unit.disbursement.builders import BELOW_LIMIT, CONTRACT_ID, DUE, RULES
from tests.unit.disbursement.fakes import FakeMeters
from tests.waiting import PATIENCE_S, eventually

FAR = timedelta(days=30)
PASSED = RULES.work.lease_s + 1


@contextmanager
def listening(office: Office) -> Iterator[dict[str, Bell]]:
    """The bells of a worker of another process, which takes nothing itself."""
    states = {"prepare": State.CONSENTED, "due": State.HELD, "pay": State.READY}
    bells = {name: Bell() for name in states}
    payer = Payer(
        beats={
            name: Beat(lambda: False, frozenset({state}))
            for name, state in states.items()
        },
        clock=office.clock,
        desk=office.desk,
        listen=lambda heard, *, stop: office.platform.database.listen(
            CHANNEL, heard, stop=stop
        ),
        meters=FakeMeters(),
        close=lambda: None,
    )
    stop = threading.Event()
    ear = threading.Thread(target=listen, args=(payer, bells, stop))
    ear.start()
    try:
        eventually(lambda: all(bell.rung == 1 for bell in bells.values()))
        yield bells
    finally:
        stop.set()
        ear.join()


@pytest.mark.seeded("disbursement_bell_is_never_rung")
def test_a_commit_rings_for_whoever_goes_on_with_the_payout(office: Office) -> None:
    """Consent, order, end of the hold: each wakes the beat after it, and that alone."""
    journey = Journey(office)
    with listening(office) as bells:

        def rung() -> tuple[int, ...]:
            return tuple(bell.rung - 1 for bell in bells.values())

        journey.sign(BELOW_LIMIT)
        journey.consent()
        eventually(lambda: rung() == (1, 0, 0), told=rung)
        assert prepare_next(office.till)
        eventually(lambda: rung() == (1, 1, 0), told=rung)
        office.clock.instant = HOLD_ENDS
        assert end_next_hold(office.till)
        eventually(lambda: rung() == (1, 1, 1), told=rung)
        assert pay_next(office.till)
        assert State.PAID is journey.state()
    assert rung() == (1, 1, 1)


def _pipe() -> tuple[End, End]:
    """The end that hears and the end that tells."""
    return multiprocessing.Pipe(duplex=False)


@dataclass
class Tokens:
    """What passes between a worker and who stops it: no lock can be held stopped."""

    reached: tuple[End, End] = field(default_factory=_pipe)
    go: tuple[End, End] = field(default_factory=_pipe)
    sends: c_int = field(default_factory=lambda: RawValue(c_int, 0))
    late_s: c_int = field(default_factory=lambda: RawValue(c_int, 0))


class Stopping:
    """A bank at which a worker is stopped in the middle, and goes on when told."""

    def __init__(self, where: str, tokens: Tokens) -> None:
        self._where, self._tokens = where, tokens
        self._asked = 0
        self.office: Office

    def capabilities(self, rail: Rail) -> Capabilities | None:
        return self.office.bank.capabilities(rail)

    def ask(self, order: Order) -> BankAnswer:
        self._asked += 1
        if self._asked == 2:  # after the commit of SENDING
            self._stop("ask")
        return self.office.bank.ask(order)

    def send(self, order: Order, codes: PaymentCodes) -> BankAnswer:
        self._tokens.sends.value += 1
        answer = self.office.bank.send(order, codes)
        self._stop("send")
        return answer

    def booked(self, order: Order) -> bool | None:
        return self.office.bank.booked(order)

    def balance(self, order: Order) -> Money | NoAnswer:
        return self.office.bank.balance(order)

    def _stop(self, where: str) -> None:
        if where == self._where:
            self._tokens.reached[1].send_bytes(b"!")
            self._tokens.go[0].recv_bytes()


def stopped_worker(environ: Mapping[str, str], where: str, tokens: Tokens) -> None:
    """One passage by a process of its own; its clock runs on while it stands."""
    platform = Platform.open(read(Settings, prefix=SERVICE, environ=environ))
    bank = Stopping(where, tokens)
    bank.office = Office.at(platform, HOLD_ENDS)

    class RunningOn:
        def now(self) -> datetime:
            return HOLD_ENDS + timedelta(seconds=tokens.late_s.value)

    pay_next(replace(bank.office.till, bank=bank, clock=RunningOn()))
    platform.close()


def row_of(office: Office) -> tuple[Payout, list[Any]]:
    return office.payout(CONTRACT_ID), office.checks()


@pytest.mark.catalogue("F05")
@pytest.mark.seeded("disbursement_fenced_worker_still_sends")
@pytest.mark.parametrize(("where", "sends"), [("ask", 0), ("send", 1)])
def test_a_worker_that_was_stopped_and_overtaken_is_fenced(
    servers: Stack, office: Office, where: str, sends: int
) -> None:
    """SIGSTOP in the middle, takeover, SIGCONT: it sends nothing and writes nothing."""
    journey = Journey(office)
    journey.sign(BELOW_LIMIT)
    journey.consent()
    run_holds(office)
    tokens = Tokens()
    worker = multiprocessing.get_context("spawn").Process(
        target=stopped_worker, args=(servers.env(SERVICE), where, tokens)
    )
    worker.start()
    pid = worker.pid
    assert pid is not None
    try:
        assert tokens.reached[0].poll(PATIENCE_S)
        os.kill(pid, signal.SIGSTOP)
        tokens.late_s.value = PASSED
        office.clock.instant = HOLD_ENDS + timedelta(seconds=PASSED)
        assert ask_next(office.till)
        overtaken = row_of(office)
        assert State.UNKNOWN is overtaken[0].state
        tokens.go[1].send_bytes(b"!")
        os.kill(pid, signal.SIGCONT)
        worker.join(30)
    finally:
        if worker.exitcode is None:
            worker.kill()
    assert (worker.exitcode, tokens.sends.value) == (0, sends)
    assert row_of(office) == overtaken


def test_a_look_costs_as_much_with_many_thousands_that_lie_ahead(
    office: Office, owner: Engine
) -> None:
    """What is due, and when the next will be: a few pages of the index."""
    with owner.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO payouts (payout_id, contract_id, client_id, number, state,"
                " account_id, amount_minor, currency, document_sha256, signed_at,"
                " correlation_id, entered_at, release_required, attempt, missing,"
                " fence, tries, next_at) SELECT gen_random_uuid(), gen_random_uuid(),"
                " gen_random_uuid(), 1, 'held', gen_random_uuid(), 1, 'KZT', 'd', :at,"
                " gen_random_uuid(), :at, true, 0, 0, 0, 0,"
                " :far + n * interval '1 second' FROM generate_series(1, 20000) n"
            ),
            {"at": DUE, "far": DUE + FAR},
        )
    with owner.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        connection.execute(text("ANALYZE payouts"))
    seen = Looked(office)
    with office.desk.open() as work, seen:
        for states in ({State.HELD}, {State.READY}, {State.CONSENTED}, AT_BANK):
            work.payouts.claim(frozenset(states), now=DUE, lease_s=90)
            work.payouts.next_instant(frozenset(states), after=DUE)
    assert len(seen.pages) == 8
    assert max(seen.pages) < 20, seen.pages


class Looked:
    """How many pages each statement touched, by EXPLAIN of the very same."""

    def __init__(self, office: Office) -> None:
        self._engine = office.platform.database.engine
        self.pages: list[int] = []

    def __enter__(self) -> None:
        event.listen(self._engine, "before_cursor_execute", self._explain)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "before_cursor_execute", self._explain)

    def _explain(
        self,
        _connection: Connection,
        cursor: Any,  # noqa: ANN401 - psycopg2's
        statement: str,
        parameters: object,
        *_: object,
    ) -> None:
        cursor.execute(
            f"EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) {statement}", parameters
        )
        plan = cursor.fetchone()[0]
        plan = json.loads(plan) if isinstance(plan, str) else plan
        top = plan[0]["Plan"]
        self.pages.append(top["Shared Hit Blocks"] + top["Shared Read Blocks"])
