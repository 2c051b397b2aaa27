"""Asking НУЦ whether a certificate is revoked: OCSP with a nonce, else the full CRL.

The address is configured; the one inside a certificate is the sender's input. What
cannot be had, or is not the answer to our question, is simply not there: the verdict
is then "not known", and that refuses (fail closed).
"""

from typing import Final, Protocol

from asn1crypto import core, crl, ocsp, x509

from kernel.crypto import random_bytes, sha256
from kernel.errors import Broken, Transient
from services.onboarding.adapters.http import HTTP_OK, OuterServer
from services.onboarding.adapters.trust import Revocation

MAX_OCSP_BYTES: Final = 64 * 1024
MAX_CRL_BYTES: Final = 20 * 1024 * 1024
NONCE_BYTES: Final = 16

# What asn1crypto raises on bytes that are not what they should be.
UNPARSABLE: Final = (ValueError, KeyError, TypeError, RecursionError, OverflowError)


class RevocationSource(Protocol):
    """Where revocation data come from."""

    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """Fresh data about `certificate`; empty when there are none to be had."""
        ...


class HttpRevocation:
    """НУЦ's responder and CRL (RFC 6960, RFC 5280)."""

    def __init__(self, authority: OuterServer) -> None:
        self._authority = authority

    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """OCSP first; the CRL only when OCSP gives nothing usable."""
        answer = self._ocsp(certificate, issuer)
        if answer is not None:
            return Revocation(ocsps=(answer,))
        revoked = self._crl()
        return Revocation() if revoked is None else Revocation(crls=(revoked,))

    def _ocsp(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> ocsp.OCSPResponse | None:
        nonce = random_bytes(NONCE_BYTES)
        question = _cert_id(certificate, issuer)
        try:
            reply = self._authority.post(
                "/ocsp",
                _request(question, nonce),
                media_type="application/ocsp-request",
                limit=MAX_OCSP_BYTES,
            )
            if reply.status != HTTP_OK:
                return None
            answer = ocsp.OCSPResponse.load(reply.body, strict=True)
            return answer if _answers(answer, question, nonce) else None
        except (Transient, Broken, *UNPARSABLE):
            return None

    def _crl(self) -> crl.CertificateList | None:
        try:
            reply = self._authority.get("/crl", limit=MAX_CRL_BYTES)
            if reply.status != HTTP_OK:
                return None
            return crl.CertificateList.load(reply.body, strict=True)
        except (Transient, Broken, *UNPARSABLE):
            return None


def _cert_id(
    certificate: x509.Certificate, issuer: x509.Certificate
) -> dict[str, object]:
    key = bytes(issuer.public_key["public_key"])
    return {
        "hash_algorithm": {"algorithm": "sha256"},
        "issuer_name_hash": sha256(issuer.subject.dump()),
        "issuer_key_hash": sha256(key),
        "serial_number": certificate.serial_number,
    }


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


def _answers(
    answer: ocsp.OCSPResponse, question: dict[str, object], nonce: bytes
) -> bool:
    """Whether it is one successful answer to this question, with this nonce."""
    if answer["response_status"].native != "successful":
        return False
    content = answer.response_data
    returned = answer.nonce_value
    if returned is None or returned.native != nonce or len(content["responses"]) != 1:
        return False
    named = content["responses"][0]["cert_id"]
    return bool(
        named["hash_algorithm"]["algorithm"].native == "sha256"
        and named["issuer_name_hash"].native == question["issuer_name_hash"]
        and named["issuer_key_hash"].native == question["issuer_key_hash"]
        and named["serial_number"].native == question["serial_number"]
    )
