"""One signature of a CMS SignedData (RFC 5652): what it says, and whether it holds.

Used for signatures of clients and of ЦОИД, and for time-stamp tokens, which are
SignedData too.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms, core, x509

from services.onboarding.adapters.eds.algorithms import (
    HASHES,
    Key,
    digest_name,
    read_key,
    signature_name,
)
from services.onboarding.adapters.eds.asn1 import absent, der, der_of_set
from services.onboarding.adapters.eds.path import SUBJECT_KEY, extension, same_name
from services.onboarding.domain.signature import Algorithms, Code

CONTENT_TYPE: Final = "1.2.840.113549.1.9.3"
MESSAGE_DIGEST: Final = "1.2.840.113549.1.9.4"
SIGNING_TIME: Final = "1.2.840.113549.1.9.5"


class UnreadableError(Exception):
    """A structural fault; carries the code to report."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class Signature:
    """The one signature of a SignedData, with the certificate of its signer.

    `signed` is the DER that was signed; `content` what the CMS brought along.
    """

    signer: cms.SignerInfo
    certificate: x509.Certificate
    key: Key
    algorithms: Algorithms
    content_type: str
    content: bytes | None
    signed: bytes
    claimed_at: datetime | None
    message_digest: bytes

    @property
    def value(self) -> bytes:
        """The octets of the signature, which a time stamp covers."""
        octets: bytes = self.signer["signature"].native
        return octets

    def unsigned(self, dotted: str) -> list[Any]:
        """Values of the unsigned attribute of this type, in order."""
        attributes = self.signer["unsigned_attrs"]
        if absent(attributes):
            return []
        return [
            value
            for attribute in attributes
            if attribute["type"].dotted == dotted
            for value in attribute["values"]
        ]

    def attribute(self, dotted: str) -> Any:  # noqa: ANN401 - asn1crypto is untyped
        """The one value of a signed attribute; None without it.

        MALFORMED when it stands there twice or has not one value.
        """
        return _single(self.signer["signed_attrs"], dotted)

    def is_known(self) -> bool:
        """Whether key, hash and signature are of algorithms we can calculate."""
        used = self.algorithms
        return (
            used.digest in HASHES
            and used.key == used.signature
            and used.signature_digest in (None, used.digest)
        )

    def fits(self, document: bytes) -> bool:
        """Whether messageDigest is the hash of `document`."""
        return HASHES[self.algorithms.digest](document) == self.message_digest

    def holds(self) -> bool:
        """Whether the signer's key signed the attributes."""
        return self.key.verify(
            self.signed, self.value, digest=self.algorithms.digest, often=False
        )


def read(raw: bytes) -> cms.SignedData:
    """A SignedData and nothing after it. UnreadableError otherwise."""
    info = cms.ContentInfo.load(raw, strict=True)
    if info["content_type"].native != "signed_data":
        raise UnreadableError(Code.NOT_SIGNED_DATA)
    return info["content"]


def single_signature(signed_data: cms.SignedData) -> Signature:
    """The only signature. UnreadableError with the code of what is wrong.

    1. One SignerInfo; its certificate inside.
    2. Signed attributes, in DER: other bytes of the same meaning are not signed.
    3. contentType and messageDigest once each, signingTime at most once.
    """
    signers = signed_data["signer_infos"]  # step 1
    if len(signers) != 1:
        raise UnreadableError(Code.SEVERAL_SIGNERS if signers else Code.MALFORMED)
    signer = signers[0]
    if not _well_formed(signed_data, signer):
        raise UnreadableError(Code.MALFORMED)
    certificate = _certificate_of(signed_data, signer)
    attributes = signer["signed_attrs"]  # step 2
    if absent(attributes) or len(attributes) == 0:
        raise UnreadableError(Code.NO_SIGNED_ATTRIBUTES)
    signed: bytes = der_of_set(attributes)
    if cms.CMSAttributes.load(signed, strict=True).dump(force=True) != signed:
        raise UnreadableError(Code.MALFORMED)
    info = signed_data["encap_content_info"]
    content_type = _single(attributes, CONTENT_TYPE)  # step 3
    message_digest = _single(attributes, MESSAGE_DIGEST)
    claimed = _single(attributes, SIGNING_TIME)
    if (
        not isinstance(content_type, core.ObjectIdentifier)
        or not isinstance(message_digest, core.OctetString)
        or content_type.dotted != info["content_type"].dotted
    ):
        raise UnreadableError(Code.MALFORMED)
    key = read_key(certificate)
    return Signature(
        signer=signer,
        certificate=certificate,
        key=key,
        algorithms=_algorithms(key, signer),
        content_type=content_type.dotted,
        content=None if absent(info["content"]) else _octets(info["content"]),
        signed=signed,
        claimed_at=None if claimed is None else _instant(claimed),
        message_digest=message_digest.native,
    )


def _instant(claimed: Any) -> datetime:  # noqa: ANN401 - asn1crypto is untyped
    """An aware instant. MALFORMED without a zone: nobody knows when that is."""
    moment = claimed.native
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise UnreadableError(Code.MALFORMED)
    return moment


def _well_formed(signed_data: cms.SignedData, signer: cms.SignerInfo) -> bool:
    """Whether what nobody else reads is there and of its type (RFC 5652, 5.1, 5.3).

    asn1crypto parses a field when it is read, not before.
    """
    by_serial = signer["sid"].name == "issuer_and_serial_number"
    named = [one["algorithm"].dotted for one in signed_data["digest_algorithms"]]
    return (
        signed_data["version"].native in ("v1", "v3", "v4", "v5")
        and signer["version"].native == ("v1" if by_serial else "v3")
        and signer["digest_algorithm"]["algorithm"].dotted in named
    )


def _octets(content: Any) -> bytes:  # noqa: ANN401 - asn1crypto is untyped
    """The octets of an OCTET STRING, of whatever type its content is."""
    if isinstance(content, core.Any):
        content = content.parse(core.OctetString)
    octets: bytes = bytes(content)
    return octets


def _single(attributes: Any, dotted: str) -> Any:  # noqa: ANN401 - as above
    found = [
        attribute["values"]
        for attribute in attributes
        if attribute["type"].dotted == dotted
    ]
    if not found:
        return None
    if len(found) > 1 or len(found[0]) != 1:
        raise UnreadableError(Code.MALFORMED)
    return found[0][0]


def _certificate_of(
    signed_data: cms.SignedData, signer: cms.SignerInfo
) -> x509.Certificate:
    """The one the signer names by issuer and serial number, or by key identifier."""
    if absent(signed_data["certificates"]):
        raise UnreadableError(Code.NO_CERTIFICATE)
    name, named = signer["sid"].name, signer["sid"].chosen
    for choice in signed_data["certificates"]:
        if choice.name != "certificate":
            continue
        one = choice.chosen
        if name == "issuer_and_serial_number":
            found = one.serial_number == named["serial_number"].native and same_name(
                one.issuer, named["issuer"]
            )
        else:
            own = extension(one, SUBJECT_KEY)
            found = own is not None and own.native == named.native
        if found:
            # A copy by its own bytes: the one inside may be tagged by its place.
            return x509.Certificate.load(der(one), strict=True)
    raise UnreadableError(Code.NO_CERTIFICATE)


def _algorithms(key: Key, signer: cms.SignerInfo) -> Algorithms:
    name, digest = signature_name(signer["signature_algorithm"])
    return Algorithms(
        key=key.name,
        key_bits=key.bits,
        curve=key.curve,
        signature=name,
        signature_digest=digest,
        digest=digest_name(signer["digest_algorithm"]),
    )
