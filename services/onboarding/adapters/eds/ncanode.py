"""NCANode as the verifier: `POST /cms/verify` of its API version 3.

An alternative to `CmsExaminer` for who wants НУЦ's own library (Kalkan, which NCANode
wraps) to do the mathematics. Steps:

1. The CMS is read here: structure, document, facts of the certificate.
2. NCANode is asked, with our document and both ways of revocation.
3. Its answer is about the certificate we read, and about no other signer.
4. messageDigest is compared here as well: NCANode does not say which part failed.
5. The issuer must be pinned here by name and key; NCANode has a store of its own.
6. Revocation is asked for by us: evidence needs НУЦ's signed bytes, which NCANode
   keeps to itself. Where NCANode knows better ("revoked"), that counts.
7. A time stamp brought along, facts and evidence, as in `CmsExaminer`.

Whoever can answer in its place can accept anything: the door is TLS with a client
certificate, and in our own network.
"""

import base64
from datetime import datetime
from typing import Final

from asn1crypto import x509
from pydantic import Field

from kernel.clock import Clock
from services.onboarding.adapters.eds.examiner import as_facts, parse, readable
from services.onboarding.adapters.eds.path import Path, named_issuer
from services.onboarding.adapters.eds.revocation import (
    Revocation,
    RevocationSource,
    of_path,
)
from services.onboarding.adapters.eds.signed_data import Signature
from services.onboarding.adapters.eds.timestamp import TokenChecker
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.adapters.http import HTTP_OK, Answered, OuterServer
from services.onboarding.domain.signature import (
    Examination,
    SignatureFacts,
    Trust,
)

MAX_ANSWER_BYTES: Final = 256 * 1024
HTTP_BAD_REQUEST: Final = 400
VERIFIER: Final = "NCANode 3"


class _Revocation(Answered):
    revoked: bool


class _Certificate(Answered):
    valid: bool
    serial_number: str = Field(alias="serialNumber", pattern=r"^[0-9A-Fa-f]{1,64}$")
    revocations: tuple[_Revocation, ...] | None = None


class _Signer(Answered):
    certificates: tuple[_Certificate, ...] = Field(min_length=1)


class _Verdict(Answered):
    valid: bool
    signers: tuple[_Signer, ...] = ()

    def certificate(self, serial: int) -> _Certificate | None:
        """The only signer's certificate, if it has this serial number."""
        if len(self.signers) != 1:
            return None
        first = self.signers[0].certificates[0]
        return first if int(first.serial_number, 16) == serial else None


_NOTHING: Final = _Verdict(valid=False)


class NcanodeExaminer:
    """`ports.Signatures` by an NCANode."""

    def __init__(
        self,
        server: OuterServer,
        *,
        trust: PinnedTrust,
        revocation: RevocationSource,
        tokens: TokenChecker,
        clock: Clock,
    ) -> None:
        self._server = server
        self._trust = trust
        self._revocation = revocation
        self._tokens = tokens
        self._clock = clock

    def examine(self, raw: bytes, document: bytes) -> Examination:
        """As `CmsExaminer.examine`. Transient when NCANode is away."""
        return readable(lambda: self._examine(raw, document))

    def _examine(self, raw: bytes, document: bytes) -> SignatureFacts:
        signature = parse(raw, document)  # step 1
        now, pins = self._clock.now(), self._trust.sha256
        if not signature.is_known():
            path = Path(Trust.WEAK, (signature.certificate,))
            return as_facts(raw, signature, now, path=path, pins=pins)
        verdict = self._ask(raw, document)  # step 2
        said = verdict.certificate(signature.certificate.serial_number)  # step 3
        intact = signature.fits(document)  # step 4
        path = self._path(signature, now, said)  # step 5
        valid = said is not None and (verdict.valid or path.trust is not Trust.TRUSTED)
        revocation = Revocation()
        if path.trust is Trust.TRUSTED and intact and valid:  # step 6
            revocation = of_path(self._revocation, path)
            path = Path(revocation.trust, path.chain)
        return as_facts(  # step 7
            raw,
            signature,
            now,
            path=path,
            pins=pins,
            intact=intact,
            valid=valid,
            revocation=revocation,
            stamp=self._tokens.check_brought(signature),
            verifier=VERIFIER,
        )

    def _ask(self, raw: bytes, document: bytes) -> _Verdict:
        reply = self._server.post_json(
            "/cms/verify",
            {
                "cms": base64.b64encode(raw).decode(),
                "data": base64.b64encode(document).decode(),
                "revocationCheck": ["OCSP", "CRL"],
            },
            limit=MAX_ANSWER_BYTES,
        )
        if reply.status == HTTP_BAD_REQUEST:
            # What it cannot read it does not verify.
            return _NOTHING
        if reply.status != HTTP_OK:
            raise self._server.unexpected(reply)
        return self._server.read(reply, _Verdict)

    def _path(
        self, signature: Signature, now: datetime, said: _Certificate | None
    ) -> Path:
        """To the pinned authority of the issuer's name and key, and on to the root."""
        certificate = signature.certificate
        if said is not None and any(one.revoked for one in said.revocations or ()):
            return Path(Trust.REVOKED, (certificate,))
        issuer = self._issuer(certificate)
        if issuer is None:
            return Path(Trust.UNTRUSTED, (certificate,))
        above = self._trust.path(issuer, moment=now)
        chain = (certificate, *above.chain)
        if not certificate.not_valid_before <= now <= certificate.not_valid_after:
            return Path(Trust.OUTSIDE_VALIDITY, chain)
        return Path(above.trust, chain)

    def _issuer(self, certificate: x509.Certificate) -> x509.Certificate | None:
        pinned = (*self._trust.issuers, *self._trust.roots)
        return next((one for one in pinned if named_issuer(certificate, one)), None)
