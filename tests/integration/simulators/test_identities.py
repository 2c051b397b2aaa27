"""Invented persons have numbers that check out, and the same ones every time."""

import pytest

from infra.simulators.client import person_from_seed
from infra.simulators.identities import (
    another_iban,
    another_iin,
    iban_is_valid,
    iin_check_digit,
    iin_is_valid,
)


@pytest.mark.parametrize("iin", ["931002451325", "940101300123", "850101300603"])
def test_known_iins_are_valid(iin: str) -> None:
    assert iin_is_valid(iin)


@pytest.mark.parametrize("iin", ["123456789011", "93100245132", "9310024513٢5", ""])
def test_other_iins_are_not(iin: str) -> None:
    assert not iin_is_valid(iin)


def test_a_number_with_ten_twice_is_not_used() -> None:
    assert iin_check_digit("85010130069") is None


@pytest.mark.parametrize("iban", ["KZ978562203105747338", "KZ86125KZT5004100100"])
def test_known_ibans_are_valid(iban: str) -> None:
    assert iban_is_valid(iban)
    assert not iban_is_valid(iban[:-1] + ("0" if iban[-1] != "0" else "1"))


def test_invented_persons_are_valid_and_reproducible() -> None:
    """Five hundred seeds, five hundred valid persons, nobody twice."""
    people = [person_from_seed(str(n)) for n in range(500)]
    assert all(iin_is_valid(p.iin) and iban_is_valid(p.iban) for p in people)
    assert all(iin_is_valid(another_iin(p.iin)) for p in people)
    assert all(iban_is_valid(another_iban(p.iban)) for p in people)
    assert len({p.iin for p in people}) == 500
    assert len({p.phone for p in people}) == 500
    assert person_from_seed("7").identity == people[7].identity


def test_a_person_does_not_print_personal_data() -> None:
    person = person_from_seed("quiet")
    assert person.iin not in repr(person)
    assert person.iin not in repr(person.identity)
