"""A payout whose account becomes another stands still until its contract says so."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.errors import Broken, Transient
from kernel.events.contracts import AmendmentEnded, ContractAmended
from kernel.events.disbursement import PayoutHeld, PayoutScheduled
from kernel.events.onboarding import BankAccountChanged, BankAccountRemoved
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.domain.payout import (
    AT_BANK,
    UNSENT,
    AmendingAnswer,
    Payout,
    State,
)
from services.disbursement.handlers import amending
from services.disbursement.handlers.preparing import prepare_next
from tests.unit.disbursement.builders import (
    ACCOUNT_ID,
    CLIENT_ID,
    CONTRACT_ID,
    DOCUMENT,
    DUE,
    HOLD_UNTIL,
    SIGNED_AT,
    account,
    payout,
)
from tests.unit.disbursement.fakes import Stage
from tests.unit.disbursement.test_reactions import TRAIL, Reacting

OTHER = UUID(int=9)
NEW_ACCOUNT = UUID(int=0xACC)
OLD, NEW = "k1.old", "k1.new"
"""Blind tokens of two accounts."""
AMENDED_AT = HOLD_UNTIL + timedelta(hours=1)
HOURS = timedelta(hours=24)


class Amending(Reacting):
    """The desk with the reactions to a changed account bound to it."""

    def given(self, **changes: Any) -> Payout:  # noqa: ANN401 - any field
        placed = payout(**{"account_token": OLD, **changes})
        self.desk.put(placed)
        return placed

    def hold(self, client_id: UUID = CLIENT_ID) -> AmendingAnswer:
        with self.desk.open() as work:
            return amending.hold_for_amendment(
                CONTRACT_ID, client_id, payouts=work.payouts, publish=work.publish
            )

    def change_account(self, account_token: str) -> None:
        event = BankAccountChanged(
            client_id=CLIENT_ID,
            change_id=OTHER,
            ceremony_id=OTHER,
            account_id=ACCOUNT_ID,
            old_account_token=OLD,
            account_token=account_token,
        )
        with self.desk.open() as work:
            amending.when_bank_account_changed(
                event, payouts=work.payouts, publish=work.publish
            )

    def remove_account(self) -> None:
        event = BankAccountRemoved(
            client_id=CLIENT_ID,
            change_id=OTHER,
            ceremony_id=OTHER,
            account_id=ACCOUNT_ID,
            account_token=OLD,
        )
        with self.desk.open() as work:
            amending.when_bank_account_removed(
                event, payouts=work.payouts, publish=work.publish
            )

    def amend(self, **changes: Any) -> None:  # noqa: ANN401 - any field
        fields = {
            "contract_id": CONTRACT_ID,
            "client_id": CLIENT_ID,
            "amendment_id": OTHER,
            "document_sha256": "e" * 64,
            "previous_sha256": DOCUMENT,
            "account_id": NEW_ACCOUNT,
            "account_token": NEW,
            "ceremony_id": OTHER,
            "signed_at": AMENDED_AT,
        }
        with self.desk.open() as work:
            amending.when_contract_amended(
                ContractAmended(**{**fields, **changes}),
                payouts=work.payouts,
                publish=work.publish,
                policy=STARTING_POLICY,
                trail=TRAIL,
                counted_ns=None,
                now=AMENDED_AT,
            )

    def end_amendment(self, resumed_at: datetime | None) -> None:
        event = AmendmentEnded(
            contract_id=CONTRACT_ID,
            client_id=CLIENT_ID,
            amendment_id=OTHER,
            code="client_withdrew",
            resumed_at=resumed_at,
        )
        with self.desk.open() as work:
            amending.when_amendment_ended(
                event,
                payouts=work.payouts,
                publish=work.publish,
                policy=STARTING_POLICY,
                trail=TRAIL,
                counted_ns=None,
                now=AMENDED_AT,
            )


@pytest.fixture
def reacting() -> Amending:
    return Amending()


@pytest.mark.catalogue("F08")
@pytest.mark.clause("4.10")
@pytest.mark.seeded("disbursement_account_change_unheard")
@pytest.mark.parametrize("state", list(State))
def test_a_payout_to_an_account_that_was_changed_stands_still(
    reacting: Amending, state: State
) -> None:
    """What has left has left; nothing that has not is paid to either account."""
    reacting.given(state=state)
    reacting.change_account(NEW)
    stands = state in UNSENT - {State.BLOCKED, State.AMENDING}
    row = reacting.desk.payout()
    assert row.state is (State.AMENDING if stands else state)
    assert reacting.held_codes() == (["account_changed"] if stands else [])
    if stands:
        assert (row.hold_until, row.released_at, row.next_at) == (None, None, None)


@pytest.mark.clause("5.4")
@pytest.mark.seeded("disbursement_removed_account_paid")
@pytest.mark.parametrize("token", [None, OLD])
@pytest.mark.parametrize("state", list(State))
def test_nothing_is_paid_to_an_account_that_was_removed(
    reacting: Amending, state: State, token: str | None
) -> None:
    """Drawn up for it already, or about to be."""
    reacting.given(state=state, account_token=token)
    reacting.remove_account()
    stands = state in UNSENT - {State.BLOCKED, State.AMENDING}
    assert reacting.desk.payout().state is (State.AMENDING if stands else state)
    assert reacting.held_codes() == (["account_removed"] if stands else [])


@pytest.mark.parametrize(
    ("agreed", "drawn_up", "stands"),
    [
        (None, None, True),  # a contract of before: nobody knows what it names
        (None, NEW, False),
        (NEW, None, False),
        (NEW, OLD, False),  # amended already, and not drawn up anew yet
        (OLD, None, True),
    ],
)
def test_late_news_of_the_account_agreed_on_stops_nothing(
    reacting: Amending, agreed: str | None, drawn_up: str | None, *, stands: bool
) -> None:
    reacting.given(state=State.CONSENTED, agreed_token=agreed, account_token=drawn_up)
    reacting.change_account(NEW)
    state = State.AMENDING if stands else State.CONSENTED
    assert reacting.desk.payout().state is state


@pytest.mark.parametrize("state", list(State))
def test_the_row_answers_whether_an_amendment_may_be_offered(
    reacting: Amending, state: State
) -> None:
    """Held before it is offered; what may have left is never touched."""
    reacting.given(state=state)
    answer = reacting.hold()
    if state in AT_BANK | {State.PAID}:
        expected = AmendingAnswer.TOO_LATE
    elif state in {State.CANCELLED, State.BLOCKED, State.REJECTED}:
        expected = AmendingAnswer.ENDED
    else:
        expected = AmendingAnswer.HELD
    assert answer is expected
    held = expected is AmendingAnswer.HELD
    assert reacting.desk.payout().state is (State.AMENDING if held else state)
    assert reacting.hold() is expected


def test_an_amendment_waits_for_the_payout_and_is_nobody_elses(
    reacting: Amending,
) -> None:
    with pytest.raises(Transient):
        reacting.hold()
    reacting.given()
    with pytest.raises(Broken):
        reacting.hold(client_id=OTHER)


@pytest.mark.seeded(
    "disbursement_amended_keeps_the_old_hold", "disbursement_amended_keeps_the_witness"
)
def test_an_amended_contract_is_held_anew_and_paid_to_its_account(
    reacting: Amending,
) -> None:
    """24 hours from the later of amendment and consent; the release is given again."""
    reacting.given(state=State.READY, witnessed_from_ns=1)
    reacting.hold()
    reacting.amend()
    row = reacting.desk.payout()
    assert row.state is State.CONSENTED
    assert (row.account_id, row.agreed_token) == (NEW_ACCOUNT, NEW)
    assert row.document_sha256 == "e" * 64
    assert (row.hold_until, row.released_at) == (AMENDED_AT + HOURS, None)
    assert (row.hold(), row.witnessed_from_ns) == (HOURS, None)
    (told,) = reacting.desk.events(PayoutScheduled)
    assert isinstance(told, PayoutScheduled)
    assert (told.hold_until, told.hold_from) == (AMENDED_AT + HOURS, AMENDED_AT)
    reacting.amend()  # the same news again
    assert reacting.desk.payout() == row


def test_without_a_consent_an_amended_contract_waits_for_it(
    reacting: Amending,
) -> None:
    """The consent may also come while it stands still; the later of the two counts."""
    reacting.given(state=State.CONCLUDED, consented_at=None, hold_until=None)
    reacting.hold()
    reacting.amend()
    assert reacting.desk.payout().state is State.CONCLUDED
    reacting.consent(AMENDED_AT + timedelta(hours=2))
    assert reacting.desk.payout().hold_until == AMENDED_AT + timedelta(hours=26)


def test_a_consent_given_while_it_stands_still_counts(reacting: Amending) -> None:
    reacting.given(state=State.CONCLUDED, consented_at=None, hold_until=None)
    reacting.hold()
    reacting.consent(SIGNED_AT)
    assert reacting.desk.payout().state is State.AMENDING
    reacting.release(DUE)  # void: the hold is counted anew
    reacting.amend()
    row = reacting.desk.payout()
    assert (row.consented_at, row.hold_until) == (SIGNED_AT, AMENDED_AT + HOURS)
    assert row.released_at is None


@pytest.mark.seeded("disbursement_amendment_of_any_document")
@pytest.mark.parametrize(
    ("state", "changes", "code"),
    [
        (State.AMENDING, {"client_id": OTHER}, "amendment_of_another"),
        (State.AMENDING, {"previous_sha256": "0" * 64}, "amendment_chain_differs"),
        (State.READY, {}, "amendment_unheld"),
    ],
)
def test_an_amendment_that_does_not_fit_blocks_the_payout(
    reacting: Amending, state: State, changes: dict[str, object], code: str
) -> None:
    """Another's, of another document, or of a payout that did not stand still."""
    reacting.given(state=state)
    reacting.amend(**changes)
    row = reacting.desk.payout()
    assert (row.state, row.held_code) == (State.BLOCKED, code)
    assert row.account_id == ACCOUNT_ID


@pytest.mark.parametrize("state", [State.SENDING, State.UNKNOWN, State.PAID])
def test_what_has_left_is_not_amended_and_somebody_is_told(
    reacting: Amending, state: State
) -> None:
    reacting.given(state=state)
    reacting.amend()
    row = reacting.desk.payout()
    assert (row.state, row.account_id) == (state, ACCOUNT_ID)
    assert reacting.held_codes() == ["amended_after_sending"]


def test_a_refused_contract_stays_refused(reacting: Amending) -> None:
    """The amendment was signed while the client refused: the stop wins."""
    reacting.given(state=State.CANCELLED)
    reacting.amend()
    assert reacting.desk.payout().state is State.CANCELLED
    assert reacting.held_codes() == []


@pytest.mark.parametrize("stood", [True, False])
def test_a_contract_that_goes_on_as_it_was_is_held_anew(
    reacting: Amending, *, stood: bool
) -> None:
    """To the account it names, and no sooner than 24 hours from then."""
    reacting.given(state=State.READY)
    if stood:
        reacting.hold()
    reacting.end_amendment(AMENDED_AT)
    row = reacting.desk.payout()
    assert (row.state, row.account_id) == (State.CONSENTED, ACCOUNT_ID)
    assert (row.hold_until, row.released_at) == (AMENDED_AT + HOURS, None)


@pytest.mark.parametrize("state", [State.BLOCKED, State.SENDING, State.CANCELLED])
def test_what_cannot_go_on_does_not(reacting: Amending, state: State) -> None:
    reacting.given(state=state)
    reacting.end_amendment(AMENDED_AT)
    assert reacting.desk.payout().state is state


def test_an_amendment_that_ends_with_its_contract_moves_nothing(
    reacting: Amending,
) -> None:
    reacting.given(state=State.AMENDING)
    reacting.end_amendment(None)
    assert reacting.desk.payout().state is State.AMENDING
    assert reacting.desk.events(PayoutHeld) == []


@pytest.mark.seeded("disbursement_draws_up_any_account")
def test_an_order_is_drawn_up_only_to_the_account_the_documents_name() -> None:
    """Another waits, untold of, until the contract is amended."""
    stage = Stage()
    stage.clock.instant = AMENDED_AT
    stage.desk.put(
        payout(
            state=State.CONSENTED,
            account_token=None,
            agreed_token=OLD,
            next_at=AMENDED_AT,
        )
    )
    stage.peers.account = account(account_token=NEW)
    prepare_next(stage.till)
    row = stage.desk.payout()
    assert (row.state, row.held_code) == (State.CONSENTED, "account_changed")
    assert row.account_token is None
