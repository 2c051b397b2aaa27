"""One loan from its signing to its end, on clocks that are set and machines that die.

The product's own use cases run over the in-memory twins of its ports. Beside them runs
a true clock, which they never see: by it the bank pays, and by it a payment is judged
to be early. What happens to a loan, and when, is chosen by its seed alone.
"""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import Final

from kernel.errors import Transient
from kernel.events.antifraud import OperationSuspended
from kernel.events.contracts import (
    AdditionalConsentGiven,
    ContractAnnulled,
    ContractSigned,
    ReleaseConfirmed,
)
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.domain.explaining import outlook
from services.disbursement.domain.gate import Decision, Ownership
from services.disbursement.domain.order import OrderStatus
from services.disbursement.domain.payout import (
    AT_BANK,
    ENDED,
    UNSENT,
    Payout,
    State,
    StopAnswer,
    Tombstone,
    Trail,
)
from services.disbursement.handlers import reactions, requests
from services.disbursement.wiring import beats_of
from tests.unit.disbursement.builders import (
    ABOVE_LIMIT,
    ACCOUNT_ID,
    BELOW_LIMIT,
    CLIENT_ID,
    CONTRACT_ID,
    CORRELATION_ID,
    DECISION_ID,
    DOCUMENT,
    RULES,
    SIGNED_AT,
    decision,
    proof,
    witnessed,
)
from tests.unit.disbursement.fakes import BankFault, FakeClock, Stage, witness_of

HOUR_S: Final = 3_600
HOLD_S: Final = 24 * HOUR_S
JUMP_S: Final = 25 * HOUR_S
HORIZON_S: Final = 40 * HOUR_S
"""So long things go wrong; afterwards everybody answers, and time only passes."""
LOOKS: Final = 60
"""So many looks at most until a loan has its end."""
LONGEST_NAP_S: Final = 6 * HOUR_S
TAKEOVER_S: Final = 11
ZONES: Final = tuple(timezone(timedelta(hours=h)) for h in (-11, -4, 0, 5, 6, 14))
_RULES: Final = replace(
    RULES, witness=replace(RULES.witness, fresh=timedelta(seconds=5))
)
_TRAIL: Final = Trail(CORRELATION_ID, None)
_TOMBSTONE: Final = Tombstone(CONTRACT_ID, CLIENT_ID)


class WrongError(AssertionError):
    """Money left early, without consent, or against a stop; or nobody can go on."""


@dataclass(frozen=True, slots=True)
class Happening:
    """What happens, so many seconds after the signing by the true clock."""

    at_s: float
    what: str


_CHANCES: Final[Mapping[str, float]] = {
    "the client consents": 0.95,
    "another consents": 0.005,
    "the client refuses": 0.08,
    "contracts annuls": 0.02,
    "antifraud suspends": 0.04,
    "the release comes too early": 0.02,
    "clocks jump ahead": 0.35,
    "clocks jump back": 0.25,
    "clocks are put right": 0.3,
    "the machine is started anew": 0.3,
    "the witness dies": 0.1,
    "the witness is back": 0.2,
    "the outer clock is away": 0.1,
    "those who are asked are away": 0.1,
    "antifraud hesitates": 0.05,
    "the owner is not known": 0.03,
    "all answer": 0.3,
    "the bank misbehaves": 0.15,
    "the bank accepts first": 0.1,
    "the bank refuses": 0.03,
}


class Loan:
    """One loan; `live` leads it to its end and says which."""

    def __init__(self, seed: str) -> None:
        self.dice = random.Random(seed)
        self.stage = Stage(_RULES)
        self.true = FakeClock(SIGNED_AT)
        self.stage.clock.set_back(SIGNED_AT)
        self.stage.bank._clock = self.true
        self.stage.desk.tables.witnessed = witnessed(SIGNED_AT)
        self.outer = True
        self.witness_lives = True
        self.boots = 1
        self.beats = {
            state: beat.take_next
            for beat in beats_of(self.stage.till).values()
            for state in beat.states
        }
        self.above = self.dice.random() < 0.5
        self.confirms = self.dice.random() < 0.9
        self.consented: datetime | None = None
        self.stopped = False
        self._start_witness()

    def live(self) -> str:
        """Everything in its order; WrongError names what must not be.

        Says how it ended: ``paid``, ``stopped``, or for whom it waits.
        """
        self._sign()
        self._act()
        for one in self._script():
            self._pass(one.at_s - (self.true.now() - SIGNED_AT).total_seconds())
            _DOES[one.what](self)
            self._act()
        self._all_answer()
        self._witness_is_back()
        for _ in range(LOOKS):
            row = self.row()
            if self._is_over(row):
                return self._end_of(row)
            self._pass(self._nap_s(row))
            self._act()
        raise WrongError(f"goes round and round: {self.row().state}")

    def row(self) -> Payout:
        return self.stage.desk.payout()

    def _script(self) -> list[Happening]:
        """What goes wrong, and looks around the instant at which the hold ends."""
        chosen = [
            what for what, chance in _CHANCES.items() if self.dice.random() < chance
        ]
        happens = [Happening(self.dice.uniform(0, HORIZON_S), what) for what in chosen]
        looks = [HOLD_S - 1.0, HOLD_S + 1.0, self.dice.uniform(0, HORIZON_S)]
        happens += [Happening(at_s, "somebody looks") for at_s in looks]
        return sorted(happens, key=lambda one: one.at_s)

    def _pass(self, time_s: float) -> None:
        if time_s > 0:
            self.true.move(seconds=time_s)
            self.stage.clock.move(seconds=time_s)

    def _act(self) -> None:
        """The witness, then the payer, as often as there is something to do."""
        if self.witness_lives:
            self.stage_outer()
            if not self.stage.witness.beat():  # another machine counted until now
                self._pass(TAKEOVER_S)
                self.stage_outer()
                self.stage.witness.beat()
        paid = len(self.stage.bank.ledger)
        self._answer_the_release()
        while self._take():
            self._answer_the_release()
        if len(self.stage.bank.ledger) > paid:
            self._judge()

    def _take(self) -> bool:
        """The beat whose turn it is; a worker's rest is another look's work."""
        take_next = self.beats.get(self.row().state)
        try:
            return take_next is not None and take_next()
        except Transient:
            return False

    def stage_outer(self) -> None:
        outer = self.stage.witness.outer
        outer.instant = self.true.now() if self.outer else None  # type: ignore[attr-defined] # the fake

    def _judge(self) -> None:
        """What the bank has just paid, against what the client did, by true time."""
        transfer, *more = self.stage.bank.ledger
        if more:
            raise WrongError("paid twice")
        if self.consented is None:
            raise WrongError("paid without a consent")
        if transfer.at - self.consented < timedelta(seconds=HOLD_S):
            raise WrongError(f"paid early: {transfer.at - self.consented}")
        if self.stopped:
            raise WrongError("paid although stopped")
        if self.above and self.row().released_at is None:
            raise WrongError("paid without a release")

    def _is_over(self, row: Payout) -> bool:
        """Nothing more happens by itself."""
        waits = row.next_at is None and row.lease_until is None
        return row.state in ENDED or waits or self._waits_for_somebody(row)

    def _waits_for_somebody(self, row: Payout) -> bool:
        """Held for a person who does not come: it is looked at, and stays."""
        suspended = row.held_code == "operation_suspended" and row.tries > 0
        return suspended or row.held_code == "bank_order_missing"

    def _end_of(self, row: Payout) -> str:
        if row.state is State.PAID:
            if len(self.stage.bank.ledger) != 1:
                raise WrongError("called paid, and the bank has paid nothing")
            return "paid"
        if row.state in {State.CANCELLED, State.REJECTED} and row.repeat_until is None:
            return "stopped"
        who = outlook(row).who
        if who.startswith("nobody") or (row.state in AT_BANK and who == "the bank"):
            raise WrongError(f"stalled: {row.state}, {row.held_code}, for {who}")
        return f"waits for {who}"

    def _nap_s(self, row: Payout) -> float:
        """Until the next look; payers come late as well."""
        due = row.next_at or self.stage.clock.now()
        left_s = (due - self.stage.clock.now()).total_seconds()
        return min(max(left_s, 1.0) + self.dice.uniform(0, 2 * HOUR_S), JUMP_S * 2)

    def _sign(self) -> None:
        event = ContractSigned(
            contract_id=CONTRACT_ID,
            client_id=CLIENT_ID,
            account_id=ACCOUNT_ID,
            amount=ABOVE_LIMIT if self.above else BELOW_LIMIT,
            document_sha256=DOCUMENT,
            ceremony_id=DECISION_ID,
            signed_at=self._somewhere(self.stage.clock.now()),
        )
        with self.stage.desk.open() as work:
            reactions.when_contract_signed(
                event, payouts=work.payouts, ids=self.stage.ids, trail=_TRAIL
            )

    def _somewhere(self, instant: datetime) -> datetime:
        """The same instant as a machine in some zone spells it."""
        return instant.astimezone(self.dice.choice(ZONES))

    def _consent(self, *, of_another: bool = False) -> None:
        row = self.row()
        if row.consented_at is not None:
            return
        if row.state is State.CONCLUDED and not of_another:
            self.consented = self.true.now()
        now = self.stage.clock.now()
        event = AdditionalConsentGiven(
            contract_id=CONTRACT_ID,
            client_id=DECISION_ID if of_another else CLIENT_ID,
            channel="lender",
            text_sha256="a" * 64,
            given_at=self._somewhere(now),
        )
        seen = self.stage.desk.tables.witnessed
        counts = seen and self.witness_lives
        with self.stage.desk.open() as work:
            reactions.when_additional_consent_given(
                event,
                payouts=work.payouts,
                publish=work.publish,
                policy=STARTING_POLICY,
                trail=_TRAIL,
                counted_ns=(
                    seen.counted_here(self.stage.clock.read())
                    if seen and counts
                    else None
                ),
                now=now,
            )

    def _answer_the_release(self) -> None:
        """The client confirms when asked, or never."""
        if self.confirms and self.row().state is State.AWAITING_RELEASE:
            self._release()

    def _release(self) -> None:
        now = self.stage.clock.now()
        event = ReleaseConfirmed(
            contract_id=CONTRACT_ID,
            client_id=CLIENT_ID,
            channel="lender",
            text_sha256="b" * 64,
            confirmed_at=self._somewhere(now),
        )
        with self.stage.desk.open() as work:
            reactions.when_release_confirmed(
                event, payouts=work.payouts, publish=work.publish, trail=_TRAIL, now=now
            )

    def _refuse(self) -> None:
        with self.stage.desk.open() as work:
            answer = requests.stop_payout(
                _TOMBSTONE,
                payouts=work.payouts,
                ids=self.stage.ids,
                now=self.stage.clock.now(),
            )
        if answer is not StopAnswer.TOO_LATE:
            self.stopped = True

    def _annul(self) -> None:
        self.stopped |= self.row().state in UNSENT
        event = ContractAnnulled(
            contract_id=CONTRACT_ID, client_id=CLIENT_ID, reason="refused"
        )
        with self.stage.desk.open() as work:
            reactions.when_contract_annulled(
                event,
                payouts=work.payouts,
                publish=work.publish,
                ids=self.stage.ids,
                now=self.stage.clock.now(),
            )

    def _suspend(self) -> None:
        row = self.row()
        self.stopped |= row.state in UNSENT
        event = OperationSuspended(
            decision_id=DECISION_ID,
            operation=f"payout:{row.payout_id}",
            client_id=CLIENT_ID,
        )
        with self.stage.desk.open() as work:
            reactions.when_operation_suspended(
                event, payouts=work.payouts, publish=work.publish
            )

    def _jump(self, by_s: float) -> None:
        """Host and database together, by 25 hours or by something else."""
        by_s = by_s if self.dice.random() < 0.7 else by_s * self.dice.random()
        self.stage.clock.step(seconds=by_s)

    def _put_right(self) -> None:
        self.stage.clock.step(
            seconds=(self.true.now() - self.stage.clock.now()).total_seconds()
        )

    def _start_anew(self) -> None:
        """Off for a while: the wall clock goes on, well or not; uptime begins anew."""
        off_s = self.dice.choice((30.0, 600.0, self.dice.uniform(0, 8 * HOUR_S)))
        self.true.move(seconds=off_s)
        clock = self.stage.clock
        clock.step(seconds=off_s)
        if self.dice.random() < 0.3:
            self._jump(self.dice.choice((JUMP_S, -JUMP_S)))
        self.boots += 1
        clock.boot_id, clock.elapsed_ns = f"boot-{self.boots}", 1_000_000_000
        self._start_witness()

    def _start_witness(self) -> None:
        stage = self.stage
        stage.witness = witness_of(stage.desk, stage.clock, stage.ids)

    def _witness_is_back(self) -> None:
        if not self.witness_lives:
            self.witness_lives = True
            self._start_witness()

    def _witness_dies(self) -> None:
        self.witness_lives = False

    def _outer_is_away(self) -> None:
        self.outer = False

    def _are_away(self) -> None:
        self.stage.peers.failure = Transient("away")

    def _hesitates(self) -> None:
        self.stage.peers.decision = decision(
            self.dice.choice((Decision.REVIEW, Decision.SUSPEND))
        )

    def _owner_unknown(self) -> None:
        self.stage.peers.proof = proof(verdict=Ownership.UNKNOWN)

    def _all_answer(self) -> None:
        self.outer = True
        self.stage.peers.failure = None
        self.stage.peers.decision, self.stage.peers.proof = decision(), proof()
        bank = self.stage.bank
        bank.faults = []
        if bank.status is OrderStatus.ACCEPTED:
            bank.status = OrderStatus.SETTLED

    def _misbehaves(self) -> None:
        kinds = (BankFault.NONE, BankFault.REQUEST_LOST, BankFault.ANSWER_LOST)
        self.stage.bank.faults = self.dice.choices(kinds, k=12)

    def _accepts_first(self) -> None:
        if not self.stage.bank.ledger:
            self.stage.bank.status = OrderStatus.ACCEPTED

    def _bank_refuses(self) -> None:
        if not self.stage.bank.ledger:
            self.stage.bank.status = OrderStatus.REJECTED


_DOES: Final[Mapping[str, Callable[[Loan], None]]] = {
    "somebody looks": lambda _: None,
    "the client consents": Loan._consent,
    "another consents": lambda loan: loan._consent(of_another=True),
    "the client refuses": Loan._refuse,
    "contracts annuls": Loan._annul,
    "antifraud suspends": Loan._suspend,
    "the release comes too early": Loan._release,
    "clocks jump ahead": lambda loan: loan._jump(JUMP_S),
    "clocks jump back": lambda loan: loan._jump(-JUMP_S),
    "clocks are put right": Loan._put_right,
    "the machine is started anew": Loan._start_anew,
    "the witness dies": Loan._witness_dies,
    "the witness is back": Loan._witness_is_back,
    "the outer clock is away": Loan._outer_is_away,
    "those who are asked are away": Loan._are_away,
    "antifraud hesitates": Loan._hesitates,
    "the owner is not known": Loan._owner_unknown,
    "all answer": Loan._all_answer,
    "the bank misbehaves": Loan._misbehaves,
    "the bank accepts first": Loan._accepts_first,
    "the bank refuses": Loan._bank_refuses,
}
