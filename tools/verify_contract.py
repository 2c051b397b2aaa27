#!/usr/bin/env python3
"""Verify a contract exported with its evidence, without any database or network.

    verify_contract.py DIRECTORY --roots PEM [--iin NUMBER] [--bin NUMBER]

One file, standard library and `cryptography` only, importing nothing of ours. Formats:
CMS (RFC 5652), certificates (RFC 5280), OCSP (RFC 6960), time stamps (RFC 3161, 5816).

The roots, the borrower's ИИН and the lender's БИН come from you, never from the export.
The steps:

  1. The manifest lists every file with its SHA-256, and nothing else lies there.
  2. The document is the one the manifest names.
  3. The client's signature is over the document, the company's too, and a signature of
     the company over the manifest; of each:
     a. One signer, whose signed attributes name the hash of these bytes.
     b. The key of the signer's certificate made the signature.
     c. A time stamp over the signature value, by a certificate for that alone.
     d. Signer and stamper lead to a root you gave, all in their time when stamped.
     e. НУЦ said of the certificate, within a day of the stamp, that it was good; and
        whatever was said of the authorities and of the stamper says so too. A hold in
        a full list counts even where a delta lifts it: ask for a newer full list.
  4. The certificates are the ИИН's and the БИН's, if you gave them.
  5. The company signed after the client.
  6. Each amendment is signed by both likewise, by the same client and company, after
     what it amends, and names by digest in its own bytes the contract and the document
     before it: contract and amendments are one chain, and the last one counts.

RSA and ECDSA are calculated by `cryptography`; GOST 34.10-2015 (RFC 7091) with the hash
Streebog (RFC 6986), in the byte order and under the identifiers of Kazakhstan, below.
What is of another kind ends with 1: neither verified nor found wrong.

Ends with 0 verified, 1 error, 2 wrong usage, 3 finding.
"""

import argparse
import hashlib
import json
import re
import struct
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID, NameOID

VERIFIED, ERROR, USAGE, FINDING = 0, 1, 2, 3

BUNDLE, AMENDED = "kredit-contract-1", "kredit-contract-2"
MANIFEST = "manifest.json"
MANY = 8
MAX_FILE_BYTES = 4 * 1024 * 1024
NEAR = timedelta(days=1)
SECOND = timedelta(seconds=1)

LONGEST_LENGTH, HIGH_TAG = 4, 0x1F
SEQUENCE, SET, OID, OCTETS, INTEGER, TIME = 0x30, 0x31, 0x06, 0x04, 0x02, 0x18
BITS = 0x03
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1
SIGNED_DATA = "1.2.840.113549.1.7.2"
DATA = "1.2.840.113549.1.7.1"
TST_INFO = "1.2.840.113549.1.9.16.1.4"
CONTENT_TYPE = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
SHA2 = "2.16.840.1.101.3.4.2"
KZ = "1.2.398.3.10.1"  # root.gov.kz/oid
BLOCK, SHORT = 64, 32  # of Streebog, in bytes


class FindingError(Exception):
    """The bundle does not prove what it should."""


class UnjudgedError(Exception):
    """Something this verifier cannot calculate; it says nothing either way."""


# --- DER: X.690, definite lengths only


@dataclass(frozen=True)
class Node:
    """One value: its tag, its contents, and all its bytes."""

    tag: int
    body: bytes
    raw: bytes

    def inside(self) -> list["Node"]:
        return list(nodes(self.body))

    def want(self, tag: int) -> "Node":
        if self.tag != tag:
            raise FindingError("a structure is not what it should be")
        return self


def nodes(data: bytes) -> Iterator[Node]:
    at = 0
    while at < len(data):
        if len(data) < at + 2:
            raise FindingError("a structure is cut off")
        tag, length, start = data[at], data[at + 1], at + 2
        if length & 0x80:
            count = length & 0x7F
            if not 0 < count <= LONGEST_LENGTH or tag & HIGH_TAG == HIGH_TAG:
                raise FindingError("a structure is not in DER")
            length = int.from_bytes(data[start : start + count])
            start += count
        end = start + length
        if end > len(data):
            raise FindingError("a structure is cut off")
        yield Node(tag, data[start:end], data[at:end])
        at = end


def parse(data: bytes) -> Node:
    found = list(nodes(data))
    if len(found) != 1:
        raise FindingError("bytes stand behind a structure, or none is there")
    return found[0]


def dotted(node: Node) -> str:
    body = node.want(OID).body
    numbers, value = [], 0
    for byte in body:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    first = min(numbers[0] // 40, 2) if numbers else 0
    head = [first, numbers[0] - 40 * first] if numbers else []
    return ".".join(map(str, [*head, *numbers[1:]]))


# --- GOST: the hash of RFC 6986, the signature of RFC 7091

# The substitution of RFC 6986, 6.2.
PI = bytes.fromhex(
    """
    fceedd11cf6e3116fbc4fada23c5044de977f0db932e99ba1736f1bb14cd5fc1
    f918655ae25cef21811c3c428b018e4f058402aee36a8fa0060bed987fd4d31f
    eb342c51eac848abf22a68a2fd3aceccb5700e56080c7612bf7213479cb75d87
    15a19629107b9ac7f391786f9d9eb2b13275193dff358a7e6d54c680c3bd0d57
    dff524a93ea843c9d779d6f67c22b903e00fecde7a94b0bcdce828504e330a4a
    a79760731e0062441ab83882649f2641ad454692275e552f8ca3a57d69d5953b
    0758b34086ac1df730376be488d9e789e11b83494c3ff8fe8d53aa90cad88561
    207167a42d2b095bcb9b25d0bee56c5259a674d2e6f4b4c0d166afc2394b63b6
    """
)
# The 64 rows of the matrix of RFC 6986, 6.4.
ROWS = struct.unpack(
    ">64Q",
    bytes.fromhex(
        """
        8e20faa72ba0b470 47107ddd9b505a38 ad08b0e0c3282d1c d8045870ef14980e
        6c022c38f90a4c07 3601161cf205268d 1b8e0b0e798c13c8 83478b07b2468764
        a011d380818e8f40 5086e740ce47c920 2843fd2067adea10 14aff010bdd87508
        0ad97808d06cb404 05e23c0468365a02 8c711e02341b2d01 46b60f011a83988e
        90dab52a387ae76f 486dd4151c3dfdb9 24b86a840e90f0d2 125c354207487869
        092e94218d243cba 8a174a9ec8121e5d 4585254f64090fa0 accc9ca9328a8950
        9d4df05d5f661451 c0a878a0a1330aa6 60543c50de970553 302a1e286fc58ca7
        18150f14b9ec46dd 0c84890ad27623e0 0642ca05693b9f70 0321658cba93c138
        86275df09ce8aaa8 439da0784e745554 afc0503c273aa42a d960281e9d1d5215
        e230140fc0802984 71180a8960409a42 b60c05ca30204d21 5b068c651810a89e
        456c34887a3805b9 ac361a443d1c8cd2 561b0d22900e4669 2b838811480723ba
        9bcf4486248d9f5d c3e9224312c8c1a0 effa11af0964ee50 f97d86d98a327728
        e4fa2054a80b329c 727d102a548b194e 39b008152acb8227 9258048415eb419d
        492c024284fbaec0 aa16012142f35760 550b8e9e21f7a530 a48b474f9ef5dc18
        70a6a56e2440598e 3853dc371220a247 1ca76e95091051ad 0edd37c48a08a6d8
        07e095624504536c 8d70c431ac02a736 c83862965601dd1b 641c314b2b8ee083
        """
    ),
)
# The twelve constants of RFC 6986, 6.5, the last one first, as one number would be
# written; here every constant begins with its lowest byte.
ROUNDS = bytes.fromhex(
    """
    378ee767f11631bad21380b00449b17acda43c32bcdf1d77f82012d430219f9b
    5d80ef9d1891cc86e71da4aa88e12852faf417d5d9b21b9948bc924af11bd720
    7bcd9ed0efc889fb3002c6cd635afe94d8fa6bbbebab07612001802114846679
    8a1d71efea48b9caefbacd1d7d476e98dea2594ac06fd85d6bcaa4cd81f32d1b
    abbedea680056f52382ae548b2e4f3f38941e71cff8a78db1fffe18a1b336103
    9fe76702af69334b7a1e6c303b7652f43698fad1153bb6c374b4c7fb98459ced
    378f5a541631229b944c9ad8ec165fde3a7d3a1b258942243cd955b7e00d0984
    800a440bdbb2ceb17b2b8a9aa6079c540e38dc92cb1f2a607261445183235adb
    9b1f5b424d93c9a703e7aa020c6e41414eb7f8719c36de1e89b4443b4ddbc49a
    f4892bcb929b069069d18d2bd1a5c42f36acc2355951a8d9a47f0dd4bf02e71e
    f4c70e16eeaac5ec51ac86febf240954399ec6c7e6bf87c9d3473e33197a93c9
    0992abc52d822c3706476983284a05043517454ca23c4af38886564d3a14d493
    ae4faeae1d3ad3d96fa4c33b7a3039c02d66c4f95142a46c187f9ab49af08ec6
    cffaa6b71c9ab7b40af21f66c2bec6b6bf71c57236904f35fa68407a46647d6e
    4bea6bacad4747999a3f410c6ca923637f151c1f1686104a359e35d7800fffbd
    bfcd1747253af5a3dfff00b723271a167a56a27ea9ea63f5601758fd7c6cfe57
    ef1fdfb3e81566d2f948e1a05d71e4dd488e857e335c3c7d9d721cad685e353f
    a9d72c82ed03d675d8b71333935203be3453eaa193e837f1220cbebc84e3d12e
    f574dcac2bce2fc70a39fc286a3d843506f15e5f529c1f8bf2ea7514b1297b7b
    d3e20fe490359eb1c1c93a376062db09c2b6f443867adb31991e96f50aba0ab2
    6fa3b58aa99d2f1a4fe39d460f70b5d7f3feea720a232b9861d55e0f16b50131
    9ab5176b12d699585cb561c2db0aa7ca55dda21bd7cbcd56e679047021b19bb7
    b1085bda1ecadae9ebcb2f81c0657c1f2f6a76432e45d016714eb88d7585c4fc
    4b7ce09192676901a2422a08a460d31505767436cc744d23dd806559f2a64507
    """
)[::-1]


def _table() -> list[list[int]]:
    """What PI and then ROWS make of each byte, for each of the eight places."""
    found = []
    for place in range(8):
        words = []
        for byte in range(256):
            word = 0
            for bit in range(8):
                if PI[byte] >> bit & 1:
                    word ^= ROWS[63 - 8 * place - bit]
            words.append(word)
        found.append(words)
    return found


A, B, C, D, E, F, G, H = _table()


def _lps(s: bytes) -> bytes:
    """Substitution, transposition and the linear step together (RFC 6986, 7)."""
    words = [
        A[s[n]] ^ B[s[n + 8]] ^ C[s[n + 16]] ^ D[s[n + 24]]
        ^ E[s[n + 32]] ^ F[s[n + 40]] ^ G[s[n + 48]] ^ H[s[n + 56]]
        for n in range(8)
    ]  # fmt: skip
    return struct.pack("<8Q", *words)


def _xor(one: bytes, other: bytes) -> bytes:
    return (int.from_bytes(one) ^ int.from_bytes(other)).to_bytes(BLOCK)


def _compress(state: bytes, count: int, block: bytes) -> bytes:
    """The function g_N of RFC 6986, 8."""
    key = _lps(_xor(state, count.to_bytes(BLOCK, "little")))
    mixed = _xor(key, block)
    for at in range(0, len(ROUNDS), BLOCK):
        key = _lps(_xor(key, ROUNDS[at : at + BLOCK]))
        mixed = _xor(key, _lps(mixed))
    return _xor(_xor(mixed, state), block)


@lru_cache(maxsize=16)
def streebog(data: bytes, size: int) -> bytes:
    """GOST 34.11-2012 of 32 or 64 bytes (RFC 6986, 9 and 10)."""
    state = bytes([size == SHORT]) * BLOCK
    count = total = 0
    whole = len(data) // BLOCK * BLOCK
    for at in range(0, whole, BLOCK):
        block = data[at : at + BLOCK]
        state = _compress(state, count, block)
        count += 8 * BLOCK
        total += int.from_bytes(block, "little")
    rest = data[whole:]
    block = (rest + b"\x01").ljust(BLOCK, b"\x00")
    state = _compress(state, count, block)
    count += 8 * len(rest)
    total = (total + int.from_bytes(block, "little")) % 2 ** (8 * BLOCK)
    state = _compress(state, 0, count.to_bytes(BLOCK, "little"))
    state = _compress(state, 0, total.to_bytes(BLOCK, "little"))
    return state[-size:]


Point = tuple[int, int] | None


@dataclass(frozen=True)
class Curve:
    """y² = x³ + ax + b over p; the base point of prime order q; `size` in bytes."""

    size: int
    p: int
    a: int
    b: int
    q: int
    base: tuple[int, int]

    def plus(self, one: Point, other: Point) -> Point:
        """The sum; None is the point at infinity."""
        if one is None or other is None:
            return one or other
        (x1, y1), (x2, y2) = one, other
        if x1 == x2:
            if (y1 + y2) % self.p == 0:
                return None
            slope = (3 * x1 * x1 + self.a) * pow(2 * y1, -1, self.p)
        else:
            slope = (y2 - y1) * pow(x2 - x1, -1, self.p)
        x = (slope * slope - x1 - x2) % self.p
        return x, (slope * (x1 - x) - y1) % self.p

    def times(self, number: int, point: Point) -> Point:
        result: Point = None
        for bit in f"{number:b}":
            result = self.plus(result, result)
            if bit == "1":
                result = self.plus(result, point)
        return result

    def holds(self, key: bytes, value: bytes, digest: bytes) -> bool:
        """Whether r ‖ s is of the key x ‖ y over the digest (RFC 7091, 6.2)."""
        if len(key) != 2 * self.size or len(value) != 2 * self.size:
            return False
        (x, y), (r, s) = self._halves(key), self._halves(value)
        if not (x < self.p and 0 < y < self.p and 0 < r < self.q and 0 < s < self.q):
            return False
        if (y * y - x * x * x - self.a * x - self.b) % self.p:
            return False
        e = int.from_bytes(digest, "little") % self.q or 1
        v = pow(e, -1, self.q)
        of_base = self.times(s * v % self.q, self.base)
        found = self.plus(of_base, self.times(-r * v % self.q, (x, y)))
        return found is not None and found[0] % self.q == r

    def _halves(self, raw: bytes) -> tuple[int, int]:
        """Kazakhstan writes every number with its lowest byte first."""
        one, other = raw[: self.size], raw[self.size :]
        return int.from_bytes(one, "little"), int.from_bytes(other, "little")


P256, P512 = 2**256 - 617, 2**512 - 569
# id-tc26-gost-3410-2012-256-paramSetA (RFC 9215) and …-512-paramSetA (RFC 7836).
CURVE_256 = Curve(
    32,
    P256,
    0xC2173F1513981673AF4892C23035A27CE25E2013BF95AA33B22C656F277E7335,
    0x295F9BAE7428ED9CCC20E7C359A9D41A22FCCD9108E17BF7BA9337A6F8AE9513,
    0x400000000000000000000000000000000FD8CDDFC87B6635C115AF556C360C67,
    (
        0x91E38443A5E82C0D880923425712B2BB658B9196932E02C78B2582FE742DAA28,
        0x32879423AB1A0375895786C4BB46E9565FDE0B5344766740AF268ADB32322E5C,
    ),
)
CURVE_512 = Curve(
    64,
    P512,
    P512 - 3,
    int(
        "e8c2505dedfc86ddc1bd0b2b6667f1da34b82574761cb0e879bd081cfd0b6265"
        "ee3cb090f30d27614cb4574010da90dd862ef9d4ebee4761503190785a71c760",
        16,
    ),
    int(
        "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
        "27e69532f48d89116ff22b8d4e0560609b4b38abfad2b85dcacdb1411f10b275",
        16,
    ),
    (
        3,
        int(
            "7503cfe87a836ae3a61b8816e25450e6ce5e1c93acf1abc1778064fdcbefa921"
            "df1626be4fd036e93d75e6a50e3a41e98028fe5fc235f5b889a589cb5215f2a4",
            16,
        ),
    ),
)
# By the identifier of the key: the curve, and the parameters that must stand beside it.
GOST_KEYS = {
    f"{KZ}.1.2.1": (CURVE_256, [f"{KZ}.1.2.1.1", f"{KZ}.3.2"]),
    f"{KZ}.1.2.2": (CURVE_512, [f"{KZ}.1.2.2.1", f"{KZ}.3.3"]),
}


# --- signatures of any kind, and the certificates whose keys made them

DIGESTS: dict[str, tuple[Callable[[bytes], bytes], hashes.HashAlgorithm | None]] = {
    f"{SHA2}.1": (lambda d: hashlib.sha256(d).digest(), hashes.SHA256()),
    f"{SHA2}.2": (lambda d: hashlib.sha384(d).digest(), hashes.SHA384()),
    f"{SHA2}.3": (lambda d: hashlib.sha512(d).digest(), hashes.SHA512()),
    f"{KZ}.3.2": (lambda d: streebog(d, 32), None),
    f"{KZ}.3.3": (lambda d: streebog(d, 64), None),
}
# By the identifier of a signature: that of its hash.
SIGNED_WITH = {
    "1.2.840.113549.1.1.11": f"{SHA2}.1",
    "1.2.840.113549.1.1.12": f"{SHA2}.2",
    "1.2.840.113549.1.1.13": f"{SHA2}.3",
    "1.2.840.10045.4.3.2": f"{SHA2}.1",
    "1.2.840.10045.4.3.3": f"{SHA2}.2",
    "1.2.840.10045.4.3.4": f"{SHA2}.3",
    f"{KZ}.1.2.3.1": f"{KZ}.3.2",
    f"{KZ}.1.2.3.2": f"{KZ}.3.3",
}


def hashed(data: bytes, name: str) -> bytes:
    if name not in DIGESTS:
        raise UnjudgedError(f"the hash {name}: this verifier does not calculate it")
    return DIGESTS[name][0](data)


def made_by(
    certificate: x509.Certificate, value: bytes, data: bytes, digest: str
) -> bool:
    """Whether the certificate's key signed these bytes, hashed so."""
    if digest not in DIGESTS:
        raise UnjudgedError(f"the hash {digest}: this verifier does not calculate it")
    fields = parse(certificate.tbs_certificate_bytes).want(SEQUENCE).inside()
    algorithm, bits = fields[6].want(SEQUENCE).inside()
    kind = algorithm.want(SEQUENCE).inside()
    name = dotted(kind[0])
    if name in GOST_KEYS:
        curve, parameters = GOST_KEYS[name]
        if [dotted(one) for one in kind[1].want(SEQUENCE).inside()] != parameters:
            raise UnjudgedError("a GOST key of parameters this verifier does not know")
        key = parse(bits.want(BITS).body[1:]).want(OCTETS).body
        return digest == parameters[1] and curve.holds(key, value, hashed(data, digest))
    return _by_library(certificate, value, data, digest)


def _by_library(
    certificate: x509.Certificate, value: bytes, data: bytes, digest: str
) -> bool:
    _, algorithm = DIGESTS[digest]
    try:
        key = certificate.public_key()
    except (UnsupportedAlgorithm, ValueError) as error:
        raise UnjudgedError("a key this verifier does not know") from error
    if algorithm is None:
        return False  # a GOST hash is signed by a GOST key
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(value, data, padding.PKCS1v15(), algorithm)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(value, data, ec.ECDSA(algorithm))
        else:
            raise UnjudgedError("a key of a kind this verifier does not know")
    except InvalidSignature:
        return False
    return True


def hash_of(signature: x509.ObjectIdentifier) -> str:
    """The hash that goes with a signature of an authority."""
    if signature.dotted_string not in SIGNED_WITH:
        raise UnjudgedError(
            f"the signature {signature.dotted_string}: this verifier does not know it"
        )
    return SIGNED_WITH[signature.dotted_string]


# --- CMS: RFC 5652


@dataclass(frozen=True)
class Signature:
    """The one signer of a SignedData."""

    content_type: str
    content: bytes | None
    certificates: tuple[x509.Certificate, ...]
    digest: str
    attributes: dict[str, bytes]
    signed: bytes
    value: bytes
    signer: x509.Certificate


def read_cms(raw: bytes) -> Signature:
    outer = parse(raw).want(SEQUENCE).inside()
    if dotted(outer[0]) != SIGNED_DATA:
        raise FindingError("a signature is no SignedData")
    parts = parse(outer[1].want(CONTEXT_0).body).want(SEQUENCE).inside()
    content_info = parts[2].want(SEQUENCE).inside()
    content = None
    if len(content_info) > 1:
        content = parse(content_info[1].want(CONTEXT_0).body).want(OCTETS).body
    held = [part for part in parts[3:] if part.tag == CONTEXT_0]
    certificates = tuple(
        x509.load_der_x509_certificate(one.raw)
        for part in held
        for one in part.inside()
    )
    signers = parts[-1].want(SET).inside()
    if len(signers) != 1:
        raise FindingError("a signature has not one signer")
    info = signers[0].want(SEQUENCE).inside()
    attributes = info[3].want(CONTEXT_0)
    serial = int.from_bytes(info[1].want(SEQUENCE).inside()[1].body)
    named = [one for one in certificates if one.serial_number == serial]
    if len(named) != 1:
        raise FindingError("the signer's certificate is not there")
    return Signature(
        content_type=dotted(content_info[0]),
        content=content,
        certificates=certificates,
        digest=dotted(info[2].want(SEQUENCE).inside()[0]),
        attributes=_attributes(attributes),
        # RFC 5652, 5.4: signed under the tag of a SET, not the [0] on the wire.
        signed=bytes([SET]) + attributes.raw[1:],
        value=info[5].want(OCTETS).body,
        signer=named[0],
    )


def _attributes(node: Node) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    for one in node.inside():
        name, values = one.want(SEQUENCE).inside()
        if dotted(name) in found:
            raise FindingError("a signed attribute stands twice")
        found[dotted(name)] = values.want(SET).body
    return found


def check_signature(signature: Signature, content: bytes) -> None:
    """Steps a and b."""
    named = parse(signature.attributes.get(MESSAGE_DIGEST, b"")).want(OCTETS).body
    kind = dotted(parse(signature.attributes.get(CONTENT_TYPE, b"")))
    if named != hashed(content, signature.digest) or kind != signature.content_type:
        raise FindingError("a signature is over other bytes")
    if not made_by(
        signature.signer, signature.value, signature.signed, signature.digest
    ):
        raise FindingError("a signature does not hold")


# --- time stamps: RFC 3161


def stamped_at(token: Signature, value: bytes) -> datetime:
    """Step c, but for the path."""
    if token.content_type != TST_INFO or token.content is None:
        raise FindingError("a time stamp is none")
    check_signature(token, token.content)
    info = parse(token.content).want(SEQUENCE).inside()
    imprint = info[2].want(SEQUENCE).inside()
    name = dotted(imprint[0].want(SEQUENCE).inside()[0])
    if imprint[1].want(OCTETS).body != hashed(value, name):
        raise FindingError("a time stamp is over another signature")
    usage = token.signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING] or not usage.critical:
        raise FindingError("who stamped may do more, or less, than stamp")
    text = info[4].want(TIME).body.decode("ascii")
    pattern = "%Y%m%d%H%M%S.%fZ" if "." in text else "%Y%m%d%H%M%SZ"
    return datetime.strptime(text, pattern).replace(tzinfo=UTC)


# --- certificates: RFC 5280


def check_path(
    certificate: x509.Certificate,
    pool: Sequence[x509.Certificate],
    roots: Sequence[x509.Certificate],
    at: datetime,
) -> list[x509.Certificate]:
    """Step d: up to one of your roots. The certificate with those above it."""
    issuers: list[x509.Certificate] = []
    current = certificate
    while current not in roots:
        if not current.not_valid_before_utc <= at + SECOND or (
            at > current.not_valid_after_utc
        ):
            raise FindingError("a certificate was not in its time")
        above = [one for one in (*pool, *roots) if _issued(current, one)]
        if not above or len(issuers) >= MANY:
            raise FindingError("a certificate does not lead to a root you gave")
        current = above[0]
        limits = current.extensions.get_extension_for_class(x509.BasicConstraints)
        if not limits.value.ca:
            raise FindingError("who issued a certificate is no authority")
        issuers.append(current)
    return [certificate, *issuers]


def _issued(certificate: x509.Certificate, by: x509.Certificate) -> bool:
    if certificate == by or certificate.issuer != by.subject:
        return False
    return made_by(
        by,
        certificate.signature,
        certificate.tbs_certificate_bytes,
        hash_of(certificate.signature_algorithm_oid),
    )


# --- revocation: RFC 6960, and CRLs of RFC 5280


Link = tuple[x509.Certificate, x509.Certificate]
"""A certificate, and who issued it."""


def check_answers(
    answers: Sequence[bytes], paths: Sequence[Link], at: datetime
) -> None:
    """Step e: every answer is about one of the paths, and one about the signer."""
    told: list[x509.Certificate] = []
    for raw in answers:
        about = [link for link in paths if _is_about(raw, link)]
        for certificate, issuer in about:
            check_good(raw, certificate, issuer, at)
            if not _is_delta(raw):  # which says nothing of what the full list has
                told.append(certificate)
        if not about:
            raise FindingError("НУЦ's answer is about another certificate")
    if paths[0][0] not in told:
        raise FindingError("nothing says that a certificate was not revoked")


def _is_about(raw: bytes, link: Link) -> bool:
    """Whether an answer names the certificate, or a list is by its issuer."""
    certificate, issuer = link
    try:
        answer = ocsp.load_der_ocsp_response(raw)
    except ValueError:
        return x509.load_der_x509_crl(raw).issuer == issuer.subject
    if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise FindingError("НУЦ gave no answer about a certificate")
    return answer.serial_number == certificate.serial_number


def _is_delta(raw: bytes) -> bool:
    """Whether it is a list of changes to another list (RFC 5280, 5.2.4)."""
    try:
        listed = x509.load_der_x509_crl(raw)
    except ValueError:
        return False  # an OCSP answer
    return any(one.oid == ExtensionOID.DELTA_CRL_INDICATOR for one in listed.extensions)


def check_good(
    raw: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> None:
    """Step e for one answer."""
    try:
        answer = ocsp.load_der_ocsp_response(raw)
    except ValueError:
        _check_listed(raw, certificate, issuer, at)
        return
    if answer.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise FindingError("НУЦ did not say that a certificate was good")
    if abs(answer.produced_at_utc - at) > NEAR:
        raise FindingError("НУЦ's answer is of another time")
    responder = answer.certificates[0] if answer.certificates else issuer
    if responder != issuer:
        usage = responder.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        if ExtendedKeyUsageOID.OCSP_SIGNING not in usage.value or not _issued(
            responder, issuer
        ):
            raise FindingError("who answered for НУЦ may not")
    digest = hash_of(answer.signature_algorithm_oid)
    if not made_by(responder, answer.signature, answer.tbs_response_bytes, digest):
        raise FindingError("НУЦ's answer was changed")


def _check_listed(
    raw: bytes, certificate: x509.Certificate, issuer: x509.Certificate, at: datetime
) -> None:
    try:
        listed = x509.load_der_x509_crl(raw)
    except ValueError as error:
        raise FindingError("what НУЦ said of a certificate cannot be read") from error
    digest = hash_of(listed.signature_algorithm_oid)
    genuine = made_by(issuer, listed.signature, listed.tbs_certlist_bytes, digest)
    if not genuine or listed.issuer != issuer.subject:
        raise FindingError("a list of НУЦ was changed")
    if listed.last_update_utc > at + NEAR or (
        listed.next_update_utc is not None and listed.next_update_utc < at
    ):
        raise FindingError("a list of НУЦ is of another time")
    found = listed.get_revoked_certificate_by_serial_number(certificate.serial_number)
    if found is not None:
        raise FindingError("a certificate was revoked")


# --- the bundle


@dataclass(frozen=True)
class Bundle:
    """The files of an export, read once."""

    files: dict[str, bytes]

    @classmethod
    def read(cls, folder: Path) -> "Bundle":
        files = {}
        for path in sorted(folder.iterdir()):
            if not path.is_file() or path.stat().st_size > MAX_FILE_BYTES:
                raise FindingError(f"{path.name} does not belong to a bundle")
            files[path.name] = path.read_bytes()
        return cls(files)

    def file(self, name: str) -> bytes:
        if name not in self.files:
            raise FindingError(f"{name} is missing")
        return self.files[name]

    def many(self, prefix: str) -> list[bytes]:
        """In the order of their numbers, of which there are fewer than ten."""
        return [data for name, data in self.files.items() if name.startswith(prefix)]

    def manifest(self) -> dict[str, object]:
        """Steps 1 and 2."""
        try:
            told = json.loads(self.file(MANIFEST))
            listed: dict[str, str] = told["files"]
            kind, document = told["bundle"], told["document_sha256"]
        except (ValueError, KeyError, TypeError) as error:
            raise FindingError("the manifest cannot be read") from error
        if kind not in (BUNDLE, AMENDED) or (kind == AMENDED) != bool(
            told.get("amendments")
        ):
            raise FindingError("the manifest is of another kind")
        ours = {name for name in self.files if not name.startswith("manifest.")}
        if set(listed) != ours:
            raise FindingError("the files are not those of the manifest")
        for name, digest in listed.items():
            if hashlib.sha256(self.file(name)).hexdigest() != digest:
                raise FindingError(f"{name} was changed")
        if hashlib.sha256(self.file("contract.pdf")).hexdigest() != document:
            raise FindingError("the document is not the one that was signed")
        return dict(told)


def check_signed(
    bundle: Bundle, who: str, content: bytes, roots: Sequence[x509.Certificate]
) -> tuple[x509.Certificate, datetime]:
    """Step 3 for one signature: the signer's certificate and the stamped instant."""
    signature = read_cms(bundle.file(f"{who}.cms"))
    if signature.content_type != DATA or signature.content not in (None, content):
        raise FindingError("a signature is over other bytes")
    check_signature(signature, content)
    token = read_cms(bundle.file(f"{who}.tst"))
    at = stamped_at(token, signature.value)
    pool = [x509.load_der_x509_certificate(one) for one in bundle.many(f"{who}.chain-")]
    if not pool or pool[0] != signature.signer or pool[-1] not in roots:
        raise FindingError("the chain is not from the signer to a root you gave")
    path = check_path(signature.signer, pool, roots, at)
    stamper = check_path(token.signer, [*pool, *token.certificates], roots, at)
    links = [*pairwise(path), *pairwise(stamper)]
    check_answers(bundle.many(f"{who}.revocation-"), links, at)
    return signature.signer, at


def check_holder(
    certificate: x509.Certificate, oid: x509.ObjectIdentifier, expected: str | None
) -> None:
    """Step 4."""
    named = [one.value for one in certificate.subject.get_attributes_for_oid(oid)]
    if expected is not None and named != [expected]:
        raise FindingError("a certificate is somebody else's")


def verify(
    folder: Path, roots: Sequence[x509.Certificate], iin: str | None, bin_: str | None
) -> str:
    bundle = Bundle.read(folder)
    manifest = bundle.manifest()  # steps 1 and 2
    document = bundle.file("contract.pdf")
    client, client_at = check_signed(bundle, "client", document, roots)  # step 3
    company, company_at = check_signed(bundle, "company", document, roots)
    sealed, _ = check_signed(bundle, "manifest", bundle.file(MANIFEST), roots)
    check_holder(client, NameOID.SERIAL_NUMBER, iin and f"IIN{iin}")  # step 4
    unit = NameOID.ORGANIZATIONAL_UNIT_NAME
    check_holder(company, unit, bin_ and f"BIN{bin_}")
    if sealed.subject.get_attributes_for_oid(unit) != (
        company.subject.get_attributes_for_oid(unit)
    ):
        raise FindingError("the manifest is signed by another organisation")
    if company_at + SECOND < client_at:  # step 5
        raise FindingError("the company signed before the client")
    amendments = check_chain(bundle, manifest, (client, company, company_at), roots)
    verified = (
        f"verified: {manifest.get('number')}, signed by the client at"
        f" {client_at:%Y-%m-%dT%H:%M:%SZ}, by the company at"
        f" {company_at:%Y-%m-%dT%H:%M:%SZ}; SHA-256 {manifest['document_sha256']}"
    )
    return "\n".join([verified, *amendments])


def check_chain(
    bundle: Bundle,
    manifest: dict[str, object],
    concluded: tuple[x509.Certificate, x509.Certificate, datetime],
    roots: Sequence[x509.Certificate],
) -> list[str]:
    """Step 6: a line of each amendment."""
    client, company, before = concluded
    contract = previous = str(manifest["document_sha256"])
    told = manifest.get("amendments", [])
    if not isinstance(told, list):
        raise FindingError("the manifest cannot be read")
    lines = []
    for place, one in enumerate(told, start=1):
        name = f"amendment-{place}"
        document = bundle.file(f"{name}.pdf")
        digest = hashlib.sha256(document).hexdigest()
        if (one["document_sha256"], one["previous_sha256"]) != (digest, previous):
            raise FindingError("an amendment is not of the document before it")
        if _amended_by(document) != {contract, previous}:
            raise FindingError("an amendment does not name what it amends")
        theirs, client_at = check_signed(bundle, f"{name}.client", document, roots)
        ours, company_at = check_signed(bundle, f"{name}.company", document, roots)
        check_same(theirs, client, NameOID.SERIAL_NUMBER)
        check_same(ours, company, NameOID.ORGANIZATIONAL_UNIT_NAME)
        if company_at + SECOND < client_at or client_at + SECOND < before:
            raise FindingError("an amendment was signed out of turn")
        lines.append(
            f"amended: {one['number']}, signed by both at"
            f" {company_at:%Y-%m-%dT%H:%M:%SZ}; SHA-256 {digest}"
        )
        previous, before = digest, company_at
    return lines


def _amended_by(document: bytes) -> set[str]:
    """What a document says, in plain text, that it amends."""
    return {one.decode() for one in re.findall(rb"sha256:([0-9a-f]{64})<", document)}


def check_same(
    one: x509.Certificate, other: x509.Certificate, oid: x509.ObjectIdentifier
) -> None:
    if one.subject.get_attributes_for_oid(oid) != (
        other.subject.get_attributes_for_oid(oid)
    ):
        raise FindingError("an amendment is signed by somebody else")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("directory", type=Path)
    parser.add_argument("--roots", type=Path, required=True, metavar="PEM")
    parser.add_argument("--iin", metavar="NUMBER")
    parser.add_argument("--bin", metavar="NUMBER", dest="bin_")
    given = parser.parse_args(arguments)
    try:
        roots = x509.load_pem_x509_certificates(given.roots.read_bytes())
    except (OSError, ValueError) as error:
        print(f"error: the roots cannot be read: {error}", file=sys.stderr)
        return USAGE
    try:
        print(verify(given.directory, roots, given.iin, given.bin_))
    except FindingError as finding:
        print(f"finding: {finding}", file=sys.stderr)
        return FINDING
    except (UnjudgedError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        return ERROR
    except (ValueError, LookupError, TypeError, x509.ExtensionNotFound) as error:
        print(f"finding: a structure cannot be read: {error}", file=sys.stderr)
        return FINDING
    return VERIFIED


if __name__ == "__main__":
    sys.exit(main())
