"""Personal values every service means alike: ИИН, phone, IBAN; and `Secret`.

Each is checked once, when made, and afterwards can be trusted. None shows itself:
``str``, ``repr`` and formatting give a masked form, ``reveal()`` gives the text to
those who must have it. They are plain classes, not dataclasses, so that ``asdict``
and serialisers cannot open them either.
"""

import re
import unicodedata
from typing import Final, Generic, NoReturn, Self, TypeVar, final

from typing_extensions import override

from kernel.cards import card_number_refused, holds_card_number
from kernel.errors import Refused

T = TypeVar("T")


class _Hidden:
    """An immutable text that prints masked; equal and hashed by type and text."""

    __slots__ = ("_text",)
    _text: str

    def __init__(self, text: str) -> None:
        object.__setattr__(self, "_text", self._checked(_as_text(text)))

    @staticmethod
    def _checked(text: str) -> str:
        """The normal form of a valid text; Refused otherwise."""
        raise NotImplementedError

    def masked(self) -> str:
        """What a screen or a log may show."""
        return f"***{self._text[-3:]}"

    def reveal(self) -> str:
        """The value itself. It must not reach logs, events, URLs or errors."""
        return self._text

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.masked()})"

    @override
    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and other._text == self._text

    @override
    def __hash__(self) -> int:
        return hash((type(self), self._text))

    @override
    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    @override
    def __delattr__(self, name: str) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        return self

    @override
    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is not pickled")


def _as_text(given: object) -> str:
    """The text given; nothing, which no value accepts, for a number out of JSON."""
    return given if isinstance(given, str) else ""


_IIN = re.compile(r"[0-9]{12}")
_IIN_PASSES = (
    (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11),
    (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2),
)
_NO_CHECK_DIGIT = 10


@final
class Iin(_Hidden):
    """ИИН, the individual identification number (индивидуальный номер).

    The hard check is twelve ASCII digits and the check digit, nothing more: since
    Decree №853 of 26.08.2013 the other digits are bound neither to birth date nor to
    sex, and they are never a ground of refusal.
    """

    __slots__ = ()

    @staticmethod
    @override
    def _checked(text: str) -> str:
        if not _IIN.fullmatch(text):
            raise _iin_refused()
        digits = [int(char) for char in text]
        if _iin_check_digit(digits[:11]) != digits[11]:
            raise _iin_refused()
        return text


def _iin_check_digit(digits: list[int]) -> int | None:
    """The twelfth digit; None when both passes give 10 (such numbers are unused)."""
    for weights in _IIN_PASSES:
        check = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
        if check != _NO_CHECK_DIGIT:
            return check
    return None


def _iin_refused() -> Refused:
    return Refused(
        "iin_invalid",
        "This is not an ИИН.",
        next_step="Check the twelve digits against the identity document.",
    )


MOBILE_CODES: Final = frozenset(
    f"{code}"
    for codes in (
        range(700, 709),
        (747, 750, 751),
        range(760, 765),
        (771,),
        range(775, 779),
    )
    for code in codes
)
"""The three digits after +7 that belong to mobile operators of Kazakhstan."""

_LONGEST_PHONE = 40  # characters as typed, separators included
_SEPARATORS = re.compile(r"[\s().\-\u2010-\u2015\u2212]+")
_PHONE = re.compile(r"(?:\+?7|007|8)([0-9]{10})")


@final
class Phone(_Hidden):
    """A mobile number of Kazakhstan (абонентский номер), in E.164: "+77…".

    Made from what people type: +7, 7, 00 7 or 8 in front, spaces, hyphens, dots and
    parentheses anywhere, digits of any script. One number has one normal form, whatever
    was typed, because the login (clause 4.4) is compared by it. What only looks like a
    digit, or cannot be seen, is refused.
    """

    __slots__ = ()

    @staticmethod
    @override
    def _checked(text: str) -> str:
        if len(text) > _LONGEST_PHONE:
            raise _phone_refused()
        plain = _SEPARATORS.sub("", _ascii_digits(unicodedata.normalize("NFKC", text)))
        found = _PHONE.fullmatch(plain)
        if found is None or found[1][:3] not in MOBILE_CODES:
            raise _phone_refused()
        return f"+7{found[1]}"


def _ascii_digits(text: str) -> str:
    """Decimal digits of every script as 0…9; NFKC leaves Arabic ones as they are."""
    return "".join(
        str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text
    )


def _phone_refused() -> Refused:
    return Refused(
        "phone_invalid",
        "This is not a mobile number of Kazakhstan.",
        next_step="Enter a number that begins with +7 7, such as +7 7XX XXX XX XX.",
    )


_IBAN = re.compile(r"KZ[0-9]{2}[0-9]{3}[A-Z0-9]{13}")
_LONGEST_IBAN = 40  # characters as typed, spaces included


@final
class Iban(_Hidden):
    """A bank account of Kazakhstan (ИИК): KZ, 20 characters, mod-97 (ISO 13616).

    Spaces between groups and small letters are accepted. A valid IBAN says nothing
    about whose account it is (clauses 5.3, 5.4).
    """

    __slots__ = ()

    @staticmethod
    @override
    def _checked(text: str) -> str:
        if len(text) > _LONGEST_IBAN:
            raise _iban_refused()
        plain = text.replace(" ", "").upper()
        if not _IBAN.fullmatch(plain) or plain[2:4] != _iban_check_digits(plain):
            raise _iban_refused()
        return plain

    @property
    def bank_code(self) -> str:
        """The three digits that name the bank."""
        return self._text[4:7]

    def bank_bic(self) -> str | None:
        """The bank's BIC, or None for a bank the directory does not know."""
        from schwifty import IBAN  # noqa: PLC0415 - its tables take 0.15 s; few ask

        bic = IBAN(self._text).bic
        return None if bic is None else str(bic)


def _iban_check_digits(iban: str) -> str:
    """The only right check digits, 02…98; a bare mod-97 lets 00, 01 and 99 pass."""
    as_number = "".join(str(int(char, 36)) for char in f"{iban[4:]}{iban[:2]}00")
    return f"{98 - int(as_number) % 97:02d}"


def _iban_refused() -> Refused:
    return Refused(
        "iban_invalid",
        "This is not an account number of a bank in Kazakhstan.",
        next_step="Copy the 20 characters that begin with KZ from the bank's app.",
    )


_CARD_TOKEN = re.compile(r"[A-Za-z0-9_-]{22,64}")


@final
class CardToken(_Hidden):
    """A payment card by the token its processor gave: the only form of one we know.

    At least 22 characters of base64url, as 128 random bits have.  What reads as a card
    number is refused as one (``card_number_refused``).
    """

    __slots__ = ()

    @staticmethod
    @override
    def _checked(text: str) -> str:
        if holds_card_number(text):
            raise card_number_refused()
        if not _CARD_TOKEN.fullmatch(text):
            raise Refused(
                "card_token_invalid",
                "This is no token of a card.",
                next_step="Register the card with the processor again.",
            )
        return text


@final
class Secret(Generic[T]):
    """A value that prints ``***``: passwords, keys, tokens on their way to use."""

    __slots__ = ("_value",)

    def __init__(self, value: T) -> None:
        self._value = value

    def reveal(self) -> T:
        """The value itself. It must not reach logs, events, URLs or errors."""
        return self._value

    @override
    def __repr__(self) -> str:
        return "***"

    @override
    def __reduce__(self) -> NoReturn:
        raise TypeError("Secret is not pickled")


_REASON: Final = re.compile(r"(?!.*[0-9]{6})[a-z0-9][a-z0-9 ,.:/#_-]{2,199}")
"""No capitals and no Cyrillic, hence no names; no six digits in a row, hence no
numbers of persons."""


def refuse_unfit_reason(reason: str) -> None:
    """Refuse words of the staff that have no place in the log: they stay for ever.

    Raises Refused(``reason_unfit``).
    """
    if not _REASON.fullmatch(reason):
        raise Refused(
            "reason_unfit",
            "The reason is kept for ever and must not hold a person's data.",
            next_step="Say it in 3 to 200 lower-case Latin letters, digits and"
            " , . : / # _ - without names and without six digits in a row.",
        )
