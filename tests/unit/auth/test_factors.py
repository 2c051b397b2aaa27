"""Second factors by themselves: RFC vectors, steps, letters, what is offered."""

from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto import b32, hotp, random_bytes
from services.auth.domain.factors import (
    RECOVERY_BYTES,
    RECOVERY_LETTERS,
    Standing,
    Totp,
    recovery_letters,
    recovery_text,
)
from tests.unit.auth.builders import LOGIN
from tests.unit.auth.fakes import NOON

RFC_SECRET = b"12345678901234567890"


def totp(secret: bytes = RFC_SECRET) -> Totp:
    return Totp(login_id=LOGIN, secret=secret, begun_at=NOON)


@pytest.mark.parametrize(
    ("counter", "code"),
    [
        *enumerate(
            (
                *("755224", "287082", "359152", "969429", "338314"),
                *("254676", "287922", "162583", "399871", "520489"),
            )
        )
    ],
)
def test_the_codes_of_rfc_4226_appendix_d(counter: int, code: str) -> None:
    assert hotp(RFC_SECRET, counter) == code


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_codes_of_rfc_6238_appendix_b(second: int, code: str) -> None:
    """There in eight digits, on our phones the last six of them."""
    at = datetime.fromtimestamp(second, UTC)

    assert hotp(RFC_SECRET, second // 30, digits=8) == code
    assert totp().step_of(code[2:], now=at) == second // 30


@given(drift=st.integers(min_value=-3, max_value=3))
def test_one_step_early_or_late_is_right_and_two_are_not(drift: int) -> None:
    """From server time alone (ASVS 6.5.8)."""
    step = int(NOON.timestamp()) // 30 + drift
    found = totp().step_of(hotp(RFC_SECRET, step), now=NOON)

    assert found == (step if abs(drift) <= 1 else None)


def test_the_picture_names_the_site_and_nobody() -> None:
    parts = urlsplit(totp().uri(site="creditplus.kz"))
    asked = parse_qs(parts.query)

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert asked["secret"] == [b32(RFC_SECRET)]
    assert asked["issuer"] == ["creditplus.kz"]
    assert asked["digits"] == ["6"]
    assert asked["period"] == ["30"]


def test_a_secret_is_not_shown_by_accident() -> None:
    assert RFC_SECRET.decode() not in repr(totp())


@given(raw=st.binary(min_size=RECOVERY_BYTES, max_size=RECOVERY_BYTES))
def test_a_recovery_code_is_read_as_it_was_shown_however_it_is_typed(
    raw: bytes,
) -> None:
    shown = recovery_text(raw)

    assert len(recovery_letters(shown)) == RECOVERY_LETTERS
    assert recovery_letters(shown.lower().replace("-", " ")) == recovery_letters(shown)


def test_recovery_codes_have_eighty_bits() -> None:
    """ASVS 6.5.4 asks for twenty."""
    assert recovery_text(random_bytes(RECOVERY_BYTES)) != recovery_text(
        random_bytes(RECOVERY_BYTES)
    )
    assert RECOVERY_BYTES * 8 >= 80


@pytest.mark.parametrize(
    ("standing", "methods", "sends"),
    [
        (Standing(totp_since=None, recovery_left=0, passkeys=0), ("sms",), True),
        (
            Standing(totp_since=NOON, recovery_left=0, passkeys=0),
            ("totp", "sms"),
            False,
        ),
        (
            Standing(totp_since=NOON, recovery_left=1, passkeys=2),
            ("passkey", "totp", "sms", "recovery_code"),
            False,
        ),
        (
            Standing(totp_since=None, recovery_left=9, passkeys=0),
            ("sms", "recovery_code"),
            True,
        ),
    ],
)
def test_a_message_is_always_one_way_and_unasked_only_when_it_is_the_best(
    standing: Standing, methods: tuple[str, ...], *, sends: bool
) -> None:
    """An account is never without a second factor (clauses 4.3, 4.4)."""
    assert standing.methods == methods
    assert standing.needs_message is sends
