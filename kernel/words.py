"""Words that the staff write: text, and no numbers of persons in it."""

import re
from typing import Final

from kernel.cards import card_number_refused, holds_card_number
from kernel.errors import Refused

_ID: Final = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_DAY: Final = re.compile(r"\b(?:\d{4}-\d\d-\d\d|\d\d\.\d\d\.\d{4})\b")
_NUMBER: Final = re.compile(r"\d(?:[ ().+\-\u00a0]{0,3}\d){9,}")
"""Ten digits and more: an ИИН, a phone, an account.  Ids of ours and days are none."""


def refuse_unfit_words(text: str, *, most: int) -> None:
    """Words of the staff hold no numbers of persons; ids of ours name them.

    Refused: ``words_unfit``, ``words_hold_a_number``, ``card_number_refused``.
    """
    fit = len(text.strip()) > 0 and len(text) <= most
    if not fit or any(ord(char) < ord(" ") and char not in "\n\t" for char in text):
        raise Refused(
            "words_unfit",
            "The words are missing, too many or no text.",
            next_step="Write a few sentences.",
            most=most,
        )
    if holds_card_number(text):
        raise card_number_refused()
    if _NUMBER.search(_DAY.sub("", _ID.sub("", text))):
        raise Refused(
            "words_hold_a_number",
            "The words hold a number that may be a person's.",
            next_step="Name persons, accounts and phones by the ids and keyed names.",
        )
