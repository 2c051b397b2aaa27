"""Personal values are checked once, have one form, and never show themselves."""

import copy
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import cast

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kernel.errors import Refused
from kernel.values import MOBILE_CODES, Iban, Iin, Phone, Secret

SAMPLES = [
    Iin("931002451325"),
    Phone("+77011234567"),
    Iban("KZ978562203105747338"),
]
DIGITS_11 = st.text("0123456789", min_size=11, max_size=11)
NATIONAL = st.tuples(
    st.sampled_from(sorted(MOBILE_CODES)), st.text("0123456789", min_size=7, max_size=7)
).map("".join)
SEPARATORS = st.text(" -()\u00a0\u2011\u2212", max_size=2)


def refusal_of(kind: Callable[[str], object], text: object) -> Refused | None:
    try:
        kind(cast("str", text))
    except Refused as refusal:
        return refusal
    return None


def code_of(kind: Callable[[str], object], text: object) -> str | None:
    refusal = refusal_of(kind, text)
    return None if refusal is None else refusal.code


# ИИН


@pytest.mark.parametrize("text", ["931002451325", "940101300123", "850101300603"])
def test_a_number_with_the_right_check_digit_is_an_iin(text: str) -> None:
    assert text == Iin(text).reveal()


@given(DIGITS_11)
def test_at_most_one_twelfth_digit_makes_an_iin(eleven: str) -> None:
    valid = [d for d in "0123456789" if code_of(Iin, eleven + d) is None]
    assert len(valid) <= 1


@given(DIGITS_11)
def test_an_iin_is_never_refused_for_its_date_or_sex(eleven: str) -> None:
    """Whatever the digits, a twelfth exists unless both passes give ten."""
    passes = (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2))
    sums = [sum(int(d) * w for d, w in zip(eleven, p, strict=True)) for p in passes]
    assume(any(total % 11 != 10 for total in sums))
    assert any(code_of(Iin, f"{eleven}{digit}") is None for digit in range(10))


@pytest.mark.parametrize(
    "text",
    [
        *("", "123456789011", "93100245132", "9310024513250", " 931002451325"),
        *("931002451325\n", "９３１００２４５１３２５", "٩٣١٠٠٢٤٥١٣٢٥", "93100245132a"),
        *(f"85010130069{digit}" for digit in range(10)),
        *(931002451325, None, b"931002451325"),
    ],
)
def test_anything_else_is_no_iin(text: object) -> None:
    assert code_of(Iin, text) == "iin_invalid"


# Phone


@given(NATIONAL, st.sampled_from(["+7", "7", "8", "007", "00 7"]), st.data())
def test_one_number_has_one_form_however_it_is_typed(
    national: str, prefix: str, data: st.DataObject
) -> None:
    typed = prefix + "".join(data.draw(SEPARATORS) + digit for digit in national)
    assume(len(typed) <= 40)
    assert f"+7{national}" == Phone(typed).reveal()


@pytest.mark.parametrize(
    "typed",
    [
        "8 (701) 123-45-67",
        "+7 701 123 45 67",
        "＋７ （７０１） １２３－４５－６７",
        "+٧٧٠١١٢٣٤٥٦٧",
        "7\u2013701\u2013123\u20134567",
        "00 7 701 123 4567",
        "8.701.123.45.67",
        "8\u00a0701\u202f123\u200945\u300067",
    ],
)
def test_digits_and_hyphens_of_other_scripts_are_read(typed: str) -> None:
    assert Phone("+77011234567") == Phone(typed)


@given(st.integers(0, 999).map("{:03d}".format))
def test_only_mobile_codes_of_kazakhstan_are_phones(code: str) -> None:
    expected = None if code in MOBILE_CODES else "phone_invalid"
    assert expected == code_of(Phone, f"+7{code}1234567")


@pytest.mark.parametrize(
    "typed",
    [
        *("", "+", "7011234567", "+87011234567", "++77011234567", "+7701123456"),
        *("+770112345678", "+7 701 123 45 6a", "7+7011234567", "+79161234567"),
        *("+77011234567;", "+7701\u200b1234567", " " * 100, "9" * 10_000),
        *(77011234567, None),
    ],
)
def test_anything_else_is_no_phone(typed: object) -> None:
    assert code_of(Phone, typed) == "phone_invalid"


@pytest.mark.clause("4.4")
@pytest.mark.catalogue("B10")
@pytest.mark.seeded("phone_ignores_what_it_does_not_know")
@given(
    st.sampled_from("\u200b\u200d\u2060\ufeff\u202e\u0000OОоlІЗзб٫"),
    st.integers(0, 11),
    st.sampled_from((0, 1)),
)
def test_what_only_looks_like_a_digit_is_refused(
    char: str, place: int, instead_of: int
) -> None:
    """Neither a second login nor a second count can be had by it (case A02)."""
    number = "+77011234567"
    typed = number[:place] + char + number[place + instead_of :]
    assert code_of(Phone, typed) == "phone_invalid"


@given(st.text(max_size=45))
def test_no_text_breaks_the_phone_check(text: str) -> None:
    assert code_of(Phone, text) in (None, "phone_invalid")


# IBAN


@pytest.mark.parametrize(
    ("typed", "bic"),
    [
        ("KZ978562203105747338", "KCJBKZKX"),
        ("kz86 125K ZT50 0410 0100", "NBRKKZKX"),
    ],
)
def test_an_account_knows_its_bank(typed: str, bic: str) -> None:
    account = Iban(typed)
    assert typed.replace(" ", "").upper() == account.reveal()
    assert typed.replace(" ", "")[4:7] == account.bank_code
    assert bic == account.bank_bic()


def iban_of(bban: str) -> str:
    number = int("".join(str(int(char, 36)) for char in f"{bban}KZ00"))
    return f"KZ{98 - number % 97:02d}{bban}"


BBANS = st.from_regex(r"[0-9]{3}[A-Z0-9]{13}", fullmatch=True).filter(str.isascii)


def test_a_bank_outside_the_directory_has_no_bic() -> None:
    assert Iban(iban_of("000AAAAAAAAAAAAA")).bank_bic() is None


@given(BBANS, st.integers(0, 99))
def test_exactly_one_pair_of_check_digits_is_right(bban: str, check: int) -> None:
    """Mod-97 alone would also let 00, 01 and 99 stand for 97, 98 and 02."""
    right = iban_of(bban)
    assert code_of(Iban, right) is None
    other = f"KZ{check:02d}{bban}"
    assert code_of(Iban, other) == (None if other == right else "iban_invalid")


@pytest.mark.parametrize(
    "typed",
    [
        *("", "KZ978562203105747339", "KZ97856220310574733", "RU978562203105747338"),
        *("KZ97 8562 2031 0574 7338\n", "KZ97856220310574733８", "K" * 10_000),
        *("KZ97ABC2203105747338", 978562203105747338, None),
    ],
)
def test_anything_else_is_no_account(typed: object) -> None:
    assert code_of(Iban, typed) == "iban_invalid"


# All of them


@pytest.mark.parametrize("kind", [Iin, Phone, Iban])
def test_a_refusal_never_quotes_what_was_typed(kind: type[Iin | Phone | Iban]) -> None:
    refusal = refusal_of(kind, "9310024513-9")
    assert refusal is not None
    assert "9310" not in f"{refusal!r} {refusal} {vars(refusal)}"


@dataclass(frozen=True)
class Holder:
    held: Iin | Phone | Iban


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_a_value_never_shows_itself(value: Iin | Phone | Iban) -> None:
    text = value.reveal()
    shown = f"{value} {value!r} {value!s:>20} {[value]} {asdict(Holder(value))}"
    assert text not in shown
    assert f"{type(value).__name__}(***{text[-3:]})" == repr(value)
    assert f"***{text[-3:]}" == value.masked()
    with pytest.raises(TypeError):
        json.dumps(value)


@pytest.mark.parametrize("value", SAMPLES, ids=lambda value: type(value).__name__)
def test_a_value_cannot_be_changed_or_pickled(value: Iin | Phone | Iban) -> None:
    with pytest.raises(AttributeError):
        value._text = "x"
    with pytest.raises(AttributeError):
        del value._text
    with pytest.raises(TypeError):
        value.__reduce__()
    assert value is copy.copy(value)
    assert value is copy.deepcopy(value)


def test_values_are_equal_by_type_and_text() -> None:
    assert Iin("931002451325") == Iin("931002451325")
    assert hash(Phone("+77011234567")) == hash(Phone("87011234567"))
    assert len({*SAMPLES, *SAMPLES}) == 3
    assert Phone("+77011234567") != Phone("+77011234568")


def test_a_secret_prints_stars_and_reveals_on_request() -> None:
    secret = Secret(b"hunter2")
    assert f"{secret} {secret!r} {[str(secret)]}" == "*** *** ['***']"
    assert secret.reveal() == b"hunter2"
    with pytest.raises(TypeError):
        secret.__reduce__()
