"""A machine that signs, consents, stops, suspends, crashes and loses answers at will.

At every boundary of the payer (each commit, each word to the bank) the process may
die, stall past its lease while another works, or meet a stop or a suspension. Whatever
happens: at most one transfer per contract, never early, never without consent and
release, never after an acknowledged stop.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from typing_extensions import override

from kernel.errors import Transient
from kernel.events.antifraud import OperationSuspended
from kernel.events.contracts import (
    AdditionalConsentGiven,
    AmendmentEnded,
    ContractAmended,
    ContractSigned,
    ReleaseConfirmed,
)
from kernel.events.disbursement import PayoutSent, PayoutSettled
from kernel.money import Money
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.domain.gate import Decision, Ownership
from services.disbursement.domain.order import OrderStatus, order_key
from services.disbursement.domain.payout import (
    AT_BANK,
    UNSENT,
    AmendingAnswer,
    Payout,
    State,
    StopAnswer,
    Tombstone,
    Trail,
)
from services.disbursement.handlers import amending, reactions, requests
from services.disbursement.handlers.asking import ask_next
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import end_next_hold, prepare_next
from services.disbursement.ports import Till
from tests.unit.disbursement.builders import (
    ABOVE_LIMIT,
    ACCOUNT_ID,
    BELOW_LIMIT,
    CLIENT_ID,
    CORRELATION_ID,
    DECISION_ID,
    DOCUMENT,
    RULES,
    SIGNED_AT,
    TOKEN,
    decision,
    proof,
)
from tests.unit.disbursement.fakes import BankFault, CrashError, Stage, crash

pytestmark = pytest.mark.catalogue("F01")

TRAIL = Trail(CORRELATION_ID, None)
CONTRACTS = [UUID(int=number) for number in (101, 102)]
BEATS: dict[str, Callable[[Till], bool]] = {
    "prepare": prepare_next,
    "due": end_next_hold,
    "pay": pay_next,
    "ask": ask_next,
}
HOLD_NS = 24 * 3_600 * 1_000_000_000
PAUSES_S = [1, 30, 91, 301, 900, 3_600, 86_400, -30, -3_600]
INTERRUPTIONS = ["none", "crash", "crash", "stall", "stall", "stop", "suspend", "amend"]

contracts = st.sampled_from(CONTRACTS)
seldom = st.sampled_from([False] * 9 + [True])
faults = st.lists(st.sampled_from(list(BankFault)), max_size=4)


class PayoutMachine(RuleBasedStateMachine):
    """Drives reactions, requests and beats over one database and one bank."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.stage.clock.instant = SIGNED_AT
        self.signed: dict[UUID, Money] = {}
        self.consented: dict[UUID, datetime] = {}
        self.witnessed: dict[UUID, int] = {}
        self.released: dict[UUID, list[datetime]] = {c: [] for c in CONTRACTS}
        self.stopped: set[UUID] = set()
        self.barred: set[UUID] = set()
        self.held_from: dict[UUID, datetime] = {}

    @initialize(
        status=st.sampled_from(list(OrderStatus)),
        hidden_s=st.sampled_from([0, RULES.resend.visible_after_s]),
        ready=st.sampled_from([True, True, True, False]),
    )
    def begin(self, status: OrderStatus, hidden_s: int, *, ready: bool) -> None:
        """Most examples begin at the gate, where money is near."""
        self.stage.bank.status = status
        self.stage.bank.hidden_s = hidden_s
        if ready:
            self.sign(CONTRACTS[0], ABOVE_LIMIT)
            self.sign(CONTRACTS[1], BELOW_LIMIT)
            self.smooth_day()

    @rule(contract=contracts, amount=st.sampled_from([ABOVE_LIMIT, BELOW_LIMIT]))
    def sign(self, contract: UUID, amount: Money) -> None:
        if contract in self.signed:
            return
        self.signed[contract] = amount
        event = ContractSigned(
            contract_id=contract,
            client_id=CLIENT_ID,
            account_id=ACCOUNT_ID,
            amount=amount,
            document_sha256=DOCUMENT,
            ceremony_id=DECISION_ID,
            signed_at=self.stage.clock.now(),
        )
        with self.stage.desk.open() as work:
            reactions.when_contract_signed(
                event, payouts=work.payouts, ids=self.stage.ids, trail=TRAIL
            )

    @rule(contract=contracts)
    def consent(self, contract: UUID) -> None:
        if contract not in self.signed or contract in self.consented:
            return
        now = self.stage.clock.now()
        self.consented[contract] = now
        event = AdditionalConsentGiven(
            contract_id=contract,
            client_id=CLIENT_ID,
            channel="lender",
            text_sha256="a" * 64,
            given_at=now,
        )
        with self.stage.desk.open() as work:
            reactions.when_additional_consent_given(
                event,
                payouts=work.payouts,
                publish=work.publish,
                policy=STARTING_POLICY,
                trail=TRAIL,
                counted_ns=self.counted_ns(contract),
                now=now,
            )
        self.stage.witness.beat()
        self.witnessed[contract] = self.stage.clock.elapsed_ns

    def counted_ns(self, contract: UUID) -> int | None:
        """For one of them on the machine that counts, for the other on another."""
        seen = self.stage.desk.tables.witnessed
        if seen is None or contract != CONTRACTS[0]:
            return None
        return seen.counted_here(self.stage.clock.read())

    @rule(contract=contracts)
    def release(self, contract: UUID) -> None:
        """As contracts lets it through: mostly at or after the hold, once too early."""
        if contract not in self.consented:
            return
        now = self.stage.clock.now()
        self.released[contract].append(now)
        event = ReleaseConfirmed(
            contract_id=contract,
            client_id=CLIENT_ID,
            channel="lender",
            text_sha256="b" * 64,
            confirmed_at=now,
        )
        with self.stage.desk.open() as work:
            reactions.when_release_confirmed(
                event,
                payouts=work.payouts,
                publish=work.publish,
                trail=TRAIL,
                now=now,
            )

    @rule(contract=contracts, really=seldom)
    def the_client_refuses(self, contract: UUID, *, really: bool) -> None:
        if really:
            self.stop(contract)

    def stop(self, contract: UUID) -> None:
        with self.stage.desk.open() as work:
            answer = requests.stop_payout(
                Tombstone(contract, CLIENT_ID),
                payouts=work.payouts,
                ids=self.stage.ids,
                now=self.stage.clock.now(),
            )
        if answer is not StopAnswer.TOO_LATE:
            self.stopped.add(contract)

    @rule(contract=contracts, really=seldom)
    def antifraud_suspends(self, contract: UUID, *, really: bool) -> None:
        if really:
            self.suspend(contract)

    def suspend(self, contract: UUID) -> None:
        row = self.row(contract)
        if row is None:
            return
        event = OperationSuspended(
            decision_id=DECISION_ID,
            operation=f"payout:{row.payout_id}",
            client_id=CLIENT_ID,
        )
        with self.stage.desk.open() as work:
            reactions.when_operation_suspended(
                event, payouts=work.payouts, publish=work.publish
            )
        if row.state in UNSENT:
            self.barred.add(contract)

    @rule(
        contract=contracts,
        ends=st.sampled_from(["signed", "withdrawn", "lapsed", "never"]),
        minutes=st.integers(0, 600),
        really=seldom,
    )
    def the_contract_is_amended(
        self, contract: UUID, ends: str, minutes: int, *, really: bool
    ) -> None:
        """Held first; then signed by both, given up, or left standing."""
        if really:
            self.amend(contract, ends, minutes)

    def amend(self, contract: UUID, ends: str = "signed", minutes: int = 0) -> None:
        row = self.row(contract)
        if row is None:
            return
        with self.stage.desk.open() as work:
            answer = amending.hold_for_amendment(
                contract, CLIENT_ID, payouts=work.payouts, publish=work.publish
            )
        if answer is not AmendingAnswer.HELD:
            return
        self.stage.clock.move(minutes=minutes)
        now = self.stage.clock.now()
        with self.stage.desk.open() as work:
            if ends == "signed":
                self.held_from[contract] = now
                amending.when_contract_amended(
                    ContractAmended(
                        contract_id=contract,
                        client_id=CLIENT_ID,
                        amendment_id=DECISION_ID,
                        document_sha256=self.stage.ids.new().hex * 2,
                        previous_sha256=row.document_sha256,
                        account_id=ACCOUNT_ID,
                        account_token=TOKEN,
                        ceremony_id=DECISION_ID,
                        signed_at=now,
                    ),
                    payouts=work.payouts,
                    publish=work.publish,
                    policy=STARTING_POLICY,
                    trail=TRAIL,
                    counted_ns=None,
                    now=now,
                )
            elif ends != "never":
                resumed_at = now if ends == "withdrawn" else None
                if resumed_at is not None:
                    self.held_from[contract] = now
                amending.when_amendment_ended(
                    AmendmentEnded(
                        contract_id=contract,
                        client_id=CLIENT_ID,
                        amendment_id=DECISION_ID,
                        code=ends,
                        resumed_at=resumed_at,
                    ),
                    payouts=work.payouts,
                    publish=work.publish,
                    policy=STARTING_POLICY,
                    trail=TRAIL,
                    counted_ns=None,
                    now=now,
                )

    @rule(
        outcome=st.sampled_from([Decision.ALLOW, Decision.ALLOW, Decision.REVIEW]),
        verdict=st.sampled_from(
            [Ownership.MATCH, Ownership.MATCH, Ownership.MATCH, Ownership.UNKNOWN]
        ),
        away=st.booleans(),
    )
    def opinions_change(
        self, outcome: Decision, verdict: Ownership, *, away: bool
    ) -> None:
        self.stage.peers.decision = decision(outcome)
        self.stage.peers.proof = proof(verdict=verdict)
        self.stage.peers.failure = Transient("away") if away else None

    @rule(pause_s=st.sampled_from(PAUSES_S))
    def time_passes(self, pause_s: int) -> None:
        self.stage.clock.move(seconds=pause_s)

    @rule(hours=st.sampled_from([25, 25, 1, -1, -25]), really=seldom)
    def somebody_sets_the_clock(self, hours: int, *, really: bool) -> None:
        """The wall clock, here and at the database; no time passes."""
        if really:
            self.stage.clock.step(hours=hours)

    @rule(
        name=st.sampled_from(["pay", "ask", "ask", "due", "prepare"]),
        bank_faults=faults,
        interruption=st.sampled_from(INTERRUPTIONS),
        at=st.integers(1, 12),
        contract=contracts,
    )
    def beat(
        self,
        name: str,
        bank_faults: list[BankFault],
        interruption: str,
        at: int,
        contract: UUID,
    ) -> None:
        """One beat of one worker, interrupted at one of its boundaries."""
        acts: dict[str, Callable[[], None]] = {
            "none": lambda: None,
            "crash": crash,
            "stall": self.another_works,
            "stop": lambda: self.stop(contract),
            "suspend": lambda: self.suspend(contract),
            "amend": lambda: self.amend(contract),
        }
        self.stage.bank.faults = list(bank_faults)
        self.stage.boundaries.arm(at, acts[interruption])
        try:
            BEATS[name](self.stage.till)
        except CrashError:
            pass
        finally:
            self.stage.boundaries.arm(0, lambda: None)
            self.stage.bank.faults = []

    def another_works(self) -> None:
        """This worker sleeps past its lease; meanwhile another finds the row."""
        self.stage.clock.move(seconds=RULES.work.lease_s + 1)
        for beat in (pay_next, ask_next):
            beat(self.stage.till)

    @rule()
    def smooth_day(self) -> None:
        """A day without trouble, so that many examples come as far as the bank."""
        self.stage.clock.move(hours=25)
        for contract in CONTRACTS:
            self.consent(contract)
        self.stage.peers.decision, self.stage.peers.proof = decision(), proof()
        self.stage.peers.failure = None
        while prepare_next(self.stage.till):
            pass
        self.stage.clock.move(hours=25)
        while end_next_hold(self.stage.till):
            pass
        for contract in CONTRACTS:
            row = self.row(contract)
            if row is not None and row.state is State.AWAITING_RELEASE:
                self.release(contract)

    def row(self, contract: UUID) -> Payout | None:
        found = self.stage.desk.tables.rows.get(contract)
        return found if isinstance(found, Payout) else None

    @invariant()
    def at_most_one_transfer(self) -> None:
        for contract in CONTRACTS:
            transfers = self.transfers(contract)
            assert transfers <= 1
            row = self.row(contract)
            if row is not None and row.state is State.PAID:
                assert transfers == 1
            if row is not None and row.state in UNSENT | {State.CANCELLED}:
                assert transfers == 0

    @invariant()
    def one_key_for_ever(self) -> None:
        for event in self.stage.desk.events(PayoutSent):
            assert isinstance(event, PayoutSent)
            assert order_key(event.contract_id, 1) == event.order_key

    @invariant()
    def never_early_nor_unreleased(self) -> None:
        for contract in CONTRACTS:
            for transfer in self.stage.bank.ledger:
                if transfer.key != order_key(contract, 1):
                    continue
                row = self.row(contract)
                assert row is not None
                hold = self.hold_of(contract, row)
                assert transfer.at >= hold
                passed_ns = transfer.elapsed_ns - self.witnessed[contract]
                assert passed_ns >= HOLD_NS
                assert transfer.amount == self.signed[contract]
                if transfer.amount == ABOVE_LIMIT:
                    assert any(at >= hold for at in self.released[contract])

    def hold_of(self, contract: UUID, row: Payout) -> datetime:
        """Counted here anew from what the client did."""
        later = max(row.signed_at, self.consented[contract])
        later = max(later, self.held_from.get(contract, later))
        return later + timedelta(hours=24)

    @invariant()
    def never_after_a_stop_or_a_suspension(self) -> None:
        for contract in self.stopped | self.barred:
            assert self.transfers(contract) == 0

    @invariant()
    def said_once(self) -> None:
        settled = [
            event.payout_id
            for event in self.stage.desk.events(PayoutSettled)
            if isinstance(event, PayoutSettled)
        ]
        assert len(settled) == len(set(settled))

    def transfers(self, contract: UUID) -> int:
        key = order_key(contract, 1)
        return sum(line.key == key for line in self.stage.bank.ledger)

    @override
    def teardown(self) -> None:
        """Healed, it converges: every transfer is known, or a person was called."""
        self.stage.peers.failure = None
        self.stage.peers.decision, self.stage.peers.proof = decision(), proof()
        if self.stage.bank.status is OrderStatus.ACCEPTED:
            self.stage.bank.status = OrderStatus.SETTLED
        for _ in range(40):
            self.stage.clock.move(seconds=310)
            for beat in BEATS.values():
                for _ in range(3):
                    beat(self.stage.till)
        for contract in CONTRACTS:
            row = self.row(contract)
            if row is None:
                continue
            if self.transfers(contract):
                assert row.state is State.PAID
            if row.state in AT_BANK:
                assert self.stage.alarms.codes
        self.at_most_one_transfer()
        self.never_early_nor_unreleased()
        self.never_after_a_stop_or_a_suspension()


PayoutMachine.TestCase.settings = settings(
    max_examples=100,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)


TestPayoutMachine = PayoutMachine.TestCase
