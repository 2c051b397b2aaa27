"""The data of clause 4.1, and how they are held against the state's record."""

from datetime import date, timedelta

import pytest

from kernel.errors import Refused
from services.onboarding.domain.person import (
    IdentityDocument,
    Names,
    Person,
    PhoneVerdict,
    StateRecord,
    age_on,
    refuse_unless_on_record,
)
from tests.unit.onboarding.builders import (
    OTHER_IIN,
    TODAY,
    document,
    names,
    person,
    record,
)


def _check(
    given: Person | None = None,
    known: StateRecord | None = None,
    phone: PhoneVerdict = PhoneVerdict.MATCH,
) -> None:
    refuse_unless_on_record(
        given or person(), known or record(), phone, today=TODAY, min_age=18
    )


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
    last_day.refuse_expired(TODAY)
    with pytest.raises(Refused) as refused:
        last_day.refuse_expired(TODAY + timedelta(days=1))
    assert refused.value.code == "document_expired"


def test_person_on_record_passes_whatever_the_case_of_names() -> None:
    _check(known=record(named=names(surname="АХМЕТОВ")))


@pytest.mark.parametrize(
    "known",
    [
        record(named=names(surname="Петров")),
        record(named=names(given_name="Иван")),
        record(named=names(patronymic=None)),
        record(number="999999999"),
        record(valid_until=date(2030, 1, 1)),
        record(iin=OTHER_IIN),
    ],
)
def test_any_mismatch_is_refused_without_saying_which(known: StateRecord) -> None:
    with pytest.raises(Refused) as refused:
        _check(known=known)
    assert (
        refused.value.code,
        refused.value.details,
    ) == ("person_not_confirmed", {})


def test_unknown_person_is_refused_like_a_mismatch() -> None:
    with pytest.raises(Refused) as refused:
        refuse_unless_on_record(
            person(), None, PhoneVerdict.MATCH, today=TODAY, min_age=18
        )
    assert refused.value.code == "person_not_confirmed"


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
    _check(known=record(birth_on=date(2008, 11, 25)))
    with pytest.raises(Refused) as refused:
        _check(known=record(birth_on=date(2008, 11, 26)))
    assert refused.value.code == "under_age"


@pytest.mark.parametrize("verdict", [PhoneVerdict.MISMATCH, PhoneVerdict.UNKNOWN])
def test_phone_of_nobody_known_is_refused(verdict: PhoneVerdict) -> None:
    with pytest.raises(Refused) as refused:
        _check(phone=verdict)
    assert refused.value.code == "phone_not_confirmed"
