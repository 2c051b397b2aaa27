"""The path from a certificate to a pinned root (RFC 5280, section 6).

Every authority is pinned by its very bytes, so that no path has to be searched among
certificates somebody sent. What we cannot honour refuses the path: a critical
extension we do not know, name constraints and policy constraints among them.
"""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from asn1crypto import x509

from services.onboarding.adapters.eds.algorithms import (
    key_of,
    signature_name,
    signed_by,
)
from services.onboarding.adapters.eds.asn1 import der
from services.onboarding.domain.signature import Trust

MAX_AUTHORITIES: Final = 4
"""Authorities above a certificate; НУЦ has two."""

SUBJECT_KEY: Final = "2.5.29.14"
KEY_USAGE: Final = "2.5.29.15"
BASIC_CONSTRAINTS: Final = "2.5.29.19"
AUTHORITY_KEY: Final = "2.5.29.35"
EXTENDED_USAGE: Final = "2.5.29.37"

# Extensions this verifier evaluates, or that only restrict what it never allows.
_KNOWN: Final = frozenset(
    {
        SUBJECT_KEY,
        KEY_USAGE,
        BASIC_CONSTRAINTS,
        AUTHORITY_KEY,
        EXTENDED_USAGE,
        "2.5.29.17",  # subjectAltName: nothing is decided by it
        "2.5.29.31",  # cRLDistributionPoints
        "2.5.29.32",  # certificatePolicies: evidence
        "1.3.6.1.5.5.7.1.1",  # authorityInfoAccess
    }
)


@dataclass(frozen=True, slots=True)
class Path:
    """Where a certificate leads; `chain` from itself upwards, as far as it goes."""

    trust: Trust
    chain: tuple[x509.Certificate, ...]

    @property
    def issuer(self) -> x509.Certificate:
        """Who issued the certificate. Only for a trusted path."""
        return self.chain[1] if len(self.chain) > 1 else self.chain[0]


def find_path(
    certificate: x509.Certificate,
    *,
    roots: tuple[x509.Certificate, ...],
    issuers: tuple[x509.Certificate, ...],
    moment: datetime,
) -> Path:
    """The path at `moment`; the reason of the best candidate when there is none.

    1. An authority of the issuer's name and key identifier.
    2. Its signature over the certificate.
    3. The certificate's own time, and extensions we know.
    4. The authority's: the same, and the right to sign certificates at this depth.
    5. So on, until a pinned root.
    """
    chain: tuple[x509.Certificate, ...] = (certificate,)
    if not _understood(certificate):  # step 3
        return Path(Trust.UNTRUSTED, chain)
    pinned = {der(one) for one in roots}
    in_time = _in_time(certificate, moment)
    while der(chain[-1]) not in pinned:
        if len(chain) > MAX_AUTHORITIES:
            return Path(Trust.UNTRUSTED, chain)
        candidates = [*issuers, *roots]
        link = _issuer_of(chain[-1], candidates)  # steps 1 and 2
        if isinstance(link, Trust):
            return Path(link, chain)
        if not _may_issue(link, below=len(chain) - 1):  # step 4
            return Path(Trust.UNTRUSTED, chain)
        in_time = in_time and _in_time(link, moment)
        chain = (*chain, link)
    return Path(Trust.TRUSTED if in_time else Trust.OUTSIDE_VALIDITY, chain)


def named_issuer(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether name and key identifier of the issuer are the authority's."""
    if not same_name(certificate.issuer, authority.subject):
        return False
    named = extension(certificate, AUTHORITY_KEY)
    named = None if named is None else named["key_identifier"].native
    own = extension(authority, SUBJECT_KEY)
    return named is None or own is None or named == own.native


def same_name(one: x509.Name, other: x509.Name) -> bool:
    """The same name, whatever string types spell it (RFC 5280, 7.1)."""
    return bool(der(one) == der(other) or one == other)


def extension(certificate: x509.Certificate, dotted: str) -> Any:  # noqa: ANN401 - untyped
    """The parsed value of an extension; None without it.

    One by one: asn1crypto's own properties parse all of them, and an empty
    ocsp-nocheck of the older responders fails there.
    """
    for one in certificate["tbs_certificate"]["extensions"]:
        if one["extn_id"].dotted == dotted:
            return one["extn_value"].parsed
    return None


def extended_usages(certificate: x509.Certificate) -> tuple[str, ...]:
    """Identifiers of the extended key usages, in order; empty without any."""
    usages = extension(certificate, EXTENDED_USAGE)
    return () if usages is None else tuple(one.dotted for one in usages)


def key_usages(certificate: x509.Certificate) -> frozenset[str] | None:
    """Names of the key usage bits; None without the extension."""
    usage = extension(certificate, KEY_USAGE)
    return None if usage is None else frozenset(usage.native)


def issued_by(
    certificate: x509.Certificate, authority: x509.Certificate
) -> bool | None:
    """Whether the authority's key signed the certificate; None if too weakly.

    Links between authorities are remembered by their bytes; certificates of persons,
    which come once, are not.
    """
    if _is_authority(certificate):
        return _link_holds(der(certificate), der(authority))
    return _signature_holds(certificate, der(authority))


@lru_cache(maxsize=256)
def _link_holds(certificate: bytes, authority: bytes) -> bool | None:
    return _signature_holds(x509.Certificate.load(certificate), authority)


def _signature_holds(certificate: x509.Certificate, authority: bytes) -> bool | None:
    tbs, algorithm = certificate["tbs_certificate"], certificate["signature_algorithm"]
    # RFC 5280, 4.1.1.2: what is signed names the algorithm that signs it. НУЦ writes
    # NULL in one place and nothing in the other.
    if signature_name(tbs["signature"]) != signature_name(algorithm):
        return False
    return signed_by(
        key_of(authority),
        algorithm,
        data=der(tbs),
        signature=certificate["signature_value"].native,
    )


def _issuer_of(
    certificate: x509.Certificate, candidates: list[x509.Certificate]
) -> x509.Certificate | Trust:
    """The authority that signed it, or what to say when none did."""
    reason = Trust.UNTRUSTED
    for authority in candidates:
        if named_issuer(certificate, authority):
            holds = issued_by(certificate, authority)
            if holds:
                return authority
            if holds is None:
                reason = Trust.WEAK
    return reason


def _in_time(certificate: x509.Certificate, moment: datetime) -> bool:
    not_before: datetime = certificate.not_valid_before
    not_after: datetime = certificate.not_valid_after
    return not_before <= moment <= not_after


def _understood(certificate: x509.Certificate) -> bool:
    seen = [
        extension["extn_id"].dotted
        for extension in certificate["tbs_certificate"]["extensions"]
    ]
    unknown = {
        extension["extn_id"].dotted
        for extension in certificate["tbs_certificate"]["extensions"]
        if extension["critical"].native
    } - _KNOWN
    # RFC 5280, 4.2: no extension twice.
    return not unknown and len(seen) == len(set(seen))


def _is_authority(certificate: x509.Certificate) -> bool:
    constraints = extension(certificate, BASIC_CONSTRAINTS)
    return constraints is not None and bool(constraints["ca"].native)


def _may_issue(authority: x509.Certificate, *, below: int) -> bool:
    """CA, keyCertSign, and no more authorities `below` than its path length says."""
    usages = key_usages(authority)
    if not _is_authority(authority) or (
        usages is not None and "key_cert_sign" not in usages
    ):
        return False
    longest = extension(authority, BASIC_CONSTRAINTS)["path_len_constraint"].native
    return _understood(authority) and (longest is None or below <= longest)
