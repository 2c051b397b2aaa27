"""What other services' facts do to a payout."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.clock import rfc3339
from kernel.crypto import Json, as_object
from kernel.errors import Transient
from kernel.events import Event
from kernel.events.antifraud import OperationSuspended
from kernel.events.contracts import (
    AdditionalConsentGiven,
    ContractAnnulled,
    ContractSigned,
    ReleaseConfirmed,
)
from kernel.events.disbursement import PayoutHeld, PayoutScheduled
from kernel.money import Money
from kernel.policy import Setting
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.domain.payout import (
    AT_BANK,
    UNSENT,
    Payout,
    State,
    StopAnswer,
    Tombstone,
    Trail,
)
from services.disbursement.handlers import reactions, requests
from tests.unit.disbursement.builders import (
    ABOVE_LIMIT,
    ACCOUNT_ID,
    CLIENT_ID,
    CONTRACT_ID,
    CORRELATION_ID,
    DECISION_ID,
    DOCUMENT,
    DUE,
    HOLD_UNTIL,
    PAYOUT_ID,
    SIGNED_AT,
    elapsed_ns,
    payout,
)
from tests.unit.disbursement.fakes import Boundaries, FakeDesk, FakeIds

OTHER = UUID(int=9)
TRAIL = Trail(CORRELATION_ID, OTHER)
MOMENT = timedelta(microseconds=1)

SIGNED = ContractSigned(
    contract_id=CONTRACT_ID,
    client_id=CLIENT_ID,
    account_id=ACCOUNT_ID,
    amount=ABOVE_LIMIT,
    document_sha256=DOCUMENT,
    ceremony_id=OTHER,
    signed_at=SIGNED_AT,
)


class Reacting:
    """One desk with the reactions bound to it."""

    def __init__(self) -> None:
        self.desk = FakeDesk(Boundaries())
        self.ids = FakeIds()

    def sign(self) -> None:
        with self.desk.open() as work:
            reactions.when_contract_signed(
                SIGNED, payouts=work.payouts, ids=self.ids, trail=TRAIL
            )

    def consent(
        self, given_at: datetime = SIGNED_AT, client_id: UUID = CLIENT_ID
    ) -> None:
        event = AdditionalConsentGiven(
            contract_id=CONTRACT_ID,
            client_id=client_id,
            channel="lender",
            text_sha256="a" * 64,
            given_at=given_at,
        )
        with self.desk.open() as work:
            reactions.when_additional_consent_given(
                event,
                payouts=work.payouts,
                publish=work.publish,
                policy=STARTING_POLICY,
                trail=TRAIL,
                counted_ns=None,
                now=given_at,
            )

    def release(
        self, confirmed_at: datetime = HOLD_UNTIL, client_id: UUID = CLIENT_ID
    ) -> None:
        event = ReleaseConfirmed(
            contract_id=CONTRACT_ID,
            client_id=client_id,
            channel="lender",
            text_sha256="b" * 64,
            confirmed_at=confirmed_at,
        )
        with self.desk.open() as work:
            reactions.when_release_confirmed(
                event,
                payouts=work.payouts,
                publish=work.publish,
                trail=TRAIL,
                now=DUE,
            )

    def annul(self) -> None:
        event = ContractAnnulled(
            contract_id=CONTRACT_ID, client_id=CLIENT_ID, reason="refused"
        )
        with self.desk.open() as work:
            reactions.when_contract_annulled(
                event,
                payouts=work.payouts,
                publish=work.publish,
                ids=self.ids,
                now=DUE,
            )

    def suspend(self, operation: str) -> None:
        event = OperationSuspended(
            decision_id=DECISION_ID, operation=operation, client_id=CLIENT_ID
        )
        with self.desk.open() as work:
            reactions.when_operation_suspended(
                event, payouts=work.payouts, publish=work.publish
            )

    def stop(self, client_id: UUID = CLIENT_ID) -> StopAnswer:
        with self.desk.open() as work:
            return requests.stop_payout(
                Tombstone(CONTRACT_ID, client_id),
                payouts=work.payouts,
                ids=self.ids,
                now=DUE,
            )

    def held_codes(self) -> list[str]:
        return [
            event.code
            for event in self.desk.tables.events
            if isinstance(event, PayoutHeld)
        ]


@pytest.fixture
def reacting() -> Reacting:
    return Reacting()


def given(reacting: Reacting, **changes: Any) -> Payout:  # noqa: ANN401 - any field
    """Put a payout in place."""
    placed = payout(**changes)
    reacting.desk.put(placed)
    return placed


def test_a_signed_contract_gets_a_payout_that_waits_for_consent(
    reacting: Reacting,
) -> None:
    """Amount, account and digest are the signed ones."""
    reacting.sign()
    row = reacting.desk.payout()
    assert State.CONCLUDED is row.state
    assert (
        row.amount,
        row.account_id,
        row.document_sha256,
    ) == (ABOVE_LIMIT, ACCOUNT_ID, DOCUMENT)
    assert row.hold_until is None
    assert row.next_at is None


def test_the_consent_starts_the_hold(reacting: Reacting) -> None:
    """24 hours after the later of the two, told to everybody."""
    reacting.sign()
    reacting.consent(SIGNED_AT + timedelta(hours=1))
    row = reacting.desk.payout()
    assert State.CONSENTED is row.state
    assert row.hold_until == HOLD_UNTIL
    (event,) = reacting.desk.tables.events
    assert isinstance(event, PayoutScheduled)
    assert (row.payout_id, HOLD_UNTIL) == (event.payout_id, event.hold_until)


def test_a_second_consent_changes_nothing(reacting: Reacting) -> None:
    """The hold neither shrinks nor grows."""
    reacting.sign()
    reacting.consent(SIGNED_AT + timedelta(hours=1))
    reacting.consent(SIGNED_AT + timedelta(hours=9))
    assert reacting.desk.payout().hold_until == HOLD_UNTIL
    assert len(reacting.desk.tables.events) == 1


def test_a_consent_of_another_client_blocks(reacting: Reacting) -> None:
    """Clause 3.4: a mismatch stops the process."""
    reacting.sign()
    reacting.consent(client_id=OTHER)
    assert State.BLOCKED is reacting.desk.payout().state
    assert reacting.held_codes() == ["consent_of_another"]


def test_a_consent_before_its_contract_is_tried_again(reacting: Reacting) -> None:
    """The cause is not here yet."""
    with pytest.raises(Transient):
        reacting.consent()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (State.AWAITING_RELEASE, State.READY),
        (State.HELD, State.HELD),
        (State.CONSENTED, State.CONSENTED),
    ],
)
def test_a_release_at_the_hold_counts(
    reacting: Reacting, before: State, after: State
) -> None:
    """At the instant itself; a payout that is late remembers it."""
    given(reacting, state=before, released_at=None)
    reacting.release(HOLD_UNTIL)
    row = reacting.desk.payout()
    assert (after, HOLD_UNTIL) == (row.state, row.released_at)


@pytest.mark.parametrize(
    "state", [State.CONSENTED, State.HELD, State.AWAITING_RELEASE, State.READY]
)
def test_a_release_before_the_hold_blocks(reacting: Reacting, state: State) -> None:
    """One moment too early is a mismatch, not a confirmation."""
    given(reacting, state=state, released_at=None)
    reacting.release(HOLD_UNTIL - MOMENT)
    assert State.BLOCKED is reacting.desk.payout().state
    assert reacting.desk.payout().released_at is None
    assert reacting.held_codes() == ["release_too_early"]


def test_a_release_without_consent_blocks(reacting: Reacting) -> None:
    """There is nothing yet to release."""
    reacting.sign()
    reacting.release(DUE)
    assert State.BLOCKED is reacting.desk.payout().state
    assert reacting.held_codes() == ["release_without_consent"]


def test_a_release_by_another_client_blocks(reacting: Reacting) -> None:
    """Clause 3.4."""
    given(reacting, state=State.AWAITING_RELEASE, released_at=None)
    reacting.release(DUE, client_id=OTHER)
    assert State.BLOCKED is reacting.desk.payout().state
    assert reacting.held_codes() == ["release_of_another"]


@pytest.mark.parametrize("state", sorted(set(State) - UNSENT))
def test_a_release_after_the_sending_changes_nothing(
    reacting: Reacting, state: State
) -> None:
    """Too late to matter."""
    before = given(reacting, state=state)
    reacting.release(HOLD_UNTIL - MOMENT)
    assert before == reacting.desk.payout()
    assert reacting.held_codes() == []


@pytest.mark.parametrize("state", list(State))
def test_an_annulled_contract_is_not_paid(reacting: Reacting, state: State) -> None:
    """Cancelled before the sending; after it, somebody is told."""
    given(reacting, state=state)
    reacting.annul()
    expected = State.CANCELLED if state in UNSENT else state
    assert expected is reacting.desk.payout().state
    alarmed = state in AT_BANK | {State.PAID}
    assert (["annulled_after_sending"] if alarmed else []) == reacting.held_codes()


def test_a_contract_annulled_before_its_signing_was_heard_stays_unpaid(
    reacting: Reacting,
) -> None:
    """The tombstone waits for it."""
    reacting.annul()
    reacting.sign()
    assert State.CANCELLED is reacting.desk.payout().state


@pytest.mark.parametrize("state", list(State))
def test_a_suspension_is_kept_while_it_matters(
    reacting: Reacting, state: State
) -> None:
    """Also after the sending: a suspended order is not sent again."""
    given(reacting, state=state)
    reacting.suspend(f"payout:{PAYOUT_ID}")
    matters = state in UNSENT | AT_BANK
    row = reacting.desk.payout()
    assert (DECISION_ID if matters else None) == row.suspended_by
    assert state is row.state
    assert (["operation_suspended"] if matters else []) == reacting.held_codes()


@pytest.mark.parametrize(
    "operation", [f"application:{PAYOUT_ID}", "payout:what", f"payout:{OTHER}", ""]
)
def test_a_suspension_of_something_else_is_passed_over(
    reacting: Reacting, operation: str
) -> None:
    """Other operations are others' matter."""
    before = given(reacting)
    reacting.suspend(operation)
    assert before == reacting.desk.payout()


@pytest.mark.parametrize("state", list(State))
def test_a_stop_is_final_before_the_sending_and_refused_after(
    reacting: Reacting, state: State
) -> None:
    """The row is the arbiter."""
    given(reacting, state=state)
    stoppable = state in UNSENT | {State.CANCELLED}
    expected = StopAnswer.STOPPED if stoppable else StopAnswer.TOO_LATE
    assert expected is reacting.stop()
    assert (State.CANCELLED if stoppable else state) is reacting.desk.payout().state
    assert expected is reacting.stop()


def test_a_stop_before_the_payout_leaves_a_tombstone(reacting: Reacting) -> None:
    """The payout is born cancelled, and what follows is ignored."""
    assert StopAnswer.RECORDED is reacting.stop()
    assert StopAnswer.RECORDED is reacting.stop()
    reacting.consent()
    reacting.sign()
    reacting.consent()
    reacting.release(DUE)
    assert State.CANCELLED is reacting.desk.payout().state
    assert StopAnswer.STOPPED is reacting.stop()
    assert reacting.desk.tables.events == []


def test_a_stop_in_another_clients_name_is_broken(reacting: Reacting) -> None:
    """Nothing is stopped by it."""
    given(reacting)
    with pytest.raises(Exception, match="another client"):
        reacting.stop(client_id=OTHER)
    assert State.READY is reacting.desk.payout().state


def look(
    reacting: Reacting,
    client_id: UUID = CLIENT_ID,
    *,
    counted_ns: int | None = None,
    now: datetime = DUE,
) -> Mapping[str, Json]:
    with reacting.desk.open() as work:
        return as_object(
            requests.get_payout(
                CONTRACT_ID,
                client_id,
                payouts=work.payouts,
                counted_ns=counted_ns,
                now=now,
            )
        )


def test_the_countdown_is_by_our_clock_and_by_the_witness(reacting: Reacting) -> None:
    """Whole seconds, rounded up, of whichever has more left; none without a hold."""
    given(reacting, state=State.HELD)
    early = HOLD_UNTIL - timedelta(seconds=90, microseconds=-1)
    seen = look(reacting, now=early)
    assert (seen["seconds_left"], seen["server_time"]) == (90, rfc3339(early))
    behind = elapsed_ns(HOLD_UNTIL - timedelta(seconds=100))
    assert look(reacting, counted_ns=behind, now=early)["seconds_left"] == 100
    ahead = elapsed_ns(HOLD_UNTIL)
    assert look(reacting, counted_ns=ahead, now=early)["seconds_left"] == 90
    assert look(reacting, counted_ns=ahead, now=DUE)["seconds_left"] == 0
    given(reacting, state=State.READY)
    assert look(reacting)["seconds_left"] is None


def test_a_client_sees_only_his_own_payout(reacting: Reacting) -> None:
    """Another's is as unknown as one that does not exist."""
    given(reacting, state=State.AWAITING_RELEASE)
    seen = look(reacting)
    with pytest.raises(Exception, match="payout_unknown"):
        look(reacting, client_id=OTHER)
    assert (
        seen["state"],
        seen["amount"],
        seen["confirmation_required"],
    ) == ("awaiting_release", "400000.00", True)


def test_events_say_nothing_personal(reacting: Reacting) -> None:
    """Ids, an amount, an instant."""
    reacting.sign()
    reacting.consent()
    kinds: set[type[Event]] = {type(event) for event in reacting.desk.tables.events}
    assert {PayoutScheduled} == kinds


@pytest.mark.clause("5.5")
@pytest.mark.seeded("disbursement_day_not_summed")
def test_a_second_loan_of_a_day_is_held_by_the_sum() -> None:
    """With a threshold of 75 МРП: the first is paid, both together are above it."""
    limit = STARTING_POLICY.money_of_mrp("cooling.confirmation_above", SIGNED_AT)
    policy = STARTING_POLICY.with_setting(
        Setting("cooling.threshold", SIGNED_AT - timedelta(days=1), 75, "test")
    )
    for earlier, expected in ((Money(0), timedelta(0)), (Money(1), timedelta(days=1))):
        at = Reacting()
        with at.desk.open() as work:
            for signed in (
                SIGNED.model_copy(
                    update={
                        "contract_id": OTHER,
                        "amount": earlier + Money(1),
                        "signed_at": SIGNED_AT - timedelta(minutes=1),
                    }
                ),
                SIGNED.model_copy(update={"amount": limit - Money(1)}),
            ):
                reactions.when_contract_signed(
                    signed, payouts=work.payouts, ids=at.ids, trail=TRAIL
                )
            reactions.when_additional_consent_given(
                AdditionalConsentGiven(
                    contract_id=CONTRACT_ID,
                    client_id=CLIENT_ID,
                    channel="lender",
                    text_sha256="a" * 64,
                    given_at=SIGNED_AT,
                ),
                payouts=work.payouts,
                publish=work.publish,
                policy=policy,
                trail=TRAIL,
                counted_ns=None,
                now=SIGNED_AT,
            )
            found = work.payouts.lock(CONTRACT_ID)
        assert isinstance(found, Payout)
        assert found.hold_until == SIGNED_AT + expected
