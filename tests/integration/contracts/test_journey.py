"""The contract's part of the journey on the real database, and each of its refusals."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest

from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.events.antifraud import OperationReleased
from kernel.events.disbursement import PayoutDue, PayoutScheduled, PayoutSettled
from kernel.events.onboarding import IdentityChanged
from services.contracts.domain.states import ContractState
from services.contracts.handlers import contracts, reactions, reminding
from tests.integration.contracts.conftest import Desk
from tests.unit.contracts.builders import (
    CLIENT,
    MICROSECOND,
    OFFERED_AT,
    PAYOUT,
    STRANGER,
    policy_with,
    report,
)

S = ContractState
AT_75_MRP = "324375"


def hear_scheduled(desk: Desk, contract_id: UUID, **changes: object) -> None:
    """Disbursement says that it has scheduled the payout."""
    fields = {
        "payout_id": PAYOUT,
        "contract_id": contract_id,
        "client_id": CLIENT,
        "amount": desk.contract(contract_id).amount,
        "hold_until": desk.hold_until(contract_id),
    }
    event = PayoutScheduled.model_validate({**fields, **changes})
    with desk.unit() as unit:
        reactions.when_payout_scheduled(event, unit=unit, clock=desk.clock)


def hear_due(desk: Desk, contract_id: UUID) -> None:
    """Disbursement says that the hold is over."""
    event = PayoutDue(
        payout_id=PAYOUT,
        contract_id=contract_id,
        client_id=CLIENT,
        confirmation_required=True,
    )
    with desk.unit() as unit:
        reactions.when_payout_due(event, unit=unit, clock=desk.clock)


def hear_settled(desk: Desk, contract_id: UUID) -> None:
    """Disbursement says that the money arrived."""
    event = PayoutSettled(
        payout_id=PAYOUT,
        contract_id=contract_id,
        client_id=CLIENT,
        amount=desk.contract(contract_id).amount,
        order_id="O-1",
        settled_at=desk.clock.now(),
    )
    with desk.unit() as unit:
        reactions.when_payout_settled(event, unit=unit, policy=desk.platform.policy)


def change_identity(desk: Desk, at: datetime) -> None:
    """Onboarding says that the client has had another document since then."""
    event = IdentityChanged(
        client_id=CLIENT,
        change_id=desk.platform.ids.new(),
        ceremony_id=desk.platform.ids.new(),
        renamed=False,
    )
    with desk.unit() as unit:
        reactions.when_identity_changed(
            event, at=at, unit=unit, clock=desk.clock, ids=desk.platform.ids
        )


@pytest.mark.seeded("contracts_interest_before_the_money")
def test_the_final_schedule_counts_from_the_day_the_money_arrived(desk: Desk) -> None:
    """The offered one is shown until then, and stays as it was."""
    contract_id = desk.consented()
    offered = desk.schedule(contract_id)
    hear_scheduled(desk, contract_id)
    desk.clock.at = desk.hold_until(contract_id) + timedelta(days=3)
    desk.confirm_release(contract_id)
    hear_settled(desk, contract_id)
    final = desk.schedule(contract_id)
    assert [offered["final"], final["final"]] == [False, True]
    arrived = almaty_date(desk.clock.at)
    assert (offered["issued_on"], final["issued_on"]) == (
        (arrived - timedelta(days=3)).isoformat(),
        arrived.isoformat(),
    )
    kept = desk.rows(
        "SELECT kind, sum(principal_minor) AS principal FROM instalments"
        " GROUP BY kind ORDER BY kind"
    )
    amount = desk.contract(contract_id).amount.amount_minor
    assert [(row.kind, row.principal) for row in kept] == [
        ("draft", amount),
        ("final", amount),
    ]


@pytest.mark.seeded("contracts_waits_for_a_release_in_silence")
def test_from_the_application_to_an_active_contract(desk: Desk) -> None:
    """400 000 ₸ to a client whose report shows an earlier online microcredit.

    Every state it comes to is said.
    """
    contract_id = desk.consented()
    hear_scheduled(desk, contract_id)
    desk.clock.at = desk.hold_until(contract_id)
    hear_due(desk, contract_id)
    assert desk.view(contract_id)["next_step"] == "confirm_release"
    desk.confirm_release(contract_id)
    desk.clock.move(timedelta(minutes=1))
    hear_settled(desk, contract_id)
    assert S.ACTIVE is desk.contract(contract_id).state
    assert desk.said() == [
        "application_submitted",
        "application_checked",
        "contract_offered",
        "signing_begun",
        "contract_signed",
        "additional_consent_given",
        "release_awaited",
        "release_confirmed",
        "schedule_issued",
        "contract_activated",
    ]
    kept = desk.rows("SELECT kind, text_version FROM statements ORDER BY kind")
    assert [(row.kind, row.text_version) for row in kept] == [
        ("consent", "consent-1"),
        ("release", "release-1"),
    ]


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_release_before_hold")
def test_a_release_a_microsecond_early_is_refused(desk: Desk) -> None:
    """With the time left; at `hold_until` itself it counts."""
    contract_id = desk.consented()
    desk.clock.at = desk.hold_until(contract_id) - MICROSECOND
    with pytest.raises(Refused) as refused:
        desk.confirm_release(contract_id)
    assert refused.value.code == "release_too_early"
    assert refused.value.details == {"seconds_left": 1}
    assert S.CONSENTED is desk.contract(contract_id).state
    desk.clock.move(MICROSECOND)
    assert desk.confirm_release(contract_id)["state"] == "released"


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_hold_from_signing_only")
def test_the_hold_runs_24_hours_from_the_later_event(desk: Desk) -> None:
    """A consent of 30 hours after the signing holds for 24 hours more."""
    contract_id = desk.concluded()
    desk.clock.move(timedelta(hours=30))
    desk.give_consent(contract_id)
    assert desk.clock.now() + timedelta(hours=24) == desk.hold_until(contract_id)


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_confirmation_at_75_mrp")
@pytest.mark.parametrize(
    ("amount", "expected"), [(AT_75_MRP, False), ("324375.01", True)]
)
def test_above_75_mrp_a_confirmation_is_needed(
    desk: Desk, amount: str, *, expected: bool
) -> None:
    """75 МРП exactly needs none, one tiyn more does."""
    contract_id = desk.consented(amount=amount)
    assert expected == desk.view(contract_id)["confirmation_required"]


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_day_not_summed")
def test_the_microcredits_of_a_day_count_together(desk: Desk) -> None:
    """With a threshold of 75 МРП: exactly 75 goes at once, one tiyn more is held."""
    policy = policy_with("cooling.threshold", 75, since=OFFERED_AT)
    desk.platform = replace(desk.platform, policy=policy)
    first = desk.consented(amount=AT_75_MRP)
    assert desk.contract(first).hold_until == desk.clock.now()
    assert not desk.contract(first).confirmation_required
    hear_scheduled(desk, first)
    hear_settled(desk, first)
    second = desk.consented(amount="5000")
    found = desk.contract(second)
    assert found.confirmation_required
    assert found.hold_until == desk.clock.now() + timedelta(hours=24)


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_refusal_without_stop")
def test_a_refusal_is_final_only_when_the_payout_is_stopped(desk: Desk) -> None:
    """Until disbursement says `stopped` the contract is not annulled."""
    contract_id = desk.consented()
    desk.disbursement.answer = "recorded"
    assert desk.refuse(contract_id)["refusal"] == "pending"
    assert S.CONSENTED is desk.contract(contract_id).state
    desk.disbursement.answer = "stopped"
    contracts.finish_refusals(
        work=desk.work(), disbursement=desk.disbursement, clock=desk.clock
    )
    assert S.ANNULLED is desk.contract(contract_id).state
    assert desk.said()[-1] == "contract_annulled"


@pytest.mark.clause("5.5")
@pytest.mark.seeded("contracts_silence_never_ends")
def test_silence_annuls_the_contract(desk: Desk) -> None:
    """Ten days after the signing without consent; not a microsecond earlier."""
    contract_id = desk.concluded()
    end = desk.contract(contract_id).silence_at
    assert end is not None
    for at, expected in ((end - MICROSECOND, S.CONCLUDED), (end, S.ANNULLED)):
        desk.clock.at = at
        contracts.annul_silent(work=desk.work(), clock=desk.clock)
        assert expected is desk.contract(contract_id).state
    assert desk.said()[-1] == "contract_annulled"


@pytest.mark.clause("5.5")
def test_a_reminder_leaves_once_with_its_row(desk: Desk) -> None:
    """The beat of every minute finds it sent."""
    contract_id = desk.concluded()
    end = desk.contract(contract_id).silence_at
    assert end is not None
    desk.clock.at = end - timedelta(days=7)
    sent = [
        reminding.remind(
            work=desk.work(), policy=desk.platform.policy, clock=desk.clock
        )
        for _ in range(2)
    ]
    assert sent == [1, 0]
    assert desk.said()[-1] == "answer_awaited"
    (row,) = desk.rows("SELECT awaits, days_left FROM reminders")
    assert (row.awaits, row.days_left) == ("consent", 7)


@pytest.mark.seeded("contracts_offer_never_ends")
def test_an_offer_nobody_signs_ends(desk: Desk) -> None:
    """Ten days after it was made it expires; then the client may apply anew.

    Releases before this one read the row as annulled, which it was to them.
    """
    contract_id = desk.offered()
    end = desk.contract(contract_id).offered_at + timedelta(days=10)
    for at, expected in ((end - MICROSECOND, S.OFFERED), (end, S.EXPIRED)):
        desk.clock.at = at
        contracts.annul_silent(work=desk.work(), clock=desk.clock)
        assert expected is desk.contract(contract_id).state
    assert desk.said()[-1] == "contract_annulled"
    ((state, code),) = desk.rows("SELECT state, end_code FROM contracts")
    assert (state, code) == ("annulled", "offer_expired")
    assert desk.submit()["state"] == "offered"


@pytest.mark.clause("3.4")
@pytest.mark.clause("4.1c")
@pytest.mark.seeded("contracts_older_identity_counts")
def test_an_offer_ends_when_its_client_is_named_otherwise(desk: Desk) -> None:
    """Signed by nobody, it keeps nobody from applying anew; the latest news counts."""
    contract_id = desk.offered()
    desk.open_signing(contract_id)
    for minutes in (5, 3):
        change_identity(desk, desk.clock.now() + timedelta(minutes=minutes))
    (ended,) = desk.rows("SELECT state, end_code FROM contracts")
    assert tuple(ended) == ("annulled", "identity_changed")
    desk.clock.move(timedelta(minutes=4))
    second = UUID(str(desk.submit()["contract_id"]))
    with pytest.raises(Refused) as refused:
        desk.open_signing(second)  # its names are of before the later change
    assert refused.value.code == "identity_changed"
    desk.clock.move(timedelta(minutes=4))
    third = UUID(str(desk.submit()["contract_id"]))
    desk.open_signing(third)
    assert desk.contract(third).state is S.SIGNING


@pytest.mark.clause("3.4")
@pytest.mark.clause("5.2a")
@pytest.mark.clause("5.2b")
@pytest.mark.seeded("contracts_digest_not_compared")
def test_a_signature_over_other_bytes_blocks_the_contract(desk: Desk) -> None:
    """It is not concluded, no payout can follow, and it is said."""
    contract_id = desk.offered()
    desk.open_signing(contract_id)
    desk.clock.move(timedelta(minutes=5))
    desk.identify(contract_id, document_sha256="0" * 64)
    desk.identify(contract_id)
    found = desk.contract(contract_id)
    assert (found.state, found.end_code) == (S.BLOCKED, "document_mismatch")
    assert desk.said()[-1] == "contract_annulled"
    assert "contract_signed" not in desk.said()
    with pytest.raises(Refused):
        desk.give_consent(contract_id)


@pytest.mark.clause("3.4")
@pytest.mark.seeded("contracts_schedule_not_compared")
def test_a_schedule_that_differs_blocks_the_contract(desk: Desk) -> None:
    """By a microsecond; the arbiter of money hears that the contract ended."""
    contract_id = desk.consented()
    early = desk.hold_until(contract_id) - MICROSECOND
    hear_scheduled(desk, contract_id, hold_until=early)
    found = desk.contract(contract_id)
    assert (found.state, found.end_code) == (S.BLOCKED, "hold_mismatch")
    assert desk.said()[-1] == "contract_annulled"


@pytest.mark.clause("1.3b")
@pytest.mark.seeded("contracts_anybodys_contract")
def test_somebody_elses_contract_is_not_found(desk: Desk) -> None:
    """At every door, and nothing of it changes."""
    contract_id = desk.concluded()
    before = desk.contract(contract_id)
    doors: tuple[Callable[..., object], ...] = (
        desk.view,
        desk.document,
        desk.open_signing,
        desk.give_consent,
        desk.confirm_release,
        desk.refuse,
    )
    for door in doors:
        with pytest.raises(Refused) as refused:
            door(contract_id, client_id=STRANGER)
        assert refused.value.code == "not_found"
    assert before == desk.contract(contract_id)


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("contracts_antifraud_doubt_allows")
@pytest.mark.parametrize("outcome", ["review", "suspend", "refuse"])
def test_what_antifraud_does_not_allow_is_not_offered(desk: Desk, outcome: str) -> None:
    """Only the word `allow` leads to a document; only `refuse` refuses."""
    desk.activate()
    desk.antifraud.outcome = outcome
    refused = outcome == "refuse"
    reply = desk.submit()
    assert reply["refusal_code"] == ("antifraud" if refused else None)
    assert reply["state"] == ("refused" if refused else "checked")
    assert desk.rows("SELECT id FROM contracts") == []
    assert desk.said() == [
        "application_submitted",
        "application_checked",
        *(["application_refused"] if refused else []),
    ]


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("contracts_let_go_application_forgotten")
def test_an_application_that_antifraud_lets_go_is_asked_about_at_once(
    desk: Desk,
) -> None:
    """Also one for which a person was called meanwhile."""
    desk.activate()
    desk.antifraud.outcome = "suspend"
    application_id = desk.submit()["application_id"]
    desk.rows(
        "UPDATE applications SET next_ask_at = NULL, for_person_since = :at"
        " RETURNING 1",
        at=desk.clock.now(),
    )
    desk.clock.move(timedelta(days=1))
    assert desk.decide_held() == 0
    desk.antifraud.outcome = "allow"
    event = OperationReleased(
        decision_id=UUID(int=0xD),
        operation=f"application:{application_id}",
        client_id=CLIENT,
    )
    with desk.unit() as unit:
        reactions.when_operation_released(event, at=desk.clock.now(), unit=unit)
    assert desk.decide_held() == 1
    assert len(desk.rows("SELECT id FROM contracts")) == 1


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("contracts_antifraud_skipped")
def test_without_antifraud_nothing_is_offered(desk: Desk) -> None:
    """The application waits."""
    desk.activate()
    desk.antifraud.away = True
    assert desk.submit()["next_step"] == "wait_for_decision"
    assert desk.rows("SELECT id FROM contracts") == []


@pytest.mark.seeded("contracts_stop_credit_ignored")
def test_stop_credit_is_respected(desk: Desk) -> None:
    """«Стоп-кредит»: no loan, whatever else the report says."""
    desk.activate()
    desk.bureau.answer = report(stop_credit=True)
    assert desk.submit()["refusal_code"] == "stop_credit"


@pytest.mark.seeded("contracts_first_loan_without_visit")
def test_a_first_online_loan_above_75_mrp_needs_a_visit(desk: Desk) -> None:
    """75 МРП exactly does not."""
    desk.activate()
    desk.bureau.answer = report(earlier_online_microcredit=False)
    refused = desk.submit(amount="324375.01")
    assert refused["refusal_code"] == "personal_visit_required"
    assert desk.submit(amount=AT_75_MRP)["state"] == "offered"


@pytest.mark.seeded("contracts_stale_second_factor")
def test_a_consent_needs_a_fresh_second_factor(desk: Desk) -> None:
    """Five minutes and a microsecond are too old."""
    contract_id = desk.concluded()
    wish = desk.wish(contract_id, age=timedelta(minutes=5) + MICROSECOND)
    with pytest.raises(Refused) as refused:
        contracts.give_consent(
            client_id=CLIENT,
            contract_id=contract_id,
            work=desk.work(),
            policy=desk.platform.policy,
            wish=wish,
        )
    assert refused.value.code == "second_factor_needed"


def test_many_applications_at_once_leave_one(desk: Desk) -> None:
    """Whatever the interleaving, a client has one unfinished loan."""
    desk.activate()
    outcomes: list[str] = []

    def ask() -> None:
        try:
            outcomes.append(str(desk.submit()["state"]))
        except Refused as refused:
            outcomes.append(refused.code)

    hands = [threading.Thread(target=ask) for _ in range(8)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join(timeout=30)
    assert sorted(outcomes) == ["loan_in_progress"] * 7 + ["offered"]
    assert len(desk.rows("SELECT id FROM contracts")) == 1
