"""The same keys in the Russian profile, which gost-engine of OpenSSL can judge.

Other identifiers, and signatures byte for byte reversed (RFC 4491, RFC 7836): all
else is alike. The verifier learns the profile for the length of a test only.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from unittest import mock

from typing_extensions import override

from kernel import gost
from services.onboarding.adapters.eds import algorithms
from tests.eds import keys
from tests.eds.keys import SCHEMES, KeyPair, Scheme

_TC26 = "1.2.643.7.1"
CRYPTOPRO_HASH = (311, 32)
"""GOST R 34.11-94 with CryptoPro's S-box, in libgcrypt."""

RUSSIAN = {
    "gost2015_512": replace(
        SCHEMES["gost2015_512"],
        signature=f"{_TC26}.1.3.3",
        digest=f"{_TC26}.1.2.3",
        spki=(f"{_TC26}.1.1.2", f"{_TC26}.2.1.2.1", f"{_TC26}.1.2.3"),
    ),
    "gost2015_256": replace(
        SCHEMES["gost2015_256"],
        signature=f"{_TC26}.1.3.2",
        digest=f"{_TC26}.1.2.2",
        spki=(f"{_TC26}.1.1.1", f"{_TC26}.2.1.1.1", f"{_TC26}.1.2.2"),
    ),
    "gost2004": replace(
        SCHEMES["gost2004"],
        signature="1.2.643.2.2.3",
        digest="1.2.643.2.2.9",
        spki=("1.2.643.2.2.19", "1.2.643.2.2.35.1", "1.2.643.2.2.30.1"),
    ),
}


class _RussianPair(KeyPair):
    @override
    def sign(self, data: bytes) -> bytes:
        return super().sign(data)[::-1]


@contextmanager
def profile() -> Iterator[None]:
    """Certificates and signatures are made and verified in the Russian form."""
    signatures = {one.signature: (one.name, one.hashing) for one in RUSSIAN.values()}
    digests = {one.digest: one.hashing for one in RUSSIAN.values()}
    kinds = {
        scheme.spki[0]: replace(
            algorithms._GOST_KEYS[original.spki[0]], parameters=scheme.spki[1:]
        )
        for scheme, original in _pairs()
        if scheme.spki and original.spki
    }
    verify = gost.verify

    def reversed_verify(
        curve: gost.Curve, key: bytes, signature: bytes, hashed: bytes, *, often: bool
    ) -> bool:
        return verify(curve, key, signature[::-1], hashed, often=often)

    def by_cryptopro(data: bytes) -> bytes:
        return gost.digest(CRYPTOPRO_HASH, data)

    old_key = keys.key

    def key(kind: str, word: str) -> KeyPair:
        made = old_key(kind, word)
        if kind not in RUSSIAN:
            return made
        scheme = RUSSIAN[kind]
        curve = scheme.curve
        assert curve is not None
        point = keys.times(curve, (curve.x, curve.y), made.secret)
        return _RussianPair(scheme, word, keys.gost_spki(scheme, point), made.private)

    with (
        mock.patch.dict(algorithms._SIGNATURES, signatures),
        mock.patch.dict(algorithms._DIGESTS, digests),
        mock.patch.dict(algorithms._GOST_KEYS, kinds),
        mock.patch.dict(algorithms.HASHES, {"gost34311": by_cryptopro}),
        mock.patch.dict(keys._GOST_HASHES, {"gost34311": CRYPTOPRO_HASH}),
        mock.patch.object(gost, "verify", reversed_verify),
        mock.patch("tests.eds.authority.key", key),
    ):
        yield


def _pairs() -> Iterator[tuple[Scheme, Scheme]]:
    for name, scheme in RUSSIAN.items():
        yield scheme, SCHEMES[name]
