"""What reads as a card number, and what must not be taken for one."""

import pytest

from kernel.cards import holds_card_number
from kernel.errors import Refused
from kernel.values import CardToken

ARABIC = {ord("0") + digit: 0x660 + digit for digit in range(10)}
NUMBERS = (
    "4111111111111111",  # the payment systems' own examples, of nobody
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "4111.1111.1111.1111",
    "4111\u00a01111\u00a01111\u00a01111",
    "5555555555554444",
    "2223003122003222",
    "378282246310005",
    "6011111111111117",
    "6200000000000005",
    "4222222222222",
    "4111111111111111".translate(ARABIC),
)
OTHERS = (
    "4111111111111112",  # the check digit
    "1234567890123452",  # no issuer's
    "411111111111",  # too short
    "41111111111111111111",  # too long
    "KZ978562203105747338",
    "931002451325",
    "+7 702 987 65 43",
    "01890000-0000-7000-8000-000000000001",
    "a4111111111111111",
    "2026-11-29T10:00:00.123456Z",
    "",
)


@pytest.mark.parametrize("number", NUMBERS)
@pytest.mark.parametrize("around", ["{}", "карта {}, моя", "№{}", "({})"])
def test_a_card_number_is_seen_however_it_is_spelled(number: str, around: str) -> None:
    assert holds_card_number(around.format(number))


@pytest.mark.parametrize("text", OTHERS)
def test_accounts_ids_and_telephones_are_no_card_numbers(text: str) -> None:
    assert not holds_card_number(text)


def test_a_token_shows_nothing_and_is_no_number() -> None:
    token = CardToken("tok_" + "c" * 20)
    assert "tok_" not in f"{token}{token!r}"
    for text, code in (
        ("4111111111111111", "card_number_refused"),
        ("short", "card_token_invalid"),
        ("tok " + "c" * 20, "card_token_invalid"),
    ):
        with pytest.raises(Refused) as refused:
            CardToken(text)
        assert refused.value.code == code
        assert text not in str(refused.value)
