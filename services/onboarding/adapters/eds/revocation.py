"""Asking НУЦ whether a certificate is revoked: OCSP with a nonce, else the full CRL.

Of an authority its root says so, by a list of its own (`of_path`).  A delta to the list
of the issuing authority counts as soon as there is one (RFC 5280, 5.2.4).

The address is configured; the one inside a certificate is the sender's input. What
cannot be had, or is not the answer to our question, is simply not there: the verdict
is then "not known", and that refuses (fail closed).

An answer is used again inside its own validity: an OCSP answer until its nextUpdate
(НУЦ's have none, and are asked for anew), a CRL for the time of `Freshness`, because
НУЦ's are valid for half a year, and not for a certificate younger than itself.
"""

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from asn1crypto import core, ocsp, x509

from kernel.clock import Clock
from kernel.crypto import random_bytes
from kernel.errors import Broken, Transient
from kernel.logging import get_logger
from services.onboarding.adapters.eds.asn1 import der
from services.onboarding.adapters.eds.path import Path
from services.onboarding.adapters.eds.status import (
    FreshnessAt,
    Unusable,
    UnusableError,
    cert_id,
    crl_status,
    ocsp_status,
    read_crl,
)
from services.onboarding.adapters.http import HTTP_OK, OuterServer
from services.onboarding.domain.signature import Trust

MAX_OCSP_BYTES: Final = 64 * 1024
MAX_CRL_BYTES: Final = 20 * 1024 * 1024
NONCE_BYTES: Final = 16

LIST: Final = "/crl"
DELTA: Final = "/crl/delta"
LIST_OF_ROOT: Final = "/crl/root"

HTTP_NOT_FOUND: Final = 404

MAX_ANSWERS: Final = 1_000
"""OCSP answers kept for their time."""

log = get_logger("eds")


@dataclass(frozen=True, slots=True)
class Revocation:
    """What is known of a certificate, and the bytes that say so, as evidence.

    `trust` is TRUSTED, REVOKED or REVOCATION_UNKNOWN; `raw` OCSP answers or CRLs: they
    cannot be had again for that moment.
    """

    trust: Trust = Trust.REVOCATION_UNKNOWN
    raw: tuple[bytes, ...] = ()


class RevocationSource(Protocol):
    """Where revocation data come from."""

    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """What is known of `certificate` now; unknown when there are no data."""
        ...

    def fetch_authority(
        self, authority: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """The same of an issuing authority, by the list of who certified it."""
        ...


_OF_AUTHORITY: Final = {
    Trust.REVOKED: Trust.AUTHORITY_REVOKED,
    Trust.REVOCATION_UNKNOWN: Trust.AUTHORITY_REVOCATION_UNKNOWN,
}


def of_path(source: RevocationSource, path: Path) -> Revocation:
    """What is known of a certificate and of every authority above it but the root.

    The first that is not good decides; the pinned root answers for itself.  Only for a
    trusted path.
    """
    found = source.fetch(path.chain[0], path.issuer)
    raw = found.raw
    if found.trust is not Trust.TRUSTED:
        return found
    for authority, above in zip(path.chain[1:], path.chain[2:], strict=False):
        said = source.fetch_authority(authority, above)
        raw = (*raw, *said.raw)
        if said.trust is not Trust.TRUSTED:
            return Revocation(_OF_AUTHORITY[said.trust], raw)
    return Revocation(Trust.TRUSTED, raw)


@dataclass(frozen=True, slots=True)
class _Fetched:
    raw: bytes
    at: datetime
    until: datetime


class HttpRevocation:
    """НУЦ's responder and CRL (RFC 6960, RFC 5280)."""

    def __init__(
        self, authority: OuterServer, *, clock: Clock, freshness: FreshnessAt
    ) -> None:
        self._authority = authority
        self._clock = clock
        self._freshness = freshness
        self._answers: OrderedDict[tuple[bytes, int], _Fetched] = OrderedDict()
        self._lists: dict[bytes, _Fetched] = {}

    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """By OCSP; by the CRL only when OCSP gives nothing usable.

        A responder that does not know the certificate counts as a hold: the CRL is
        not asked to overrule it.
        """
        try:
            return self._by_ocsp(certificate, issuer)
        except UnusableError as error:
            log.warning("ocsp_unusable", reason=error.reason.value)
            if error.reason is Unusable.UNKNOWN:
                return Revocation()
        try:
            return self._by_crl(certificate, issuer, path=LIST)
        except UnusableError as error:
            log.warning("crl_unusable", reason=error.reason.value)
            return Revocation()

    def fetch_authority(
        self, authority: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """By the root's CRL, for a root answers no OCSP; kept as every list is."""
        try:
            return self._by_crl(authority, issuer, path=LIST_OF_ROOT)
        except UnusableError as error:
            log.warning("root_crl_unusable", reason=error.reason.value)
            return Revocation()

    def _by_ocsp(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        now = self._clock.now()
        life = self._freshness(now).ocsp
        place = (der(issuer), certificate.serial_number)
        kept = self._answers.get(place)
        if kept is not None and kept.at <= now <= kept.until:
            status = ocsp_status(
                kept.raw, certificate, issuer, moment=now, nonce=None, life=life
            )
            return Revocation(status, (kept.raw,))
        nonce = random_bytes(NONCE_BYTES)
        raw = self._ask(_request(cert_id(certificate, issuer), nonce))
        status = ocsp_status(
            raw, certificate, issuer, moment=now, nonce=nonce, life=life
        )
        until = _next_update(raw)
        if until is not None:
            self._answers[place] = _Fetched(raw, now, until)
            if len(self._answers) > MAX_ANSWERS:
                self._answers.popitem(last=False)
        return Revocation(status, (raw,))

    def _ask(self, request: bytes) -> bytes:
        try:
            reply = self._authority.post(
                "/ocsp",
                request,
                media_type="application/ocsp-request",
                limit=MAX_OCSP_BYTES,
            )
        except (Transient, Broken):
            raise UnusableError(Unusable.ABSENT) from None
        if reply.status != HTTP_OK:
            raise UnusableError(Unusable.ABSENT)
        return reply.body

    def _by_crl(
        self, certificate: x509.Certificate, issuer: x509.Certificate, *, path: str
    ) -> Revocation:
        now = self._clock.now()
        place = der(issuer)
        kept = self._lists.get(place)
        issued: datetime = certificate.not_valid_before
        if (
            kept is None
            or not kept.at <= now <= kept.until
            or read_crl(kept.raw, place).this_update < issued
        ):
            kept = self._fetched_list(path, now)
        delta = self._delta() if path == LIST else None
        status = crl_status(kept.raw, certificate, issuer, moment=now, delta=delta)
        self._lists[place] = kept
        return Revocation(status, (kept.raw, *([] if delta is None else [delta])))

    def _delta(self) -> bytes | None:
        """What the list has not yet; None where НУЦ publishes no delta.

        Asked for each time: it is short, and there to be newer than the list.
        """
        try:
            reply = self._authority.get(DELTA, limit=MAX_CRL_BYTES)
        except (Transient, Broken):
            raise UnusableError(Unusable.ABSENT) from None
        if reply.status == HTTP_NOT_FOUND:
            return None
        if reply.status != HTTP_OK:
            raise UnusableError(Unusable.ABSENT)
        return reply.body

    def _fetched_list(self, path: str, now: datetime) -> _Fetched:
        try:
            reply = self._authority.get(path, limit=MAX_CRL_BYTES)
        except (Transient, Broken):
            raise UnusableError(Unusable.ABSENT) from None
        if reply.status != HTTP_OK:
            raise UnusableError(Unusable.ABSENT)
        return _Fetched(reply.body, now, now + self._freshness(now).crl)


def _next_update(raw: bytes) -> datetime | None:
    """Until when a usable answer says it is good."""
    content = ocsp.OCSPResponse.load(raw).response_data
    until: datetime | None = content["responses"][0]["next_update"].native
    return until


def _request(question: dict[str, object], nonce: bytes) -> bytes:
    extension = {
        "extn_id": "nonce",
        "critical": False,
        "extn_value": core.OctetString(nonce),
    }
    request = ocsp.OCSPRequest(
        {
            "tbs_request": {
                "request_list": [{"req_cert": question}],
                "request_extensions": [extension],
            }
        }
    )
    der: bytes = request.dump()
    return der
