"""A small certificate authority: EC P-256, short leaves, renewed in good time.

Profile after RFC 5280: critical basic constraints and key usage, extended key usage
by role, subject alternative names for servers (RFC 6125), key identifiers.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.layout import write_private

_AUTHORITY_LIFE = timedelta(days=365)
_LEAF_LIFE = timedelta(days=7)
_BACKDATED = timedelta(minutes=5)
"""Room for a clock that runs behind ours."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """A certificate somebody should have: its common name and what it may do."""

    name: str
    client: bool = False
    server: tuple[str, ...] = ()
    """Host names and addresses it may serve under; empty for a pure client."""


@dataclass(frozen=True, slots=True)
class Authority:
    """A root of its own in `folder` (`ca.crt`, `ca.key`) and the leaves beside it."""

    folder: Path
    common_name: str

    def ensure(self, leaves: Collection[Leaf], *, now: datetime) -> list[str]:
        """Make or renew the root and `leaves`; names of what was made, root first."""
        made = []
        root = self._root(now)
        if root is None:
            root = self._make_root(now)
            made.append("ca")
        key, certificate = root
        for leaf in leaves:
            if not self._is_good(leaf, certificate, now):
                self._make_leaf(leaf, key, certificate, now)
                made.append(leaf.name)
        return made

    def _root(
        self, now: datetime
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
        stored = _load(self.folder, "ca")
        return stored if stored and not _is_due(stored[1], now) else None

    def _make_root(
        self, now: datetime
    ) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name(self.common_name)
        builder = (
            _builder(name, key, now=now, life=_AUTHORITY_LIFE)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
        )
        certificate = builder.sign(key, hashes.SHA256())
        _store(self.folder, "ca", key, certificate)
        return key, certificate

    def _is_good(self, leaf: Leaf, root: x509.Certificate, now: datetime) -> bool:
        stored = _load(self.folder, leaf.name)
        if stored is None:
            return False
        certificate = stored[1]
        return (
            _is_signed_by(certificate, root)
            and not _is_due(certificate, now)
            and _roles(certificate) == (leaf.client, sorted(leaf.server))
        )

    def _make_leaf(
        self,
        leaf: Leaf,
        root_key: ec.EllipticCurvePrivateKey,
        root: x509.Certificate,
        now: datetime,
    ) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = (
            _builder(_name(leaf.name), key, now=now, life=_LEAF_LIFE)
            .issuer_name(root.subject)
            .add_extension(
                x509.BasicConstraints(ca=False, path_length=None), critical=True
            )
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(_purposes(leaf)), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    root_key.public_key()
                ),
                critical=False,
            )
        )
        if leaf.server:
            names = [_host(host) for host in leaf.server]
            builder = builder.add_extension(
                x509.SubjectAlternativeName(names), critical=False
            )
        certificate = builder.sign(root_key, hashes.SHA256())
        _store(self.folder, leaf.name, key, certificate)


def _builder(
    name: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    *,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _BACKDATED)
        .not_valid_after(now + life)
        .add_extension(identifier, critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _purposes(leaf: Leaf) -> list[x509.ObjectIdentifier]:
    client = [ExtendedKeyUsageOID.CLIENT_AUTH] if leaf.client else []
    server = [ExtendedKeyUsageOID.SERVER_AUTH] if leaf.server else []
    return [*client, *server]


def _host(host: str) -> x509.GeneralName:
    if host[0].isdigit():
        return x509.IPAddress(ip_address(host))
    return x509.DNSName(host)


def _roles(certificate: x509.Certificate) -> tuple[bool, list[str]]:
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    try:
        names = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        ).value
    except x509.ExtensionNotFound:
        return ExtendedKeyUsageOID.CLIENT_AUTH in usage, []
    hosts = sorted(str(name.value) for name in names)
    return ExtendedKeyUsageOID.CLIENT_AUTH in usage, hosts


def _is_due(certificate: x509.Certificate, now: datetime) -> bool:
    """Whether less than a third of its life remains (or it lies in the future)."""
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return now < start or end - now < (end - start) / 3


def _is_signed_by(certificate: x509.Certificate, root: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(root)
    except (InvalidSignature, ValueError):
        return False
    return True


def _load(
    folder: Path, name: str
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None:
    """The stored pair; None when absent, unreadable or not a pair: made anew then."""
    try:
        key = load_pem_private_key((folder / f"{name}.key").read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(
            (folder / f"{name}.crt").read_bytes()
        )
    except (FileNotFoundError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        return None
    return (key, certificate) if key.public_key() == certificate.public_key() else None


def _store(
    folder: Path,
    name: str,
    key: ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
) -> None:
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    write_private(folder / f"{name}.key", secret)
    write_private(folder / f"{name}.crt", certificate.public_bytes(Encoding.PEM))
