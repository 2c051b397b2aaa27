"""GOST by its own rules: known answers, and keys and numbers that are none."""

import pytest
from gmpy2 import mpz

from kernel import gost
from tests.eds.keys import SCHEMES, gost_spki, hashed, key, times

KINDS = ("gost2015_512", "gost2015_256", "gost2004")


def _curve(kind: str) -> gost.Curve:
    curve = SCHEMES[kind].curve
    assert curve is not None
    return curve


def _public(kind: str, word: str) -> bytes:
    size = _curve(kind).size
    return key(kind, word).spki[-2 * size :]


@pytest.mark.parametrize(
    ("algorithm", "expected"),
    [
        (
            gost.GOST_34_311,
            "ce85b99cc46752fffee35cab9a7b0278abb4c2d2055cff685af4912c49490f8d",
        ),
        (
            gost.STREEBOG_256,
            "3f539a213e97c802cc229d474c6aa32a825a360b2a933a949fd925208d9ce1bb",
        ),
        (
            gost.STREEBOG_512,
            (
                "8e945da209aa869f0455928529bcae4679e9873ab707b55315f56ceb98bef0a7"
                "362f715528356ee83cda5f2aac4c6ad2ba3a715c1bcd81cb8e9f90bf4c1c1a8a"
            ),
        ),
    ],
)
def test_hash_of_nothing_is_known(algorithm: tuple[int, int], expected: str) -> None:
    gost.self_check()
    assert expected == gost.digest(algorithm, b"").hex()


@pytest.mark.parametrize("kind", KINDS)
def test_base_point_has_the_order_of_the_curve(kind: str) -> None:
    curve = _curve(kind)
    assert curve.holds(curve.x, curve.y)
    assert gost._by_naf(curve, (curve.x, curve.y), curve.q)[2] == 0
    assert gost._by_table(curve, (curve.x, curve.y), curve.q)[2] == 0


@pytest.mark.parametrize("often", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_signature_verifies_and_a_changed_one_does_not(
    kind: str, *, often: bool
) -> None:
    for number in range(8):
        pair, data = key(kind, f"signer {number}"), f"data {number}".encode()
        digest, value = hashed(pair.scheme.hashing, data), pair.sign(data)
        public = _public(kind, f"signer {number}")
        assert gost.verify(_curve(kind), public, value, digest, often=often)
        for place in (0, len(value) // 2, len(value) - 1):
            changed = bytearray(value)
            changed[place] ^= 1
            assert not gost.verify(
                _curve(kind), public, bytes(changed), digest, often=often
            )
        other = hashed(pair.scheme.hashing, data + b"!")
        assert not gost.verify(_curve(kind), public, value, other, often=often)


@pytest.mark.parametrize("kind", KINDS)
def test_numbers_out_of_range_are_no_signature(kind: str) -> None:
    curve, public = _curve(kind), _public(kind, "signer 0")
    size, digest = curve.size, bytes(32)
    one, order = (1).to_bytes(size, "little"), int(curve.q).to_bytes(size, "little")
    for value in (
        bytes(2 * size),
        one + bytes(size),
        bytes(size) + one,
        order + one,
        one + order,
        b"\xff" * (2 * size),
        one,
        one + one + b"\x00",
    ):
        assert not gost.verify(curve, public, value, digest)


@pytest.mark.seeded("onboarding_gost_point_off_the_curve")
@pytest.mark.parametrize("kind", KINDS)
def test_a_point_of_small_order_is_no_key(kind: str) -> None:
    """Twice (x, 0) is infinity: with an even factor s and r need no secret at all."""
    scheme, curve = SCHEMES[kind], _curve(kind)
    public = gost_spki(scheme, (mpz(1), mpz(0)))[-2 * curve.size :]
    digest = hashed(scheme.hashing, b"data")
    e = int.from_bytes(digest, "little") % curve.q
    for k in range(1, 20):
        r = times(curve, (curve.x, curve.y), mpz(k))[0] % curve.q
        if r:
            s = k * e % curve.q
            forged = b"".join(int(n).to_bytes(curve.size, "little") for n in (r, s))
            assert not gost.verify(curve, public, forged, digest)


@pytest.mark.parametrize("kind", KINDS)
def test_coordinates_are_reduced(kind: str) -> None:
    curve = _curve(kind)
    assert not curve.holds(curve.x + curve.p, curve.y)
    assert not curve.holds(curve.x, curve.y + curve.p)
    assert not curve.holds(mpz(-1), curve.y)
