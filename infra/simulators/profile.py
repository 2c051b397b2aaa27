"""The certificate profile of НУЦ: subjects, usages and extensions.

Copied from НУЦ's test certificates: serialNumber holds `IIN…`, givenName holds the
patronymic (отчество), and nonRepudiation tells a signing certificate from one for
authentication.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import (
    AuthorityInformationAccessOID,
    ExtendedKeyUsageOID,
    NameOID,
)

from infra.simulators.clock import whole_second
from infra.simulators.cms import Signer

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey

INDIVIDUAL = x509.ObjectIdentifier("1.2.398.3.3.4.1.1")
ORGANISATION = x509.ObjectIdentifier("1.2.398.3.3.4.1.2")
RIGHT_TO_SIGN = x509.ObjectIdentifier("1.2.398.3.3.4.1.2.2")
POLICY = x509.ObjectIdentifier("1.2.398.3.3.2")
ROOT_POLICY = x509.ObjectIdentifier("1.2.398.3.1.2")
TSA_POLICY = x509.ObjectIdentifier("1.2.398.3.3.2.6.2")
PRACTICE = "http://pki.gov.kz/cps"

# Extension "key store" with the value "PKCS12 file" (1.2.398.3.3.5.1.1), in DER.
KEY_STORE = x509.UnrecognizedExtension(
    x509.ObjectIdentifier("1.2.398.3.3.5"),
    bytes.fromhex("300a06082a830e0303050101"),
)

PERSON_LIFE = timedelta(days=365)


class Kind(StrEnum):
    """What a certificate is for."""

    INDIVIDUAL_SIGN = "individual_sign"
    INDIVIDUAL_AUTH = "individual_auth"
    ORGANISATION_SIGN = "organisation_sign"


USAGES = {
    Kind.INDIVIDUAL_SIGN: (ExtendedKeyUsageOID.EMAIL_PROTECTION, INDIVIDUAL),
    Kind.INDIVIDUAL_AUTH: (ExtendedKeyUsageOID.CLIENT_AUTH, INDIVIDUAL),
    Kind.ORGANISATION_SIGN: (
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ORGANISATION,
        RIGHT_TO_SIGN,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Subject:
    """Who a certificate names; the last two for organisations only."""

    iin: str
    common_name: str
    surname: str
    patronymic: str | None
    organization: str | None = None
    bin: str | None = None

    def name(self) -> x509.Name:
        """The distinguished name, attributes in НУЦ's order."""
        parts = [
            (NameOID.COMMON_NAME, self.common_name),
            (NameOID.SURNAME, self.surname),
            (NameOID.SERIAL_NUMBER, f"IIN{self.iin}"),
            (NameOID.COUNTRY_NAME, "KZ"),
            (NameOID.ORGANIZATION_NAME, self.organization),
            (NameOID.ORGANIZATIONAL_UNIT_NAME, self.bin and f"BIN{self.bin}"),
            (NameOID.GIVEN_NAME, self.patronymic),
        ]
        return distinguished_name([(oid, value) for oid, value in parts if value])


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a certificate says its issuer's status answers are found."""

    ocsp: str
    issuer: str
    crl: str

    def information_access(self) -> x509.AuthorityInformationAccess:
        places = (
            (AuthorityInformationAccessOID.OCSP, self.ocsp),
            (AuthorityInformationAccessOID.CA_ISSUERS, self.issuer),
        )
        return x509.AuthorityInformationAccess(
            [
                x509.AccessDescription(oid, x509.UniformResourceIdentifier(url))
                for oid, url in places
                if url
            ]
        )

    def distribution_points(self) -> x509.CRLDistributionPoints:
        place = x509.UniformResourceIdentifier(self.crl)
        return x509.CRLDistributionPoints(
            [
                x509.DistributionPoint(
                    full_name=[place], relative_name=None, reasons=None, crl_issuer=None
                )
            ]
        )


def distinguished_name(
    parts: Sequence[tuple[x509.ObjectIdentifier, str]],
) -> x509.Name:
    """A name of these attributes, in this order."""
    # The library would refuse 65 bytes, RFC 5280 allows 64 characters, and a long
    # Cyrillic name needs the difference.
    return x509.Name(
        [x509.NameAttribute(oid, value, _validate=False) for oid, value in parts]
    )


def key_usage(*names: str) -> x509.KeyUsage:
    """The extension with only the named bits set."""
    bits = (
        "digital_signature",
        "content_commitment",
        "key_encipherment",
        "data_encipherment",
        "key_agreement",
        "key_cert_sign",
        "crl_sign",
        "encipher_only",
        "decipher_only",
    )
    return x509.KeyUsage(**{bit: bit in names for bit in bits})


def policies(identifier: x509.ObjectIdentifier) -> x509.CertificatePolicies:
    """The policy with the address of the practice statement."""
    return x509.CertificatePolicies([x509.PolicyInformation(identifier, [PRACTICE])])


def draft(
    *,
    subject: x509.Name,
    public_key: PublicKey,
    issuer: Signer | None,
    serial: int,
    not_before: datetime,
    not_after: datetime,
) -> x509.CertificateBuilder:
    """A certificate without its usages; `issuer` None means self-signed."""
    issuer_name = issuer.certificate.subject if issuer else subject
    issuer_key = issuer.key.public_key() if issuer else public_key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(public_key)
        .serial_number(serial)
        .not_valid_before(whole_second(not_before))
        .not_valid_after(whole_second(not_after))
    )
    own = x509.SubjectKeyIdentifier.from_public_key(public_key)
    above = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key)
    return builder.add_extension(own, critical=False).add_extension(
        above, critical=False
    )


def person_certificate(
    builder: x509.CertificateBuilder, kind: Kind, addresses: Addresses
) -> x509.CertificateBuilder:
    """The draft with the usages and addresses of an end entity."""
    second = (
        "key_encipherment" if kind is Kind.INDIVIDUAL_AUTH else "content_commitment"
    )
    return (
        builder.add_extension(key_usage("digital_signature", second), critical=True)
        .add_extension(x509.ExtendedKeyUsage(USAGES[kind]), critical=False)
        .add_extension(policies(POLICY), critical=False)
        .add_extension(addresses.distribution_points(), critical=False)
        .add_extension(addresses.information_access(), critical=False)
        .add_extension(KEY_STORE, critical=False)
    )


def authority_certificate(
    builder: x509.CertificateBuilder,
    *,
    path_length: int | None,
    policy: x509.ObjectIdentifier,
    addresses: Addresses | None = None,
) -> x509.CertificateBuilder:
    """The draft as a certificate that may sign certificates and CRLs."""
    builder = (
        builder.add_extension(
            x509.BasicConstraints(ca=True, path_length=path_length), critical=True
        )
        .add_extension(key_usage("key_cert_sign", "crl_sign"), critical=True)
        .add_extension(policies(policy), critical=False)
    )
    if addresses is None:
        return builder
    return builder.add_extension(
        addresses.distribution_points(), critical=False
    ).add_extension(addresses.information_access(), critical=False)


def stamping_certificate(
    builder: x509.CertificateBuilder, addresses: Addresses
) -> x509.CertificateBuilder:
    """The draft for a time-stamping authority (RFC 3161, section 2.3)."""
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
    bits = key_usage("digital_signature", "content_commitment")
    return (
        builder.add_extension(bits, critical=True)
        .add_extension(usage, critical=True)
        .add_extension(policies(TSA_POLICY), critical=False)
        .add_extension(addresses.distribution_points(), critical=False)
        .add_extension(addresses.information_access(), critical=False)
    )


def responder_certificate(
    builder: x509.CertificateBuilder,
) -> x509.CertificateBuilder:
    """The draft for a delegated OCSP responder (RFC 6960, section 4.2.2.2)."""
    usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.OCSP_SIGNING])
    return (
        builder.add_extension(key_usage("digital_signature"), critical=True)
        .add_extension(usage, critical=False)
        .add_extension(x509.OCSPNoCheck(), critical=False)
    )


def sealed(builder: x509.CertificateBuilder, by: Signer) -> x509.Certificate:
    """The certificate, signed with sha256WithRSAEncryption."""
    return builder.sign(by.key, SHA256())


def self_signed(
    builder: x509.CertificateBuilder, key: rsa.RSAPrivateKey
) -> x509.Certificate:
    """A root: signed with the key it certifies."""
    return builder.sign(key, SHA256())
