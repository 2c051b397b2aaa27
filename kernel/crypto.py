"""The only door to `cryptography` and `nacl`: signatures, sealed fields, tokens, bytes.

TLS contexts have a door of their own, `kernel.tls`.  Everything here is a pure
function of its arguments but for the random bytes, which come from the system.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, Self, TypeAlias

import nacl.signing
import orjson
from cryptography import x509
from cryptography.exceptions import InvalidSignature, InvalidTag, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers import algorithms
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    load_der_public_key,
    load_pem_private_key,
    pkcs7,
)
from nacl.exceptions import CryptoError
from typing_extensions import override

Json: TypeAlias = (
    bool | int | str | list["Json"] | tuple["Json", ...] | Mapping[str, "Json"] | None
)
"""What our JSON profile can hold: no floats, integers below 2^53."""

MAX_INTEGER: Final = 2**53 - 1
MAX_DEPTH: Final = 32
_PLAIN: Final = frozenset({str, bool, type(None)})
"""Types whose every value is inside the profile."""
NONCE_BYTES: Final = 12
FIELD_KEY_BYTES: Final = 32
SEALED_VERSION: Final = b"\x01"

_LEAST_RSA_BITS: Final = 2048


class CanonicalError(ValueError):
    """The value or the bytes are outside our JSON profile (subset of RFC 8785)."""


class SignatureInvalidError(ValueError):
    """No trusted key made this signature over these bytes."""


class UnsealError(ValueError):
    """The sealed bytes were changed, moved to another row, or their key is gone."""


def canonical(value: Json) -> bytes:
    """The one byte form of ``value``: sorted ASCII keys, no white space, no floats.

    Inside the profile this equals RFC 8785 (JCS).  Raises CanonicalError outside it.
    """
    _check_profile(value, depth=0)
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except (orjson.JSONEncodeError, RecursionError) as error:
        raise CanonicalError("not representable as canonical JSON") from error


def parse_canonical(raw: bytes) -> Json:
    """The value of canonical bytes; any other byte form of it is refused.

    Duplicate keys, white space, floats, escapes written otherwise: all of them
    fail the comparison.  Raises CanonicalError.
    """
    try:
        value: Json = orjson.loads(raw)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise CanonicalError("not JSON") from error
    if canonical(value) != raw:
        raise CanonicalError("not in canonical form")
    return value


def as_object(value: Json) -> Mapping[str, Json]:
    """``value`` if it is a JSON object; else TypeError."""
    if not isinstance(value, Mapping):
        raise TypeError("an object expected")
    return value


def _check_profile(value: Json, *, depth: int) -> None:
    if value is None or isinstance(value, str | bool):
        return
    if isinstance(value, int):
        if abs(value) > MAX_INTEGER:
            raise CanonicalError("integer beyond 2^53 - 1")
    elif isinstance(value, dict | Mapping):
        _check_keys(value)
        _check_items(value.values(), depth=depth + 1)
    elif isinstance(value, list | tuple):
        _check_items(value, depth=depth + 1)
    else:
        raise CanonicalError(f"{type(value).__name__} is outside the profile")


def _check_keys(value: Mapping[str, Json]) -> None:
    try:
        ascii_only = "".join(value).isascii()
    except TypeError as error:
        raise CanonicalError("keys must be strings") from error
    if not ascii_only:
        raise CanonicalError("keys must be ASCII strings")


def _check_items(values: Iterable[Json], *, depth: int) -> None:
    """Ask first for the type: most values need no look inside, and no call."""
    for item in values:
        if depth > MAX_DEPTH:
            raise CanonicalError(f"deeper than {MAX_DEPTH} levels")
        if type(item) not in _PLAIN:
            _check_profile(item, depth=depth)


def sha256(data: bytes) -> bytes:
    """SHA-256, 32 bytes."""
    return hashlib.sha256(data).digest()


def sha256_hex(data: bytes) -> str:
    """SHA-256 as 64 lower-case hex digits."""
    return hashlib.sha256(data).hexdigest()


def constant_time_equal(a: bytes, b: bytes) -> bool:
    """Equality whose time tells nothing of where the bytes differ."""
    return hmac.compare_digest(a, b)


def random_bytes(count: int) -> bytes:
    """``count`` bytes from the system's generator."""
    return secrets.token_bytes(count)


def random_digits(count: int) -> str:
    """``count`` decimal digits, uniform: one-time codes."""
    return f"{secrets.randbelow(10**count):0{count}d}"


def hotp(secret: bytes, counter: int, *, digits: int = 6) -> str:
    """The one-time password of ``counter`` (RFC 4226, HMAC-SHA-1 as phones expect)."""
    mac = hmac.digest(secret, counter.to_bytes(8, "big"), "sha1")
    at = mac[-1] & 0x0F
    number = int.from_bytes(mac[at : at + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**digits:0{digits}d}"


def b32(data: bytes) -> str:
    """Base32 without padding (RFC 4648 §6): what people may have to type."""
    return base64.b32encode(data).rstrip(b"=").decode("ascii")


def b64url(data: bytes) -> str:
    """URL-safe base64 without padding (RFC 4648 §5)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64url(text: str) -> bytes:
    """The bytes of `b64url`; only the one canonical spelling is accepted.

    Raises ValueError otherwise.
    """
    try:
        padded = text.encode("ascii").translate(_FROM_URL) + b"=" * (-len(text) % 4)
        data = binascii.a2b_base64(padded, strict_mode=True)
    except ValueError as error:
        raise ValueError("not URL-safe base64") from error
    if binascii.b2a_base64(data, newline=False) != padded:
        raise ValueError("not the canonical base64 spelling")
    return data


_FROM_URL: Final = bytes.maketrans(b"-_+/=", b"+/!!!")
"""The two letters that differ; what only the other spellings have becomes wrong."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 private key and the id under which others know its public half."""

    keyid: str
    key: nacl.signing.SigningKey

    @classmethod
    def load(cls, path: Path, *, keyid: str) -> Self:
        """Read a PKCS#8 PEM file.  Raises TypeError when it is not Ed25519."""
        key = load_pem_private_key(path.read_bytes(), password=None)
        if not isinstance(key, Ed25519PrivateKey):
            raise TypeError(f"{path.name} is not an Ed25519 key")
        return cls(keyid, nacl.signing.SigningKey(key.private_bytes_raw()))

    @classmethod
    def generate(cls, keyid: str) -> Self:
        """A fresh key: tests and set-up."""
        return cls(keyid, nacl.signing.SigningKey.generate())

    @property
    def public_bytes(self) -> bytes:
        """The raw public key, 32 bytes."""
        return bytes(self.key.verify_key)

    def sign(self, data: bytes) -> bytes:
        """64 bytes of Ed25519 (RFC 8032) over ``data``."""
        return self.key.sign(data).signature

    @override
    def __repr__(self) -> str:
        """Name the key without showing it."""
        return f"SigningKey({self.keyid})"


_HASHES: Final = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@dataclass(frozen=True, slots=True)
class CertifiedKey:
    """An RSA or EC public key out of a certificate (RFC 3279, RFC 5480)."""

    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey

    @classmethod
    def load(cls, spki: bytes) -> Self | None:
        """Read a SubjectPublicKeyInfo; None when it holds no such key."""
        try:
            key = load_der_public_key(spki)
        except (ValueError, UnsupportedAlgorithm):
            return None
        if isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey):
            return cls(key)
        return None

    @property
    def bits(self) -> int:
        """Length of the modulus, or of the curve's field."""
        return self.key.key_size

    @property
    def curve(self) -> str | None:
        """The curve by its SEC name; None for RSA."""
        if isinstance(self.key, rsa.RSAPublicKey):
            return None
        return self.key.curve.name

    def verify(self, data: bytes, signature: bytes, *, digest: str) -> bool:
        """PKCS#1 v1.5 or ECDSA over ``data`` with SHA-256, -384 or -512."""
        hashing = _HASHES.get(digest)
        if hashing is None:
            return False
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, data, padding.PKCS1v15(), hashing)
            else:
                self.key.verify(signature, data, ec.ECDSA(hashing))
        except InvalidSignature:
            return False
        return True


@dataclass(frozen=True, slots=True, repr=False)
class CertifiedSigner:
    """An RSA or EC private key whose public half stands in a certificate."""

    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey

    @classmethod
    def load(cls, pem: bytes) -> Self:
        """Read a PKCS#8 PEM.  Raises TypeError for a key of another kind."""
        key = load_pem_private_key(pem, password=None)
        if not isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey):
            raise TypeError("neither an RSA key nor one on a curve")
        return cls(key)

    @property
    def kind(self) -> Literal["rsa", "ecdsa"]:
        """Which of the two it is."""
        return "rsa" if isinstance(self.key, rsa.RSAPrivateKey) else "ecdsa"

    def sign(self, data: bytes) -> bytes:
        """PKCS#1 v1.5 or ECDSA over ``data`` with SHA-256 (RFC 8017, FIPS 186-5)."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), hashes.SHA256())
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whoever has the RSA key of a certificate, and alone may read something."""

    certificate: x509.Certificate

    @classmethod
    def load(cls, pem: bytes) -> Self:
        """Raises ValueError for what is no certificate of an RSA key of 2048 bits."""
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey) or key.key_size < _LEAST_RSA_BITS:
            raise ValueError("an RSA key of 2048 bits at least is needed")
        return cls(certificate)

    @property
    def thumbprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return self.certificate.fingerprint(hashes.SHA256()).hex()

    def enveloped(self, data: bytes) -> bytes:
        """CMS EnvelopedData in DER (RFC 5652, 6), AES-256-CBC under a fresh key.

        It hides; that nobody changed it has to be said by a signature inside.
        """
        builder = pkcs7.PKCS7EnvelopeBuilder().set_data(data)
        builder = builder.set_content_encryption_algorithm(algorithms.AES256)
        return builder.add_recipient(self.certificate).encrypt(
            Encoding.DER, [pkcs7.PKCS7Options.Binary]
        )


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Which key speaks for which principal; what is not here is nobody."""

    keys: Mapping[str, tuple[str, nacl.signing.VerifyKey]]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read ``{"keys":[{"keyid","principal","public_key": base64}]}``."""
        rows = json.loads(path.read_text(encoding="utf-8"))["keys"]
        return cls.of(
            (row["keyid"], row["principal"], base64.b64decode(row["public_key"]))
            for row in rows
        )

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, bytes]]) -> Self:
        """Build from (key id, principal, raw public key) rows."""
        return cls(
            {
                keyid: (principal, nacl.signing.VerifyKey(raw))
                for keyid, principal, raw in rows
            }
        )

    def keyid_of(self, principal: str) -> str:
        """The newest key id of ``principal``.  Raises KeyError if it has none."""
        return [k for k, (name, _) in self.keys.items() if name == principal][-1]

    def verify(self, keyid: str, data: bytes, signature: bytes) -> str:
        """The principal whose key made ``signature``; else SignatureInvalidError."""
        known = self.keys.get(keyid)
        if known is None:
            raise SignatureInvalidError("unknown key id")
        principal, key = known
        try:
            key.verify(data, signature)
        except CryptoError as error:
            raise SignatureInvalidError("signature does not verify") from error
        return principal


@dataclass(frozen=True, slots=True)
class _Keyring:
    """Symmetric keys by id; new work uses ``active``, old work finds its own."""

    active: str
    keys: Mapping[str, bytes]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read ``{"active": id, "keys": {id: base64 of 32 bytes}}``."""
        data = json.loads(path.read_text(encoding="utf-8"))
        keys = {k: base64.b64decode(v) for k, v in data["keys"].items()}
        if any(len(key) != FIELD_KEY_BYTES for key in keys.values()):
            raise ValueError(f"{path.name}: every key has {FIELD_KEY_BYTES} bytes")
        return cls(data["active"], {**keys, data["active"]: keys[data["active"]]})

    @override
    def __repr__(self) -> str:
        """Name the keys without showing them."""
        return f"{type(self).__name__}({', '.join(self.keys)})"


def commitment(salt: bytes, value: str) -> str:
    """SHA-256 of the salt and the value: hides the value, and binds to it.

    Raises ValueError for a short salt: without one an ИИН or a number is found by
    trying all there are.
    """
    if len(salt) != FIELD_KEY_BYTES:
        raise ValueError("a salt has 32 bytes")
    return sha256_hex(salt + value.encode())


class FieldKeys(_Keyring):
    """Encryption of single fields, bound to the row they belong to.

    AES-256-GCM with a random 96-bit nonce; the associated data are table, column,
    row and key id, so that a value copied into another row does not open (F45).
    Sealed form: ``01 | length of key id | key id | nonce | ciphertext and tag``.
    """

    __slots__ = ()

    def seal(self, plaintext: bytes, *, table: str, column: str, row: object) -> bytes:
        """Encrypt ``plaintext`` for exactly this field of this row."""
        nonce = random_bytes(NONCE_BYTES)
        aad = _associated(table, column, row, self.active)
        body = AESGCM(self.keys[self.active]).encrypt(nonce, plaintext, aad)
        keyid = self.active.encode("ascii")
        return SEALED_VERSION + bytes([len(keyid)]) + keyid + nonce + body

    def salt(self, purpose: str, *, row: object) -> bytes:
        """32 bytes that whoever lacks the active key can neither know nor find."""
        named = f"commitment|{purpose}|{row}".encode()
        return hmac.digest(self.keys[self.active], named, "sha256")

    def unseal(self, sealed: bytes, *, table: str, column: str, row: object) -> bytes:
        """The plaintext, if ``sealed`` was made for this field.  Else UnsealError."""
        length = sealed[1] if len(sealed) > 1 else 0
        keyid = sealed[2 : 2 + length].decode("ascii", errors="replace")
        nonce = sealed[2 + length : 2 + length + NONCE_BYTES]
        key = self.keys.get(keyid)
        if sealed[:1] != SEALED_VERSION or key is None or len(nonce) < NONCE_BYTES:
            raise UnsealError("not a sealed field of a known key")
        body = sealed[2 + length + NONCE_BYTES :]
        try:
            return AESGCM(key).decrypt(
                nonce, body, _associated(table, column, row, keyid)
            )
        except InvalidTag as error:
            raise UnsealError("changed, or sealed for another field") from error


def _associated(table: str, column: str, row: object, keyid: str) -> bytes:
    return canonical([table, column, str(row), keyid])


class BlindKeys(_Keyring):
    """Keyed tokens of personal values: comparable, not reversible.

    The only form in which an ИИН, a phone number or an account may stand in an
    event or in a unique index.  HMAC-SHA-256 over kind and value under a key that
    only auth, onboarding, contracts and antifraud hold.
    """

    __slots__ = ()

    def token(self, kind: str, value: str) -> str:
        """``<key id>.<43 characters>``; the same for the same kind and value."""
        message = canonical([kind, value])
        mac = hmac.digest(self.keys[self.active], message, "sha256")
        return f"{self.active}.{b64url(mac)}"
