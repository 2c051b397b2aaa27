"""What clients write to the lender: words alone, and never the number of a card."""

import unicodedata
from typing import Final

from kernel.cards import card_number_refused, holds_card_number
from kernel.errors import Refused

_LINE_ENDS: Final = "\n\t"


def fit_letter(text: str, *, most: int) -> str:
    """The letter as it is kept, in one form of Unicode; ``most`` counts characters.

    Refused: ``letter_unfit`` for signs of control and direction as well,
    ``card_number_refused``.
    """
    letter = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if not 0 < len(letter) <= most or any(
        unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co")
        and char not in _LINE_ENDS
        for char in letter
    ):
        raise Refused(
            "letter_unfit",
            f"A letter has 1 to {most} readable characters.",
            next_step="Shorten it, or remove what is not text.",
        )
    if holds_card_number(letter):
        raise card_number_refused()
    return letter


def letters_too_often() -> Refused:
    """Whoever writes has written as much as one day takes."""
    return Refused(
        "letters_too_often",
        "You have written very often today.",
        next_step="Go on tomorrow, or come to an office.",
    )
