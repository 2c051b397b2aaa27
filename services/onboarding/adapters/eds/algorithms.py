"""Keys, signatures and hashes by their object identifiers: the only ones we know.

The arc 1.2.398.3.10.1 is Kazakhstan's register of algorithms (root.gov.kz/oid), of
which only parameter sets seen in certificates of НУЦ are taken. Whether an algorithm
is accepted from a client is for the domain to say; what is not here at all cannot be
verified by anybody.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

from asn1crypto import core, x509

from kernel import gost
from kernel.crypto import CertifiedKey
from services.onboarding.adapters.eds.asn1 import UNPARSABLE, der

Hash = Callable[[bytes], bytes]

_KZ: Final = "1.2.398.3.10.1"
_SHA2: Final = "2.16.840.1.101.3.4.2"
_PKCS1: Final = "1.2.840.113549.1.1"
_ECDSA: Final = "1.2.840.10045.4"

HASHES: Final[Mapping[str, Hash]] = {
    "sha256": lambda data: hashlib.sha256(data).digest(),
    "sha384": lambda data: hashlib.sha384(data).digest(),
    "sha512": lambda data: hashlib.sha512(data).digest(),
    "streebog512": partial(gost.digest, gost.STREEBOG_512),
    "streebog256": partial(gost.digest, gost.STREEBOG_256),
    "gost34311": partial(gost.digest, gost.GOST_34_311),
}
_DIGESTS: Final = {
    "1.3.14.3.2.26": "sha1",
    f"{_SHA2}.1": "sha256",
    f"{_SHA2}.2": "sha384",
    f"{_SHA2}.3": "sha512",
    f"{_KZ}.3.1": "gost34311",
    f"{_KZ}.3.2": "streebog256",
    f"{_KZ}.3.3": "streebog512",
}
# Name of the signature, and of its hash; None where the identifier says no hash.
_SIGNATURES: Final[Mapping[str, tuple[str, str | None]]] = {
    f"{_PKCS1}.1": ("rsa", None),
    f"{_PKCS1}.5": ("rsa", "sha1"),
    f"{_PKCS1}.11": ("rsa", "sha256"),
    f"{_PKCS1}.12": ("rsa", "sha384"),
    f"{_PKCS1}.13": ("rsa", "sha512"),
    f"{_ECDSA}.1": ("ec", "sha1"),
    f"{_ECDSA}.3.2": ("ec", "sha256"),
    f"{_ECDSA}.3.3": ("ec", "sha384"),
    f"{_ECDSA}.3.4": ("ec", "sha512"),
    f"{_KZ}.1.2.3.2": ("gost2015_512", "streebog512"),
    f"{_KZ}.1.2.3.1": ("gost2015_256", "streebog256"),
    f"{_KZ}.1.1.2": ("gost2004", "gost34311"),
}


@dataclass(frozen=True, slots=True)
class _GostKey:
    """A kind of key: its curve, and the parameters that must stand beside it."""

    name: str
    curve: gost.Curve
    curve_name: str
    parameters: tuple[str, str]


_GOST_KEYS: Final = {
    f"{_KZ}.1.2.2": _GostKey(
        "gost2015_512",
        gost.TC26_512_A,
        "tc26_512_a",
        (f"{_KZ}.1.2.2.1", f"{_KZ}.3.3"),
    ),
    f"{_KZ}.1.2.1": _GostKey(
        "gost2015_256",
        gost.TC26_256_A,
        "tc26_256_a",
        (f"{_KZ}.1.2.1.1", f"{_KZ}.3.2"),
    ),
    f"{_KZ}.1.1.1": _GostKey(
        "gost2004",
        gost.CRYPTOPRO_A,
        "cryptopro_a",
        (f"{_KZ}.1.1.1.1", f"{_KZ}.3.1.1.0"),
    ),
}


class _GostParameters(core.Sequence):  # type: ignore[misc] # asn1crypto is untyped
    _fields = [  # noqa: RUF012 - asn1crypto's own form
        ("curve", core.ObjectIdentifier),
        ("hash", core.ObjectIdentifier),
    ]


class _AnyAlgorithm(core.Sequence):  # type: ignore[misc] # asn1crypto is untyped
    _fields = [  # noqa: RUF012 - asn1crypto's own form
        ("algorithm", core.ObjectIdentifier),
        ("parameters", core.Any, {"optional": True}),
    ]


class _AnyKey(core.Sequence):  # type: ignore[misc] # asn1crypto is untyped
    """SubjectPublicKeyInfo of any algorithm: asn1crypto's own knows no GOST."""

    _fields = [  # noqa: RUF012 - asn1crypto's own form
        ("algorithm", _AnyAlgorithm),
        ("public_key", core.OctetBitString),
    ]


@dataclass(frozen=True, slots=True)
class Key:
    """A public key. `curve` None: RSA, or a GOST key of parameters we do not know."""

    name: str
    bits: int = 0
    curve: str | None = None
    certified: CertifiedKey | None = None
    point: tuple[gost.Curve, bytes] | None = None

    def verify(
        self, data: bytes, signature: bytes, *, digest: str, often: bool
    ) -> bool:
        """Whether this key signed the hash `digest` of `data`."""
        if self.point is not None:
            curve, point = self.point
            hashed = HASHES[digest](data)
            return gost.verify(curve, point, signature, hashed, often=often)
        certified = self.certified
        return certified is not None and certified.verify(
            data, signature, digest=digest
        )


UNKNOWN_KEY: Final = Key("unknown")


def read_key(certificate: x509.Certificate) -> Key:
    """The certificate's key; `UNKNOWN_KEY` for an algorithm outside the register."""
    spki: bytes = der(certificate["tbs_certificate"]["subject_public_key_info"])
    try:
        read = _AnyKey.load(spki, strict=True)
        kind = _GOST_KEYS.get(read["algorithm"]["algorithm"].dotted)
        if kind is not None:
            return _gost_key(kind, read)
    except UNPARSABLE:
        return UNKNOWN_KEY
    certified = CertifiedKey.load(spki)
    if certified is None:
        return UNKNOWN_KEY
    name = "ec" if certified.curve else "rsa"
    return Key(name, certified.bits, certified.curve, certified=certified)


def _gost_key(kind: _GostKey, read: _AnyKey) -> Key:
    """A key of a known kind; without a curve where parameters or form are others."""
    try:
        parameters = _GostParameters.load(
            read["algorithm"]["parameters"].dump(), strict=True
        )
        point: bytes = core.OctetString.load(
            bytes(read["public_key"]), strict=True
        ).native
    except UNPARSABLE:
        return Key(kind.name)
    if (parameters["curve"].dotted, parameters["hash"].dotted) != kind.parameters:
        return Key(kind.name)
    return Key(
        kind.name,
        8 * kind.curve.size,
        kind.curve_name,
        point=(kind.curve, point),
    )


def digest_name(algorithm: Any) -> str:  # noqa: ANN401 - asn1crypto is untyped
    """Name of a digest algorithm; its identifier when we do not know it."""
    dotted: str = algorithm["algorithm"].dotted
    return _DIGESTS.get(dotted, dotted) if _plain(algorithm) else dotted


def signature_name(algorithm: Any) -> tuple[str, str | None]:  # noqa: ANN401 - as above
    """Name and hash of a signature algorithm; its identifier when unknown."""
    dotted: str = algorithm["algorithm"].dotted
    unknown = (dotted, None)
    return _SIGNATURES.get(dotted, unknown) if _plain(algorithm) else unknown


def _plain(algorithm: Any) -> bool:  # noqa: ANN401 - as above
    """Whether the parameters are NULL or absent, as every algorithm here has them."""
    parameters = algorithm["parameters"]
    return isinstance(parameters, core.Void | core.Null) or parameters.dump() in (
        b"",
        b"\x05\x00",
    )


def signed_by(
    key: Key,
    algorithm: Any,  # noqa: ANN401 - as above
    *,
    data: bytes,
    signature: bytes,
) -> bool | None:
    """Whether `key` signed what an authority signs; None if the algorithm is weak.

    For certificates, CRLs and OCSP answers, whose keys come again and again.
    """
    name, digest = signature_name(algorithm)
    if digest is None or digest not in HASHES or name != key.name or not strong(key):
        return None
    return key.verify(data, signature, digest=digest, often=True)


def strong(key: Key) -> bool:
    """RSA from 2048 bits, P-256 or P-384, or a GOST key."""
    if key.name == "rsa":
        return key.bits >= 2048  # noqa: PLR2004 - in the name
    return key.point is not None or key.curve in ("secp256r1", "secp384r1")


@lru_cache(maxsize=64)
def key_of(der: bytes) -> Key:
    """The key of an authority's certificate, read once."""
    return read_key(x509.Certificate.load(der))
