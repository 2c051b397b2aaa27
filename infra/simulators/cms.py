"""CMS signatures (RFC 5652) in the shape НУЦ's software gives them.

SignerInfo version 1, issuerAndSerialNumber, the signer's certificate inside, signed
attributes contentType, signingTime and messageDigest. Used by persons, by ЦОИД and,
with one more attribute, by the time-stamping authority.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from infra.simulators.clock import whole_second

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Signer:
    """A private key with the certificate that belongs to it."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    def sign(self, data: bytes) -> bytes:
        """The signature over SHA-256 of `data`: RSA PKCS#1 v1.5, or ECDSA."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return self.key.sign(data, padding.PKCS1v15(), SHA256())
        return self.key.sign(data, ec.ECDSA(SHA256()))

    def algorithm(self) -> dict[str, Any]:
        """The AlgorithmIdentifier of `sign` for asn1crypto (RFC 4055, RFC 5758)."""
        if isinstance(self.key, rsa.RSAPrivateKey):
            return {"algorithm": "sha256_rsa", "parameters": core.Null()}
        return {"algorithm": "sha256_ecdsa"}


def sign_detached(document: bytes, *, signer: Signer, signed_at: datetime) -> bytes:
    """DER of a SignedData over a document that stays outside."""
    return _signed(
        document,
        signer=signer,
        version="v1",
        content={"content_type": "data"},
        attributes=[_signing_time(signed_at)],
        certificates=[signer],
    )


def sign_enclosed(
    content: bytes,
    *,
    content_type: str,
    signer: Signer,
    attributes: Sequence[dict[str, Any]],
    certificates: Sequence[Signer],
) -> bytes:
    """DER of a SignedData with its content of another type than data inside."""
    enclosed = core.ParsableOctetString(content)
    return _signed(
        content,
        signer=signer,
        version="v3",
        content={"content_type": content_type, "content": enclosed},
        attributes=attributes,
        certificates=certificates,
    )


def _signed(
    document: bytes,
    *,
    signer: Signer,
    version: str,
    content: dict[str, Any],
    attributes: Sequence[dict[str, Any]],
    certificates: Sequence[Signer],
) -> bytes:
    signed = {
        "version": version,
        "digest_algorithms": [{"algorithm": "sha256"}],
        "encap_content_info": content,
        "signer_infos": [
            _signer_info(document, signer, content["content_type"], attributes)
        ],
    }
    if certificates:
        signed["certificates"] = [
            asn1_x509.Certificate.load(one.der) for one in certificates
        ]
    info = {"content_type": "signed_data", "content": cms.SignedData(signed)}
    der: bytes = cms.ContentInfo(info).dump()
    return der


def _signer_info(
    document: bytes,
    signer: Signer,
    content_type: str,
    attributes: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    digest = hashlib.sha256(document).digest()
    signed = cms.CMSAttributes(
        [
            {"type": "content_type", "values": [content_type]},
            *attributes,
            {"type": "message_digest", "values": [digest]},
        ]
    )
    certificate = asn1_x509.Certificate.load(signer.der)
    return {
        "version": "v1",
        "sid": cms.SignerIdentifier(
            {
                "issuer_and_serial_number": {
                    "issuer": certificate.issuer,
                    "serial_number": certificate.serial_number,
                }
            }
        ),
        "digest_algorithm": {"algorithm": "sha256"},
        "signed_attrs": signed,
        "signature_algorithm": signer.algorithm(),
        # RFC 5652, section 5.4: over the DER of the SET OF, not of the [0] on the wire.
        "signature": signer.sign(signed.dump()),
    }


def _signing_time(signed_at: datetime) -> dict[str, Any]:
    moment = core.UTCTime(whole_second(signed_at))
    return {"type": "signing_time", "values": [cms.Time({"utc_time": moment})]}
