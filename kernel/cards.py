"""Finding card numbers (PAN) where none may be: they never enter the platform.

A card is known here by the token its processor gave (clause 5.3).  A number that comes
all the same is recognised by ISO/IEC 7812-1 and refused before anything reads it.
"""

import re
from typing import Final

from kernel.errors import Refused

_SPELLED: Final = re.compile(r"(?<![\w-])\d(?:[ .\-\u00a0]?\d){12,18}(?![\w-])")
"""13 to 19 digits, grouped or not, that are no part of a longer word: an IBAN, an id,
a digest and base64 are words."""

_ISSUERS: Final = frozenset((2, 3, 4, 5, 6, 9))
"""First digits of payment cards: banks' (2, 4 to 6), travel's (3), national (9)."""

_LUHN: Final = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)
"""Twice a digit, with its own digits summed."""


def holds_card_number(text: str) -> bool:
    """Whether a text holds what reads as a card number: length, issuer, check digit."""
    return any(_checks(found[0]) for found in _SPELLED.finditer(text))


def card_number_refused() -> Refused:
    """What was sent holds a card number; nothing of it is kept."""
    return Refused(
        "card_number_refused",
        "Card numbers are not taken here.",
        next_step="Give the number to the card processor and send us its token.",
    )


def _checks(spelled: str) -> bool:
    """Issuer and check digit of ISO/IEC 7812-1, 4.2 and annex B (Luhn)."""
    digits = [int(char) for char in reversed(spelled) if char.isdecimal()]
    if digits[-1] not in _ISSUERS:
        return False
    doubled = sum(_LUHN[digit] for digit in digits[1::2])
    return (sum(digits[::2]) + doubled) % 10 == 0
