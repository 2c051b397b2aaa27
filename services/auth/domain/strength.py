"""What may be a password: long enough, and not among what is guessed first.

No rules of composition, no forced change (ASVS 6.2.5, 6.2.10): with three attempts in
fifteen minutes a guesser gets through little more than a list of favourites, so what
counts is that no favourite is taken.  Favourites are looked up as they stand, as they
read on another keyboard layout, with a few digits behind, and in the usual disguise.
"""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from kernel.errors import Refused
from kernel.values import Iin, Phone
from services.auth.domain.keyboards import is_a_walk, readings
from services.auth.domain.passwords import normal_form
from services.auth.domain.rules import PasswordRules
from services.auth.domain.words import COMMON, CONTEXT

MOST_TRIMMINGS: Final = 4
"""Signs and digits around a favourite that do not make it another password."""
LONGEST_REPEATED: Final = 3
"""A unit so short, repeated, is weak however often it is repeated."""
FEWEST_CHARACTERS: Final = 3
"""Different ones."""
SHORTEST_PART: Final = 4
"""Of the site's name; a shorter one, as ``kz``, says nothing."""
_NATIONAL_DIGITS: Final = 10
_OWN_DIGITS: Final = 7
"""The end of a number that is the subscriber's own."""
_DISGUISES: Final = (
    str.maketrans("@430!$5718", "aaeoisstib"),
    str.maketrans("@430!$5718", "aaeolsstlb"),
)
_DATES: Final = (
    re.compile(r"(?P<d>\d\d)(?P<m>\d\d)(?P<y>(?:19|20)\d\d)"),
    re.compile(r"(?P<m>\d\d)(?P<d>\d\d)(?P<y>(?:19|20)\d\d)"),
    re.compile(r"(?P<y>(?:19|20)\d\d)(?P<m>\d\d)(?P<d>\d\d)"),
)
_SEPARATORS: Final = re.compile(r"[\s./\-_]+")

Weakness = Literal[
    "length", "phone", "iin", "date", "repeats", "keyboard", "context", "common"
]

_SENTENCES: Final[dict[Weakness, str]] = {
    "length": "The password is too short or too long.",
    "phone": "The password must not be the phone number.",
    "iin": "The password must not be an ИИН.",
    "date": "The password must not be a date.",
    "repeats": "The password repeats the same few characters.",
    "keyboard": "The password is a path over the keyboard or the alphabet.",
    "context": "The password is a word that is guessed first here.",
    "common": "The password is among the first that are guessed.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a guesser knows: the client's number, our site, and the favourites.

    Staff have no number to log in with.
    """

    phone: Phone | None
    site: str
    common: Container[str]


def accept_password(
    password: str, *, rules: PasswordRules, around: Surroundings
) -> str:
    """The normal form of a password that may be set; Refused ``password_weak``."""
    normal = normal_form(password)
    if not rules.shortest <= len(normal) <= rules.longest:
        raise _weak("length", minimum=rules.shortest, maximum=rules.longest)
    found = weakness(normal, around=around)
    if found is not None:
        raise _weak(found)
    return normal


def weakness(normal: str, *, around: Surroundings) -> Weakness | None:
    """Why a guesser would try this early, or None."""
    folded = normal.casefold()
    if around.phone is not None and _is_phone(folded, around.phone):
        return "phone"
    if _is_iin(folded):
        return "iin"
    if _is_date(folded):
        return "date"
    if _is_repeated(folded):
        return "repeats"
    for reading in readings(folded):
        if is_a_walk(reading):
            return "keyboard"
        if _is_of_context(reading, around.site):
            return "context"
        if any(core in around.common or core in COMMON for core in _cores(reading)):
            return "common"
    return None


def _cores(reading: str) -> Iterator[str]:
    """The text, and what is left of it without trimmings and without disguise."""
    yield reading
    unit = _unit(reading)
    if unit != reading:
        yield unit
    letters = _letters(reading)
    if letters and len(reading) - len(letters) <= MOST_TRIMMINGS:
        yield letters
    bare = _bare(reading)
    if bare and len(reading) - len(bare) <= MOST_TRIMMINGS:
        yield bare
        for disguise in _DISGUISES:
            yield bare.translate(disguise)


def _is_phone(text: str, phone: Phone) -> bool:
    digits = "".join(char for char in text if char.isdecimal())
    national = phone.reveal()[-_NATIONAL_DIGITS:]
    return any(
        part in digits and len(text) - len(part) <= 2 * MOST_TRIMMINGS
        for part in (national, national[-_OWN_DIGITS:])
    )


def _is_iin(text: str) -> bool:
    try:
        Iin(text)
    except Refused:
        return False
    return True


def _is_date(text: str) -> bool:
    plain = _SEPARATORS.sub("", text)
    return any(
        (found := shape.fullmatch(plain)) is not None and _exists(found)
        for shape in _DATES
    )


def _exists(found: re.Match[str]) -> bool:
    try:
        date(int(found["y"]), int(found["m"]), int(found["d"]))
    except ValueError:
        return False
    return True


def _is_repeated(text: str) -> bool:
    return len(set(text)) < FEWEST_CHARACTERS or len(_unit(text)) <= LONGEST_REPEATED


def _unit(text: str) -> str:
    """The shortest start whose repetition is the text; the text itself if none is.

    The text stands in its own doubling first where it begins to repeat.
    """
    return text[: (text + text).find(text, 1)]


def _is_of_context(reading: str, site: str) -> bool:
    """A word of our trade or our site, with few other signs."""
    letters = _letters(reading)
    if len(reading) - len(letters) > 2 * MOST_TRIMMINGS:
        return False
    parts = (site, *site.split("."))
    own = {_letters(part) for part in parts if len(part) >= SHORTEST_PART}
    return letters in CONTEXT or letters in own


def _letters(text: str) -> str:
    return "".join(char for char in text.casefold() if char.isalpha())


def _bare(text: str) -> str:
    """Without digits and signs in front and behind."""
    start, end = 0, len(text)
    while end > start and not text[end - 1].isalpha():
        end -= 1
    while start < end and not (text[start].isalpha() or text[start] in "@$"):
        start += 1
    return text[start:end]


def _weak(why: Weakness, **details: int) -> Refused:
    return Refused(
        "password_weak",
        _SENTENCES[why],
        next_step="Choose a longer sentence that only you know.",
        reason=why,
        **details,
    )
