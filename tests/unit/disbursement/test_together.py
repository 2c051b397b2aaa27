"""Several payouts in one passage: each as if it were alone, and none sinks another."""

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.errors import Broken
from services.disbursement.domain.gate import AntifraudDecision
from services.disbursement.domain.order import order_key
from services.disbursement.domain.payout import Payout, State
from services.disbursement.handlers.asking import ask_next
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import end_next_hold
from tests.unit.disbursement.builders import RULES, decision, order, payout
from tests.unit.disbursement.fakes import CrashError, Stage, crash

COUNT = 3
CONTRACTS = [UUID(int=700 + n) for n in range(COUNT)]
FIRST, SECOND, THIRD = CONTRACTS
SENDING_COMMIT = 3
"""Behind the claim and the look at the orders."""


class DefectError(Exception):
    """Something nobody foresaw."""


@pytest.fixture
def stage() -> Stage:
    return due()


def due(state: State = State.READY) -> Stage:
    """Three payouts, due at once, of three clients."""
    built = Stage()
    for contract in CONTRACTS:
        row = payout(
            payout_id=contract, contract_id=contract, client_id=contract, state=state
        )
        built.desk.put(row, order(key=order_key(contract, 1)))
    return built


def states(stage: Stage) -> list[State]:
    return [stage.desk.payout(contract).state for contract in CONTRACTS]


def paid(stage: Stage) -> list[str]:
    return sorted(line.key for line in stage.bank.ledger)


EACH_ONCE = sorted(order_key(contract, 1) for contract in CONTRACTS)


def test_what_is_due_together_takes_each_step_in_one_commit(stage: Stage) -> None:
    """Claim, orders, sending, answers: four, as for one; the bank hears of each."""
    assert pay_next(stage.till)
    assert states(stage) == [State.PAID] * COUNT
    assert paid(stage) == EACH_ONCE
    assert stage.boundaries.seen.count("after commit") == 4
    assert stage.boundaries.seen.count("before send") == COUNT
    assert not pay_next(stage.till)


def test_no_more_are_taken_together_than_is_set(stage: Stage) -> None:
    """The rest is for the next turn, or for another worker."""
    till = replace(
        stage.till, rules=replace(RULES, work=replace(RULES.work, at_once=2))
    )
    assert pay_next(till)
    assert len(stage.bank.ledger) == 2
    assert pay_next(till)
    assert paid(stage) == EACH_ONCE


def test_each_stands_still_for_reasons_of_its_own(stage: Stage) -> None:
    """One is suspended, one stopped since the claim, and one is paid."""

    def meanwhile() -> None:
        first, second, _ = (stage.desk.payout(contract) for contract in CONTRACTS)
        stage.desk.put(replace(first, suspended_by=UUID(int=5)))
        stage.desk.put(replace(second, state=State.CANCELLED))

    stage.boundaries.arm(2, meanwhile)
    assert pay_next(stage.till)
    assert states(stage) == [State.READY, State.CANCELLED, State.PAID]
    assert [order_key(THIRD, 1)] == paid(stage)


@pytest.mark.seeded("disbursement_batch_without_fallback")
def test_one_that_is_broken_holds_up_no_other(stage: Stage) -> None:
    """Whatever its question raises; it is raised when the others are paid."""

    class Defective:
        def decide(self, payout: Payout) -> AntifraudDecision:
            if payout.contract_id == SECOND:
                raise DefectError
            return decision()

    with pytest.raises(DefectError):
        pay_next(replace(stage.till, antifraud=Defective()))
    assert states(stage) == [State.PAID, State.READY, State.PAID]
    assert stage.meters.apart == 1
    stage.clock.move(seconds=RULES.work.lease_s)
    assert pay_next(stage.till)
    assert paid(stage) == EACH_ONCE


def test_a_broken_hold_holds_up_no_other() -> None:
    """Without an instant at which it ends."""
    stage = due(State.HELD)
    stage.desk.put(replace(stage.desk.payout(SECOND), hold_until=None))
    with pytest.raises(Broken):
        end_next_hold(stage.till)
    assert states(stage) == [State.READY, State.HELD, State.READY]


def crossings() -> list[str]:
    """The boundaries of a passage without trouble, in order."""
    smooth = due()
    pay_next(smooth.till)
    return smooth.boundaries.seen


@pytest.mark.catalogue("F01")
@pytest.mark.parametrize("at", range(1, len(crossings()) + 1))
def test_a_crash_anywhere_pays_each_once(stage: Stage, at: int) -> None:
    """Between any two steps of any of them; the next worker finishes all."""
    stage.boundaries.arm(at, crash)
    with pytest.raises(CrashError):
        pay_next(stage.till)
    stage.boundaries.arm(0, crash)
    for _ in range(12):
        stage.clock.move(seconds=RULES.work.lease_s)
        while pay_next(stage.till) or ask_next(stage.till):
            pass
    assert states(stage) == [State.PAID] * COUNT
    assert paid(stage) == EACH_ONCE


def test_a_worker_that_slept_in_the_middle_sends_no_more(stage: Stage) -> None:
    """What was sent before is paid; of the rest another asks first."""
    sent_one = crossings().index("after send") + 1
    stage.boundaries.arm(sent_one, lambda: stage.clock.move(hours=1))
    assert pay_next(stage.till)
    assert (stage.bank.sends, len(stage.bank.ledger)) == (1, 1)


@pytest.mark.seeded("disbursement_alarm_before_the_commit")
def test_nobody_is_told_of_what_was_not_committed(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit of all comes to nothing; those that follow tell each thing once."""
    row = replace(stage.desk.payout(SECOND), hold_until=None, release_required=False)
    stage.desk.put(row)
    commits = iter(range(1, 100))

    def cross(name: str, *, locked: bool = False) -> None:
        if locked and name == "before commit" and next(commits) == SENDING_COMMIT:
            raise DefectError

    monkeypatch.setattr(stage.boundaries, "cross", cross)
    assert pay_next(stage.till)
    assert stage.meters.apart == 1
    assert states(stage) == [State.PAID, State.BLOCKED, State.PAID]
    assert stage.alarms.codes == ["hold_missing"]
    assert stage.meters.refusals == [("hold", "hold_missing")]
