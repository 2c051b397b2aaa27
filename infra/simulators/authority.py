"""The simulated НУЦ: issues certificates to whoever asks, revokes, remembers both.

Issued and revoked serial numbers survive a restart; a serial number it does not
remember was never issued, and OCSP says so the way НУЦ does.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from infra.simulators import profile
from infra.simulators.clock import Clock, rfc3339, whole_second
from infra.simulators.cms import Signer
from infra.simulators.gost import over_key
from infra.simulators.hierarchy import (
    Hierarchy,
    addresses_of_issuing,
    load_or_make,
    new_serial,
)
from infra.simulators.journal import Journal, Record

MIN_RSA_BITS = 2048
CRL_LIFE = timedelta(days=180)


class RequestRefusedError(Exception):
    """The authority does not issue or revoke; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """When and why a certificate ended before its time."""

    revoked_at: datetime
    reason: x509.ReasonFlags


class Authority:
    """The issuing CA with its register of serial numbers."""

    def __init__(self, *, data: Path, clock: Clock, public_url: str) -> None:
        self._clock = clock
        self._addresses = addresses_of_issuing(public_url)
        self.members: Hierarchy = load_or_make(
            data / "ca", clock=clock, public_url=public_url
        )
        self._issued = {
            signer.certificate.serial_number
            for signer in (
                self.members.responder,
                self.members.stamper,
                self.members.coid,
                self.members.other,
            )
        }
        self._revoked: dict[int, Revocation] = {}
        self._journal = Journal(data / "certificates.jsonl")
        for record in self._journal.records:
            self._replay(record)

    @property
    def able(self) -> bool:
        return not self._journal.broken

    def issue(
        self, csr_pem: str, subject: profile.Subject, kind: profile.Kind
    ) -> x509.Certificate:
        """A certificate for one year from now over the key in the request.

        Raises RequestRefusedError: csr_malformed, csr_signature_wrong, key_refused
        (RSA from 2048 bits and EC P-256 are taken).
        """
        public_key = _requested_key(csr_pem)
        now = self._clock.now()
        builder = profile.draft(
            subject=subject.name(),
            public_key=public_key,
            issuer=self.members.issuing,
            serial=new_serial(),
            not_before=now,
            not_after=now + profile.PERSON_LIFE,
        )
        builder = profile.person_certificate(builder, kind, self._addresses)
        certificate = profile.sealed(builder, self.members.issuing)
        self._record_issue(certificate, kind)
        return certificate

    def issue_over(
        self, spki: bytes, subject: profile.Subject, kind: profile.Kind
    ) -> x509.Certificate:
        """A certificate over a key our library cannot read: GOST, as НУЦ gives today.

        Without proof of possession: no request over such a key can be judged here.
        Raises RequestRefusedError: key_refused.
        """
        now = self._clock.now()
        builder = profile.draft(
            subject=subject.name(),
            public_key=self.members.issuing.key.public_key(),
            issuer=self.members.issuing,
            serial=new_serial(),
            not_before=now,
            not_after=now + profile.PERSON_LIFE,
        )
        builder = profile.person_certificate(builder, kind, self._addresses)
        drafted = profile.sealed(builder, self.members.issuing)
        try:
            certificate = over_key(drafted, spki, self.members.issuing)
        except ValueError as error:
            raise RequestRefusedError("key_refused") from error
        self._record_issue(certificate, kind)
        return certificate

    def revoke(self, serial: int, reason: x509.ReasonFlags) -> Revocation:
        """End a certificate now; a second time changes nothing.

        Raises RequestRefusedError serial_unknown.
        """
        if serial not in self._issued:
            raise RequestRefusedError("serial_unknown")
        if serial not in self._revoked:
            revoked_at = whole_second(self._clock.now())
            self._journal.append(
                {
                    "event": "revoked",
                    "serial": str(serial),
                    "revoked_at": rfc3339(revoked_at),
                    "reason": reason.value,
                }
            )
            self._revoked[serial] = Revocation(revoked_at=revoked_at, reason=reason)
        return self._revoked[serial]

    def has_issued(self, serial: int) -> bool:
        return serial in self._issued

    def revocation(self, serial: int) -> Revocation | None:
        """The revocation, or None while the certificate is in force."""
        return self._revoked.get(serial)

    def crl(self) -> bytes:
        """DER of a full CRL of the issuing CA, as of now."""
        revoked = [_crl_entry(serial, r) for serial, r in self._revoked.items()]
        return self._crl(self.members.issuing, revoked)

    def root_crl(self) -> bytes:
        """DER of the root's CRL, which lists nothing."""
        return self._crl(self.members.root, [])

    def _crl(self, issuer: Signer, revoked: list[x509.RevokedCertificate]) -> bytes:
        now = whole_second(self._clock.now())
        key = issuer.key.public_key()
        above = x509.AuthorityKeyIdentifier.from_issuer_public_key(key)
        builder = (
            x509.CertificateRevocationListBuilder(revoked_certificates=revoked)
            .issuer_name(issuer.certificate.subject)
            .last_update(now)
            .next_update(now + CRL_LIFE)
            .add_extension(above, critical=False)
            # Seconds since 1970 only grow, also over a restart.
            .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        )
        return builder.sign(issuer.key, SHA256()).public_bytes(Encoding.DER)

    def _record_issue(self, certificate: x509.Certificate, kind: profile.Kind) -> None:
        self._journal.append(
            {
                "event": "issued",
                "serial": str(certificate.serial_number),
                "kind": kind.value,
                "certificate": certificate.public_bytes(Encoding.PEM).decode(),
            }
        )
        self._issued.add(certificate.serial_number)

    def _replay(self, record: Record) -> None:
        serial = int(record["serial"])
        if record["event"] == "issued":
            self._issued.add(serial)
            return
        self._revoked[serial] = Revocation(
            revoked_at=datetime.fromisoformat(record["revoked_at"]),
            reason=x509.ReasonFlags(record["reason"]),
        )


def _requested_key(csr_pem: str) -> profile.PublicKey:
    try:
        request = x509.load_pem_x509_csr(csr_pem.encode())
        genuine = request.is_signature_valid
        key = request.public_key()
    except Exception as error:
        # cryptography has no common class for what a foreign CSR may provoke.
        raise RequestRefusedError("csr_malformed") from error
    if not genuine:
        raise RequestRefusedError("csr_signature_wrong")
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= MIN_RSA_BITS:
        return key
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1":
        return key
    raise RequestRefusedError("key_refused")


def _crl_entry(serial: int, revocation: Revocation) -> x509.RevokedCertificate:
    builder = (
        x509.RevokedCertificateBuilder()
        .serial_number(serial)
        .revocation_date(revocation.revoked_at)
    )
    if revocation.reason is not x509.ReasonFlags.unspecified:
        # RFC 5280, section 5.3.1: the reason "unspecified" is left out.
        reason = x509.CRLReason(revocation.reason)
        builder = builder.add_extension(reason, critical=False)
    return builder.build()
