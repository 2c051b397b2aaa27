"""Canonical bytes, signatures, sealed fields and tokens."""

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from kernel.crypto import (
    BlindKeys,
    CanonicalError,
    FieldKeys,
    Json,
    SignatureInvalidError,
    SigningKey,
    TrustStore,
    UnsealError,
    b64url,
    canonical,
    parse_canonical,
    random_digits,
    unb64url,
)

WHOLE = st.integers(-(2**53) + 1, 2**53 - 1)
TEXT = st.text(st.characters(codec="utf-8"), max_size=20)
KEYS = st.text(st.characters(max_codepoint=127), max_size=8)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | WHOLE | TEXT,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)
FIELD: dict[str, Any] = {"table": "person", "column": "iin", "row": 7}


@given(DOCUMENTS)
def test_canonical_bytes_equal_rfc_8785(document: Json) -> None:
    """Inside the profile the oracle writes the same bytes."""
    assert canonical(document) == rfc8785.dumps(document)


@given(DOCUMENTS)
def test_canonical_bytes_come_back_as_the_same_value(document: Json) -> None:
    assert parse_canonical(canonical(document)) == document


@pytest.mark.parametrize(
    "value",
    [1.5, 10.0, float("nan"), 2**53, -(2**53), {"ключ": 1}, "\ud800", {1: 2}, b"x"],
)
def test_what_is_outside_the_profile_has_no_canonical_bytes(value: object) -> None:
    with pytest.raises(CanonicalError):
        canonical(value)  # type: ignore[arg-type] # the point of the test


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a":1,"a":2}',
        b'{"a": 1}',
        b'{"b":1,"a":2}',
        b'"\\u0041"',
        b"1.0",
        b"NaN",
        b"[" * 100_000,
        b'"\xff"',
        b"",
        b"{} ",
    ],
)
def test_any_other_spelling_is_refused(raw: bytes) -> None:
    """Duplicate keys, spaces, order, escapes, floats, depth, wrong UTF-8 (B06)."""
    with pytest.raises(CanonicalError):
        parse_canonical(raw)


def test_the_depth_is_bounded() -> None:
    value: Json = 1
    for _ in range(40):
        value = [value]
    with pytest.raises(CanonicalError):
        canonical(value)


@given(st.binary(max_size=64), st.integers(0, 511))
def test_a_signature_holds_for_exactly_its_bytes(data: bytes, bit: int) -> None:
    key = SigningKey.generate("a-1")
    trust = TrustStore.of([("a-1", "auth", key.public_bytes)])
    signature = key.sign(data)
    assert trust.verify("a-1", data, signature) == "auth"
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << (bit % 8)
    for wrong in (
        ("a-1", data + b"x", signature),
        ("a-1", data, bytes(flipped)),
        ("b-1", data, signature),
        ("a-1", data, b""),
    ):
        with pytest.raises(SignatureInvalidError):
            trust.verify(*wrong)


def keyring(folder: Path, name: str, active: str, *ids: str) -> Path:
    path = folder / name
    keys = {i: b64url(i.encode() * 16) + "=" for i in ids}
    path.write_text(json.dumps({"active": active, "keys": keys}))
    return path


@pytest.fixture
def field_keys(tmp_path: Path) -> FieldKeys:
    return FieldKeys.load(keyring(tmp_path, "fields.json", "k1", "k1"))


def test_a_sealed_field_opens_only_where_it_was_sealed(field_keys: FieldKeys) -> None:
    """Moved to another table, column or row it stays shut (F45)."""
    sealed = field_keys.seal(b"value", **FIELD)
    assert field_keys.unseal(sealed, **FIELD) == b"value"
    moves: tuple[dict[str, Any], ...] = (
        {"table": "other"},
        {"column": "phone"},
        {"row": 8},
    )
    for moved in moves:
        with pytest.raises(UnsealError):
            field_keys.unseal(sealed, **(FIELD | moved))


def test_any_changed_byte_keeps_a_field_shut(field_keys: FieldKeys) -> None:
    sealed = field_keys.seal(b"value", **FIELD)
    for index in range(len(sealed)):
        changed = bytearray(sealed)
        changed[index] ^= 1
        with pytest.raises(UnsealError):
            field_keys.unseal(bytes(changed), **FIELD)
    for length in range(len(sealed)):
        with pytest.raises(UnsealError):
            field_keys.unseal(sealed[:length], **FIELD)


def test_the_same_value_is_never_sealed_alike(field_keys: FieldKeys) -> None:
    """A fresh nonce each time (A26)."""
    sealed = {field_keys.seal(b"value", **FIELD) for _ in range(1000)}
    assert len(sealed) == 1000


def test_old_keys_open_what_they_sealed_and_new_ones_seal(tmp_path: Path) -> None:
    old = FieldKeys.load(keyring(tmp_path, "old.json", "k1", "k1"))
    both = FieldKeys.load(keyring(tmp_path, "both.json", "k2", "k1", "k2"))
    assert both.unseal(old.seal(b"value", **FIELD), **FIELD) == b"value"
    with pytest.raises(UnsealError):
        old.unseal(both.seal(b"value", **FIELD), **FIELD)


def test_a_token_tells_equal_from_different_and_nothing_else(tmp_path: Path) -> None:
    keys = BlindKeys.load(keyring(tmp_path, "blind.json", "k1", "k1"))
    other = BlindKeys.load(keyring(tmp_path, "other.json", "k2", "k2"))
    token = keys.token("iin", "931002451325")
    assert token == keys.token("iin", "931002451325")
    different = {
        keys.token("iin", "931002451326"),
        keys.token("phone", "931002451325"),
        other.token("iin", "931002451325"),
    }
    assert token not in different
    assert "931002451325" not in token


@given(st.binary(max_size=40))
def test_base64url_has_one_spelling(data: bytes) -> None:
    assert unb64url(b64url(data)) == data


@pytest.mark.parametrize("text", ["QQ==", "QR", "Q", "Q+", "Q Q", "QQ\n", "ю"])
def test_other_spellings_of_base64_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="base64"):
        unb64url(text)


def test_codes_have_their_length_and_keep_leading_zeroes() -> None:
    codes = [random_digits(6) for _ in range(2000)]
    assert {len(code) for code in codes} == {6}
    assert all(code.isascii() and code.isdigit() for code in codes)
    assert any(code.startswith("0") for code in codes)


def test_keys_do_not_show_themselves(field_keys: FieldKeys) -> None:
    assert repr(field_keys) == "FieldKeys(k1)"
    assert repr(SigningKey.generate("a-1")) == "SigningKey(a-1)"
