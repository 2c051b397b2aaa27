"""Certificates, CRLs, OCSP answers and time stamps in the profile of НУЦ."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from asn1crypto import core

from tests.eds import der
from tests.eds.keys import KeyPair, hashed, key

PERSON = "1.2.398.3.3.4.1.1"
EMAIL = "1.3.6.1.5.5.7.3.4"
OCSP_SIGNING = "1.3.6.1.5.5.7.3.9"
TIME_STAMPING = "1.3.6.1.5.5.7.3.8"
SIGNING = ("digital_signature", "non_repudiation")

COMMON_NAME, SURNAME, SERIAL, COUNTRY = "2.5.4.3", "2.5.4.4", "2.5.4.5", "2.5.4.6"
ORGANISATION, UNIT = "2.5.4.10", "2.5.4.11"
IIN = "900101300017"

_USAGES = (
    "digital_signature",
    "non_repudiation",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
)
SHA256 = "2.16.840.1.101.3.4.2.1"


@dataclass(frozen=True)
class Holder:
    """Somebody with a key and a certificate."""

    key: KeyPair
    subject: bytes
    certificate: bytes
    serial: int
    issuer: bytes

    @property
    def key_id(self) -> bytes:
        return hashlib.sha256(self.key.spki).digest()[:20]


def serial_of(word: str) -> int:
    """A positive serial number of 20 bytes."""
    return int.from_bytes(b"\x41" + hashlib.sha256(word.encode()).digest()[:19])


def key_usage(names: Iterable[str]) -> bytes:
    wanted = set(names)
    text = "".join("1" if one in wanted else "0" for one in _USAGES).rstrip("0")
    unused = -len(text) % 8
    raw = int(text + "0" * unused, 2).to_bytes((len(text) + unused) // 8)
    value = der.tlv(0x03, bytes([unused]), raw)
    return der.extension("2.5.29.15", value, critical=True)


def extended_usage(dotted: Sequence[str], *, critical: bool = False) -> bytes:
    value = der.sequence(*map(der.oid, dotted))
    return der.extension("2.5.29.37", value, critical=critical)


def basic_constraints(*, ca: bool, path_length: int | None = None) -> bytes:
    parts = [der.boolean(true=True)] if ca else []
    if path_length is not None:
        parts.append(der.integer(path_length))
    return der.extension("2.5.29.19", der.sequence(*parts), critical=True)


def person_name(iin: str | None = IIN, *more: tuple[str, str]) -> bytes:
    parts = [(COMMON_NAME, "ТЕСТОВ ТЕСТ"), (SURNAME, "ТЕСТОВ"), (COUNTRY, "KZ"), *more]
    if iin is not None:
        parts.append((SERIAL, f"IIN{iin}"))
    return der.name(parts)


def certificate(
    word: str,
    holder_key: KeyPair,
    *,
    subject: bytes,
    issuer: "Holder | None",
    valid: tuple[datetime, datetime],
    extensions: Sequence[bytes],
    spki: bytes | None = None,
    signed_by: KeyPair | None = None,
) -> Holder:
    """A certificate; `issuer` None is self-signed, `signed_by` lies about the key."""
    signer = signed_by or (issuer.key if issuer else holder_key)
    issuer_name = issuer.subject if issuer else subject
    own = hashlib.sha256(spki or holder_key.spki).digest()[:20]
    above = issuer.key_id if issuer else own
    named = der.algorithm(signer.scheme.signature)
    serial = serial_of(word)
    tbs = der.sequence(
        der.tlv(0xA0, der.integer(2)),
        der.integer(serial),
        named,
        issuer_name,
        der.sequence(*map(der.utc_time, valid)),
        subject,
        spki or holder_key.spki,
        der.tlv(
            0xA3,
            der.sequence(
                der.extension("2.5.29.14", der.octets(own)),
                der.extension("2.5.29.35", der.sequence(der.tlv(0x80, above))),
                *extensions,
            ),
        ),
    )
    raw = der.sequence(tbs, named, der.bits(signer.sign(tbs)))
    return Holder(holder_key, subject, raw, serial, issuer_name)


def crl(
    issuer: Holder,
    *,
    window: tuple[datetime, datetime],
    revoked: Sequence[tuple[int, datetime]] = (),
    extensions: Sequence[bytes] = (),
    signed_by: KeyPair | None = None,
    number: int = 7,
    removed: Sequence[tuple[int, datetime]] = (),
) -> bytes:
    """A CRL of version 2 with a number; `removed` is of deltas."""
    signer = signed_by or issuer.key
    named = der.algorithm(signer.scheme.signature)
    entries = [
        der.sequence(der.integer(serial), der.utc_time(at)) for serial, at in revoked
    ]
    reason = der.sequence(der.extension("2.5.29.21", der.tlv(0x0A, b"\x08")))
    entries += [
        der.sequence(der.integer(serial), der.utc_time(at), reason)
        for serial, at in removed
    ]
    numbered = der.extension("2.5.29.20", der.integer(number))
    tbs = der.sequence(
        der.integer(1),
        named,
        issuer.subject,
        *map(der.utc_time, window),
        *([der.sequence(*entries)] if entries else []),
        der.tlv(0xA0, der.sequence(numbered, *extensions)),
    )
    return der.sequence(tbs, named, der.bits(signer.sign(tbs)))


def delta_to(number: int, *, critical: bool = True) -> bytes:
    """The delta CRL indicator: to the full list of this number."""
    return der.extension("2.5.29.27", der.integer(number), critical=critical)


GOOD = der.tlv(0x80)
UNKNOWN = der.tlv(0x82)


def revoked_at(moment: datetime) -> bytes:
    return der.tlv(0xA1, der.generalized_time(moment))


def ocsp(
    serial: int,
    *,
    issuer: Holder,
    responder: Holder,
    status: bytes,
    at: datetime,
    until: datetime | None = None,
    nonce: bytes | None = None,
    brought: Holder | None = None,
) -> bytes:
    """An answer about one serial number; `brought` replaces the certificate inside."""
    inner = issuer.key.spki
    cert_id = der.sequence(
        der.algorithm(SHA256),
        der.octets(hashlib.sha256(issuer.subject).digest()),
        der.octets(hashlib.sha256(_key_bits(inner)).digest()),
        der.integer(serial),
    )
    later = [der.tlv(0xA0, der.generalized_time(until))] if until else []
    single = der.sequence(cert_id, status, der.generalized_time(at), *later)
    returned = (
        []
        if nonce is None
        else [
            der.tlv(
                0xA1,
                der.sequence(der.extension("1.3.6.1.5.5.7.48.1.2", der.octets(nonce))),
            )
        ]
    )
    content = der.sequence(
        der.tlv(0xA1, responder.subject),
        der.generalized_time(at),
        der.sequence(single),
        *returned,
    )
    basic = der.sequence(
        content,
        der.algorithm(responder.key.scheme.signature),
        der.bits(responder.key.sign(content)),
        der.tlv(0xA0, der.sequence((brought or responder).certificate)),
    )
    return der.sequence(
        der.tlv(0x0A, b"\x00"),
        der.tlv(
            0xA0,
            der.sequence(der.oid("1.3.6.1.5.5.7.48.1.1"), der.octets(basic)),
        ),
    )


class _Spki(core.Sequence):  # type: ignore[misc] # asn1crypto is untyped
    _fields = [  # noqa: RUF012 - asn1crypto's own form
        ("algorithm", core.Any),
        ("public_key", core.OctetBitString),
    ]


def _key_bits(spki: bytes) -> bytes:
    """The content of the BIT STRING of a SubjectPublicKeyInfo."""
    return bytes(_Spki.load(spki)["public_key"])


@dataclass(frozen=True)
class House:
    """A whole hierarchy of one kind of key, from a fixed day on."""

    root: Holder
    issuing: Holder
    person: Holder
    responder: Holder
    stamper: Holder


BEGIN = datetime.fromisoformat("2026-01-01T00:00:00+00:00")
YEAR = timedelta(days=365)
CA_LIFE = (BEGIN, BEGIN + 20 * YEAR)
ONE_YEAR = (BEGIN, BEGIN + YEAR)


def authority(
    word: str,
    kind: str,
    issuer: Holder | None,
    *,
    extensions: Sequence[bytes] | None = None,
    common_name: str | None = None,
    valid: tuple[datetime, datetime] = CA_LIFE,
) -> Holder:
    """A root or an issuing authority."""
    rights = [
        basic_constraints(ca=True, path_length=0 if issuer else None),
        key_usage(("key_cert_sign", "crl_sign")),
    ]
    return certificate(
        word,
        key(kind, word),
        subject=der.name([(COMMON_NAME, common_name or f"TEST {word}")]),
        issuer=issuer,
        valid=valid,
        extensions=rights if extensions is None else extensions,
    )


def member(
    word: str,
    kind: str,
    issuer: Holder,
    extensions: Sequence[bytes],
    subject: bytes | None = None,
) -> Holder:
    """Somebody the issuing authority certified for a year."""
    return certificate(
        word,
        key(kind, word),
        subject=subject or der.name([(COMMON_NAME, f"TEST {word}")]),
        issuer=issuer,
        valid=ONE_YEAR,
        extensions=extensions,
    )


def signing(*usages: str) -> list[bytes]:
    """The extensions of a signing certificate; of a natural person by default."""
    return [key_usage(SIGNING), extended_usage(usages or (EMAIL, PERSON))]


@cache
def house(kind: str) -> House:
    """Root, issuing authority, a person, the responder and the stamper."""
    root = authority(f"{kind} root", kind, None)
    issuing = authority(f"{kind} issuing", kind, root)
    return House(
        root=root,
        issuing=issuing,
        person=member(f"{kind} person", kind, issuing, signing(), person_name()),
        responder=member(
            f"{kind} responder",
            kind,
            issuing,
            [key_usage(SIGNING[:1]), extended_usage((OCSP_SIGNING,))],
        ),
        stamper=member(
            f"{kind} stamper",
            kind,
            issuing,
            [key_usage(SIGNING), extended_usage((TIME_STAMPING,), critical=True)],
        ),
    )


def digest_of(holder: Holder, data: bytes) -> bytes:
    return hashed(holder.key.scheme.hashing, data)
