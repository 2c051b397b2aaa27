"""Registration step by step, as the holder of its token meets it."""

from dataclasses import replace

import pytest

from kernel.crypto import commitment
from kernel.errors import Broken, Refused, Transient
from kernel.events.onboarding import (
    AccountOwnershipProved,
    ClientActivated,
    PhoneConfirmed,
    RegistrationStarted,
)
from kernel.values import CardToken
from services.onboarding.domain.account import AccountState, OwnershipVerdict
from services.onboarding.domain.person import COMMITTED_IIN, PhoneVerdict
from services.onboarding.domain.registration import MAX_PERSON_TRIES
from services.onboarding.domain.signature import SignatureFacts
from services.onboarding.handlers import registration
from services.onboarding.handlers.registration import Application
from tests.unit.onboarding.builders import (
    OTHER_IBAN,
    OTHER_IIN,
    PHONE,
    TODAY,
    application,
    document,
    evidence,
    facts,
    person,
)
from tests.unit.onboarding.fakes import Bench
from tests.unit.onboarding.journey import Applicant, look, sign
from tests.unit.onboarding.outside_twins import blind


def _code(exc: pytest.ExceptionInfo[Refused]) -> str:
    return exc.value.code


def test_start_sends_a_code_and_stores_no_token(bench: Bench) -> None:
    applicant = Applicant(bench)
    stored = bench.unit.registrations.rows[applicant.registration_id]
    assert applicant.state == "draft"
    assert applicant.token.encode() not in stored.token_sha256
    assert len(bench.unit.said(RegistrationStarted)) == 1


def test_confirmed_phone_moves_on_and_is_published_as_a_token(bench: Bench) -> None:
    applicant = Applicant(bench)
    assert applicant.confirm()["next_step"] == "put_person"
    (event,) = bench.unit.said(PhoneConfirmed)
    assert isinstance(event, PhoneConfirmed)
    assert blind("phone", PHONE.reveal()) == event.phone_token


def test_wrong_code_leaves_a_draft(bench: Bench) -> None:
    applicant = Applicant(bench)
    with pytest.raises(Refused) as refused:
        applicant.confirm("000000")
    assert (_code(refused), applicant.state) == ("code_wrong", "draft")


def test_confirmation_of_another_phone_is_a_defect(bench: Bench) -> None:
    applicant = Applicant(bench)
    bench.codes.confirms = "token-of-phone-0000"
    with pytest.raises(Broken):
        applicant.confirm()


@pytest.mark.parametrize("step", ["give_data", "give_photo", "open_ceremony"])
def test_no_step_can_be_skipped(bench: Bench, step: str) -> None:
    applicant = Applicant(bench)
    with pytest.raises(Refused) as refused:
        getattr(applicant, step)()
    assert _code(refused) == "registration_step_wrong"


@pytest.mark.parametrize(
    "step", ["confirm", "give_data", "give_photo", "open_ceremony"]
)
def test_a_stranger_hears_that_there_is_no_registration(
    bench: Bench, step: str
) -> None:
    applicant = Applicant(bench)
    applicant.token = "guessed"  # noqa: S105 - a wrong one
    with pytest.raises(Refused) as refused:
        getattr(applicant, step)()
    assert _code(refused) == "registration_unknown"


def test_registration_runs_out_after_a_day(bench: Bench) -> None:
    applicant = Applicant(bench)
    bench.clock.move(hours=24)
    with pytest.raises(Refused) as refused:
        applicant.confirm()
    assert _code(refused) == "registration_expired"


def test_data_the_state_confirms_are_kept(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    applicant.give_data()
    kept = bench.unit.registrations
    assert person() == kept.persons[applicant.client_id]
    assert len(bench.unit.consents.history(applicant.client_id)) == 2
    (account,) = bench.unit.accounts.of_client(applicant.client_id)
    assert AccountState.UNPROVED is account.state


def by_card(bench: Bench, token: CardToken | None = None) -> Application:
    """The data of somebody who names a card, by default their own."""
    return replace(application(), named=token or bench.cards.token)


def test_money_may_go_to_a_card_of_ones_own(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    applicant.give_data(by_card(bench))
    (account,) = bench.unit.accounts.of_client(applicant.client_id)
    assert account.destination == bench.cards.destination


def test_a_card_of_another_is_refused_before_the_state_is_asked(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    with pytest.raises(Refused) as refused:
        applicant.give_data(by_card(bench, CardToken("tok_" + "d" * 20)))
    assert (_code(refused), bench.state_base.asked) == ("card_not_confirmed", 0)
    assert not bench.unit.accounts.of_client(applicant.client_id)


@pytest.mark.seeded("onboarding_silent_processor_costs_a_try")
def test_an_outage_of_the_processor_costs_no_try(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    bench.cards.verdict = None
    for _ in range(MAX_PERSON_TRIES + 1):
        with pytest.raises(Transient):
            applicant.give_data(by_card(bench))
    bench.cards.verdict = OwnershipVerdict.MATCH
    assert applicant.give_data(by_card(bench))["state"] == "data_complete"


@pytest.mark.seeded("onboarding_bank_vouches_for_cards")
def test_of_a_card_its_processor_says_whose_it_is(bench: Bench) -> None:
    """The bank still says so of the account, before which the card stands no more."""
    applicant = _identified(bench, by_card(bench))
    moved = replace(bench.cards.destination, iban=OTHER_IBAN)
    bench.cards.destination = moved
    assert applicant.activate()
    (account,) = bench.unit.accounts.of_client(applicant.client_id)
    assert AccountState.UNPROVED is account.state


def test_data_the_state_does_not_confirm_are_not_kept(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    bench.state_base.known = None
    with pytest.raises(Refused) as refused:
        applicant.give_data()
    assert (
        _code(refused),
        applicant.state,
    ) == ("person_not_confirmed", "phone_confirmed")
    assert bench.unit.registrations.persons == {}


def test_phone_of_somebody_else_is_refused(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    bench.state_base.phone = PhoneVerdict.MISMATCH
    with pytest.raises(Refused) as refused:
        applicant.give_data()
    assert _code(refused) == "phone_not_confirmed"


def test_expired_document_is_refused_before_anybody_is_asked(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    old = document(valid_until=TODAY.replace(year=2025))
    with pytest.raises(Refused) as refused:
        applicant.give_data(application(person(card=old)))
    assert (_code(refused), bench.state_base.asked) == ("document_expired", 0)


def test_the_state_is_asked_a_few_times_only(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    bench.state_base.known = None
    for _ in range(MAX_PERSON_TRIES):
        with pytest.raises(Refused):
            applicant.give_data()
    with pytest.raises(Refused) as refused:
        applicant.give_data()
    assert (
        _code(refused),
        bench.state_base.asked,
    ) == ("person_tries_exhausted", MAX_PERSON_TRIES)


def test_an_outage_of_the_state_costs_no_try(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    bench.state_base.away = True
    for _ in range(MAX_PERSON_TRIES + 1):
        with pytest.raises(Transient):
            applicant.give_data()
    bench.state_base.away = False
    assert applicant.give_data()["state"] == "data_complete"


def test_iin_once_given_stays(bench: Bench) -> None:
    applicant = Applicant(bench)
    applicant.confirm()
    applicant.give_data()
    with pytest.raises(Refused) as refused:
        applicant.give_data(application(person(iin=OTHER_IIN)))
    assert _code(refused) == "registration_step_wrong"
    assert person() == bench.unit.registrations.persons[applicant.client_id]


def test_standing_is_shown_to_the_holder(bench: Bench) -> None:
    applicant = Applicant(bench)
    shown = registration.get_registration(
        begin=bench.unit.begin,
        registration_id=applicant.registration_id,
        token=applicant.token,
    )
    assert (
        shown["state"],
        shown["next_step"],
        shown["refused_code"],
    ) == ("draft", "confirm_phone", None)


def _identified(bench: Bench, given: Application | None = None) -> Applicant:
    applicant = Applicant(bench)
    ceremony_id = applicant.up_to_ceremony(given)
    look(bench)
    sign(bench, ceremony_id, applicant.owner)
    assert applicant.state == "identified"
    return applicant


def test_identified_person_becomes_a_client_with_a_proved_account(
    bench: Bench,
) -> None:
    applicant = _identified(bench)
    assert applicant.activate()
    assert applicant.state == "active"
    (event,) = bench.unit.said(ClientActivated)
    assert isinstance(event, ClientActivated)
    assert applicant.client_id == event.client_id
    salt = bench.unit.keys.salt_of(event.client_id, COMMITTED_IIN)
    assert salt is not None
    person = bench.unit.registrations.person(event.client_id)
    assert person is not None
    assert event.iin_commitment == commitment(salt, person.iin.reveal())
    assert len(bench.unit.said(AccountOwnershipProved)) == 1


@pytest.mark.parametrize(
    "verdict", [OwnershipVerdict.MISMATCH, OwnershipVerdict.UNKNOWN, None]
)
def test_client_without_a_proved_account_is_active_all_the_same(
    bench: Bench, verdict: OwnershipVerdict | None
) -> None:
    applicant = _identified(bench)
    bench.bank.verdict = verdict
    assert applicant.activate()
    (account,) = bench.unit.accounts.of_client(applicant.client_id)
    assert AccountState.UNPROVED is account.state
    assert bench.unit.said(AccountOwnershipProved) == []


def test_activation_may_be_repeated(bench: Bench) -> None:
    applicant = _identified(bench)
    assert applicant.activate()
    assert applicant.activate()
    assert len(bench.unit.said(ClientActivated)) == 1


def test_registration_that_is_not_identified_is_not_activated(bench: Bench) -> None:
    applicant = Applicant(bench)
    assert not applicant.activate()
    assert bench.unit.said(ClientActivated) == []


def test_one_person_has_one_account(bench: Bench) -> None:
    first = Applicant(bench)
    second = Applicant(bench)
    for applicant in (first, second):
        ceremony_id = applicant.up_to_ceremony()
        look(bench)
        bench.signatures.of_client = _another_signature(applicant)
        sign(bench, ceremony_id, applicant.owner)
    assert first.activate()
    assert not second.activate()
    assert (first.state, second.state) == ("active", "refused")
    assert len(bench.unit.said(ClientActivated)) == 1


def _another_signature(applicant: Applicant) -> SignatureFacts:
    return facts(evidence=evidence(applicant.registration_id.bytes))


def test_number_in_use_is_told_to_who_holds_the_phone_only(bench: Bench) -> None:
    _identified(bench).activate()
    second = Applicant(bench)
    with pytest.raises(Refused) as refused:
        second.confirm()
    assert (
        _code(refused),
        second.state,
    ) == ("phone_already_registered", "refused")
