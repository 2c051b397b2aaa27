"""Numbers of Kazakhstan that check out: ИИН, IBAN, and invented persons from a seed.

The check digits are computed here once more on purpose: the platform's own
validation is tested with these numbers. Everything is a function of the seed, so a
test that fails can be repeated with the same person.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TypeVar

Choice = TypeVar("Choice")

PASS_1 = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
PASS_2 = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
NO_DIGIT = 10
IIN_LENGTH = 12
IBAN_LENGTH = 20
FIRST_YEAR_OF_2000S = 2000

BANK_CODES = ("722", "856", "125")
PHONE_CODES = ("701", "702", "705", "707", "708", "747", "771", "775", "776", "777")

SURNAMES = (
    "Ахметов", "Сейтов", "Касымов", "Омаров", "Ибраев", "Нургалиев", "Жумабаев",
    "Сулейменов", "Абдрахманов", "Искаков", "Петров", "Ким", "Ли", "Байжанов",
)  # fmt: skip
GIVEN_NAMES = {
    "m": ("Арман", "Ерлан", "Даурен", "Нурлан", "Алихан", "Тимур", "Данияр"),
    "f": ("Айгуль", "Динара", "Асель", "Жанар", "Мадина", "Сауле", "Гульмира"),
}
PATRONYMICS = {
    "m": ("Серикович", "Маратович", "Болатович", "Кайратович", None),
    "f": ("Сериковна", "Маратовна", "Болатовна", "Кайратовна", None),
}
UNCHANGED_SURNAMES = ("Ким", "Ли")


def iin_check_digit(first_eleven: str) -> int | None:
    """The twelfth digit of an ИИН; None when such a number is not used."""
    digits = [int(char) for char in first_eleven]
    for weights in (PASS_1, PASS_2):
        check = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
        if check != NO_DIGIT:
            return check
    return None


def iin_is_valid(text: str) -> bool:
    """Twelve digits with the right check digit; dates are nobody's business."""
    if len(text) != IIN_LENGTH or not (text.isascii() and text.isdigit()):
        return False
    return iin_check_digit(text[:11]) == int(text[11])


def iban_of(bank_code: str, account: str) -> str:
    """`KZ` + check digits (ISO 13616, MOD-97) + bank code + 13 characters."""
    rest = _as_number(f"{bank_code}{account}KZ00")
    return f"KZ{98 - rest % 97:02d}{bank_code}{account}"


def iban_is_valid(text: str) -> bool:
    """A Kazakh IBAN whose remainder is one; proves nothing about its owner."""
    if len(text) != IBAN_LENGTH or not text.startswith("KZ"):
        return False
    body = text[2:]
    if not (body.isascii() and body.isalnum() and body == body.upper()):
        return False
    return text[2:7].isdigit() and _as_number(text[4:] + text[:4]) % 97 == 1


def another_iin(iin: str) -> str:
    """A different ИИН that checks out as well: what a wrong answer carries."""
    serial = int(iin[7:11])
    while True:
        serial = (serial + 1) % 10_000
        check = iin_check_digit(f"{iin[:7]}{serial:04d}")
        if check is not None:
            return f"{iin[:7]}{serial:04d}{check}"


def another_iban(iban: str) -> str:
    """A different IBAN of the same bank that checks out as well."""
    account = iban[7:]
    last = "1" if account[-1] != "1" else "2"
    return iban_of(iban[4:7], account[:-1] + last)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Document:
    """An identity document; `kind` is `id_card` or `passport`."""

    kind: str
    number: str
    valid_until: date


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Identity:
    """An invented person, as the state base would know one."""

    iin: str
    surname: str
    given_name: str
    patronymic: str | None
    birth_on: date
    phone: str
    document: Document
    iban: str


def identity_from_seed(seed: str) -> Identity:
    """The same seed gives the same person; different seeds, different numbers."""
    dice = _Dice(seed)
    birth_on = date(1970, 1, 1) + timedelta(days=dice.below(12_000))
    sex = dice.choose(("m", "f"))
    surname = dice.choose(SURNAMES)
    if sex == "f" and surname not in UNCHANGED_SURNAMES:
        surname += "а"
    return Identity(
        iin=_iin(dice, birth_on, sex),
        surname=surname,
        given_name=dice.choose(GIVEN_NAMES[sex]),
        patronymic=dice.choose(PATRONYMICS[sex]),
        birth_on=birth_on,
        phone=f"+7{dice.choose(PHONE_CODES)}{dice.digits(7)}",
        document=Document(
            kind="id_card",
            number=f"0{dice.digits(8)}",
            valid_until=date(2031, 1, 1) + timedelta(days=dice.below(1_500)),
        ),
        iban=iban_of(dice.choose(BANK_CODES), dice.digits(13)),
    )


class _Dice:
    """Numbers that are a function of the seed alone, on every Python version."""

    def __init__(self, seed: str) -> None:
        self._seed = seed
        self._throws = 0

    def below(self, limit: int) -> int:
        self._throws += 1
        digest = hashlib.sha256(f"{self._seed}/{self._throws}".encode()).digest()
        return int.from_bytes(digest) % limit

    def digits(self, count: int) -> str:
        return f"{self.below(10**count):0{count}d}"

    def choose(self, options: Sequence[Choice]) -> Choice:
        return options[self.below(len(options))]


def _iin(dice: _Dice, birth_on: date, sex: str) -> str:
    century = 3 if birth_on.year < FIRST_YEAR_OF_2000S else 5
    start = f"{birth_on:%y%m%d}{century + (sex == 'f')}"
    while True:
        eleven = start + dice.digits(4)
        check = iin_check_digit(eleven)
        if check is not None:
            return f"{eleven}{check}"


def _as_number(text: str) -> int:
    return int("".join(str(int(char, 36)) for char in text))
