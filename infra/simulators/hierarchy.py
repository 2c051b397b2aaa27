"""The keys of the simulated НУЦ and of ЦОИД, made once and kept in the data folder.

Root → issuing CA → persons, the OCSP responder, the time-stamping authority and
ЦОИД's organisation certificate. A start that was killed half-way leaves nothing: the
folder appears under its name only when it is complete.
"""

import os
import secrets
import shutil
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from infra.simulators import profile
from infra.simulators.clock import Clock
from infra.simulators.cms import PrivateKey, Signer

# At most 64 bytes: above that `cryptography` warns whoever reads the certificate.
ROOT_NAME = "НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA) SIM"
ISSUING_NAME = "ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA) SIM"
RESPONDER_NAME = "OCSP RESPONDER SIMULATOR"
STAMPER_NAME = "TIMESTAMPING AUTHORITY SIMULATOR"

# An invented BIN and ИИН: ЦОИД's real ones must not stand in a test certificate.
COID = profile.Subject(
    iin="850101300603",
    common_name="ЦОИД СИМУЛЯТОР",
    surname="ЦОИД",
    patronymic=None,
    organization="АО «ЦОИД СИМУЛЯТОР»",
    bin="990140000007",
)

OTHER = profile.Subject(
    iin="850101300603",
    common_name="ПРОВАЙДЕР СИМУЛЯТОР",
    surname="ПРОВАЙДЕР",
    patronymic=None,
    organization="ТОО «ПРОВАЙДЕР СИМУЛЯТОР»",
    bin="990140000017",
)
"""A second provider of biometric identification."""

AUTHORITY_BITS = 3072
MEMBER_BITS = 2048
SERIAL_BYTES = 20

# Tests move the clock both ways after the first start.
BACKDATED = timedelta(days=400)
AUTHORITY_LIFE = timedelta(days=7_000)
MEMBER_LIFE = timedelta(days=3_650)

MEMBERS = ("root", "issuing", "responder", "stamper", "coid", "other")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Hierarchy:
    """Everybody who signs on the outer world's side."""

    root: Signer
    issuing: Signer
    responder: Signer
    stamper: Signer
    coid: Signer
    other: Signer


def load_or_make(folder: Path, *, clock: Clock, public_url: str) -> Hierarchy:
    """The hierarchy in `folder`; makes what is missing of it."""
    if not folder.exists():
        _keep(folder, _make(clock, public_url))
    if not (folder / "other.key").exists():
        issuing = _load(folder, "issuing")
        other = _Mint(clock).organisation(OTHER, issuing, public_url)
        _keep_one(folder, "other", other)
    return Hierarchy(**{name: _load(folder, name) for name in MEMBERS})


def new_serial() -> int:
    """A positive serial number of 20 bytes, as НУЦ's are (RFC 5280, 4.1.2.2)."""
    top = 0x40 | secrets.randbits(6)
    return int.from_bytes(bytes([top]) + secrets.token_bytes(SERIAL_BYTES - 1))


def addresses_of_issuing(public_url: str) -> profile.Addresses:
    """Where the status of what the issuing CA has signed can be asked."""
    return profile.Addresses(
        ocsp=f"{public_url}/ocsp",
        issuer=f"{public_url}/ca/issuing.cer",
        crl=f"{public_url}/crl",
    )


def addresses_of_root(public_url: str) -> profile.Addresses:
    """Where the status of the issuing CA can be asked: by CRL only, as at НУЦ."""
    return profile.Addresses(
        ocsp="", issuer=f"{public_url}/ca/root.cer", crl=f"{public_url}/crl/root"
    )


def _make(clock: Clock, public_url: str) -> Hierarchy:
    mint = _Mint(clock)
    below_issuing = addresses_of_issuing(public_url)
    root = mint.authority(ROOT_NAME, None, addresses=None)
    issuing = mint.authority(
        ISSUING_NAME, root, addresses=addresses_of_root(public_url)
    )
    responder, key = mint.member(_plain_name(RESPONDER_NAME), issuing)
    responder = profile.responder_certificate(responder)
    stamper, stamper_key = mint.member(_plain_name(STAMPER_NAME), issuing)
    stamper = profile.stamping_certificate(stamper, below_issuing)
    return Hierarchy(
        root=root,
        issuing=issuing,
        responder=_signer(key, profile.sealed(responder, issuing)),
        stamper=_signer(stamper_key, profile.sealed(stamper, issuing)),
        coid=mint.organisation(COID, issuing, public_url),
        other=mint.organisation(OTHER, issuing, public_url),
    )


class _Mint:
    """Makes keys and drafts that are valid from long ago to far ahead."""

    def __init__(self, clock: Clock) -> None:
        self._from = clock.now() - BACKDATED

    def authority(
        self, name: str, issuer: Signer | None, *, addresses: profile.Addresses | None
    ) -> Signer:
        key = _new_key(AUTHORITY_BITS)
        builder = profile.draft(
            subject=_plain_name(name),
            public_key=key.public_key(),
            issuer=issuer,
            serial=new_serial(),
            not_before=self._from,
            not_after=self._from + AUTHORITY_LIFE,
        )
        builder = profile.authority_certificate(
            builder,
            path_length=0 if issuer else None,
            policy=profile.POLICY if issuer else profile.ROOT_POLICY,
            addresses=addresses,
        )
        if issuer is None:
            return _signer(key, profile.self_signed(builder, key))
        return _signer(key, profile.sealed(builder, issuer))

    def organisation(
        self, subject: profile.Subject, issuing: Signer, public_url: str
    ) -> Signer:
        builder, key = self.member(subject.name(), issuing)
        builder = profile.person_certificate(
            builder, profile.Kind.ORGANISATION_SIGN, addresses_of_issuing(public_url)
        )
        return _signer(key, profile.sealed(builder, issuing))

    def member(
        self, name: x509.Name, issuer: Signer
    ) -> tuple[x509.CertificateBuilder, rsa.RSAPrivateKey]:
        key = _new_key(MEMBER_BITS)
        builder = profile.draft(
            subject=name,
            public_key=key.public_key(),
            issuer=issuer,
            serial=new_serial(),
            not_before=self._from,
            not_after=self._from + MEMBER_LIFE,
        )
        return builder, key


def _new_key(bits: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65_537, key_size=bits)


def _signer(key: PrivateKey, certificate: x509.Certificate) -> Signer:
    return Signer(key=key, certificate=certificate)


def _plain_name(common_name: str) -> x509.Name:
    parts = ((NameOID.COMMON_NAME, common_name), (NameOID.COUNTRY_NAME, "KZ"))
    return profile.distinguished_name(parts)


def _keep(folder: Path, made: Hierarchy) -> None:
    draft = folder.with_name(f".{folder.name}.draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True, mode=0o700)
    for name in MEMBERS:
        _keep_one(draft, name, getattr(made, name))
    draft.rename(folder)


def _keep_one(folder: Path, name: str, signer: Signer) -> None:
    """The certificate first: who has the key is complete."""
    _write(folder / f"{name}.crt", signer.certificate.public_bytes(Encoding.PEM))
    _write(
        folder / f"{name}.key",
        signer.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    )


def _write(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _load(folder: Path, name: str) -> Signer:
    key = load_pem_private_key((folder / f"{name}.key").read_bytes(), password=None)
    certificate = x509.load_pem_x509_certificate((folder / f"{name}.crt").read_bytes())
    return Signer(key=cast(PrivateKey, key), certificate=certificate)
