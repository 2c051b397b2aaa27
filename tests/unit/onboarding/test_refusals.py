"""A refused registration: retry or final, one telling for the person, one for staff."""

from dataclasses import replace

import pytest

from kernel.errors import Refused
from kernel.events.onboarding import RegistrationRefused
from services.onboarding.domain.account import OwnershipVerdict
from services.onboarding.domain.person import PhoneVerdict
from services.onboarding.domain.refusal import Outcome, Reason, RefusalRecord
from services.onboarding.domain.registration import MAX_PERSON_TRIES
from services.onboarding.handlers import refusals
from tests.unit.onboarding.builders import (
    OTHER_PHONE,
    TODAY,
    application,
    document,
    evidence,
    facts,
    names,
    person,
    record,
)
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant, look, sign
from tests.unit.onboarding.outside_twins import blind


@pytest.fixture
def applicant(bench: Bench) -> Applicant:
    """Somebody whose phone is confirmed."""
    started = Applicant(bench)
    started.confirm()
    return started


def refused(act: object) -> Refused:
    assert callable(act)
    with pytest.raises(Refused) as caught:
        act()
    return caught.value


def on_record(applicant: Applicant) -> RefusalRecord:
    return applicant.bench.unit.registrations.refusals(applicant.registration_id)[0]


@pytest.mark.seeded("onboarding_reason_told_to_the_person")
@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (None, Reason.STATE_KNOWS_NOBODY),
        (record(named=names(surname="Петров")), Reason.NAMES_DIFFER),
        (record(number="999999999"), Reason.DOCUMENT_NUMBER_DIFFERS),
    ],
)
def test_the_person_hears_less_than_the_staff(
    applicant: Applicant, known: object, reason: Reason
) -> None:
    """The same words for each of them; the reason is on record and in the event."""
    bench = applicant.bench
    bench.state_base.known = known  # type: ignore[assignment] # as parametrized
    told = refused(applicant.give_data)
    assert (told.code, told.details) == ("person_not_confirmed", {"outcome": "retry"})
    assert reason.value not in f"{told} {told.sentence} {told.next_step}"
    assert (on_record(applicant).reason, applicant.state) == (reason, "phone_confirmed")
    (event,) = bench.unit.said(RegistrationRefused)
    assert isinstance(event, RegistrationRefused)
    assert (event.code, event.reason, event.outcome) == (
        "person_not_confirmed",
        reason.value,
        "retry",
    )


def test_after_a_retry_the_registration_goes_on(applicant: Applicant) -> None:
    applicant.bench.state_base.phone = PhoneVerdict.MISMATCH
    assert refused(applicant.give_data).details["outcome"] == "retry"
    assert on_record(applicant).reason is Reason.PHONE_OF_ANOTHER
    applicant.bench.state_base.phone = PhoneVerdict.MATCH
    applicant.give_data()
    assert applicant.state == "data_complete"


def test_an_expired_document_is_on_record_and_may_be_replaced(
    applicant: Applicant,
) -> None:
    old = application(person(card=document(valid_until=TODAY.replace(year=2025))))
    told = refused(lambda: applicant.give_data(old))
    assert (told.code, told.details) == ("document_expired", {"outcome": "retry"})
    assert on_record(applicant).reason is Reason.DOCUMENT_EXPIRED
    applicant.give_data()


@pytest.mark.seeded("onboarding_final_refusal_goes_on")
def test_a_final_refusal_ends_the_registration(applicant: Applicant) -> None:
    bench = applicant.bench
    bench.state_base.known = replace(record(), birth_on=TODAY.replace(year=2010))
    told = refused(applicant.give_data)
    assert (told.code, told.details) == (
        "under_age",
        {"outcome": "final", "min_age": 18},
    )
    assert applicant.state == "refused"
    bench.state_base.known = record()
    again = refused(applicant.give_data)
    assert (again.code, again.details) == ("under_age", {"outcome": "final"})
    assert bench.state_base.asked == 1


def test_the_last_try_is_final(applicant: Applicant) -> None:
    applicant.bench.state_base.known = None
    for _ in range(MAX_PERSON_TRIES):
        refused(applicant.give_data)
    told = refused(applicant.give_data)
    assert (told.code, told.details) == (
        "person_tries_exhausted",
        {"outcome": "final"},
    )
    assert on_record(applicant).reason is Reason.STATE_ASKED_TOO_OFTEN
    assert applicant.state == "refused"


def test_a_number_in_use_is_told_to_its_holder_only_and_ends_it(bench: Bench) -> None:
    first = Applicant(bench)
    activate(first)
    second = Applicant(bench)
    assert second.state == "draft"
    told = refused(second.confirm)
    assert (told.code, told.details["outcome"]) == (
        "phone_already_registered",
        "final",
    )
    assert on_record(second).reason is Reason.PHONE_IS_A_LOGIN


def test_a_second_account_is_refused_once_the_person_is_proved(bench: Bench) -> None:
    """Not before: nobody learns by somebody else's ИИН who is a client."""
    activate(Applicant(bench))
    rows = bench.unit.clients.rows
    (client,) = rows.values()
    moved = replace(
        client,
        phone=OTHER_PHONE,
        phone_token=blind("phone", OTHER_PHONE.reveal()),
    )
    rows[client.client_id] = moved
    bench.signatures.of_client = facts(evidence=evidence(b"another signature"))
    second = Applicant(bench)
    ceremony_id = second.up_to_ceremony()
    look(bench)
    sign(bench, ceremony_id, second.owner)
    assert not second.activate()
    kept = on_record(second)
    assert (kept.reason, kept.outcome, kept.code) == (
        Reason.PERSON_HAS_AN_ACCOUNT,
        Outcome.FINAL,
        "already_registered",
    )


def test_three_faces_that_do_not_match_are_on_record(applicant: Applicant) -> None:
    bench = applicant.bench
    applicant.give_data()
    applicant.give_photo()
    applicant.open_ceremony()
    bench.coid.changed = {"liveness_passed": False, "attempt_no": 3}
    refused(lambda: look(bench))
    assert (on_record(applicant).reason, applicant.state) == (
        Reason.BIOMETRICS_FAILED,
        "refused",
    )


def test_the_staff_are_shown_reasons_and_a_masked_number(applicant: Applicant) -> None:
    applicant.bench.state_base.known = None
    refused(applicant.give_data)
    begin = applicant.bench.unit.begin
    shown = refusals.show_registration(
        begin=begin, registration_id=applicant.registration_id
    )
    listed = refusals.list_refusals(begin=begin)["refusals"]
    assert shown["refusals"] == listed
    assert "state_knows_nobody" in str(listed)
    assert (shown["phone"], shown["state"]) == ("***567", "phone_confirmed")


def activate(applicant: Applicant) -> None:
    bench = applicant.bench
    bench.bank.verdict = OwnershipVerdict.MATCH
    ceremony_id = applicant.up_to_ceremony()
    look(bench)
    sign(bench, ceremony_id, applicant.owner)
    assert applicant.activate()
