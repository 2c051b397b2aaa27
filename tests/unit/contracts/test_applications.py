"""From the wish to a document or a refusal, and what stands when somebody is away."""

from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from kernel.crypto import sha256_hex
from kernel.errors import Broken, Refused, Transient
from kernel.money import Money
from kernel.policy import Policy
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.domain.states import ContractState
from services.contracts.handlers import applications
from services.contracts.handlers.applications import Wish
from tests.unit.contracts.builders import (
    ACCOUNT,
    AMOUNT,
    CLIENT,
    OFFERED_AT,
    POLICY,
    STRANGER,
    active,
    application,
    borrower,
    concluded,
    policy_with,
    report,
)
from tests.unit.contracts.fakes import Bench
from tests.unit.origins import FACTS, HOME


def submit(
    bench: Bench,
    amount: Money = AMOUNT,
    account_id: UUID | None = None,
    *,
    policy: Policy = POLICY,
) -> dict[str, object]:
    reply = applications.submit_application(
        client_id=CLIENT,
        wish=Wish(
            product="standard",
            repayment=RepaymentMethod.ANNUITY,
            amount=amount,
            term_days=90,
            account_id=account_id,
        ),
        work=bench.work,
        judges=bench.judges,
        policy=policy,
        clock=bench.clock,
        ids=bench.ids,
    )
    assert isinstance(reply, dict)
    return dict(reply)


def decide_held(bench: Bench) -> int:
    return applications.decide_held(
        work=bench.work,
        judges=bench.judges,
        policy=POLICY,
        clock=bench.clock,
        ids=bench.ids,
    )


def only(bench: Bench) -> Application:
    (found,) = bench.work.applications.rows.values()
    return found


def names(bench: Bench) -> list[str]:
    return [line.check.name for line in bench.work.applications.trace(only(bench).id)]


def test_a_good_application_is_offered_a_contract(bench: Bench) -> None:
    """With its document, its digest and a trace of every check."""
    reply = submit(bench)
    (contract,) = bench.work.contracts.rows.values()
    assert (reply["state"], reply["next_step"]) == ("offered", "sign")
    assert str(contract.id) == reply["contract_id"]
    assert (contract.state, contract.account_id) == (ContractState.OFFERED, ACCOUNT)
    document = bench.work.contracts.documents[contract.id]
    assert sha256_hex(document) == contract.document_sha256
    assert borrower().iin.encode() in document
    assert names(bench) == [
        "amount_cap",
        "gesv_cap",
        "account",
        "bureau_consent",
        "stop_credit",
        "debt_burden",
        "first_online_loan",
        "personal_consent",
        "conscript",
        "spouse_consent",
        "extra_consent",
        "monitoring_list",
        "antifraud",
    ]
    assert bench.work.said_types() == [
        "application_submitted",
        "application_checked",
        "contract_offered",
    ]
    assert b"KZ978562203105747338." in document
    assert bench.onboarding.purposes == [
        "credit_report",
        "lending_checks",
        "lending_checks",
        "contract_document",
        "contract_document",
    ]


@pytest.mark.clause("4.10")
@pytest.mark.clause("6.1g")
@pytest.mark.seeded("contracts_forgets_where_from")
def test_antifraud_is_told_from_where_the_client_applied(bench: Bench) -> None:
    """Also in a later round, which no request has caused."""
    bench.work.origins.told = HOME
    bench.antifraud.outcome = "review"
    submit(bench)
    bench.work.origins.told = None
    bench.clock.move(timedelta(hours=1))
    decide_held(bench)
    first, again = bench.antifraud.facts
    assert FACTS.items() <= first.items()
    assert again == first


def test_the_account_the_client_names_is_the_contract_s(bench: Bench) -> None:
    """Also one that is only being added; the selected one when none is named."""
    bench.antifraud.account = STRANGER
    submit(bench, account_id=STRANGER)
    (contract,) = bench.work.contracts.rows.values()
    assert contract.account_id == STRANGER


@pytest.mark.clause("5.4")
def test_an_account_removed_meanwhile_is_none_to_pay_to(bench: Bench) -> None:
    bench.onboarding.in_full = None
    assert submit(bench)["refusal_code"] == "account_not_proved"
    assert bench.work.contracts.rows == {}


def test_the_events_name_no_person(bench: Bench) -> None:
    """Ids only: no ИИН, name or document in what is published."""
    submit(bench)
    for event in bench.work.said:
        text = event.model_dump_json()
        assert borrower().iin not in text
        assert borrower().surname not in text


def test_nobody_is_asked_more_than_the_decision_needs(bench: Bench) -> None:
    """An amount or a price above the cap asks nobody; no account, no credit report."""
    since = OFFERED_AT - timedelta(days=1)
    low = policy_with("lending.max_amount_mrp", 92, since=since)
    assert submit(bench, policy=low)["refusal_code"] == "amount_above_maximum"
    cheap = policy_with("lending.gesv_caps.percent", Decimal(42), since=since)
    assert submit(bench, policy=cheap)["refusal_code"] == "gesv_above_cap"
    assert (bench.onboarding.purposes, bench.bureau.asked) == ([], 0)
    bench.onboarding.account = None
    assert submit(bench)["refusal_code"] == "account_not_proved"
    assert (bench.onboarding.purposes, bench.bureau.asked) == ([], 0)


@pytest.mark.seeded("contracts_report_without_consent")
def test_without_consent_no_bureau_is_asked(bench: Bench) -> None:
    bench.onboarding.withheld = {"credit_report"}
    reply = submit(bench)
    assert reply["refusal_code"] == "credit_report_consent_missing"
    assert (bench.onboarding.purposes, bench.bureau.asked) == ([], 0)


def test_an_account_known_to_be_lost_refuses(bench: Bench) -> None:
    """Clause 5.4, by our own copy of what onboarding said."""
    bench.work.clients.accounts[ACCOUNT] = False
    assert submit(bench)["refusal_code"] == "account_not_proved"


def test_stop_credit_refuses_before_antifraud_is_asked(bench: Bench) -> None:
    """The refusal is published with its code, and no document exists."""
    bench.bureau.answer = report(stop_credit=True)
    reply = submit(bench)
    assert (reply["state"], reply["refusal_code"]) == ("refused", "stop_credit")
    assert bench.work.said_types() == ["application_submitted", "application_refused"]
    assert (bench.antifraud.asked, bench.work.contracts.rows) == ([], {})


def test_a_first_online_loan_above_75_mrp_is_refused(bench: Bench) -> None:
    """400 000 ₸ without an earlier online microcredit."""
    bench.bureau.answer = report(earlier_online_microcredit=False)
    assert submit(bench)["refusal_code"] == "personal_visit_required"


def test_what_antifraud_refuses_is_refused(bench: Bench) -> None:
    """Clause 6.1g; the trace keeps the decision's id."""
    bench.antifraud.outcome = "refuse"
    reply = submit(bench)
    assert (reply["state"], reply["refusal_code"]) == ("refused", "antifraud")
    assert bench.work.contracts.rows == {}
    last = bench.work.applications.answered(only(bench).id)["antifraud"]
    assert last.found["outcome"] == "refuse"


@pytest.mark.parametrize("outcome", ["review", "suspend", "a word of tomorrow"])
def test_what_antifraud_has_not_let_go_waits(bench: Bench, outcome: str) -> None:
    """Neither offered nor refused (clause 6.1g iii); it is asked anew each round."""
    bench.antifraud.outcome = outcome
    reply = submit(bench)
    assert (reply["state"], reply["next_step"]) == ("checked", "wait_for_decision")
    assert (bench.work.contracts.rows, only(bench).tries) == ({}, 1)
    bench.antifraud.outcome = "allow"
    bench.clock.move(timedelta(hours=1))
    assert decide_held(bench) == 1
    assert only(bench).state is ApplicationState.OFFERED


def test_an_application_waits_while_antifraud_is_away(bench: Bench) -> None:
    """It is neither offered nor refused, and the beat goes on from there."""
    bench.antifraud.away = True
    reply = submit(bench)
    assert (reply["state"], reply["next_step"]) == ("checked", "wait_for_decision")
    assert (bench.work.contracts.rows, bench.bureau.asked) == ({}, 1)
    bench.clock.move(applications.HELD_AFTER)
    assert decide_held(bench) == 1
    assert only(bench).state is ApplicationState.CHECKED
    bench.antifraud.away = False
    bench.clock.move(2 * applications.HELD_AFTER)
    assert decide_held(bench) == 1
    assert (only(bench).state, bench.bureau.asked) == (ApplicationState.OFFERED, 1)
    assert decide_held(bench) == 0


@pytest.mark.parametrize("away", ["bureau", "onboarding"])
def test_an_application_waits_while_the_check_cannot_be_made(
    bench: Bench, away: str
) -> None:
    """No report is no answer."""
    getattr(bench, away).away = True
    assert submit(bench)["state"] == "submitted"
    assert bench.antifraud.asked == []


def test_the_beat_leaves_fresh_applications_to_their_requests(bench: Bench) -> None:
    """Two deciders at once would only ask twice."""
    bench.antifraud.away = True
    submit(bench)
    bench.clock.move(applications.HELD_AFTER - timedelta(microseconds=1))
    assert decide_held(bench) == 0


def test_the_same_key_is_the_same_application(bench: Bench) -> None:
    """A repeated request resumes what the first one began."""
    bench.work.key = "k-1"
    bench.antifraud.away = True
    first = submit(bench)
    bench.antifraud.away = False
    second = submit(bench)
    assert first["application_id"] == second["application_id"]
    assert (first["state"], second["state"]) == ("checked", "offered")
    assert second == submit(bench)
    assert bench.work.said_types().count("application_submitted") == 1


def test_a_client_has_one_unfinished_loan(bench: Bench) -> None:
    """An undecided application or an unfinished contract stands in the way."""
    bench.antifraud.away = True
    submit(bench)
    with pytest.raises(Refused) as refused:
        submit(bench)
    assert refused.value.code == "loan_in_progress"


def test_an_unfinished_contract_leaves_no_second_application(bench: Bench) -> None:
    """The refused wish leaves nothing behind; a finished loan is no obstacle."""
    bench.work.contracts.put(concluded())
    with pytest.raises(Refused) as refused:
        submit(bench)
    assert refused.value.code == "loan_in_progress"
    assert (bench.work.applications.rows, bench.work.said) == ({}, [])
    bench.work.contracts.put(active())
    assert submit(bench)["state"] == "offered"


def test_a_client_we_have_not_heard_of_may_come_a_moment_later(bench: Bench) -> None:
    """The news of the activation is on its way."""
    bench.work.clients.active.clear()
    with pytest.raises(Transient):
        submit(bench)
    assert bench.work.applications.rows == {}


def test_somebody_elses_application_is_not_found(bench: Bench) -> None:
    """Nor is one that does not exist; the answers are the same."""
    submit(bench)
    for client_id, application_id in (
        (STRANGER, only(bench).id),
        (CLIENT, UUID(int=1)),
    ):
        with pytest.raises(Refused) as refused:
            applications.get_application(
                client_id=client_id, application_id=application_id, work=bench.work
            )
        assert refused.value.code == "not_found"


@pytest.mark.parametrize("outcome", ["allow", "refuse"])
def test_what_another_decided_first_stands(bench: Bench, outcome: str) -> None:
    """The slower of two deciders neither refuses nor draws up a second document."""
    bench.antifraud.away = True
    submit(bench)
    found = only(bench)
    first = application(
        id=found.id, state=ApplicationState.REFUSED, refusal_code="stop_credit"
    )

    def somebody_is_faster() -> None:
        bench.work.applications.rows[found.id] = first

    bench.antifraud.away, bench.antifraud.outcome = False, outcome
    bench.antifraud.meanwhile = somebody_is_faster
    bench.clock.move(applications.HELD_AFTER)
    decide_held(bench)
    assert first == only(bench)
    assert (
        bench.work.contracts.rows,
        bench.work.said_types(),
    ) == ({}, ["application_submitted", "application_checked"])


def test_an_application_that_does_not_exist_cannot_be_decided(bench: Bench) -> None:
    """It is a defect, not an answer."""
    with pytest.raises(Broken):
        applications.decide_application(
            UUID(int=1),
            work=bench.work,
            judges=bench.judges,
            policy=POLICY,
            clock=bench.clock,
            ids=bench.ids,
        )


def test_a_defect_of_one_application_does_not_hold_up_the_others(bench: Bench) -> None:
    """It is raised after the round."""
    bench.antifraud.away = True
    submit(bench)
    bench.antifraud.away = False
    broken = application(
        id=UUID(int=1),
        client_id=STRANGER,
        state=ApplicationState.CHECKED,
        account_id=None,
    )
    rows = bench.work.applications.rows
    bench.work.applications.rows = {broken.id: broken, **rows}
    bench.clock.move(applications.HELD_AFTER)
    with pytest.raises(Broken):
        decide_held(bench)
    states = [row.state for row in bench.work.applications.rows.values()]
    assert states == [ApplicationState.CHECKED, ApplicationState.OFFERED]
