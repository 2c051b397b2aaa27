"""Opening PKCS#12 of the national TEST persons: the key bag, by hand (RFC 7292).

No OpenSSL and no `cryptography` call understands the GOST key inside, and the product
opens nobody's PKCS#12: it is here to see that the published keys fit the published
certificates.
"""

import hashlib
import hmac

from asn1crypto import core, pkcs12, x509
from cryptography.hazmat.decrepit.ciphers.algorithms import TripleDES
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.serialization import load_der_private_key
from gmpy2 import mpz

from services.onboarding.adapters.eds.algorithms import read_key
from tests.eds.keys import times

_BLOCK = 64
"""Bytes of a block of SHA-1, which these files derive with."""


class CannotOpenError(Exception):
    """The password is another one."""


class _PrivateKey(core.Sequence):  # type: ignore[misc] # asn1crypto is untyped
    _fields = [  # noqa: RUF012 - asn1crypto's own form
        ("version", core.Integer),
        ("algorithm", core.Any),
        ("private_key", core.OctetString),
    ]


def private_key(raw: bytes, password: str) -> bytes:
    """The PKCS#8 of the only key. CannotOpenError for another password."""
    pfx = pkcs12.Pfx.load(raw, strict=True)
    contents = pfx["auth_safe"]["content"].native
    mac = pfx["mac_data"]
    salt, rounds = mac["mac_salt"].native, mac["iterations"].native
    expected = mac["mac"]["digest"].native
    key = _derive(password, salt, rounds, purpose=3, size=20)
    if hmac.digest(key, contents, "sha1") != expected:
        raise CannotOpenError
    for content in pfx.authenticated_safe:
        if content["content_type"].native != "data":
            continue
        for bag in pkcs12.SafeContents.load(content["content"].native):
            if bag["bag_id"].native == "pkcs8_shrouded_key_bag":
                return _unshrouded(bag["bag_value"], password)
    raise ValueError("no key inside")


def fits(pkcs8: bytes, certificate: x509.Certificate) -> bool:
    """Whether a private key belongs to the certificate's public one."""
    key = read_key(certificate)
    if key.point is None:
        public = load_der_private_key(pkcs8, None).public_key()
        return key.certified is not None and key.certified.key == public
    inner = _PrivateKey.load(pkcs8)["private_key"].native
    value = core.load(inner)
    secret = (
        value.native
        if isinstance(value, core.Integer)
        else int.from_bytes(value.native, "little")
    )
    curve, point = key.point
    x, y = times(curve, (curve.x, curve.y), mpz(secret))
    made = b"".join(int(one).to_bytes(curve.size, "little") for one in (x, y))
    return made == point


def _unshrouded(bag: pkcs12.EncryptedPrivateKeyInfo, password: str) -> bytes:
    """PBE with SHA-1 and three keys of DES, the only one these files use."""
    algorithm = bag["encryption_algorithm"]
    assert algorithm["algorithm"].native == "pkcs12_sha1_tripledes_3key"
    salt = algorithm["parameters"]["salt"].native
    rounds = algorithm["parameters"]["iterations"].native
    key = _derive(password, salt, rounds, purpose=1, size=24)
    start = _derive(password, salt, rounds, purpose=2, size=8)
    opening = Cipher(TripleDES(key), modes.CBC(start)).decryptor()
    padded = opening.update(bag["encrypted_data"].native) + opening.finalize()
    return padded[: -padded[-1]]


def _derive(
    password: str, salt: bytes, rounds: int, *, purpose: int, size: int
) -> bytes:
    """The derivation of RFC 7292, appendix B.2, with SHA-1."""
    secret = f"{password}\0".encode("utf-16-be")
    inputs = b"".join(
        (text * (_BLOCK // len(text) + 1))[: _BLOCK * -(-len(text) // _BLOCK)]
        for text in (salt, secret)
    )
    derived = b""
    while len(derived) < size:
        block = bytes([purpose]) * _BLOCK + inputs
        for _ in range(rounds):
            block = hashlib.sha1(block, usedforsecurity=False).digest()
        derived += block
        stretched = int.from_bytes((block * 4)[:_BLOCK]) + 1
        inputs = b"".join(
            (
                (int.from_bytes(inputs[at : at + _BLOCK]) + stretched)
                % 2 ** (8 * _BLOCK)
            ).to_bytes(_BLOCK)
            for at in range(0, len(inputs), _BLOCK)
        )
    return derived[:size]
