"""The load of whole loans: many patient clients at once, from registration to money."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import httpx

from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.cabinet import ProblemError
from infra.demo.story import HOLD
from infra.demo.world import World
from infra.simulators.wire import AnswerError
from infra.stack import Stack
from infra.stack.programs import Program
from kernel.clock import ShiftedClock
from tests.faults.crash import POINTS
from tests.faults.words import Words
from tests.sweep import Sweep

AMOUNT: Final = "400000.00"
STEP_S: Final = 180.0
PAUSE_S: Final = 0.3
CLIENTS: Final = 6
"""Clients at the gateway at a time."""

LEASE: Final = timedelta(seconds=91)
"""Longer than a payer's lease."""
LOOK_S: Final = 10.0
"""What a payer holds for longer, or has not heard of, it has left by dying."""

_SAYS_NOTHING: Final = (
    ProblemError,
    AnswerError,
    httpx.TransportError,
    TimeoutError,
)
"""What a client sees of a fault: no word on whether the step was done."""


def insist(
    step: Callable[[], object],
    done: Callable[[], bool] = lambda: False,
    *,
    within_s: float = STEP_S,
) -> None:
    """Do a step as a patient client would: again, until it is seen to be done.

    An answer that was lost with a process says nothing; only the state does.
    """
    end = time.monotonic() + within_s
    while True:
        try:
            step()
        except _SAYS_NOTHING as error:
            complaint = error
        else:
            return
        try:
            if done():
                return
        except _SAYS_NOTHING as error:
            complaint = error
        assert time.monotonic() < end, complaint
        time.sleep(PAUSE_S)


def registered(client: Borrower, *states: str) -> Callable[[], bool]:
    """Whether the client's registration is in one of `states`."""

    def look() -> bool:
        path = f"/registrations/{client.registration_id}"
        return client.cabinet.call("GET", path)["state"] in states

    return look


def in_state(client: Borrower, *states: str) -> Callable[[], bool]:
    """Whether the contract is in one of `states`."""
    return lambda: client.contract()["state"] in states


@dataclass(slots=True)
class Loan:
    """One client's road in two halves, with the 24 hours between them.

    `wait` lets the platform's time pass.
    """

    client: Borrower
    wait: Callable[[timedelta], None]
    paid: bool = False
    complaint: str = ""

    def go(self, half: Callable[["Loan"], None]) -> None:
        """Go one half of the road; what stops the client is kept as a complaint."""
        if self.complaint:
            return
        try:
            half(self)
        except Exception as error:  # noqa: BLE001 - told by whoever waits for the load
            self.complaint = f"{type(error).__name__}: {error}"

    def until_held(self) -> None:
        """Registration, login, application, signature, consent: the payout waits."""
        client = self.client
        client.appear()
        after = ("phone_confirmed", "data_complete", "photo_accepted", "identified")
        self.insist(self.begin, registered(client, *after))
        self.insist(client.give_data, registered(client, *after[1:]))
        self.insist(client.give_photo, registered(client, *after[2:]))
        self.insist(client.identify, registered(client, "identified", "active"))
        self.insist(self.choose_password)
        self.insist(client.log_in)
        self.inside(lambda: client.apply(AMOUNT))
        self.inside(client.sign, in_state(client, "concluded"))
        self.inside(client.consent, in_state(client, "consented"))
        self.inside(lambda: client.payout_until("held"))

    def choose_password(self) -> None:
        """The client's word counts once: chosen before means an answer was lost."""
        try:
            self.client.set_password()
        except ProblemError as error:
            if error.code != "password_already_set":
                raise
            self.client.cabinet.token = None

    def begin(self) -> None:
        """Number and code; when its answer was lost the code is spent: begin again."""
        self.client.forget_messages()
        self.client.start_registration()
        self.client.confirm_phone()

    def until_paid(self) -> None:
        """Login on the next day, release, money."""
        client = self.client
        self.insist(client.log_in)
        self.inside(client.release, in_state(client, "released", "active"))
        self.inside(lambda: client.payout_until("paid", within_s=STEP_S))
        self.inside(lambda: client.contract_until("active", within_s=STEP_S))
        self.paid = True

    def inside(
        self, step: Callable[[], object], done: Callable[[], bool] = lambda: False
    ) -> None:
        """A step in the cabinet: when its session has ended, log in again."""

        def act() -> None:
            try:
                step()
            except ProblemError as error:
                if error.status == httpx.codes.UNAUTHORIZED:
                    self.client.log_in()
                raise

        self.insist(act, done)

    def insist(
        self, step: Callable[[], object], done: Callable[[], bool] = lambda: False
    ) -> None:
        """`insist` on a step; who has asked for too many codes comes again later."""

        def act() -> None:
            try:
                step()
            except ProblemError as error:
                if error.code == "code_too_often":
                    self.wait(timedelta(seconds=error.problem["seconds_left"] + 1))
                raise

        insist(act, done)


@dataclass(slots=True)
class LoanLoad:
    """A `campaign.Ground`: see there."""

    world: World
    loans: list[Loan] = field(default_factory=list, init=False)
    everybody: list[Borrower] = field(default_factory=list, init=False)
    _strangers: set[str] = field(default_factory=set, init=False)
    """Accounts that were paid before this load began, by other tests' clients."""
    _running: threading.Thread | None = field(default=None, init=False)
    _waiting: threading.Lock = field(default_factory=threading.Lock, init=False)

    name = "loans"
    points = POINTS
    road = None
    lives = None

    @property
    def stack(self) -> Stack:
        return self.world.stack

    @property
    def processes(self) -> tuple[str, ...]:
        """Processes a case may kill or pause."""
        return tuple(process.name for process in topology.runnable())

    @property
    def answering(self) -> tuple[str, ...]:
        """Processes that say when they are ready: all."""
        return self.processes

    def program(self, process: str) -> Program:
        """What the supervisor runs for one of them."""
        return self.stack.own_program(process)

    def begin(self, label: str, size: int) -> None:
        """Send `size` new clients on their way."""
        people = [self.world.borrower(f"{label}-{n}") for n in range(size)]
        self._strangers = set(self._transfers()) - self._own_accounts()
        self.everybody += people
        self.loans = [Loan(person, self.wait) for person in people]
        self._running = threading.Thread(target=self._run, daemon=True)
        self._running.start()

    def _run(self) -> None:
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda loan: loan.go(Loan.until_held), self.loans))
            self.wait(HOLD)
            list(pool.map(lambda loan: loan.go(Loan.until_paid), self.loans))

    def wait(self, how_long: timedelta) -> None:
        """Let time pass for everybody; one waits at a time."""
        with self._waiting:
            self.world.move_clock(how_long)

    def flows(self) -> bool:
        """A ready platform answers its clients; they are the proof."""
        return True

    def finish(self) -> None:
        """Wait for every client; the clock ends what dead payers have left."""
        assert self._running is not None
        left: set[str] = set()
        while self._running.is_alive():
            self._running.join(LOOK_S)
            before, left = left, self._left_by_payers()
            if before & left:
                self.wait(LEASE)
        for loan in self.loans:
            loan.client.cabinet.close()
        complaints = [loan.complaint for loan in self.loans if loan.complaint]
        assert not complaints, complaints

    def _left_by_payers(self) -> set[str]:
        """Payouts of this load that somebody has not given back, or may have sent.

        An order the bank does not know is sent again only minutes later.
        """
        now = ShiftedClock(self.stack.layout.clock).now()
        mine = {loan.client.contract_id for loan in self.loans}
        sql = (
            "SELECT payout_id, contract_id FROM payouts"  # noqa: S608 - a time
            f" WHERE lease_until > '{now}' OR state = 'unknown'"
        )
        rows = self._sweep.rows("disbursement", sql)
        return {row["payout_id"] for row in rows if row["contract_id"] in mine}

    def settle(self) -> None:
        """Wait until nothing is on its way."""
        self._sweep.settled()

    def sweep(self) -> None:
        """Every invariant, over everybody so far."""
        self._sweep.run(people=self.everybody)

    @property
    def _sweep(self) -> Sweep:
        return Sweep(self.stack, self.world.control())

    def judge(self) -> Words:
        """What the clients were told against the bank's ledger."""
        ledger = self._transfers()
        mine = {loan.client.person.iban: loan for loan in self.loans}
        paid = {iban for iban, loan in mine.items() if loan.paid}
        return Words(
            attempted=len(self.loans),
            acknowledged=len(paid),
            lost=len(paid - set(ledger)),
            duplicated=self._sent_again(),
            recovered=len((set(mine) - paid) & set(ledger)),
            unexpected=len(set(ledger) - self._own_accounts() - self._strangers),
            twice=sum(ledger[iban] > 1 for iban in mine),
        )

    def _transfers(self) -> Counter[str]:
        """How often each account was paid, by the bank's ledger."""
        return Counter(line["creditor_iban"] for line in self.world.control().ledger())

    def _own_accounts(self) -> set[str]:
        return {client.person.iban for client in self.everybody}

    def _sent_again(self) -> int:
        """Orders that went to the bank more than once under their one key."""
        mine = {loan.client.contract_id for loan in self.loans}
        sql = "SELECT contract_id FROM payouts WHERE attempt > 1"
        again = self._sweep.rows("disbursement", sql)
        return sum(row["contract_id"] in mine for row in again)
