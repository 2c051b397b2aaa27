"""What an OCSP answer or a CRL says of one certificate (RFC 6960; RFC 5280, 5).

Both are judged from their bytes, at an instant that the caller names: now, when a
signature is accepted, and the stamped instant, when it is verified years later.
Data that cannot be used say nothing, and nothing is not good: `UnusableError`.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final

from asn1crypto import core, crl, ocsp, x509

from kernel.crypto import sha256
from services.onboarding.adapters.eds.algorithms import (
    key_of,
    signature_name,
    signed_by,
)
from services.onboarding.adapters.eds.asn1 import UNPARSABLE, der
from services.onboarding.adapters.eds.path import (
    extended_usages,
    issued_by,
    named_issuer,
    same_name,
)
from services.onboarding.domain.signature import Trust

TIME_TOLERANCE: Final = timedelta(seconds=5)
"""How far an authority's clock may be ahead of ours."""

_OCSP_SIGNING: Final = "1.3.6.1.5.5.7.3.9"
_NUMBER: Final = "2.5.29.20"
_DELTA: Final = "2.5.29.27"
# What a CRL may bring: number, and the key of its issuer; a delta says that it is one.
# Partial and indirect lists say so in critical extensions, and are not used.
_CRL_KNOWN: Final = frozenset({_NUMBER, "2.5.29.35"})


@dataclass(frozen=True, slots=True)
class Freshness:
    """How old what was once asked for may be: a dated setting.

    `ocsp`: an answer without nextUpdate, as НУЦ gives them; `crl`: a list since it was
    fetched, for НУЦ's are valid for half a year.
    """

    ocsp: timedelta
    crl: timedelta


FreshnessAt = Callable[[datetime], Freshness]
"""What was, or is, in force at an instant."""


class Unusable(StrEnum):
    """Why revocation data say nothing about a certificate."""

    ABSENT = "absent"
    MALFORMED = "malformed"
    UNTRUSTED = "untrusted"
    WRONG_NONCE = "wrong_nonce"
    OTHER_CERTIFICATE = "other_certificate"
    STALE = "stale"
    BASE_MISMATCH = "base_mismatch"
    UNKNOWN = "unknown"


class UnusableError(Exception):
    """Revocation data that say nothing; `reason` for the log."""

    def __init__(self, reason: Unusable) -> None:
        super().__init__(reason.value)
        self.reason = reason


def told_at(raw: bytes) -> datetime:
    """When an OCSP answer or a CRL was made.  Only for data that were used."""
    moment: datetime
    try:
        answer = ocsp.OCSPResponse.load(raw, strict=True)
        moment = answer.response_data["produced_at"].native
    except UNPARSABLE:
        listed = crl.CertificateList.load(raw, strict=True)
        moment = listed["tbs_cert_list"]["this_update"].native
    return moment


def ocsp_status(
    raw: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    *,
    moment: datetime,
    nonce: bytes | None,
    life: timedelta,
) -> Trust:
    """TRUSTED or REVOKED by an OCSP answer. UnusableError when it says neither.

    1. A successful answer, with our nonce if we sent one.
    2. Signed by the issuer, or by a responder the issuer certified for that.
    3. About this certificate: both hashes of the issuer, and the serial number.
    4. Fresh at the moment: until its nextUpdate, or for `life` without one.
    5. good or revoked; a hold is a revocation, and so is "never issued" (1970-01-01).
    """
    try:
        return _ocsp_status(raw, certificate, issuer, moment, nonce, life)
    except UNPARSABLE:
        raise UnusableError(Unusable.MALFORMED) from None


def _ocsp_status(
    raw: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    moment: datetime,
    nonce: bytes | None,
    life: timedelta,
) -> Trust:
    answer = ocsp.OCSPResponse.load(raw, strict=True)
    if answer["response_status"].native != "successful":  # step 1
        raise UnusableError(Unusable.ABSENT)
    basic = answer["response_bytes"]["response"].parsed
    content = basic["tbs_response_data"]
    if nonce is not None and _nonce(content) != nonce:
        raise UnusableError(Unusable.WRONG_NONCE)
    if not _responder_signed(basic, issuer):  # step 2
        raise UnusableError(Unusable.UNTRUSTED)
    asked = cert_id(certificate, issuer)
    named = [one for one in content["responses"] if _same(one["cert_id"], asked)]
    if len(named) != 1:  # step 3
        raise UnusableError(Unusable.OTHER_CERTIFICATE)
    this_update: datetime = named[0]["this_update"].native
    next_update: datetime | None = named[0]["next_update"].native
    until = next_update or this_update + life
    if not this_update - TIME_TOLERANCE <= moment <= until:  # step 4
        raise UnusableError(Unusable.STALE)
    status: str = named[0]["cert_status"].name  # step 5
    if status == "unknown":
        raise UnusableError(Unusable.UNKNOWN)
    return Trust.TRUSTED if status == "good" else Trust.REVOKED


def cert_id(
    certificate: x509.Certificate, issuer: x509.Certificate
) -> dict[str, object]:
    """The question of OCSP by SHA-256 (RFC 6960, 4.1.1)."""
    spki = _Spki.load(der(issuer["tbs_certificate"]["subject_public_key_info"]))
    return {
        "hash_algorithm": {"algorithm": "sha256"},
        "issuer_name_hash": sha256(der(issuer.subject)),
        "issuer_key_hash": sha256(bytes(spki["public_key"])),
        "serial_number": certificate.serial_number,
    }


class _Spki(core.Sequence):  # type: ignore[misc] # asn1crypto is untyped
    """SubjectPublicKeyInfo as bytes: asn1crypto's own reads no GOST key."""

    _fields = [  # noqa: RUF012 - asn1crypto's own form
        ("algorithm", core.Any),
        ("public_key", core.OctetBitString),
    ]


def _same(named: Any, asked: dict[str, object]) -> bool:  # noqa: ANN401 - untyped
    return bool(
        named["hash_algorithm"]["algorithm"].native == "sha256"
        and named["issuer_name_hash"].native == asked["issuer_name_hash"]
        and named["issuer_key_hash"].native == asked["issuer_key_hash"]
        and named["serial_number"].native == asked["serial_number"]
    )


def _nonce(content: Any) -> bytes | None:  # noqa: ANN401 - asn1crypto is untyped
    for extension in content["response_extensions"] or ():
        if extension["extn_id"].native == "nonce":
            value: bytes = extension["extn_value"].parsed.native
            return value
    return None


def _responder_signed(
    basic: Any,  # noqa: ANN401 - asn1crypto is untyped
    issuer: x509.Certificate,
) -> bool:
    content = basic["tbs_response_data"]
    produced: datetime = content["produced_at"].native
    brought = basic["certs"]
    delegated = (
        one
        for one in (brought if isinstance(brought, core.SequenceOf) else ())
        if _is_responder(one, issuer, produced)
    )
    return any(
        signed_by(
            key_of(der(signer)),
            basic["signature_algorithm"],
            data=der(content),
            signature=basic["signature"].native,
        )
        for signer in (issuer, *delegated)
        if _identified(content["responder_id"], signer)
    )


def _identified(responder: Any, signer: x509.Certificate) -> bool:  # noqa: ANN401 - untyped
    if responder.name == "by_name":
        return same_name(responder.chosen, signer.subject)
    spki = _Spki.load(der(signer["tbs_certificate"]["subject_public_key_info"]))
    # RFC 6960, 4.2.1 names SHA-1 here: an identifier, not a protection.
    key = hashlib.sha1(bytes(spki["public_key"]), usedforsecurity=False)
    return bool(responder.chosen.native == key.digest())


def _is_responder(
    certificate: x509.Certificate, issuer: x509.Certificate, moment: datetime
) -> bool:
    """Certified by this very issuer for OCSP, and in its time (RFC 6960, 4.2.2.2)."""
    return (
        _OCSP_SIGNING in extended_usages(certificate)
        and certificate.not_valid_before <= moment <= certificate.not_valid_after
        and named_issuer(certificate, issuer)
        and issued_by(certificate, issuer) is True
    )


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A CRL whose signature holds; serial numbers with their dates.

    `base` is the number of the full list that a delta is to, None in a full one; what
    a delta takes off that list is `removed`.
    """

    this_update: datetime
    next_update: datetime
    revoked: Mapping[int, datetime]
    number: int | None = None
    base: int | None = None
    removed: frozenset[int] = frozenset()

    def covers(self, moment: datetime) -> bool:
        """Whether the instant lies in the list's own window."""
        begins = self.this_update - TIME_TOLERANCE
        return begins <= moment <= self.next_update

    def with_delta(self, delta: "RevocationList", *, at: datetime) -> "RevocationList":
        """The full list as a delta leaves it (RFC 5280, 5.2.4).  UnusableError.

        1. The delta is in its window, and to a base that this list reaches.
        2. A delta this list is younger than adds nothing.
        3. What it lists is revoked, what it removes is not any more.
        """
        if not delta.covers(at):  # step 1
            raise UnusableError(Unusable.STALE)
        if (
            self.number is None
            or delta.number is None
            or delta.base is None
            or self.number < delta.base
        ):
            raise UnusableError(Unusable.BASE_MISMATCH)
        if delta.number <= self.number:  # step 2
            return self
        together = {**self.revoked, **delta.revoked}  # step 3
        return replace(
            self,
            number=delta.number,
            revoked={
                serial: moment
                for serial, moment in together.items()
                if serial not in delta.removed
            },
        )


def crl_status(
    raw: bytes,
    certificate: x509.Certificate,
    issuer: x509.Certificate,
    *,
    moment: datetime,
    delta: bytes | None = None,
) -> Trust:
    """TRUSTED or REVOKED by a full CRL. UnusableError when it cannot be used.

    1. Of this issuer, signed by its key, full and direct.
    2. In its window at the moment; a delta to it, likewise, counts as well.
    3. A serial number on it is revoked, whatever the reason: a hold as well.
    """
    listed = read_crl(raw, der(issuer))  # step 1
    if listed.base is not None:
        raise UnusableError(Unusable.UNTRUSTED)
    if not listed.covers(moment):  # step 2
        raise UnusableError(Unusable.STALE)
    if delta is not None:
        listed = listed.with_delta(read_crl(delta, der(issuer)), at=moment)
    revoked = certificate.serial_number in listed.revoked  # step 3
    return Trust.REVOKED if revoked else Trust.TRUSTED


@lru_cache(maxsize=8)
def read_crl(raw: bytes, issuer: bytes) -> RevocationList:
    """A CRL of this issuer, read and verified once. UnusableError otherwise."""
    try:
        return _read_crl(raw, x509.Certificate.load(issuer))
    except UNPARSABLE:
        raise UnusableError(Unusable.MALFORMED) from None


def _read_crl(raw: bytes, issuer: x509.Certificate) -> RevocationList:
    parsed = crl.CertificateList.load(raw, strict=True)
    tbs = parsed["tbs_cert_list"]
    if not same_name(tbs["issuer"], issuer.subject):
        raise UnusableError(Unusable.UNTRUSTED)
    critical = {
        one["extn_id"].dotted
        for one in tbs["crl_extensions"] or ()
        if one["critical"].native
    }
    # A delta that does not say so critically would pass for a full list elsewhere.
    if critical - _CRL_KNOWN - {_DELTA}:
        raise UnusableError(Unusable.UNTRUSTED)
    base = _whole_number(tbs, _DELTA)
    if (base is not None) is not (_DELTA in critical):
        raise UnusableError(Unusable.UNTRUSTED)
    holds = signature_name(tbs["signature"]) == signature_name(
        parsed["signature_algorithm"]
    ) and (
        signed_by(
            key_of(der(issuer)),
            parsed["signature_algorithm"],
            data=der(tbs),
            signature=parsed["signature"].native,
        )
    )
    next_update = tbs["next_update"].native
    if not holds or next_update is None:
        raise UnusableError(Unusable.UNTRUSTED)
    listed = tbs["revoked_certificates"]
    entries = [
        _entry(one) for one in (listed if isinstance(listed, core.SequenceOf) else ())
    ]
    removed = frozenset(serial for serial, _, is_removed in entries if is_removed)
    if removed and base is None:
        raise UnusableError(Unusable.UNTRUSTED)
    return RevocationList(
        this_update=tbs["this_update"].native,
        next_update=next_update,
        revoked={serial: at for serial, at, is_removed in entries if not is_removed},
        number=_whole_number(tbs, _NUMBER),
        base=base,
        removed=removed,
    )


def _whole_number(tbs: Any, dotted: str) -> int | None:  # noqa: ANN401 - untyped
    """The number in an extension of a list; None without it."""
    for one in tbs["crl_extensions"] or ():
        if one["extn_id"].dotted == dotted:
            number: int = one["extn_value"].parsed.native
            return number
    return None


def _entry(entry: Any) -> tuple[int, datetime, bool]:  # noqa: ANN401 - asn1crypto is untyped
    """Serial number, date, and whether it is removed (only deltas do that).

    UNTRUSTED with a critical extension (indirect lists).
    """
    extensions = entry["crl_entry_extensions"]
    brought = extensions if isinstance(extensions, core.SequenceOf) else ()
    if any(one["critical"].native for one in brought):
        raise UnusableError(Unusable.UNTRUSTED)
    reasons = [
        one["extn_value"].parsed.native
        for one in brought
        if one["extn_id"].native == "crl_reason"
    ]
    removed = "remove_from_crl" in reasons
    return entry["user_certificate"].native, entry["revocation_date"].native, removed
