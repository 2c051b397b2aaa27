"""What makes an ЭЦП good: the rules over what the verifier found (Procedure 4.2, 5.2b).

The adapter reads the CMS and does the mathematics; it reports what it found as
`SignatureFacts`, or `Unreadable` where there was nothing to calculate with. Every rule
that turns findings into a verdict stands here. The codes are the reason codes of the
platform's signature facts; each refusal has its own.
"""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Protocol

from kernel.errors import Refused

MAX_CMS_BYTES: Final = 100_000
"""A detached CMS has 2 to 10 kB; a larger one is not looked at."""

CLOCK_AHEAD: Final = timedelta(minutes=5)
"""How far the signer's clock may be ahead of ours."""

NATURAL_PERSON: Final = "1.2.398.3.3.4.1.1"
LEGAL_ENTITY: Final = "1.2.398.3.3.4.1.2"
EMAIL_PROTECTION: Final = "1.3.6.1.5.5.7.3.4"
CLIENT_AUTH: Final = "1.3.6.1.5.5.7.3.2"
_FORBIDDEN_TO_PERSONS = ("1.2.398.3.3.4.1.1.1", LEGAL_ENTITY)
# Identified at ЦОН, remotely and so on: evidence beside the usage, not a usage.
_IDENTIFIED = "1.2.398.3.3.4.3"

_IIN = re.compile(r"IIN([0-9]{12})")
_BIN = re.compile(r"BIN([0-9]{12})")


class Algorithm(StrEnum):
    """What a signature may be made with; a dated setting says which are accepted."""

    GOST2015_512 = "gost2015_512"
    GOST2015_256 = "gost2015_256"
    GOST2004 = "gost2004"
    RSA = "rsa"
    ECDSA = "ecdsa"


class Code(StrEnum):
    """Why a signature is refused. Stable: they stand in events and answers."""

    MALFORMED = "malformed"
    NOT_SIGNED_DATA = "not_signed_data"
    NO_CERTIFICATE = "no_certificate"
    SEVERAL_SIGNERS = "several_signers"
    OTHER_CONTENT = "other_content"
    NO_SIGNED_ATTRIBUTES = "no_signed_attributes"
    WEAK_OR_UNKNOWN_ALGORITHM = "weak_or_unknown_algorithm"
    ALGORITHM_MISMATCH = "algorithm_mismatch"
    DIGEST_MISMATCH = "digest_mismatch"
    BAD_SIGNATURE = "bad_signature"
    UNTRUSTED = "untrusted"
    OUTSIDE_VALIDITY = "outside_validity"
    WRONG_USAGE = "wrong_usage"
    WRONG_PERSON = "wrong_person"
    SIGNING_TIME_IN_FUTURE = "signing_time_in_future"
    REVOKED = "revoked"
    REVOCATION_UNKNOWN = "revocation_unknown"
    AUTHORITY_REVOKED = "authority_revoked"
    AUTHORITY_REVOCATION_UNKNOWN = "authority_revocation_unknown"
    WRONG_IMPRINT = "wrong_imprint"
    REPLAYED = "signature_replayed"


class Trust(StrEnum):
    """What the path from the certificate to a pinned root came to."""

    TRUSTED = "trusted"
    UNTRUSTED = "untrusted"
    OUTSIDE_VALIDITY = "outside_validity"
    REVOKED = "revoked"
    REVOCATION_UNKNOWN = "revocation_unknown"
    AUTHORITY_REVOKED = "authority_revoked"
    AUTHORITY_REVOCATION_UNKNOWN = "authority_revocation_unknown"
    WRONG_USAGE = "wrong_usage"
    WEAK = "weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Algorithms:
    """Names as the CMS and the key give them; None where nothing is said.

    `key` and `signature` say the same for a pair that belongs together. `curve` None
    with a GOST key: its parameters or its form are none that we know.
    """

    key: str
    key_bits: int
    curve: str | None
    signature: str
    signature_digest: str | None
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFacts:
    """What the signer's certificate says. `serial` is hex text: 20 bytes are usual."""

    serial: str
    sha256: str
    serial_numbers: tuple[str, ...]
    organisations: tuple[str, ...]
    organisational_units: tuple[str, ...]
    key_usage: frozenset[str]
    extended_key_usage: frozenset[str]
    not_before: datetime
    not_after: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What must be kept to show later why a signature was believed.

    `revocation` holds the raw OCSP answers or CRLs; `chain` the certificates from the
    signer's up to the root, DER.
    """

    cms: bytes
    chain: tuple[bytes, ...]
    revocation: tuple[bytes, ...]
    signature: bytes
    signature_sha256: str
    signed_sha256: str
    verifier: str
    trust_sha256: str

    def with_answers(self, more: tuple[bytes, ...]) -> "Evidence":
        """The same with what says that the stamper was good; nothing stands twice."""
        together = tuple(dict.fromkeys((*self.revocation, *more)))
        return replace(self, revocation=together)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureFacts:
    """What the verifier found in a readable CMS with one signer.

    `stamp` is the verdict on a time stamp the signer brought, None without one.
    """

    algorithms: Algorithms
    certificate: CertificateFacts
    intact: bool
    valid: bool
    trust: Trust
    claimed_at: datetime | None
    stamp: Code | None
    examined_at: datetime
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Unreadable:
    """There was nothing to verify; the code says what is wrong."""

    code: Code


Examination = SignatureFacts | Unreadable


@dataclass(frozen=True, slots=True)
class NaturalPerson:
    """The client: the certificate must name this ИИН, and no organisation."""

    iin: str

    def refusal(self, certificate: CertificateFacts) -> Code | None:
        """WRONG_USAGE or WRONG_PERSON; None if it is this person's for signing."""
        usages = certificate.extended_key_usage
        for_persons = NATURAL_PERSON in usages and not any(
            _under(usage, arc) for usage in usages for arc in _FORBIDDEN_TO_PERSONS
        )
        foreign = any(not _known_to_persons(usage) for usage in usages)
        organisation = certificate.organisations or certificate.organisational_units
        if not for_persons or foreign or organisation:
            return Code.WRONG_USAGE
        named = [_IIN.fullmatch(text) for text in certificate.serial_numbers]
        if len(named) != 1 or named[0] is None or named[0][1] != self.iin:
            return Code.WRONG_PERSON
        return None


@dataclass(frozen=True, slots=True)
class Organisation:
    """A partner that signs by machine: the certificate must name this БИН."""

    bin: str

    def refusal(self, certificate: CertificateFacts) -> Code | None:
        """WRONG_USAGE or WRONG_PERSON; None if it is this organisation's."""
        usages = certificate.extended_key_usage
        if not any(_under(usage, LEGAL_ENTITY) for usage in usages):
            return Code.WRONG_USAGE
        named = [_BIN.fullmatch(text) for text in certificate.organisational_units]
        if len(named) != 1 or named[0] is None or named[0][1] != self.bin:
            return Code.WRONG_PERSON
        return None


class Holder(Protocol):
    """Whose signature it must be."""

    def refusal(self, certificate: CertificateFacts) -> Code | None:
        """Why the certificate is not the holder's; None if it is."""
        ...


def judge(
    examination: Examination, holder: Holder, *, accepted: frozenset[Algorithm]
) -> Code | None:
    """The first rule a signature breaks; None when it is good.

    1. It can be read, and has one signer, his certificate and signed attributes.
    2. Key, hash and signature are of one accepted algorithm.
    3. It is over our document, and the mathematics fit.
    4. The certificate comes from a pinned root and is in its time.
    5. It is for signing (nonRepudiation, not clientAuth) and of the right holder.
    6. The signer's clock says nothing impossible.
    7. Neither it nor an authority above it is revoked, and that is known.
    8. A time stamp brought along is in order.
    """
    if isinstance(examination, Unreadable):  # step 1
        return examination.code
    return (
        _algorithms(examination.algorithms, accepted)  # step 2
        or _integrity(examination)  # step 3
        or _path(examination.trust)  # step 4
        or _usage(examination, holder)  # step 5
        or _claimed_time(examination)  # step 6
        or _revocation(examination.trust)  # step 7
        or examination.stamp  # step 8
    )


# Name of the key, and the hashes it may sign.
_ROWS: Final = {
    Algorithm.GOST2015_512: ("gost2015_512", {"streebog512"}),
    Algorithm.GOST2015_256: ("gost2015_256", {"streebog256"}),
    Algorithm.GOST2004: ("gost2004", {"gost34311"}),
    Algorithm.RSA: ("rsa", {"sha256"}),
    Algorithm.ECDSA: ("ec", {"sha256", "sha384", "sha512"}),
}
_CURVES: Final = {"secp256r1", "secp384r1"}
_MIN_RSA_BITS: Final = 2048


def _algorithms(used: Algorithms, accepted: frozenset[Algorithm]) -> Code | None:
    if used.signature_digest not in (None, used.digest):
        return Code.ALGORITHM_MISMATCH
    weak = (used.key == "rsa" and used.key_bits < _MIN_RSA_BITS) or (
        used.key == "ec" and used.curve not in _CURVES
    )
    fitting = used.key == used.signature and any(
        used.key == key and used.digest in digests
        for key, digests in (_ROWS[one] for one in accepted)
    )
    return Code.WEAK_OR_UNKNOWN_ALGORITHM if weak or not fitting else None


def _integrity(facts: SignatureFacts) -> Code | None:
    if not facts.intact:
        return Code.DIGEST_MISMATCH
    return None if facts.valid else Code.BAD_SIGNATURE


def _path(trust: Trust) -> Code | None:
    return {
        Trust.UNTRUSTED: Code.UNTRUSTED,
        Trust.OUTSIDE_VALIDITY: Code.OUTSIDE_VALIDITY,
        Trust.WEAK: Code.WEAK_OR_UNKNOWN_ALGORITHM,
        Trust.WRONG_USAGE: Code.WRONG_USAGE,
    }.get(trust)


def _usage(facts: SignatureFacts, holder: Holder) -> Code | None:
    certificate = facts.certificate
    if (
        "non_repudiation" not in certificate.key_usage
        or CLIENT_AUTH in certificate.extended_key_usage
    ):
        return Code.WRONG_USAGE
    return holder.refusal(certificate)


def _claimed_time(facts: SignatureFacts) -> Code | None:
    claimed, certificate = facts.claimed_at, facts.certificate
    if claimed is None:
        return None
    in_time = certificate.not_before <= claimed <= certificate.not_after
    if claimed > facts.examined_at + CLOCK_AHEAD or not in_time:
        return Code.SIGNING_TIME_IN_FUTURE
    return None


def _revocation(trust: Trust) -> Code | None:
    return {
        Trust.REVOKED: Code.REVOKED,
        Trust.REVOCATION_UNKNOWN: Code.REVOCATION_UNKNOWN,
        Trust.AUTHORITY_REVOKED: Code.AUTHORITY_REVOKED,
        Trust.AUTHORITY_REVOCATION_UNKNOWN: Code.AUTHORITY_REVOCATION_UNKNOWN,
    }.get(trust)


def _under(usage: str, arc: str) -> bool:
    return usage == arc or usage.startswith(f"{arc}.")


def _known_to_persons(usage: str) -> bool:
    return usage in {NATURAL_PERSON, EMAIL_PROTECTION} or _under(usage, _IDENTIFIED)


NOT_KNOWN: Final = frozenset(
    {Code.REVOCATION_UNKNOWN, Code.AUTHORITY_REVOCATION_UNKNOWN}
)
"""A hold: nobody can say now, and the same signature may be good later."""
_DOCUMENT = frozenset({Code.DIGEST_MISMATCH, Code.OTHER_CONTENT, Code.REPLAYED})


def refused(code: Code) -> Refused:
    """The answer to the client: the code, and a sentence for its class only."""
    if code in NOT_KNOWN:
        sentence = "The state of the certificate is not known at the moment."
        step = "Try again in a few minutes."
    elif code is Code.WRONG_PERSON:
        sentence = "The signature is of another person."
        step = "Sign with your own ЭЦП."
    elif code in _DOCUMENT:
        sentence = "The signature is not over this document."
        step = "Sign the document that is shown."
    else:
        sentence = "The signature or its certificate cannot be accepted."
        step = "Sign with a valid ЭЦП of a natural person, for signing."
    return Refused(code.value, sentence, next_step=step)
