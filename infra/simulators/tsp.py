"""Time-stamp tokens (RFC 3161): proof that bytes existed at an instant.

Unlike НУЦ's tokens, ours carry ESS signing-certificate **v2** (RFC 5816), because a
SHA-1 reference should not be what a new verifier is tested with.
"""

import hashlib
from datetime import datetime
from typing import Any

from asn1crypto import core, tsp
from asn1crypto import x509 as asn1_x509

from infra.simulators import profile
from infra.simulators.clock import whole_second
from infra.simulators.cms import Signer, sign_enclosed
from infra.simulators.hierarchy import new_serial

IMPRINT_BYTES = {"sha256": 32, "sha384": 48, "sha512": 64}


class _Rejection(core.Sequence):  # type: ignore[misc]  # asn1crypto is untyped
    """TimeStampResp without a token; asn1crypto's class demands one."""

    _fields = [("status", tsp.PKIStatusInfo)]  # noqa: RUF012 - asn1crypto's own form


def respond(
    request_der: bytes, *, stamper: Signer, now: datetime, lie: bool = False
) -> bytes:
    """DER of the TimeStampResp; `lie` stamps another imprint than the one sent.

    A rejection names bad_data_format, bad_request (version), bad_alg (imprint not
    SHA-256, -384 or -512) or unaccepted_policy.
    """
    try:
        request = tsp.TimeStampReq.load(request_der, strict=True)
        asked = request.native
    except (ValueError, TypeError, KeyError):
        return _rejected("bad_data_format")
    failure = _failure(asked)
    if failure is not None:
        return _rejected(failure)
    token = _token(asked, stamper=stamper, now=now, lie=lie)
    response = {"status": {"status": "granted"}, "time_stamp_token": token}
    der: bytes = tsp.TimeStampResp(response).dump()
    return der


def _failure(asked: dict[str, Any]) -> str | None:
    imprint = asked["message_imprint"]
    expected = IMPRINT_BYTES.get(imprint["hash_algorithm"]["algorithm"])
    if asked["version"] != "v1":
        return "bad_request"
    if expected is None or len(imprint["hashed_message"]) != expected:
        return "bad_alg"
    if asked["req_policy"] not in (None, profile.TSA_POLICY.dotted_string):
        return "unaccepted_policy"
    if asked["extensions"]:
        return "unaccepted_extensions"
    return None


def _token(
    asked: dict[str, Any], *, stamper: Signer, now: datetime, lie: bool
) -> tsp.ContentInfo:
    imprint = asked["message_imprint"]
    hashed: bytes = imprint["hashed_message"]
    info: dict[str, Any] = {
        "version": "v1",
        "policy": profile.TSA_POLICY.dotted_string,
        "message_imprint": {
            "hash_algorithm": {"algorithm": imprint["hash_algorithm"]["algorithm"]},
            "hashed_message": hashed[::-1] if lie else hashed,
        },
        "serial_number": new_serial(),
        "gen_time": whole_second(now),
    }
    if asked["nonce"] is not None:
        info["nonce"] = asked["nonce"]
    der = sign_enclosed(
        tsp.TSTInfo(info).dump(),
        content_type="tst_info",
        signer=stamper,
        attributes=[_signing_certificate(stamper)],
        certificates=[stamper] if asked["cert_req"] else [],
    )
    return tsp.ContentInfo.load(der)


def _signing_certificate(stamper: Signer) -> dict[str, Any]:
    certificate = asn1_x509.Certificate.load(stamper.der)
    reference = {
        # hash_algorithm is left out: SHA-256 is its default (RFC 5035, section 4).
        "cert_hash": hashlib.sha256(stamper.der).digest(),
        "issuer_serial": {
            "issuer": [
                asn1_x509.GeneralName(name="directory_name", value=certificate.issuer)
            ],
            "serial_number": certificate.serial_number,
        },
    }
    value = tsp.SigningCertificateV2({"certs": [reference]})
    return {"type": "signing_certificate_v2", "values": [value]}


def _rejected(failure: str) -> bytes:
    status = {"status": "rejection", "fail_info": {failure}}
    der: bytes = _Rejection({"status": status}).dump()
    return der
