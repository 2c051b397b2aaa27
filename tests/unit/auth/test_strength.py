"""Which passwords may be set (clause 4.5): no favourite of anybody, no other rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from services.auth.adapters import common_passwords
from services.auth.domain.keyboards import is_a_walk, readings
from services.auth.domain.passwords import normal_form
from services.auth.domain.rules import PasswordRules
from services.auth.domain.strength import Surroundings, accept_password
from services.auth.domain.words import COMMON, CONTEXT
from tests.unit.auth.builders import PHONE

RULES = PasswordRules(shortest=8, longest=128)
AROUND = Surroundings(phone=PHONE, site="creditplus.kz", common=common_passwords())


def why_not(password: str) -> str:
    with pytest.raises(Refused) as caught:
        accept_password(password, rules=RULES, around=AROUND)
    assert caught.value.code == "password_weak"
    assert not password or password not in str(caught.value)
    return str(caught.value.details["reason"])


@pytest.mark.clause("4.5")
@pytest.mark.seeded("auth_passwords_need_digits")
@pytest.mark.parametrize(
    "password",
    [
        "конь в малиновом пальто",
        "correct horse battery staple",
        "пароль от другой двери",
        "   за 7   ",
        "👩🏽‍🚀👩🏽‍🚀",
        "онбірінші қабаттағы терезе",
        "abcdefghijk" * 11 + "zебра",
        "7e3f9a1c",
        "kz 7301 9452 6618",
        "loan-7301945266",
    ],
)
def test_long_enough_and_no_favourite_is_accepted(password: str) -> None:
    """No rules of composition; spaces, other scripts and long texts are fine."""
    accepted = accept_password(password, rules=RULES, around=AROUND)
    assert accepted == normal_form(password)


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("", "length"),
        ("seven77", "length"),
        ("x7" * 64 + "x", "length"),
        ("+7 701 123-45-67", "phone"),
        ("87011234567", "phone"),
        ("1234567a", "phone"),
        ("940504300203", "iin"),
        ("31.12.1990", "date"),
        ("19901231", "date"),
        ("11111111", "repeats"),
        ("abcabcabc", "repeats"),
        ("x7" * 64, "repeats"),
        ("23456789", "keyboard"),
        ("87654321", "keyboard"),
        ("qweasdzxc", "keyboard"),
        ("Qwerty123456", "keyboard"),
        ("1qaz2wsx", "keyboard"),
        ("абвгдеёжз", "keyboard"),
        ("Kredit2026!", "context"),
        ("Creditplus.kz1", "context"),
        ("микрокредит", "context"),
        ("dragon1990", "common"),
        ("iloveyou!", "common"),
        ("P@ssw0rd1", "common"),
        ("passwordpassword", "common"),
        ("пароль123", "common"),
        ("Айгерим2001", "common"),
        ("құпиясөз1", "common"),
    ],
)
def test_what_is_guessed_first_is_refused(password: str, reason: str) -> None:
    assert why_not(password) == reason


@pytest.mark.clause("4.5")
@pytest.mark.seeded("auth_one_keyboard_layout_only")
@pytest.mark.parametrize(
    "password",
    [
        "gfhjkm123",  # пароль on an English layout
        "зфыыцщкв",  # password on a Russian one
        "09gbzc-p",  # құпиясөз on an English one
        "ghbdtnbr",  # приветик
        "йцукен12",  # qwerty12
        "lhfrjy77",  # дракон77
    ],
)
def test_a_favourite_typed_on_another_layout_is_one_too(password: str) -> None:
    assert why_not(password) in {"common", "keyboard"}


@pytest.mark.catalogue("B10")
def test_one_password_typed_on_two_keyboards_is_one_password() -> None:
    """NFC and NFD of й, full-width and plain digits."""
    assert normal_form("\u0438\u0306１２") == normal_form("\u043912")


def test_both_keyboards_are_read_in_both_directions() -> None:
    assert "пароль" in set(readings("gfhjkm"))
    assert "gfhjkm" in set(readings("пароль"))


def test_a_path_is_a_path_in_either_direction_and_a_sentence_is_none() -> None:
    assert is_a_walk("4321qwerty")
    assert not is_a_walk("correct horse")
    assert not is_a_walk("")


def test_the_favourites_are_many_and_written_as_they_are_looked_up() -> None:
    assert len(common_passwords()) == 30_000
    assert len(COMMON) > 1000
    assert {word for word in COMMON | CONTEXT if word != word.casefold()} == set()


@pytest.mark.catalogue("B10")
@given(st.text(max_size=200))
def test_any_text_is_accepted_or_refused_and_nothing_else_happens(text: str) -> None:
    try:
        accepted = accept_password(text, rules=RULES, around=AROUND)
    except Refused as refused:
        assert refused.code == "password_weak"  # noqa: PT017 - either is right
    else:
        assert RULES.shortest <= len(accepted) <= RULES.longest
