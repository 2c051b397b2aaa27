"""OCSP answers (RFC 6960) as НУЦ's responders give them.

Responder by name, its certificate inside, the nonce returned, the extension
extended-revoke, no nextUpdate. A serial number that was never issued is "revoked,
1970-01-01, certificateHold" (RFC 6960, section 2.2); a certificate of another
authority is "unknown". Written with asn1crypto because the time of production has to
follow the simulators' clock.
"""

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from asn1crypto import core, ocsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509

from infra.simulators.authority import Authority
from infra.simulators.clock import whole_second
from infra.simulators.cms import Signer

NEVER = datetime(1970, 1, 1, tzinfo=UTC)
MAX_REQUESTS = 20

REASONS = {
    x509.ReasonFlags.unspecified: "unspecified",
    x509.ReasonFlags.key_compromise: "key_compromise",
    x509.ReasonFlags.certificate_hold: "certificate_hold",
}


def respond(
    request_der: bytes, *, authority: Authority, now: datetime, lie: bool = False
) -> bytes:
    """DER of the OCSP response; `lie` answers about the next serial number.

    What cannot be read is answered with the unsigned status malformed_request.
    """
    try:
        request = ocsp.OCSPRequest.load(request_der, strict=True)
        questions = [_cert_id(one) for one in request["tbs_request"]["request_list"]]
        extensions = _extensions(request["tbs_request"]["request_extensions"])
    except (ValueError, TypeError, KeyError):
        return _unsigned("malformed_request")
    if not 0 < len(questions) <= MAX_REQUESTS:
        return _unsigned("malformed_request")
    moment = whole_second(now)
    issuer = _HashedIssuer(authority.members.issuing)
    answers = [_answer(one, authority, issuer, moment, lie=lie) for one in questions]
    return _signed(answers, extensions, authority.members.responder, moment)


def _cert_id(request: Any) -> dict[str, Any]:  # noqa: ANN401 - asn1crypto is untyped
    asked = request["req_cert"]
    return {
        "algorithm": asked["hash_algorithm"]["algorithm"].native,
        "parameters": asked["hash_algorithm"]["parameters"],
        "name_hash": asked["issuer_name_hash"].native,
        "key_hash": asked["issuer_key_hash"].native,
        "serial": asked["serial_number"].native,
    }


def _extensions(asked: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - see above
    answered = [{"extn_id": "extended_revoke", "extn_value": core.Null()}]
    answered += [
        {"extn_id": "nonce", "extn_value": extension["extn_value"].parsed}
        for extension in asked
        if extension["extn_id"].native == "nonce"
    ]
    return answered


class _HashedIssuer:
    """The issuing CA's name and key in the form of a CertID."""

    def __init__(self, issuing: Signer) -> None:
        certificate = asn1_x509.Certificate.load(issuing.der)
        self._name: bytes = certificate.subject.dump()
        self._key: bytes = bytes(certificate.public_key["public_key"])

    def named_by(self, question: dict[str, Any]) -> bool:
        if question["algorithm"] not in ("sha1", "sha256", "sha384", "sha512"):
            return False
        name = hashlib.new(question["algorithm"], self._name).digest()
        key = hashlib.new(question["algorithm"], self._key).digest()
        return (name, key) == (question["name_hash"], question["key_hash"])


def _answer(
    question: dict[str, Any],
    authority: Authority,
    issuer: _HashedIssuer,
    moment: datetime,
    *,
    lie: bool,
) -> dict[str, Any]:
    status = ocsp.CertStatus(name="unknown", value=ocsp.StatusUnknown())
    if issuer.named_by(question):
        status = _status(question["serial"], authority)
    return {
        "cert_id": {
            "hash_algorithm": {
                "algorithm": question["algorithm"],
                "parameters": question["parameters"],
            },
            "issuer_name_hash": question["name_hash"],
            "issuer_key_hash": question["key_hash"],
            "serial_number": question["serial"] + lie,
        },
        "cert_status": status,
        "this_update": moment,
    }


def _status(serial: int, authority: Authority) -> Any:  # noqa: ANN401 - see above
    if not authority.has_issued(serial):
        return _revoked(NEVER, "certificate_hold")
    revocation = authority.revocation(serial)
    if revocation is None:
        return ocsp.CertStatus(name="good", value=ocsp.StatusGood())
    return _revoked(revocation.revoked_at, REASONS[revocation.reason])


def _revoked(revoked_at: datetime, reason: str) -> Any:  # noqa: ANN401 - see above
    value = {"revocation_time": revoked_at, "revocation_reason": reason}
    return ocsp.CertStatus(name="revoked", value=ocsp.RevokedInfo(value))


def _signed(
    answers: Sequence[dict[str, Any]],
    extensions: Sequence[dict[str, Any]],
    responder: Signer,
    moment: datetime,
) -> bytes:
    certificate = asn1_x509.Certificate.load(responder.der)
    content = ocsp.ResponseData(
        {
            "responder_id": ocsp.ResponderId(name="by_name", value=certificate.subject),
            "produced_at": moment,
            "responses": answers,
            "response_extensions": extensions,
        }
    )
    basic = ocsp.BasicOCSPResponse(
        {
            "tbs_response_data": content,
            "signature_algorithm": responder.algorithm(),
            "signature": responder.sign(content.dump()),
            "certs": [certificate],
        }
    )
    response = {"response_type": "basic_ocsp_response", "response": basic}
    der: bytes = ocsp.OCSPResponse(
        {"response_status": "successful", "response_bytes": response}
    ).dump()
    return der


def _unsigned(status: str) -> bytes:
    der: bytes = ocsp.OCSPResponse({"response_status": status}).dump()
    return der
