"""What waits for a person: how long, who lets it through, and what a no means."""

from datetime import timedelta
from uuid import UUID

import pytest

from kernel.errors import Broken, Refused
from kernel.events.onboarding import (
    AccountOwnershipProved,
    RegistrationRefused,
    ReviewOpened,
    ReviewSettled,
)
from kernel.pages import Page
from services.onboarding.domain.account import AccountState, OwnershipVerdict
from services.onboarding.domain.person import PhoneVerdict
from services.onboarding.domain.review import Decision, ReviewKind, Settlement
from services.onboarding.handlers import reviews
from services.onboarding.handlers.accounts import prove_ownership
from tests.unit.onboarding.builders import IIN, NOW, PHONE
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant, sign
from tests.unit.onboarding.journey import look as look_in

ANNA = UUID("01890000-0000-7000-8000-0000000000e1")
BORIS = UUID("01890000-0000-7000-8000-0000000000e2")
HOURS = timedelta(hours=1)


@pytest.fixture
def waiting(bench: Bench) -> Applicant:
    """Somebody the state knows, whose number no operator knows."""
    bench.state_base.phone = PhoneVerdict.UNKNOWN
    someone = Applicant(bench)
    someone.confirm()
    bench.clock.move(hours=4)
    someone.give_data()
    return someone


@pytest.fixture
def client(bench: Bench) -> Applicant:
    """A client whose bank says neither yes nor no."""
    bench.bank.verdict = OwnershipVerdict.UNKNOWN
    someone = Applicant(bench)
    ceremony_id = someone.up_to_ceremony()
    look_in(bench)
    sign(bench, ceremony_id, someone.owner)
    someone.activate()
    return someone


def decide(bench: Bench, *, approves: bool, agreed_by: UUID | None = None) -> None:
    (review,) = bench.unit.reviews.open
    decision = Decision(approves=approves, reason="seen", by=ANNA, agreed_by=agreed_by)
    reviews.decide(
        begin=bench.unit.begin,
        clock=bench.clock,
        ids=bench.ids,
        review_id=review.review_id,
        decision=decision,
    )


def beat(bench: Bench) -> reviews.Overdue:
    return reviews.end_overdue(
        begin=bench.unit.begin, clock=bench.clock, ids=bench.ids, rules=bench.rules
    )


def photo_now(someone: Applicant) -> str:
    """Send a photo that ЦОИД compares at this hour; where the registration stands."""
    bench = someone.bench
    bench.coid.changed = {"completed_at": bench.clock.at}
    return str(someone.give_photo()["state"])


def settled(bench: Bench) -> list[Settlement]:
    return [how for how, _ in bench.unit.reviews.settled.values()]


@pytest.mark.clause("4.1d")
@pytest.mark.seeded("onboarding_number_of_nobody_passes")
def test_a_number_whose_owner_nobody_knows_waits_for_a_person(
    bench: Bench, waiting: Applicant
) -> None:
    assert waiting.state == "data_in_review"
    with pytest.raises(Refused, match="registration_step_wrong"):
        waiting.give_photo()
    (said,) = bench.unit.said(ReviewOpened)
    assert isinstance(said, ReviewOpened)
    assert (said.kind, said.until) == ("phone_owner", bench.clock.at + 72 * HOURS)

    decide(bench, approves=True)
    assert waiting.state == "data_complete"
    assert photo_now(waiting) == "photo_accepted"


def test_a_number_that_is_not_shown_ends_the_registration(
    bench: Bench, waiting: Applicant
) -> None:
    decide(bench, approves=False)
    assert waiting.state == "refused"
    (told,) = bench.unit.said(RegistrationRefused)
    assert isinstance(told, RegistrationRefused)
    assert (told.code, told.reason, told.outcome) == (
        "phone_not_confirmed",
        "phone_not_shown",
        "final",
    )


@pytest.mark.seeded("onboarding_review_eats_the_term")
def test_the_time_of_a_registration_rests_while_it_waits(
    bench: Bench, waiting: Applicant
) -> None:
    """Twenty hours were left; sixty hours of waiting leave twenty."""
    bench.clock.move(hours=60)
    decide(bench, approves=True)
    found = bench.unit.registrations.rows[waiting.registration_id]
    assert found.expires_at == bench.clock.at + 20 * HOURS
    assert photo_now(waiting) == "photo_accepted"


def test_a_better_photo_gives_the_time_back_as_well(bench: Bench) -> None:
    someone = Applicant(bench)
    someone.confirm()
    someone.give_data()
    bench.judge.measures(yaw="12")
    someone.give_photo()
    bench.clock.move(hours=30)
    photo_now(someone)
    assert settled(bench) == [Settlement.SUPERSEDED]
    (review,) = bench.unit.reviews.open
    assert (review.kind, review.term_left) == (ReviewKind.PHOTO_IN_DOUBT, 24 * HOURS)


@pytest.mark.seeded("onboarding_review_warns_of_nothing")
@pytest.mark.seeded("onboarding_review_waits_for_ever")
def test_a_long_waiting_is_an_alarm_once_and_at_last_over(
    bench: Bench, waiting: Applicant
) -> None:
    bench.clock.move(hours=47)
    assert beat(bench).warned == ()
    bench.clock.move(hours=1)
    assert [one.kind for one in beat(bench).warned] == [ReviewKind.PHONE_OWNER]
    assert beat(bench) == reviews.Overdue(warned=(), ended=0)

    bench.clock.move(hours=24)
    assert beat(bench).ended == 1
    assert (waiting.state, settled(bench)) == ("refused", [Settlement.RUN_OUT])
    (told,) = bench.unit.said(RegistrationRefused)
    assert isinstance(told, RegistrationRefused)
    assert told.code == "review_ran_out"


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("onboarding_one_person_overrides")
def test_what_a_machine_held_is_let_through_by_two(bench: Bench) -> None:
    someone = Applicant(bench)
    someone.confirm()
    someone.give_data()
    bench.coid.changed = {"score": 40}
    someone.give_photo()
    (review,) = bench.unit.reviews.open
    needed = reviews.effect_of(
        begin=bench.unit.begin, review_id=review.review_id, approves=True
    )
    assert needed is not None
    with pytest.raises(Broken):
        decide(bench, approves=True)
    assert someone.state == "photo_held"

    decide(bench, approves=True, agreed_by=BORIS)
    assert someone.state == "photo_accepted"
    (said,) = bench.unit.said(ReviewSettled)
    assert isinstance(said, ReviewSettled)
    assert (said.decided_by, said.agreed_by) == (ANNA, BORIS)


def test_one_person_may_say_no_to_anything(bench: Bench, client: Applicant) -> None:
    (review,) = bench.unit.reviews.open
    no = reviews.effect_of(
        begin=bench.unit.begin, review_id=review.review_id, approves=False
    )
    assert no is None
    decide(bench, approves=False)
    (account,) = bench.unit.accounts.rows.values()
    assert (account.state, client.state) == (AccountState.UNPROVED, "active")


@pytest.mark.clause("5.4")
@pytest.mark.seeded("onboarding_unknown_owner_is_forgotten")
def test_an_account_of_unknown_owner_waits_for_two_persons(
    bench: Bench, client: Applicant
) -> None:
    """Asking the bank again makes no second review; the two are kept as an answer."""
    (account,) = bench.unit.accounts.rows.values()
    prove_ownership(
        begin=bench.unit.begin,
        ids=bench.ids,
        owners=bench.owners,
        client_id=client.client_id,
        account_id=account.account_id,
    )
    (review,) = bench.unit.reviews.open
    assert (review.kind, review.until) == (ReviewKind.ACCOUNT_OWNER, None)
    with pytest.raises(Broken):
        decide(bench, approves=True)

    decide(bench, approves=True, agreed_by=BORIS)
    (account,) = bench.unit.accounts.rows.values()
    assert account.state is AccountState.PROVED
    (proved,) = bench.unit.said(AccountOwnershipProved)
    assert isinstance(proved, AccountOwnershipProved)
    assert proved.evidence_id == f"review:{review.review_id}"


@pytest.mark.parametrize("verdict", [OwnershipVerdict.MATCH, OwnershipVerdict.MISMATCH])
def test_nobody_decides_what_the_bank_has_said_meanwhile(
    bench: Bench, client: Applicant, verdict: OwnershipVerdict
) -> None:
    bench.bank.verdict = verdict
    (account,) = bench.unit.accounts.rows.values()
    prove_ownership(
        begin=bench.unit.begin,
        ids=bench.ids,
        owners=bench.owners,
        client_id=client.client_id,
        account_id=account.account_id,
    )
    assert (bench.unit.reviews.open, settled(bench)) == ([], [Settlement.SUPERSEDED])


def test_what_it_takes_to_decide_is_seen_in_clear_and_on_record(
    bench: Bench, waiting: Applicant
) -> None:
    """The list names nobody."""
    (review,) = bench.unit.reviews.open
    shown = reviews.show_waiting(
        begin=bench.unit.begin,
        clock=bench.clock,
        review_id=review.review_id,
        reader=ANNA,
    )
    assert (shown["phone"], shown["iin"]) == (PHONE.reveal(), IIN.reveal())
    (reading,) = bench.unit.readings.of_client(waiting.client_id, Page())
    assert reading.purpose == "phone_review"
    listed = str(reviews.list_waiting(begin=bench.unit.begin, page=Page()))
    assert PHONE.reveal() not in listed
    assert IIN.reveal() not in listed
    assert review.opened_at == NOW + 4 * HOURS
