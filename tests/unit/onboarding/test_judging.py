"""Antifraud is asked before somebody is activated and before a change (6.1g)."""

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from kernel.errors import Broken, Refused
from kernel.events.antifraud import OperationReleased
from kernel.events.onboarding import ClientActivated, RegistrationRefused
from services.onboarding.domain.change import ChangeKind, ChangeState
from services.onboarding.domain.refusal import Reason
from services.onboarding.domain.review import Decision, ReviewKind, Settlement
from services.onboarding.handlers import changes, judging, reviews
from tests.unit.onboarding.builders import IIN, PHONE
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant, apply_proved, look, sign
from tests.unit.onboarding.outside_twins import blind
from tests.unit.onboarding.review_twins import ROUNDS
from tests.unit.onboarding.test_changes import (
    NEW_IBAN,
    NEW_PHONE,
    Client,
    use_another_signature,
)
from tests.unit.origins import FACTS, HOME

ANNA = UUID("01890000-0000-7000-8000-0000000000e1")
WORDS = ("review", "suspend", None, "a word of tomorrow")
"""What is neither a yes nor a no; None for silence."""


@pytest.fixture
def identified(bench: Bench) -> Applicant:
    """Somebody whose both proofs are there."""
    someone = Applicant(bench)
    ceremony_id = someone.up_to_ceremony()
    look(bench)
    sign(bench, ceremony_id, someone.owner)
    return someone


def proved(bench: Bench, kind: ChangeKind, outcome: str | None) -> Client:
    """A change both proofs are there for, about which antifraud said something."""
    client = Client(bench, kind)
    ceremony_id = client.up_to_ceremony()
    use_another_signature(bench)
    bench.antifraud.asked.clear()
    bench.antifraud.outcome = outcome
    client.sign(ceremony_id)
    look(bench)
    return client


def decide(bench: Bench, *, approves: bool) -> None:
    (review,) = bench.unit.reviews.open
    reviews.decide(
        begin=bench.unit.begin,
        clock=bench.clock,
        ids=bench.ids,
        review_id=review.review_id,
        decision=Decision(approves=approves, reason="seen", by=ANNA),
    )


def rounds(bench: Bench, again: Callable[[], bool]) -> None:
    """All rounds until a person is called."""
    for _ in range(ROUNDS.tries):
        bench.clock.move(minutes=10)
        assert not again()


def release(bench: Bench, operation: str, client_id: UUID) -> None:
    event = OperationReleased(
        decision_id=ANNA, operation=operation, client_id=client_id
    )
    with bench.unit.begin() as unit:
        judging.when_operation_released(event, unit=unit, at=bench.clock.now())


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("onboarding_activates_unasked")
def test_antifraud_is_asked_by_the_tokens_of_who_registers(
    bench: Bench, identified: Applicant
) -> None:
    assert identified.activate()
    ((operation, facts),) = bench.antifraud.asked
    assert operation == f"activation:{identified.registration_id}"
    assert facts["iin_token"] == blind("iin", IIN.reveal())
    assert facts["phone_token"] == blind("phone", PHONE.reveal())
    assert set(facts) == {"iin_token", "phone_token", "account_token"}


@pytest.mark.clause("6.1g")
def test_antifraud_is_told_from_where_the_ceremony_was_opened(bench: Bench) -> None:
    """Browser and network of whoever registers, or changes something."""
    bench.unit.origins.told = HOME
    someone = Applicant(bench)
    ceremony_id = someone.up_to_ceremony()
    bench.unit.origins.told = None
    look(bench)
    sign(bench, ceremony_id, someone.owner)
    assert someone.activate()
    assert FACTS.items() <= bench.antifraud.asked[-1][1].items()


@pytest.mark.clause("6.1g")
@pytest.mark.parametrize("kind", [ChangeKind.PHONE, ChangeKind.ACCOUNT])
def test_antifraud_is_told_from_where_a_change_comes(
    bench: Bench, kind: ChangeKind
) -> None:
    bench.unit.origins.told = HOME
    client = proved(bench, kind, "allow")
    apply_proved(bench, client.change_id)
    assert FACTS.items() <= bench.antifraud.asked[-1][1].items()


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("onboarding_activates_in_doubt")
@pytest.mark.parametrize("outcome", WORDS)
def test_without_a_yes_a_registration_waits_and_goes_on_later(
    bench: Bench, identified: Applicant, outcome: str | None
) -> None:
    """Nothing that was entered is lost, and nobody is asked before their turn."""
    bench.antifraud.outcome = outcome
    assert not identified.activate()
    assert identified.state == "identified"
    assert not identified.activate()
    assert len(bench.antifraud.asked) == 1
    bench.antifraud.outcome = "allow"
    bench.clock.move(minutes=10)
    assert identified.activate()
    assert len(bench.unit.said(ClientActivated)) == 1


@pytest.mark.clause("6.1g")
def test_only_a_no_refuses_and_says_no_more_than_that(
    bench: Bench, identified: Applicant
) -> None:
    bench.antifraud.outcome = "refuse"
    assert not identified.activate()
    (said,) = bench.unit.said(RegistrationRefused)
    assert isinstance(said, RegistrationRefused)
    assert (said.code, said.reason) == ("registration_refused", "antifraud")
    assert identified.state == "refused"
    assert bench.unit.said(ClientActivated) == []


def test_no_usable_answer_is_none(
    bench: Bench, identified: Applicant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even a defect lets anybody through, or keeps others waiting."""

    def broken(**_: object) -> object:
        raise Broken("an answer of another shape")

    with monkeypatch.context() as patched:
        patched.setattr(bench.antifraud, "decide", broken)
        assert not identified.activate()
    bench.clock.move(minutes=10)
    assert identified.activate()


@pytest.mark.clause("6.1g")
def test_at_last_a_person_is_called_and_lets_go_what_is_only_looked_at(
    bench: Bench, identified: Applicant
) -> None:
    """Their yes has antifraud asked once more, and at once."""
    bench.antifraud.outcome = "review"
    rounds(bench, identified.activate)
    (review,) = bench.unit.reviews.open
    assert review.kind is ReviewKind.ANTIFRAUD
    assert review.until == bench.clock.at + timedelta(hours=72)
    decide(bench, approves=True)
    asked = len(bench.antifraud.asked)
    assert identified.activate()
    assert len(bench.antifraud.asked) == asked + 1


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("onboarding_a_person_overrules_antifraud")
@pytest.mark.parametrize("outcome", ["suspend", "refuse", None])
def test_no_person_here_lets_through_what_is_suspended_or_refused(
    bench: Bench, identified: Applicant, outcome: str | None
) -> None:
    """Another round of rounds calls a person anew."""
    bench.antifraud.outcome = "review"
    rounds(bench, identified.activate)
    decide(bench, approves=True)
    bench.antifraud.outcome = outcome
    assert not identified.activate()
    assert bench.unit.said(ClientActivated) == []
    if outcome != "refuse":
        rounds(bench, identified.activate)
        assert len(bench.unit.reviews.open) == 1


@pytest.mark.clause("6.1g")
def test_a_person_says_no(bench: Bench, identified: Applicant) -> None:
    """The registration ends; only the staff see why."""
    bench.antifraud.outcome = "review"
    rounds(bench, identified.activate)
    decide(bench, approves=False)
    assert identified.state == "refused"
    (said,) = bench.unit.said(RegistrationRefused)
    assert isinstance(said, RegistrationRefused)
    assert (said.code, said.reason) == ("registration_refused", "antifraud_doubt")


def end_overdue(bench: Bench) -> None:
    bench.clock.move(hours=72)
    ended = reviews.end_overdue(
        begin=bench.unit.begin, clock=bench.clock, ids=bench.ids, rules=bench.rules
    )
    assert ended.ended == 1


def test_what_nobody_looks_at_in_time_ends(bench: Bench, identified: Applicant) -> None:
    bench.antifraud.outcome = "suspend"
    rounds(bench, identified.activate)
    end_overdue(bench)
    assert identified.state == "refused"


@pytest.mark.clause("6.1g")
@pytest.mark.seeded("onboarding_released_waits_on")
@pytest.mark.parametrize("what", ["activation", "client"])
def test_what_antifraud_s_people_let_go_is_asked_about_at_once(
    bench: Bench, identified: Applicant, what: str
) -> None:
    bench.antifraud.outcome = "suspend"
    rounds(bench, identified.activate)
    bench.antifraud.outcome = "allow"
    assert not identified.activate()
    subject = identified.registration_id if what == "activation" else None
    client_id = identified.client_id
    release(bench, f"{what}:{subject or client_id}", client_id)
    assert identified.activate()
    assert bench.unit.reviews.open == []
    ((how, _),) = bench.unit.reviews.settled.values()
    assert how is Settlement.SUPERSEDED


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_changes_unasked")
@pytest.mark.parametrize("kind", [ChangeKind.PHONE, ChangeKind.ACCOUNT])
def test_antifraud_is_asked_about_the_value_that_comes(
    bench: Bench, kind: ChangeKind
) -> None:
    client = proved(bench, kind, "allow")
    ((operation, facts),) = bench.antifraud.asked
    assert operation == f"{kind.value}_change:{client.change_id}"
    new = bench.unit.changes.rows[client.change_id].value_token
    assert facts == {"act": "replace", f"{kind.value}_token": new}
    assert client.state is ChangeState.APPLIED


@pytest.mark.clause("4.10")
@pytest.mark.seeded("onboarding_changes_in_doubt")
@pytest.mark.parametrize("outcome", WORDS)
@pytest.mark.parametrize("kind", [ChangeKind.PHONE, ChangeKind.ACCOUNT])
def test_without_a_yes_a_change_waits_proved_and_applies_later(
    bench: Bench, kind: ChangeKind, outcome: str | None
) -> None:
    """The client gives no proof again, and has more than the hour of a change."""
    client = proved(bench, kind, outcome)
    assert (client.phone, client.state) == (PHONE, ChangeState.PROVED)
    assert client.iban != NEW_IBAN
    shown = changes.get_change(begin=bench.unit.begin, which=client.which)
    assert shown["next_step"] == "wait"
    bench.antifraud.outcome = "allow"
    assert not apply_proved(bench, client.change_id)
    bench.clock.move(hours=2)
    assert apply_proved(bench, client.change_id)
    assert apply_proved(bench, client.change_id)
    assert client.state is ChangeState.APPLIED
    assert (client.phone == NEW_PHONE) is (kind is ChangeKind.PHONE)
    assert (client.iban == NEW_IBAN) is (kind is ChangeKind.ACCOUNT)


@pytest.mark.clause("4.10")
def test_a_refused_change_leaves_everything_as_it_was(bench: Bench) -> None:
    client = proved(bench, ChangeKind.PHONE, "refuse")
    row = bench.unit.changes.rows[client.change_id]
    assert (row.state, client.phone) == (ChangeState.REFUSED, PHONE)
    assert (row.refused_code, row.refused_reason) == (
        "change_refused",
        Reason.ANTIFRAUD,
    )


@pytest.mark.clause("4.10")
@pytest.mark.parametrize("approves", [True, False])
def test_a_person_is_called_for_a_change_as_well(bench: Bench, approves: bool) -> None:  # noqa: FBT001 - a case
    client = proved(bench, ChangeKind.ACCOUNT, "review")
    rounds(bench, lambda: apply_proved(bench, client.change_id))
    (review,) = bench.unit.reviews.open
    shown = reviews.show_waiting(
        begin=bench.unit.begin,
        clock=bench.clock,
        review_id=review.review_id,
        reader=ANNA,
    )
    assert (shown["outcome"], shown["value"]) == ("review", NEW_IBAN.reveal())
    decide(bench, approves=approves)
    assert apply_proved(bench, client.change_id) is approves
    wanted = ChangeState.APPLIED if approves else ChangeState.REFUSED
    assert client.state is wanted


def test_a_change_nobody_looks_at_in_time_ends(bench: Bench) -> None:
    client = proved(bench, ChangeKind.ACCOUNT, "review")
    rounds(bench, lambda: apply_proved(bench, client.change_id))
    end_overdue(bench)
    row = bench.unit.changes.rows[client.change_id]
    assert (row.state, row.refused_code) == (ChangeState.REFUSED, "change_expired")


def test_who_begins_another_change_gives_up_what_waits(bench: Bench) -> None:
    client = proved(bench, ChangeKind.PHONE, "review")
    waiting = client.change_id
    client.start()
    bench.antifraud.outcome = "allow"
    bench.clock.move(minutes=10)
    assert not apply_proved(bench, waiting)
    assert client.phone == PHONE
    with pytest.raises(Refused) as over:
        changes.load(bench.unit, client.which).refuse_unless(
            ChangeState.PROVED, at=bench.clock.at
        )
    assert over.value.code == "change_step_wrong"


def test_names_and_document_are_not_asked_about(bench: Bench) -> None:
    client = proved(bench, ChangeKind.IDENTITY, "refuse")
    assert bench.antifraud.asked == []
    assert client.state is ChangeState.APPLIED
