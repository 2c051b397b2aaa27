"""NCANode, simulated: `POST /cms/verify` of its API version 3 for RSA and ECDSA.

It reads and verifies with `cryptography` and asn1crypto, and asks the simulated НУЦ's
register for revocations; shapes and names are NCANode's own.
"""

import base64
import hashlib
from datetime import datetime
from typing import Any

from asn1crypto import cms, core
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from infra.simulators import web
from infra.simulators.authority import Authority
from infra.simulators.clock import Clock


def ncanode_routes(authority: Authority, clock: Clock) -> list[Route]:
    """The door of the verifier."""

    async def verify(request: Request) -> Response:
        body = await web.json_body(request)
        try:
            raw = base64.b64decode(str(body["cms"]), validate=True)
            data = base64.b64decode(str(body.get("data") or ""), validate=True)
            parsed = cms.ContentInfo.load(raw, strict=True)["content"]
            signers = [_signer(one, parsed, data) for one in parsed["signer_infos"]]
        except (KeyError, ValueError, TypeError):
            return web.answer({"status": 400, "message": "CMS is not readable"}, 400)
        told = [_told(one, authority, clock.now()) for one in signers]
        valid = bool(signers) and all(
            holds and answer["certificates"][0]["valid"]
            for (_, holds), answer in zip(signers, told, strict=True)
        )
        return web.answer(
            {"status": 200, "message": "OK", "valid": valid, "signers": told}
        )

    return [Route("/ncanode/cms/verify", verify, methods=["POST"])]


def _signer(
    info: cms.SignerInfo, parsed: cms.SignedData, data: bytes
) -> tuple[x509.Certificate, bool]:
    """The signer's certificate, and whether signature and digest hold."""
    serial = info["sid"].chosen["serial_number"].native
    certificate = next(
        x509.load_der_x509_certificate(one.chosen.dump())
        for one in parsed["certificates"]
        if one.chosen.serial_number == serial
    )
    content = parsed["encap_content_info"]["content"]
    document = data if isinstance(content, core.Void) else content.native
    digests = [
        attribute["values"][0].native
        for attribute in info["signed_attrs"]
        if attribute["type"].native == "message_digest"
    ]
    signed = info["signed_attrs"].untag().dump()
    fits = digests == [hashlib.sha256(document).digest()]
    return certificate, fits and _verifies(
        certificate.public_key(), info["signature"].native, signed
    )


def _verifies(key: Any, signature: bytes, signed: bytes) -> bool:  # noqa: ANN401 - of any kind
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), SHA256())
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(SHA256()))
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _told(
    signer: tuple[x509.Certificate, bool], authority: Authority, now: datetime
) -> web.Json:
    """One signer in the words of CmsSignerInfo and CertificateInfo."""
    certificate, _ = signer
    revocation = authority.revocation(certificate.serial_number)
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    valid = (
        revocation is None and begins <= now <= ends and _issued(certificate, authority)
    )
    told: web.Json = {
        "valid": valid,
        "revocations": [{"revoked": revocation is not None, "by": "OCSP"}],
        "notBefore": begins.isoformat(),
        "notAfter": ends.isoformat(),
        "serialNumber": f"{certificate.serial_number:x}",
    }
    return {"certificates": [told], "tsp": None}


def _issued(certificate: x509.Certificate, authority: Authority) -> bool:
    try:
        certificate.verify_directly_issued_by(authority.members.issuing.certificate)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
