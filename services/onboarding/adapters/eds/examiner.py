"""The verifier of ЭЦП: reads a CMS and reports what it found (RFC 5652, RFC 5280).

It judges nothing; the rules stand in `domain.signature`. Steps, numbered here and in
the code, after the platform's facts on Kazakh signatures:

1. Size limit.
2. Strict parsing; the type is SignedData.
3. Exactly one SignerInfo, the signer's certificate inside, signed attributes in DER.
   Every other certificate is ignored: a path leads through pinned authorities only.
4. The document is ours; content brought along must equal it byte for byte.
5. Algorithms and keys: what we cannot calculate is refused by its name.
6. messageDigest is the hash of our document.
7. The signer's key signed the attributes.
8. The certificate's path to a pinned root, at this moment.
9. Only for a signature that holds and a certificate that has a path: revocation of
   the certificate and of the authorities above it, asked for by us. No usable answer is
   an answer too: not known.
10. A time stamp the signer brought along.
11. Facts and evidence.
"""

from collections.abc import Callable
from datetime import datetime

from asn1crypto import x509

from kernel import gost
from kernel.clock import Clock
from kernel.crypto import sha256_hex
from kernel.errors import KernelError
from kernel.logging import get_logger
from services.onboarding.adapters.eds.asn1 import der
from services.onboarding.adapters.eds.path import Path, extended_usages, key_usages
from services.onboarding.adapters.eds.revocation import (
    Revocation,
    RevocationSource,
    of_path,
)
from services.onboarding.adapters.eds.signed_data import (
    Signature,
    UnreadableError,
    read,
    single_signature,
)
from services.onboarding.adapters.eds.timestamp import TokenChecker
from services.onboarding.adapters.eds.trust import VERIFIER, PinnedTrust
from services.onboarding.domain.signature import (
    MAX_CMS_BYTES,
    CertificateFacts,
    Code,
    Evidence,
    Examination,
    SignatureFacts,
    Trust,
    Unreadable,
)

log = get_logger("eds")


class CmsExaminer:
    """Examines signatures, detached or attached, over documents of ours."""

    def __init__(
        self,
        *,
        trust: PinnedTrust,
        revocation: RevocationSource,
        tokens: TokenChecker,
        clock: Clock,
    ) -> None:
        """Broken when the GOST hashes are missing or calculate something else."""
        gost.self_check()
        self._trust = trust
        self._revocation = revocation
        self._tokens = tokens
        self._clock = clock

    def examine(self, raw: bytes, document: bytes) -> Examination:
        """What is to be said of the CMS `raw` as a signature over `document`.

        Asks НУЦ about revocation; never raises for what a sender can send.
        """
        return readable(lambda: self._examine(raw, document))

    def _examine(self, raw: bytes, document: bytes) -> SignatureFacts:
        signature = parse(raw, document)  # steps 1 to 4
        now, pins = self._clock.now(), self._trust.sha256
        if not signature.is_known():  # step 5
            path = Path(Trust.WEAK, (signature.certificate,))
            return as_facts(raw, signature, now, path=path, pins=pins)
        intact = signature.fits(document)  # step 6
        valid = signature.holds()  # step 7
        path = self._trust.path(signature.certificate, moment=now)  # step 8
        revocation = Revocation()
        if path.trust is Trust.TRUSTED and intact and valid:  # step 9
            revocation = of_path(self._revocation, path)
            path = Path(revocation.trust, path.chain)
        stamp = self._tokens.check_brought(signature)  # step 10
        return as_facts(
            raw,
            signature,
            now,
            pins=pins,
            intact=intact,
            valid=valid,
            path=path,
            revocation=revocation,
            stamp=stamp,
        )


def readable(examine: Callable[[], SignatureFacts]) -> Examination:
    """What an examination finds; Unreadable for whatever a sender can send."""
    try:
        return examine()
    except UnreadableError as fault:
        return Unreadable(fault.code)
    except KernelError:
        raise
    except Exception as error:  # noqa: BLE001 - the parser raises anything on
        # hostile bytes; such a signature is refused, and the kind of error noted.
        log.warning("cms_unreadable", kind=type(error).__name__)
        return Unreadable(Code.MALFORMED)


def as_facts(
    raw: bytes,
    signature: Signature,
    now: datetime,
    *,
    path: Path,
    pins: str,
    intact: bool = False,
    valid: bool = False,
    revocation: Revocation | None = None,
    stamp: Code | None = None,
    verifier: str = VERIFIER,
) -> SignatureFacts:
    """Step 11; `pins` is the digest of the trust list."""
    return SignatureFacts(
        algorithms=signature.algorithms,
        certificate=certificate_facts(signature.certificate),
        intact=intact,
        valid=valid,
        trust=path.trust,
        claimed_at=signature.claimed_at,
        stamp=stamp,
        examined_at=now,
        evidence=Evidence(
            cms=raw,
            chain=tuple(der(one) for one in path.chain),
            revocation=() if revocation is None else revocation.raw,
            signature=signature.value,
            signature_sha256=sha256_hex(signature.value),
            # An ECDSA value has a twin over the same bytes; this has none.
            signed_sha256=sha256_hex(signature.signed + der(signature.certificate)),
            verifier=verifier,
            trust_sha256=pins,
        ),
    )


def parse(raw: bytes, document: bytes) -> Signature:
    """Steps 1 to 4. UnreadableError, or whatever the parser raises."""
    if len(raw) > MAX_CMS_BYTES:  # step 1
        raise UnreadableError(Code.MALFORMED)
    signed_data = read(raw)  # step 2
    signature = single_signature(signed_data)  # step 3
    if signature.content is not None and signature.content != document:  # step 4
        raise UnreadableError(Code.OTHER_CONTENT)
    return signature


def certificate_facts(certificate: x509.Certificate) -> CertificateFacts:
    """What the certificate says of its holder and its uses."""
    return CertificateFacts(
        serial=f"{certificate.serial_number:x}",
        sha256=sha256_hex(der(certificate)),
        serial_numbers=_subject_values(certificate, "serial_number"),
        organisations=_subject_values(certificate, "organization_name"),
        organisational_units=_subject_values(certificate, "organizational_unit_name"),
        key_usage=key_usages(certificate) or frozenset(),
        extended_key_usage=frozenset(extended_usages(certificate)),
        not_before=certificate.not_valid_before,
        not_after=certificate.not_valid_after,
    )


def _subject_values(certificate: x509.Certificate, kind: str) -> tuple[str, ...]:
    """Every value of an attribute of the subject, in order."""
    return tuple(
        pair["value"].native
        for names in certificate.subject.chosen
        for pair in names
        if pair["type"].native == kind
    )
