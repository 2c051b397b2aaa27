"""The stop-checks of an application: who is asked, who is not, what silence does."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.context import StaffMember
from kernel.errors import Refused
from kernel.money import Money
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.checks import ConsentKind
from services.contracts.domain.rules import HoldRules
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.handlers import applications, underwriting
from services.contracts.handlers.applications import Wish
from services.contracts.ports import Visit
from tests.unit.contracts.builders import (
    AMOUNT,
    CLIENT,
    OFFERED_AT,
    POLICY,
    STRANGER,
    borrower,
    report,
    state_record,
)
from tests.unit.contracts.fakes import Bench

ABOVE_1000_MRP = Money.of("4325000")
OLD = state_record(birth_on=date(1960, 1, 1))
TRIES = HoldRules.at(POLICY, OFFERED_AT).tries
UNDERWRITER = StaffMember(UUID(int=0x51), frozenset({"applications.decide"}))


def submit(bench: Bench, amount: Money = AMOUNT) -> dict[str, object]:
    reply = applications.submit_application(
        client_id=CLIENT,
        wish=Wish(
            product="standard",
            repayment=RepaymentMethod.ANNUITY,
            amount=amount,
            term_days=90,
        ),
        work=bench.work,
        judges=bench.judges,
        policy=POLICY,
        clock=bench.clock,
        ids=bench.ids,
    )
    assert isinstance(reply, dict)
    return dict(reply)


def beat(bench: Bench) -> int:
    """The beat after every pause there can be."""
    bench.clock.move(timedelta(minutes=10))
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


def set_conscript(bench: Bench) -> None:
    bench.state.answer = state_record(conscript=True)


def set_old(bench: Bench) -> None:
    bench.state.answer = OLD


def set_listed(bench: Bench) -> None:
    bench.monitoring.listed = True


def set_in_debt(bench: Bench) -> None:
    bench.bureau.answer = report(debt_burden="0.51")


def set_without_consent(bench: Bench) -> None:
    bench.onboarding.withheld = {"lending_checks"}


@pytest.mark.parametrize(
    ("make", "code", "told"),
    [
        (set_in_debt, "debt_burden_too_high", "debt_burden_too_high"),
        (set_conscript, "conscript", "conscript"),
        (set_old, "additional_consent_missing", "additional_consent_missing"),
        (
            set_without_consent,
            "personal_data_consent_missing",
            "personal_data_consent_missing",
        ),
        (set_listed, "monitoring", "antifraud"),
    ],
)
def test_a_check_that_fails_refuses_with_its_code(
    bench: Bench, make: Callable[[Bench], None], code: str, told: str
) -> None:
    """The event says which; the client is told what may be told, in three languages."""
    make(bench)
    reply = submit(bench)
    assert (reply["state"], reply["refusal_code"]) == ("refused", told)
    assert only(bench).refusal_code == code
    explanation = reply["explanation"]
    assert isinstance(explanation, dict)
    assert all(explanation[language] for language in ("kk", "ru", "en"))
    assert bench.work.said_types() == ["application_submitted", "application_refused"]
    assert bench.antifraud.asked == []


def test_a_listed_person_cannot_be_told_from_one_antifraud_stopped(
    bench: Bench,
) -> None:
    """The same code, the same words."""
    bench.monitoring.listed = True
    listed = submit(bench)
    bench.work.applications.rows.clear()
    bench.monitoring.listed, bench.antifraud.outcome = False, "refuse"
    stopped = submit(bench)
    assert listed["refusal_code"] == stopped["refusal_code"]
    assert listed["explanation"] == stopped["explanation"]


@pytest.mark.seeded("contracts_registers_without_consent")
def test_without_consent_neither_state_nor_monitoring_is_asked(bench: Bench) -> None:
    bench.onboarding.withheld = {"lending_checks"}
    submit(bench)
    assert (bench.state.asked, bench.monitoring.asked) == ([], 0)


@pytest.mark.parametrize(("given", "state"), [(True, "offered"), (False, "refused")])
def test_a_married_client_needs_the_spouse_s_consent(
    bench: Bench, *, given: bool, state: str
) -> None:
    """From 1 000 МРП on; below that no register is asked about it."""
    bench.state.answer = state_record(married=True)
    bench.state.consents = {ConsentKind.SPOUSE: given}
    assert submit(bench, ABOVE_1000_MRP)["state"] == state
    assert bench.state.asked == ["record", "spouse"]
    bench.work.applications.rows.clear()
    bench.work.contracts.rows.clear()
    assert submit(bench)["state"] == "offered"
    assert bench.state.asked == ["record", "spouse", "record"]


def test_a_visit_lets_a_first_loan_be_larger(bench: Bench) -> None:
    """The client's own; somebody else's opens nothing."""
    bench.bureau.answer = report(earlier_online_microcredit=False)
    for client_id, expected in (
        (STRANGER, "personal_visit_required"),
        (CLIENT, None),
    ):
        visit = Visit(
            client_id=client_id,
            visited_on=OFFERED_AT.date(),
            approval_id=bench.ids.new(),
            recorded_by=UNDERWRITER.id,
            confirmed_by=bench.ids.new(),
        )
        bench.work.visits.add(visit, at=OFFERED_AT)
        assert submit(bench)["refusal_code"] == expected


@pytest.mark.seeded("contracts_silence_is_a_no")
@pytest.mark.parametrize(
    ("away", "unanswered", "asked_before"),
    [
        ("onboarding", ["account"], 0),
        (
            "bureau",
            ["bureau_consent", "debt_burden", "first_online_loan", "stop_credit"],
            1,
        ),
        (
            "state",
            ["conscript", "extra_consent", "personal_consent", "spouse_consent"],
            1,
        ),
        ("monitoring", ["monitoring_list"], 1),
        ("antifraud", ["antifraud"], 1),
    ],
)
def test_silence_holds_and_at_last_calls_a_person(
    bench: Bench, away: str, unanswered: list[str], asked_before: int
) -> None:
    """Neither a yes nor a no in any round; nobody answers a second time."""
    getattr(bench, away).away = True
    reply = submit(bench)
    assert reply["next_step"] == "wait_for_decision"
    for _ in range(TRIES - 1):
        assert only(bench).for_person_since is None
        assert beat(bench) == 1
    assert only(bench).is_open
    assert only(bench).for_person_since == bench.clock.now()
    assert beat(bench) == 0
    assert [
        said for said in bench.work.said_types() if said != "application_checked"
    ] == ["application_submitted", "application_held"]
    held = underwriting.list_held(work=bench.work)
    assert isinstance(held, dict)
    assert [row["unanswered"] for row in held["applications"]] == [unanswered]
    if away != "bureau":
        assert bench.bureau.asked == asked_before


def test_a_debt_burden_nobody_knows_is_asked_about_again(bench: Bench) -> None:
    """The rest of the report stands as it was first answered."""
    bench.bureau.answer = report(debt_burden=None)
    assert submit(bench)["state"] == "submitted"
    assert bench.state.asked == []
    bench.bureau.answer = report(debt_burden="0.2", stop_credit=True)
    assert beat(bench) == 1
    assert only(bench).state is ApplicationState.OFFERED


def test_a_person_has_everybody_asked_anew(bench: Bench) -> None:
    """And it goes on from where it stood."""
    bench.state.away = True
    submit(bench)
    for _ in range(TRIES):
        beat(bench)
    bench.state.away = False
    assert only(bench).for_person_since is not None
    underwriting.ask_again(only(bench).id, work=bench.work, clock=bench.clock)
    assert beat(bench) == 1
    assert (only(bench).state, bench.bureau.asked) == (ApplicationState.OFFERED, 1)
    assert underwriting.list_held(work=bench.work) == {"applications": []}


def give_up(bench: Bench, reason: str = "the register is away for days") -> None:
    underwriting.refuse(
        only(bench).id,
        reason=reason,
        by=UNDERWRITER,
        work=bench.work,
        clock=bench.clock,
    )


def test_a_person_refuses_what_cannot_be_established(bench: Bench) -> None:
    """With a reason in the trace, and who gave it; the client is told to come again."""
    bench.bureau.away = True
    submit(bench)
    for _ in range(TRIES):
        beat(bench)
    with pytest.raises(Refused) as unfit:
        give_up(bench, "Серикову отказать")
    assert unfit.value.code == "reason_unfit"
    give_up(bench)
    assert only(bench).refusal_code == "not_established"
    assert bench.work.said_types()[-1] == "application_refused"
    shown = underwriting.show(only(bench).id, work=bench.work)
    assert isinstance(shown, dict)
    last = shown["checks"][-1]
    assert last["source"] == f"staff:{UNDERWRITER.id}"
    assert last["found"] == {"reason": "the register is away for days"}


def held_out(bench: Bench) -> int:
    return underwriting.end_unestablished(
        work=bench.work, policy=POLICY, clock=bench.clock
    )


def test_what_nobody_finds_out_in_time_ends_with_a_word(bench: Bench) -> None:
    """Five working days after a person was called, and not a day before."""
    bench.bureau.away = True
    submit(bench)
    for _ in range(TRIES):
        assert held_out(bench) == 0
        beat(bench)
    bench.clock.at = datetime(2026, 11, 9, 18, 59, tzinfo=UTC)
    assert (held_out(bench), only(bench).is_open) == (0, True)
    bench.clock.move(timedelta(minutes=1))
    assert (held_out(bench), held_out(bench)) == (1, 0)
    assert only(bench).refusal_code == "not_established"
    assert bench.work.said_types()[-1] == "application_refused"
    shown: Any = underwriting.show(only(bench).id, work=bench.work)
    last = shown["checks"][-1]
    assert (last["check"], last["settings"][0]["key"]) == (
        "held_too_long",
        "lending.held_wd",
    )


@pytest.mark.seeded("contracts_underwriter_decides_anything")
def test_a_person_decides_only_what_waits_for_one(bench: Bench) -> None:
    """Neither a decided application nor one that is still being asked about."""
    bench.bureau.away = True
    submit(bench)
    for _ in range(2):
        with pytest.raises(Refused) as early:
            give_up(bench)
        assert early.value.code == "not_held"
        with pytest.raises(Refused):
            underwriting.ask_again(only(bench).id, work=bench.work, clock=bench.clock)
        bench.bureau.away = False
        beat(bench)
    assert only(bench).state is ApplicationState.OFFERED


def test_the_trace_tells_everything_but_whom(bench: Bench) -> None:
    """Check, answer, source, time and setting; no ИИН and no name."""
    submit(bench)
    shown = underwriting.show(only(bench).id, work=bench.work)
    assert isinstance(shown, dict)
    lines = shown["checks"]
    assert all(
        {"check", "verdict", "source", "at", "found", "settings"} == line.keys()
        for line in lines
    )
    settings = {one["key"] for line in lines for one in line["settings"]}
    assert {"lending.kdn_max", "lending.gesv_caps.percent", "mrp"} <= settings
    assert borrower().iin not in str(shown)
    assert borrower().surname not in str(shown)


def test_an_unknown_application_is_not_found(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        underwriting.show(CLIENT, work=bench.work)
    assert refused.value.code == "not_found"
