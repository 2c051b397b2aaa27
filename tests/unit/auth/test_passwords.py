"""Which passwords may be set, and in what form they are compared."""

import pytest

from kernel.errors import Refused
from services.auth.domain.passwords import accept_password, normal_form
from tests.unit.auth.builders import PHONE


@pytest.mark.parametrize(
    "password",
    [
        "конь в малиновом пальто",
        "correct horse battery staple",
        "x7" * 64,
        "пароль от другой двери",
        "       7",
        "👩🏽‍🚀👩🏽‍🚀",
    ],
)
def test_long_enough_and_not_a_first_guess_is_accepted(password: str) -> None:
    """No rules of composition; spaces, other scripts and long texts are fine."""
    assert accept_password(password, phone=PHONE) == normal_form(password)


@pytest.mark.parametrize(
    "password",
    [
        "",
        "seven77",
        "x7" * 64 + "x",
        "+7 701 123-45-67",
        "87011234567",
        "7011234567",
        "12345678",
        "11111111",
        "Kredit2026!",
        "пароль123",
        "Creditplus.kz1",
        "ﬁ" * 3,
    ],
)
def test_what_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(Refused) as caught:
        accept_password(password, phone=PHONE)

    assert caught.value.code == "password_weak"
    assert not password or password not in str(caught.value)


def test_one_password_typed_on_two_keyboards_is_one_password() -> None:
    """NFC and NFD of й, full-width and plain digits (case B10)."""
    assert normal_form("\u0438\u0306１２") == normal_form("\u043912")
