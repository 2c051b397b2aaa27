"""Keys for tests: GOST, RSA and ECDSA, every one of them made from its name alone.

Not constant in time, and every secret is a hash of a word: for tests only. The
arithmetic is the schoolbook's, and shares nothing with `kernel.gost` but the curves'
numbers, which real certificates prove.
"""

import hashlib
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from gmpy2 import invert, mpz, next_prime

from kernel import gost
from tests.eds.der import algorithm, bits, octets, oid, sequence

KZ = "1.2.398.3.10.1"


@dataclass(frozen=True)
class Scheme:
    """What a kind of key signs with, and how certificates and CMS name it."""

    name: str
    signature: str
    digest: str
    hashing: str
    curve: gost.Curve | None = None
    spki: tuple[str, str, str] | None = None


SCHEMES = {
    "gost2015_512": Scheme(
        "gost2015_512",
        f"{KZ}.1.2.3.2",
        f"{KZ}.3.3",
        "streebog512",
        gost.TC26_512_A,
        (f"{KZ}.1.2.2", f"{KZ}.1.2.2.1", f"{KZ}.3.3"),
    ),
    "gost2015_256": Scheme(
        "gost2015_256",
        f"{KZ}.1.2.3.1",
        f"{KZ}.3.2",
        "streebog256",
        gost.TC26_256_A,
        (f"{KZ}.1.2.1", f"{KZ}.1.2.1.1", f"{KZ}.3.2"),
    ),
    "gost2004": Scheme(
        "gost2004",
        f"{KZ}.1.1.2",
        f"{KZ}.3.1",
        "gost34311",
        gost.CRYPTOPRO_A,
        (f"{KZ}.1.1.1", f"{KZ}.1.1.1.1", f"{KZ}.3.1.1.0"),
    ),
    "rsa": Scheme("rsa", "1.2.840.113549.1.1.11", "2.16.840.1.101.3.4.2.1", "sha256"),
    "ecdsa": Scheme("ecdsa", "1.2.840.10045.4.3.2", "2.16.840.1.101.3.4.2.1", "sha256"),
}
_GOST_HASHES = {
    "streebog512": gost.STREEBOG_512,
    "streebog256": gost.STREEBOG_256,
    "gost34311": gost.GOST_34_311,
}


def hashed(name: str, data: bytes) -> bytes:
    """A digest by the name of `services…eds.algorithms`."""
    if name in _GOST_HASHES:
        return gost.digest(_GOST_HASHES[name], data)
    return hashlib.new(name, data).digest()


def stream(word: str, size: int) -> bytes:
    """Bytes made of a word."""
    return hashlib.shake_256(word.encode()).digest(size)


def number(word: str, size: int) -> mpz:
    return mpz(int.from_bytes(stream(word, size)))


@dataclass(frozen=True)
class KeyPair:
    """A key with its word; `spki` is the SubjectPublicKeyInfo of its certificate."""

    scheme: Scheme
    word: str
    spki: bytes
    private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | mpz

    @property
    def secret(self) -> mpz:
        """The secret number of a GOST key."""
        assert not isinstance(
            self.private, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
        )
        return self.private

    def sign(self, data: bytes) -> bytes:
        """The signature value; the same for the same data."""
        if isinstance(self.private, rsa.RSAPrivateKey):
            return self.private.sign(data, padding.PKCS1v15(), SHA256())
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            deterministic = ec.ECDSA(SHA256(), deterministic_signing=True)
            return self.private.sign(data, deterministic)
        return self._gost(hashed(self.scheme.hashing, data))

    def _gost(self, digest: bytes) -> bytes:
        """r ‖ s, little-endian; k is a hash of key and digest."""
        curve, secret = self.scheme.curve, self.secret
        assert curve is not None
        e = int.from_bytes(digest, "little") % curve.q or mpz(1)
        k = number(f"k {self.word} {digest.hex()}", 80) % (curve.q - 1) + 1
        r = times(curve, (curve.x, curve.y), k)[0] % curve.q
        s = (r * secret + k * e) % curve.q
        assert r
        assert s
        return _little(r, curve.size) + _little(s, curve.size)


def times(curve: gost.Curve, point: tuple[mpz, mpz], scalar: mpz) -> tuple[mpz, mpz]:
    """scalar · point by doubling and adding in affine coordinates."""
    result: tuple[mpz, mpz] | None = None
    for bit in f"{scalar:b}":
        if result is not None:
            result = _plus(curve, result, result)
        if bit == "1":
            result = point if result is None else _plus(curve, result, point)
    assert result is not None
    return result


def _plus(
    curve: gost.Curve, one: tuple[mpz, mpz], other: tuple[mpz, mpz]
) -> tuple[mpz, mpz]:
    (x1, y1), (x2, y2) = one, other
    if one == other:
        slope = (3 * x1 * x1 + curve.a) * invert(2 * y1, curve.p)
    else:
        slope = (y2 - y1) * invert(x2 - x1, curve.p)
    x = (slope * slope - x1 - x2) % curve.p
    return x, (slope * (x1 - x) - y1) % curve.p


@cache
def key(kind: str, word: str) -> KeyPair:
    """The key of this word."""
    scheme = SCHEMES[kind]
    if kind == "rsa":
        made: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = rsa_key(word, 2048)
        return KeyPair(scheme, word, _spki(made), made)
    if kind == "ecdsa":
        order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
        made = ec.derive_private_key(
            int(number(word, 40) % (order - 1)) + 1, ec.SECP256R1()
        )
        return KeyPair(scheme, word, _spki(made), made)
    curve = scheme.curve
    assert curve is not None
    secret = number(word, 80) % (curve.q - 1) + 1
    point = times(curve, (curve.x, curve.y), secret)
    return KeyPair(scheme, word, gost_spki(scheme, point), secret)


def rsa_key(word: str, size: int) -> rsa.RSAPrivateKey:
    """An RSA key whose primes follow a hash of the word."""
    half = size // 2
    top = mpz(3) << (half - 2)
    p, q = (
        int(next_prime(number(f"{word} {which}", half // 8) | top)) for which in "pq"
    )
    e = 65_537
    d = int(invert(e, (p - 1) * (q - 1)))
    numbers = rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(e, p * q),
    )
    return numbers.private_key()


def small_rsa(word: str) -> KeyPair:
    """RSA of 1024 bits, which nobody may accept."""
    made = rsa_key(word, 1024)
    return KeyPair(SCHEMES["rsa"], word, _spki(made), made)


def gost_spki(
    scheme: Scheme,
    point: tuple[mpz, mpz],
    parameters: tuple[str, str] | None = None,
) -> bytes:
    """SubjectPublicKeyInfo in the form of НУЦ, of any two coordinates."""
    assert scheme.spki is not None
    assert scheme.curve is not None
    of_key, curve, hashing = scheme.spki
    inside = parameters or (curve, hashing)
    size = scheme.curve.size
    raw = _little(point[0], size) + _little(point[1], size)
    return sequence(algorithm(of_key, sequence(*map(oid, inside))), bits(octets(raw)))


def _spki(private: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return private.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo
    )


def _little(value: mpz, size: int) -> bytes:
    return int(value).to_bytes(size, "little")
