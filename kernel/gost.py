"""GOST hashes and signatures as Kazakh certificates use them (ГОСТ Р 34.10-2015).

Hashes come from libgcrypt, which every Debian has because apt needs it; neither
OpenSSL nor `hashlib` knows them. Points are calculated here: libgcrypt needs ten times
as long for them. Only verification exists: secret numbers are in nobody's hands here,
so nothing has to be constant in time.

Everything Kazakh is little-endian where DER leaves a choice: coordinates, r and s, and
the digest read as a number (byte for byte the reverse of RFC 4491).
"""

import ctypes
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from gmpy2 import invert, mpz

from kernel.errors import Broken

STREEBOG_512: Final = (310, 64)
STREEBOG_256: Final = (309, 32)
GOST_34_311: Final = (308, 32)
"""Number in libgcrypt and bytes of a digest; the last with the *test* S-box."""

# RFC 6986 and RFC 5831 over "abc"; the last one by the test parameters.
_KNOWN: Final = {
    STREEBOG_512: "28156e28317da7c98f4fe2bed6b542d0dab85bb224445fcedaf75d46e26d7eb8"
    "d5997f3e0915dd6b7f0aab08d9c8beb0d8c64bae2ab8b3c8c6bc53b3bf0db728",
    STREEBOG_256: "4e2919cf137ed41ec4fb6270c61826cc4fffb660341e0af3688cd0626d23b481",
    GOST_34_311: "f3134348c44fb1b2a277729e2285ebb5cb5e0f29c975bc753b70497c06a4d51d",
}
_LIBRARY: Final = "libgcrypt.so.20"
_COMB_BITS: Final = 5
_NAF_BITS: Final = 6
_TABLES: Final = 32
"""Tables kept: the curves' base points and the keys of the authorities in use."""

# Projective (Jacobian) points; z = 0 is infinity. Affine points are pairs.
_Affine = tuple[mpz, mpz]
_Point = tuple[mpz, mpz, mpz]


@lru_cache(maxsize=1)
def _library() -> ctypes.CDLL:
    """libgcrypt, after its known answers. Broken without it, or if they differ."""
    try:
        library = ctypes.CDLL(_LIBRARY)
    except OSError as error:
        raise Broken(f"{_LIBRARY} is missing: GOST hashes need it") from error
    library.gcry_check_version.restype = ctypes.c_char_p
    library.gcry_check_version(None)  # libgcrypt's own initialisation
    library.gcry_md_hash_buffer.restype = None
    library.gcry_md_hash_buffer.argtypes = [
        ctypes.c_int,
        ctypes.c_char_p,
        ctypes.c_char_p,
        ctypes.c_size_t,
    ]
    for algorithm, known in _KNOWN.items():
        if _hash(library, algorithm, b"abc").hex() != known:
            raise Broken(f"{_LIBRARY} calculates another hash {algorithm[0]}")
    return library


def self_check() -> None:
    """Load the hashes and compare known answers. Broken if they cannot be trusted."""
    _library()


def digest(algorithm: tuple[int, int], data: bytes) -> bytes:
    """The hash of `data` in the byte order of messageDigest."""
    return _hash(_library(), algorithm, data)


def _hash(library: ctypes.CDLL, algorithm: tuple[int, int], data: bytes) -> bytes:
    number, size = algorithm
    out = ctypes.create_string_buffer(size)
    library.gcry_md_hash_buffer(number, out, data, len(data))
    return out.raw


@dataclass(frozen=True, slots=True)
class Curve:
    """y² = x³ + ax + b over p; base point (x, y) of prime order q; `size` in bytes."""

    size: int
    p: mpz
    a: mpz
    b: mpz
    q: mpz
    x: mpz
    y: mpz

    def holds(self, x: mpz, y: mpz) -> bool:
        """Whether (x, y) lies on the curve, in reduced coordinates."""
        reduced = 0 <= x < self.p and 0 <= y < self.p
        return bool(
            reduced and (y * y - (x * x * x + self.a * x + self.b)) % self.p == 0
        )


def _curve(size: int, p: int, a: int, b: str, q: str, x: str, y: str) -> Curve:
    numbers = (mpz(int(text, 16)) for text in (b, q, x, y))
    return Curve(size, mpz(p), mpz(a), *numbers)


_P256: Final = 2**256 - 617
_P512: Final = 2**512 - 569

CRYPTOPRO_A: Final = _curve(
    32,
    _P256,
    _P256 - 3,
    "a6",
    "ffffffffffffffffffffffffffffffff6c611070995ad10045841b09b761b893",
    "1",
    "8d91e471e0989cda27df505a453f2b7635294f2ddf23e3b122acc99c9e9f1e14",
)
"""id-GostR3410-2001-CryptoPro-A-ParamSet (RFC 4357), KZ parameter A of 34.310-2004."""

TC26_256_A: Final = _curve(
    32,
    _P256,
    int("c2173f1513981673af4892c23035a27ce25e2013bf95aa33b22c656f277e7335", 16),
    "295f9bae7428ed9ccc20e7c359a9d41a22fccd9108e17bf7ba9337a6f8ae9513",
    "400000000000000000000000000000000fd8cddfc87b6635c115af556c360c67",
    "91e38443a5e82c0d880923425712b2bb658b9196932e02c78b2582fe742daa28",
    "32879423ab1a0375895786c4bb46e9565fde0b5344766740af268adb32322e5c",
)
"""id-tc26-gost-3410-2012-256-paramSetA (RFC 9215); cofactor 4."""

TC26_512_A: Final = _curve(
    64,
    _P512,
    _P512 - 3,
    "e8c2505dedfc86ddc1bd0b2b6667f1da34b82574761cb0e879bd081cfd0b6265"
    "ee3cb090f30d27614cb4574010da90dd862ef9d4ebee4761503190785a71c760",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "27e69532f48d89116ff22b8d4e0560609b4b38abfad2b85dcacdb1411f10b275",
    "3",
    "7503cfe87a836ae3a61b8816e25450e6ce5e1c93acf1abc1778064fdcbefa921"
    "df1626be4fd036e93d75e6a50e3a41e98028fe5fc235f5b889a589cb5215f2a4",
)
"""id-tc26-gost-3410-12-512-paramSetA (RFC 7836)."""


def verify(
    curve: Curve, key: bytes, signature: bytes, hashed: bytes, *, often: bool = False
) -> bool:
    """Whether `signature` over the digest `hashed` is by `key` (34.10-2015, 6.2).

    `key` is x ‖ y, `signature` is r ‖ s. `often` is for keys of authorities: a table
    is kept, and the second signature of the same key takes a quarter of the time.

    1. Lengths; the key is a point of the curve and not of its small subgroup.
    2. 0 < r < q and 0 < s < q.
    3. e = digest mod q, 1 when that is 0.
    4. C = (s / e) G + (−r / e) Q is not infinity, and x of C is r mod q.
    """
    size = curve.size
    if len(key) != 2 * size or len(signature) != 2 * size:  # step 1
        return False
    point, (r, s) = _halves(key, size), _halves(signature, size)
    if not curve.holds(*point) or point[1] == 0:
        return False
    if not (0 < r < curve.q and 0 < s < curve.q):  # step 2
        return False
    e = _number(hashed) % curve.q or mpz(1)  # step 3
    v = invert(e, curve.q)
    of_base = _by_table(curve, (curve.x, curve.y), s * v % curve.q)  # step 4
    multiply = _by_table if often else _by_naf
    x, _, z = _sum(curve, of_base, multiply(curve, point, -r * v % curve.q))
    if z == 0:
        return False
    return bool(x * invert(z * z, curve.p) % curve.p % curve.q == r)


def _number(raw: bytes) -> mpz:
    return mpz(int.from_bytes(raw, "little"))


def _halves(raw: bytes, size: int) -> _Affine:
    return _number(raw[:size]), _number(raw[size:])


def _double(curve: Curve, point: _Point) -> _Point:
    """2P in Jacobian coordinates for any a ("dbl-1998-cmo-2")."""
    x, y, z = point
    p = curve.p
    yy = y * y % p
    s = 4 * x * yy % p
    zz = z * z % p
    m = (3 * x * x + curve.a * zz * zz) % p
    doubled = (m * m - 2 * s) % p
    return doubled, (m * (s - doubled) - 8 * yy * yy) % p, 2 * y * z % p


def _add(curve: Curve, point: _Point, other: _Affine) -> _Point:
    """P + (x, y, 1) ("madd"); complete: equal and opposite points are seen."""
    x1, y1, z1 = point
    x2, y2 = other
    p = curve.p
    if z1 == 0:
        return x2, y2, mpz(1)
    zz = z1 * z1 % p
    h = (x2 * zz - x1) % p
    r = (y2 * z1 * zz - y1) % p
    if h == 0:
        return _double(curve, point) if r == 0 else (mpz(1), mpz(1), mpz(0))
    hh = h * h % p
    hhh = h * hh % p
    v = x1 * hh % p
    x3 = (r * r - hhh - 2 * v) % p
    return x3, (r * (v - x3) - y1 * hhh) % p, z1 * h % p


def _sum(curve: Curve, one: _Point, other: _Point) -> _Point:
    if other[2] == 0:
        return one
    return _add(curve, one, next(_affine(curve, [other])))


def _affine(curve: Curve, points: list[_Point]) -> Iterator[_Affine]:
    """The points, none of them infinity, by one inversion (Montgomery's trick)."""
    products = [mpz(1)]
    for _, _, z in points:
        products.append(products[-1] * z % curve.p)
    inverse = invert(products[-1], curve.p)
    inverses: list[mpz] = []
    for product, (_, _, z) in zip(products[-2::-1], points[::-1], strict=True):
        inverses.append(inverse * product % curve.p)
        inverse = inverse * z % curve.p
    for (x, y, _), i in zip(points, reversed(inverses), strict=True):
        ii = i * i % curve.p
        yield x * ii % curve.p, y * ii * i % curve.p


@lru_cache(maxsize=_TABLES)
def _table(curve: Curve, base: _Affine) -> tuple[tuple[_Affine, ...], ...]:
    """D · 2^(5 i) · base for every window i and every digit d from 1 to 31."""
    rows: list[list[_Point]] = []
    start = base
    for _ in range(-(-curve.q.bit_length() // _COMB_BITS)):
        row: list[_Point] = [(*start, mpz(1))]
        for _ in range(2**_COMB_BITS - 2):
            row.append(_add(curve, row[-1], start))
        rows.append(row)
        start = next(_affine(curve, [_add(curve, row[-1], start)]))
    return tuple(tuple(_affine(curve, row)) for row in rows)


def _by_table(curve: Curve, base: _Affine, scalar: mpz) -> _Point:
    """The scalar · base by additions alone, out of the table of `base`."""
    result: _Point = (mpz(1), mpz(1), mpz(0))
    left = int(scalar)
    for row in _table(curve, base):
        number = left & (2**_COMB_BITS - 1)
        left >>= _COMB_BITS
        if number:
            result = _add(curve, result, row[number - 1])
    return result


def _by_naf(curve: Curve, base: _Affine, scalar: mpz) -> _Point:
    """The scalar · base by a windowed non-adjacent form: for a key seen once."""
    twice = next(_affine(curve, [_double(curve, (*base, mpz(1)))]))
    multiples: list[_Point] = [(*base, mpz(1))]
    for _ in range(2 ** (_NAF_BITS - 2) - 1):
        multiples.append(_add(curve, multiples[-1], twice))
    odd = list(_affine(curve, multiples))
    result: _Point = (mpz(1), mpz(1), mpz(0))
    for number in reversed(list(_naf(int(scalar)))):
        result = _double(curve, result)
        if number > 0:
            result = _add(curve, result, odd[number // 2])
        elif number < 0:
            x, y = odd[-number // 2]
            result = _add(curve, result, (x, -y % curve.p))
    return result


def _naf(scalar: int) -> Iterator[int]:
    """Digits of the non-adjacent form, the lowest first: 0 or odd, below 2^5."""
    window = 2**_NAF_BITS
    while scalar:
        number = 0
        if scalar & 1:
            number = scalar % window
            if number >= window // 2:
                number -= window
            scalar -= number
        yield number
        scalar >>= 1
