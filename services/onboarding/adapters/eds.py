"""The verifier of ЭЦП: reads a CMS and reports what it found (RFC 5652, RFC 5280).

It judges nothing; the rules stand in `domain.signature`. Steps, numbered here and in
the code, after the platform's facts on Kazakh signatures:

1. Size limit.
2. Strict parsing; the type is SignedData.
3. Exactly one SignerInfo, and the signer's certificate inside. Every other certificate
   is dropped: a path may lead through pinned authorities only.
4. The document is ours; content brought along must equal it byte for byte.
5. Signed attributes are there; algorithms, usages and claimed time become facts.
6. The document's digest, by our own table of hash functions.
7. Integrity and path at this moment, without a look at revocation.
8. Only for a certificate that has a path: revocation data, fetched by us.
9. Integrity and path again, with the revocation data required (fail closed).
10. A time stamp the signer brought along.
11. Facts and evidence.

RSA and ECDSA go through the library's own validator; GOST is not accepted yet.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms, core, x509
from pyhanko.sign.validation import KeyUsageConstraints, async_validate_cms_signature
from pyhanko.sign.validation.status import SignatureStatus

from kernel.clock import Clock
from kernel.crypto import sha256_hex
from kernel.errors import KernelError
from kernel.logging import get_logger
from services.onboarding.adapters.revocation import UNPARSABLE, RevocationSource
from services.onboarding.adapters.timestamp import TokenChecker
from services.onboarding.adapters.trust import (
    VERIFIER,
    PinnedTrust,
    Revocation,
    finish,
    silence_libraries,
)
from services.onboarding.domain.signature import (
    MAX_CMS_BYTES,
    Algorithms,
    CertificateFacts,
    Code,
    Evidence,
    Examination,
    SignatureFacts,
    Trust,
    Unreadable,
)

log = get_logger("eds")

_HASHES: Final[dict[str, Callable[[bytes], bytes]]] = {
    "sha256": lambda data: hashlib.sha256(data).digest()
}
_TRUST_BY_PROBLEM: Final = {
    "NO_CERTIFICATE_CHAIN_FOUND": Trust.UNTRUSTED,
    "OUT_OF_BOUNDS_NO_POE": Trust.OUTSIDE_VALIDITY,
    "REVOKED_NO_POE": Trust.REVOKED,
    "REVOKED_CA_NO_POE": Trust.REVOKED,
    "CHAIN_CONSTRAINTS_FAILURE": Trust.WRONG_USAGE,
    "CRYPTO_CONSTRAINTS_FAILURE": Trust.WEAK,
    "CRYPTO_CONSTRAINTS_FAILURE_NO_POE": Trust.WEAK,
    "TRY_LATER": Trust.REVOCATION_UNKNOWN,
}
# Demanding more here would be dropped by the library; the domain demands the rest.
_SIGNING = KeyUsageConstraints(key_usage={"non_repudiation"})


class _UnreadableError(Exception):
    """A structural fault; carries the code to report."""

    def __init__(self, code: Code) -> None:
        super().__init__(code.value)
        self.code = code


@dataclass(frozen=True, slots=True)
class _Parsed:
    """One signer's part of a CMS, content taken out."""

    signed_data: cms.SignedData
    signer: cms.SignerInfo
    certificate: x509.Certificate


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What the library says; `chain` goes from the signer's certificate upwards."""

    intact: bool
    valid: bool
    trust: Trust
    chain: tuple[x509.Certificate, ...]


class CmsExaminer:
    """Examines detached signatures over documents of ours."""

    def __init__(
        self,
        *,
        trust: PinnedTrust,
        revocation: RevocationSource,
        tokens: TokenChecker,
        clock: Clock,
    ) -> None:
        silence_libraries()
        self._trust = trust
        self._revocation = revocation
        self._tokens = tokens
        self._clock = clock

    def examine(self, raw: bytes, document: bytes) -> Examination:
        """What is to be said of the CMS `raw` as a signature over `document`.

        Asks НУЦ about revocation; never raises for what a sender can send.
        """
        try:
            return self._examine(raw, document)
        except _UnreadableError as fault:
            return Unreadable(fault.code)
        except KernelError:
            raise
        except Exception as error:  # noqa: BLE001 - the libraries raise anything on
            # hostile bytes (UnboundLocalError on a key of an unknown algorithm, for
            # one); such a signature is refused, and the kind of error noted.
            log.warning("cms_unreadable", kind=type(error).__name__)
            return Unreadable(Code.MALFORMED)

    def _examine(self, raw: bytes, document: bytes) -> SignatureFacts:
        parsed = _parse(raw, document)  # steps 1 to 5
        algorithms = _algorithms(parsed)
        digest = _HASHES.get(algorithms.digest)  # step 6
        if digest is None or algorithms.key == "unknown":
            # Nothing of ours can check it; the algorithm alone refuses it.
            outcome = _Outcome(
                intact=False, valid=False, trust=Trust.WEAK, chain=(parsed.certificate,)
            )
            return self._facts(raw, parsed, algorithms, outcome, Revocation(), None)
        hashed = digest(document)
        outcome = self._validate(parsed, hashed, revocation=None)  # step 7
        revocation = Revocation()
        if outcome.trust is Trust.TRUSTED and outcome.intact and outcome.valid:
            issuer = outcome.chain[1]
            revocation = self._revocation.fetch(parsed.certificate, issuer)  # step 8
            outcome = self._with_revocation(parsed, hashed, outcome, revocation)
        stamp = self._tokens.check_brought(parsed.signer)  # step 10
        return self._facts(raw, parsed, algorithms, outcome, revocation, stamp)

    def _with_revocation(
        self,
        parsed: _Parsed,
        hashed: bytes,
        before: _Outcome,
        revocation: Revocation,
    ) -> _Outcome:
        """Step 9; whatever is odd about the data counts as not known."""
        unknown = replace(before, trust=Trust.REVOCATION_UNKNOWN)
        if not revocation.raw:
            return unknown
        try:
            after = self._validate(parsed, hashed, revocation=revocation)
        except KernelError:
            raise
        except Exception as error:  # noqa: BLE001 - as in `examine`
            log.warning("revocation_unreadable", kind=type(error).__name__)
            return unknown
        # The path was in order a moment ago: only revocation can be the trouble.
        known = (Trust.TRUSTED, Trust.REVOKED, Trust.OUTSIDE_VALIDITY)
        return after if after.trust in known else unknown

    def _validate(
        self, parsed: _Parsed, hashed: bytes, *, revocation: Revocation | None
    ) -> _Outcome:
        context = self._trust.context(moment=self._clock.now(), revocation=revocation)
        status = finish(
            async_validate_cms_signature(
                parsed.signed_data,
                raw_digest=hashed,
                validation_context=context,
                key_usage_settings=_SIGNING,
            )
        )
        return _Outcome(
            intact=status.intact,
            valid=status.valid,
            trust=_trust(status),
            chain=_chain(status, parsed.certificate),
        )

    def _facts(
        self,
        raw: bytes,
        parsed: _Parsed,
        algorithms: Algorithms,
        outcome: _Outcome,
        revocation: Revocation,
        stamp: Code | None,
    ) -> SignatureFacts:
        """Step 11."""
        certificate = _certificate_facts(parsed.certificate)
        return SignatureFacts(
            algorithms=algorithms,
            certificate=certificate,
            intact=outcome.intact,
            valid=outcome.valid,
            trust=outcome.trust,
            claimed_at=_claimed_time(parsed.signer),
            stamp=stamp,
            examined_at=self._clock.now(),
            evidence=self._evidence(raw, parsed, outcome, revocation),
        )

    def _evidence(
        self, raw: bytes, parsed: _Parsed, outcome: _Outcome, revocation: Revocation
    ) -> Evidence:
        signature: bytes = parsed.signer["signature"].native
        signed = parsed.signer["signed_attrs"].untag().dump()
        return Evidence(
            cms=raw,
            chain=tuple(one.dump() for one in outcome.chain),
            revocation=revocation.raw,
            signature=signature,
            signature_sha256=sha256_hex(signature),
            # An ECDSA value has a twin over the same bytes; this digest has none.
            signed_sha256=sha256_hex(signed + parsed.certificate.dump()),
            verifier=VERIFIER,
            trust_sha256=self._trust.sha256,
        )


def _parse(raw: bytes, document: bytes) -> _Parsed:
    if len(raw) > MAX_CMS_BYTES:  # step 1
        raise _UnreadableError(Code.MALFORMED)
    info = cms.ContentInfo.load(raw, strict=True)  # step 2
    if info["content_type"].native != "signed_data":
        raise _UnreadableError(Code.NOT_SIGNED_DATA)
    signed_data = info["content"]
    if len(signed_data["signer_infos"]) > 1:  # step 3
        raise _UnreadableError(Code.SEVERAL_SIGNERS)
    if len(signed_data["signer_infos"]) == 0:
        raise _UnreadableError(Code.MALFORMED)
    signer = signed_data["signer_infos"][0]
    certificate = _signers_certificate(signed_data, signer)
    content = signed_data["encap_content_info"]["content"]  # step 4
    if not _absent(content) and content.native != document:
        raise _UnreadableError(Code.OTHER_CONTENT)
    if _absent(signer["signed_attrs"]) or len(signer["signed_attrs"]) == 0:  # step 5
        raise _UnreadableError(Code.NO_SIGNED_ATTRIBUTES)
    return _Parsed(_reduced(signed_data, signer, certificate), signer, certificate)


def _signers_certificate(
    signed_data: cms.SignedData, signer: cms.SignerInfo
) -> x509.Certificate:
    """The one the signer names by issuer and serial number, or by key identifier."""
    if _absent(signed_data["certificates"]):
        raise _UnreadableError(Code.NO_CERTIFICATE)
    name, named = signer["sid"].name, signer["sid"].chosen
    for choice in signed_data["certificates"]:
        if choice.name != "certificate":
            continue
        one = choice.chosen
        if name == "issuer_and_serial_number":
            found = (
                one.issuer == named["issuer"]
                and one.serial_number == named["serial_number"].native
            )
        else:
            found = one.key_identifier == named.native
        if found:
            return one
    raise _UnreadableError(Code.NO_CERTIFICATE)


def _reduced(
    signed_data: cms.SignedData, signer: cms.SignerInfo, certificate: x509.Certificate
) -> cms.SignedData:
    """The same signature, detached, with nothing but the signer's certificate."""
    return cms.SignedData(
        {
            "version": signed_data["version"].native,
            "digest_algorithms": [signer["digest_algorithm"]],
            "encap_content_info": {
                "content_type": signed_data["encap_content_info"]["content_type"]
            },
            "certificates": [certificate],
            "signer_infos": [signer],
        }
    )


def _algorithms(parsed: _Parsed) -> Algorithms:
    key, bits, curve = _key(parsed.certificate)
    algorithm = parsed.signer["signature_algorithm"]
    return Algorithms(
        key=key,
        key_bits=bits,
        curve=curve,
        signature=_or_oid(algorithm, "signature_algo") or "unknown",
        signature_digest=_or_oid(algorithm, "hash_algo"),
        digest=parsed.signer["digest_algorithm"]["algorithm"].native,
    )


def _key(certificate: x509.Certificate) -> tuple[str, int, str | None]:
    """Algorithm, size in bits (RSA) and curve (EC) of the signer's key."""
    try:
        public = certificate.public_key
        if public.algorithm == "rsa":
            return "rsa", public.bit_size, None
        kind, value = public.curve if public.algorithm == "ec" else ("", None)
    except UNPARSABLE:
        # An algorithm the library has no name for, GOST among them.
        return "unknown", 0, None
    return ("ec", 0, value) if kind == "named" else ("unknown", 0, None)


def _or_oid(algorithm: Any, name: str) -> str | None:  # noqa: ANN401 - asn1crypto
    """A property that raises ValueError where the OID does not say."""
    try:
        value: str = getattr(algorithm, name)
    except UNPARSABLE:
        return None
    return value


def _certificate_facts(certificate: x509.Certificate) -> CertificateFacts:
    usage = certificate.key_usage_value
    extended = certificate.extended_key_usage_value
    validity = certificate["tbs_certificate"]["validity"]
    return CertificateFacts(
        serial=f"{certificate.serial_number:x}",
        sha256=sha256_hex(certificate.dump()),
        serial_numbers=_subject_values(certificate, "serial_number"),
        organisational_units=_subject_values(certificate, "organizational_unit_name"),
        key_usage=frozenset(usage.native if usage is not None else ()),
        extended_key_usage=frozenset(
            one.dotted for one in (extended if extended is not None else ())
        ),
        not_before=validity["not_before"].native,
        not_after=validity["not_after"].native,
    )


def _subject_values(certificate: x509.Certificate, kind: str) -> tuple[str, ...]:
    """Every value of an attribute of the subject, in order."""
    return tuple(
        pair["value"].native
        for names in certificate.subject.chosen
        for pair in names
        if pair["type"].native == kind
    )


def _claimed_time(signer: cms.SignerInfo) -> datetime | None:
    """signingTime: what the signer's own clock said. Twice is malformed."""
    found = [
        attribute["values"]
        for attribute in signer["signed_attrs"]
        if attribute["type"].native == "signing_time"
    ]
    if not found:
        return None
    if len(found) > 1 or len(found[0]) != 1:
        raise _UnreadableError(Code.MALFORMED)
    claimed: datetime = found[0][0].native
    return claimed


def _trust(status: SignatureStatus) -> Trust:
    problem = status.trust_problem_indic
    if problem is None:
        has_path = status.validation_path is not None
        return Trust.TRUSTED if has_path else Trust.UNTRUSTED
    # A general failure of the path: an unknown critical extension, a CA without
    # the right to sign, a path too long. None of them is a pinned path.
    return _TRUST_BY_PROBLEM.get(problem.name, Trust.UNTRUSTED)


def _chain(
    status: SignatureStatus, certificate: x509.Certificate
) -> tuple[x509.Certificate, ...]:
    if status.validation_path is None:
        return (certificate,)
    return tuple(reversed(list(status.validation_path.iter_certs(include_root=True))))


def _absent(value: object) -> bool:
    return value is None or isinstance(value, core.Void)
