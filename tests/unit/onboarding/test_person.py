"""The data of clause 4.1, and how they are held against the state's record."""

from datetime import date, timedelta

import pytest

from kernel.errors import Refused
from services.onboarding.domain.person import (
    IdentityDocument,
    Names,
    PhoneVerdict,
    StateRecord,
    age_on,
    fault_of,
)
from services.onboarding.domain.refusal import TELLINGS, Outcome, Reason
from tests.unit.onboarding.builders import (
    OTHER_IIN,
    TODAY,
    document,
    names,
    person,
    record,
)


def _fault(
    known: StateRecord | None = None, phone: PhoneVerdict = PhoneVerdict.MATCH
) -> Reason | None:
    return fault_of(person(), known or record(), phone, today=TODAY, min_age=18)


@pytest.mark.parametrize("bad", ["", "  ", "Ах2метов", "a" * 101, "<b>", "-"])
def test_surname_must_be_letters(bad: str) -> None:
    with pytest.raises(Refused) as refused:
        Names.parse(bad, "Арман", None)
    assert refused.value.code == "name_invalid"


@pytest.mark.parametrize("blank", [None, "", "   "])
def test_patronymic_may_be_absent(blank: str | None) -> None:
    assert Names.parse("Ким", "Ли", blank).patronymic is None


def test_kazakh_letters_and_compound_names_are_names() -> None:
    made = Names.parse("Әбдіқадыр-Ұлы", " Нұр  Сұлтан ", "Өмірұлы")
    assert (made.surname, made.given_name) == ("Әбдіқадыр-Ұлы", "Нұр Сұлтан")


@pytest.mark.parametrize("kind", ["birth_certificate", "driving_licence", ""])
def test_birth_certificate_is_no_document(kind: str) -> None:
    with pytest.raises(Refused) as refused:
        IdentityDocument.parse(kind, "012345678", TODAY)
    assert refused.value.code == "document_kind_not_accepted"


@pytest.mark.parametrize("number", ["", "12345", "N?123456", "1" * 16])
def test_document_number_has_a_form(number: str) -> None:
    with pytest.raises(Refused) as refused:
        IdentityDocument.parse("id_card", number, TODAY)
    assert refused.value.code == "document_number_invalid"


def test_document_is_valid_on_its_last_day_and_not_after() -> None:
    last_day = document(valid_until=TODAY)
    assert not last_day.is_expired(TODAY)
    assert last_day.is_expired(TODAY + timedelta(days=1))


def test_person_on_record_passes_whatever_the_case_of_names() -> None:
    assert _fault(known=record(named=names(surname="АХМЕТОВ"))) is None


@pytest.mark.parametrize(
    ("known", "reason"),
    [
        (record(named=names(surname="Петров")), "names_differ"),
        (record(named=names(given_name="Иван")), "names_differ"),
        (record(named=names(patronymic=None)), "names_differ"),
        (record(number="999999999"), "document_number_differs"),
        (record(valid_until=date(2030, 1, 1)), "document_date_differs"),
        (record(iin=OTHER_IIN), "iin_differs"),
    ],
)
def test_any_mismatch_is_refused_without_saying_which(
    known: StateRecord, reason: str
) -> None:
    """The staff see which; the person hears the same of each."""
    found = _fault(known=known)
    assert found is Reason(reason)
    told = TELLINGS[found].refused()
    assert (told.code, told.details) == ("person_not_confirmed", {"outcome": "retry"})


def test_unknown_person_is_refused_like_a_mismatch() -> None:
    found = fault_of(person(), None, PhoneVerdict.MATCH, today=TODAY, min_age=18)
    assert found is Reason.STATE_KNOWS_NOBODY
    assert TELLINGS[found] == TELLINGS[Reason.NAMES_DIFFER]


def test_every_reason_has_a_telling() -> None:
    assert set(TELLINGS) == set(Reason)


@pytest.mark.parametrize(
    ("birth_on", "today", "years"),
    [
        (date(2008, 11, 25), date(2026, 11, 25), 18),
        (date(2008, 11, 26), date(2026, 11, 25), 17),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
    ],
)
def test_age_is_counted_in_full_years(birth_on: date, today: date, years: int) -> None:
    assert years == age_on(birth_on, today)


def test_minors_are_refused_on_the_eve_of_their_birthday() -> None:
    assert _fault(known=record(birth_on=date(2008, 11, 25))) is None
    found = _fault(known=record(birth_on=date(2008, 11, 26)))
    assert found is Reason.UNDER_AGE
    assert TELLINGS[found].outcome is Outcome.FINAL


@pytest.mark.parametrize("verdict", [PhoneVerdict.MISMATCH, PhoneVerdict.UNKNOWN])
def test_phone_of_nobody_known_is_refused(verdict: PhoneVerdict) -> None:
    found = _fault(phone=verdict)
    assert found is not None
    assert TELLINGS[found].code == "phone_not_confirmed"
