"""The two proofs of a ceremony: the biometric protocol, and the ЭЦП.

Each is fetched and verified first, outside any transaction; then verdict, evidence and
the ceremony's step are kept in one transaction, guarded by conditional updates.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from kernel.crypto import Json, sha256, sha256_hex
from kernel.errors import Broken, Refused, Transient
from services.onboarding.domain.ceremony import (
    MAX_SIGNATURE_TRIES,
    Attempt,
    AttemptState,
    Ceremony,
    CeremonyState,
    Proof,
    negative,
    unknown_ceremony,
)
from services.onboarding.domain.consent import ConsentKind
from services.onboarding.domain.protocol import (
    Expectation,
    ProtocolCode,
    judge_protocol,
)
from services.onboarding.domain.protocol import Protocol as BiometricProtocol
from services.onboarding.domain.refusal import Reason
from services.onboarding.domain.registration import BIOMETRICS_NEGATIVE
from services.onboarding.domain.signature import (
    MAX_CMS_BYTES,
    Code,
    Examination,
    NaturalPerson,
    SignatureFacts,
    Unreadable,
    judge,
    refused,
)
from services.onboarding.handlers import consents
from services.onboarding.handlers.ceremonies import (
    Desk,
    Owner,
    allowed_after,
    allowed_now,
    give_proof,
    load_owned,
    person_of,
    say_failed,
)
from services.onboarding.handlers.providers import examined
from services.onboarding.handlers.refusals import deny
from services.onboarding.ports import (
    ProtocolProof,
    Protocols,
    SignatureProof,
    Signatures,
    SignedProtocol,
    Stamp,
    Timestamps,
    Unit,
)

ATTEMPT_SPENT = "biometrics_attempt_spent"
SIGNATURE_TRIES_EXHAUSTED = "signature_tries_exhausted"

_ARMOUR = re.compile(
    r"-----BEGIN (CMS|PKCS7)-----\s(?P<body>.*)\s-----END \1-----", re.DOTALL
)


def complete_biometrics(
    *,
    desk: Desk,
    protocols: Protocols,
    signatures: Signatures,
    reference: str,
    code: str,
) -> Mapping[str, Json]:
    """Take what was found, when the person comes back with `reference` and `code`.

    1. The visit of this reference; one that proved the client already is answered
       again with what is.
    2. Change the code for the signed protocol.
    3. The signature: of the provider's pinned organisation, not revoked, over these
       bytes.
    4. The protocol: `judge_protocol`.
    5. Keep both with the verdict, once; the person's third failed attempt ends the
       ceremony.

    Refused with the code of `ProtocolCode` and ``attempts_left``.
    """
    now = desk.clock.now()
    rules = desk.rules.ceremony(now)
    with desk.begin() as unit:  # step 1
        attempt = unit.ceremonies.attempt_of_reference(sha256(reference.encode()))
        if attempt is None:
            raise unknown_ceremony()
        ceremony = unit.ceremonies.get(attempt.ceremony_id)
        if ceremony is None:
            raise Broken("an attempt belongs to no ceremony")
        allowed = allowed_now(unit, ceremony, desk)
        if attempt.state is AttemptState.POSITIVE:
            return _standing(ceremony, ceremony.state)
        if attempt.state is AttemptState.NEGATIVE:
            raise negative(ATTEMPT_SPENT, allowed)
        ceremony.refuse_over(at=now)
        if not allowed.attempts_left:
            raise negative(BIOMETRICS_NEGATIVE, allowed)
        person = person_of(unit, ceremony)
        leave = consents.leave(unit, ceremony.client_id, ConsentKind.BIOMETRICS)
    provider = desk.providers.named(attempt.provider)
    signed = provider.door.result(attempt.session_id, code, by=leave)  # step 2
    examination, fault = examined(  # step 3
        signed, provider, signatures=signatures, rules=desk.rules, at=now
    )
    protocol = protocols.read(signed.protocol)
    asked = Expectation(
        attempt_id=attempt.attempt_id,
        session_id=attempt.session_id,
        reference=reference,
        nonce=ceremony.nonce,
        iin=person.iin,
        document_sha256=ceremony.document_sha256,
        min_match_percent=rules.min_match_percent,
        attempts_left=allowed.attempts_left,
    )
    verdict = _verdict(fault, protocol, asked, desk)  # step 4
    return _keep_protocol(  # step 5
        desk, ceremony, attempt, _Judged(signed, examination, protocol, verdict)
    )


@dataclass(frozen=True, slots=True)
class _Judged:
    """A protocol with everything found out about it."""

    signed: SignedProtocol
    examination: Examination
    protocol: BiometricProtocol | None
    verdict: ProtocolCode | None

    @property
    def tries(self) -> int:
        """How many attempts it stands for: a session may allow several on its page."""
        if self.protocol is None or self.verdict is ProtocolCode.SIGNATURE:
            return 1
        return self.protocol.attempt_no


def _verdict(
    fault: Code | None,
    protocol: BiometricProtocol | None,
    asked: Expectation,
    desk: Desk,
) -> ProtocolCode | None:
    if fault is not None:
        return ProtocolCode.SIGNATURE
    if protocol is None:
        return ProtocolCode.MALFORMED
    return judge_protocol(protocol, asked, at=desk.clock.now())


def _keep_protocol(
    desk: Desk, ceremony: Ceremony, attempt: Attempt, judged: _Judged
) -> Mapping[str, Json]:
    """Take the result while no other result of the person is taken.

    What came in parallel with the last attempt allowed proves nothing any more.
    """
    now = desk.clock.now()
    with desk.begin() as unit:
        before = allowed_after(unit.ceremonies.visits_locked(ceremony.client_id), desk)
        if judged.verdict is None and judged.tries > before.attempts_left:
            judged = replace(judged, verdict=ProtocolCode.ATTEMPTS)
        fresh = _add_protocol(unit, ceremony, attempt, judged, desk)
        code = judged.verdict
        if code is None and not fresh:
            code = ProtocolCode.REPLAYED
        if not unit.ceremonies.settle_attempt(
            attempt.attempt_id,
            becomes=AttemptState.NEGATIVE if code else AttemptState.POSITIVE,
            tries=judged.tries,
            at=now,
        ):
            raise Transient("the same result is being taken just now")
        if code is None:
            state = give_proof(desk, unit, ceremony, Proof.BIOMETRICS, at=now)
            return _standing(ceremony, state)
        left = allowed_now(unit, ceremony, desk)
        say_failed(unit, ceremony, code.value)
        if not left.attempts_left:
            _give_up(unit, ceremony, BIOMETRICS_NEGATIVE, desk)
    raise negative(code.value if left.attempts_left else BIOMETRICS_NEGATIVE, left)


def _add_protocol(
    unit: Unit, ceremony: Ceremony, attempt: Attempt, judged: _Judged, desk: Desk
) -> bool:
    """Keep protocol and signature; what cannot be read leaves only its attempt."""
    facts, protocol = judged.examination, judged.protocol
    if isinstance(facts, Unreadable) or protocol is None:
        return False
    proof = ProtocolProof(
        attempt_id=attempt.attempt_id,
        ceremony_id=ceremony.ceremony_id,
        protocol_id=protocol.protocol_id,
        tries=protocol.attempt_no,
        code=judged.verdict.value if judged.verdict else None,
        protocol=judged.signed.protocol,
        evidence=facts.evidence,
        judged_at=desk.clock.now(),
    )
    return unit.ceremonies.add_protocol(proof)


def _give_up(unit: Unit, ceremony: Ceremony, code: str, desk: Desk) -> None:
    """End the ceremony; a registration ends with a negative biometric result."""
    now = desk.clock.now()
    if unit.ceremonies.fail(ceremony.ceremony_id, code=code, at=now):
        say_failed(unit, ceremony, code)
    registration_id = ceremony.registration_id
    if registration_id is not None and code == BIOMETRICS_NEGATIVE:
        deny(unit, registration_id, Reason.BIOMETRICS_FAILED, ids=desk.ids, at=now)


def put_signature(
    *,
    desk: Desk,
    signatures: Signatures,
    timestamps: Timestamps,
    ceremony_id: UUID,
    owner: Owner,
    cms_text: str,
) -> Mapping[str, Json]:
    """Take the client's ЭЦП over the ceremony's document (clauses 4.2, 5.2b).

    1. The ceremony, its owner, and whose signature it must be.
    2. Examine and judge; a refusal is recorded, and too many end the ceremony.
    3. A time stamp of our own over the signature value.
    4. Keep signature, chain, revocation data and token with the verdict, once.

    Refused with the code of `signature.Code`.
    """
    with desk.begin() as unit:  # step 1
        ceremony = load_owned(unit, ceremony_id, owner)
        ceremony.refuse_over(at=desk.clock.now())
        ceremony.refuse_done(Proof.SIGNATURE)
        person = person_of(unit, ceremony)
    raw = decode_cms(cms_text)
    examination: Examination = (
        Unreadable(Code.MALFORMED)
        if raw is None
        else signatures.examine(raw, ceremony.document)
    )
    code = judge(  # step 2
        examination,
        NaturalPerson(person.iin.reveal()),
        accepted=desk.rules.algorithms(desk.clock.now()),
    )
    if code is not None or isinstance(examination, Unreadable):
        raise _refuse(desk, ceremony, code or Code.MALFORMED, cms_text)
    stamp = timestamps.stamp(examination.evidence.signature)  # step 3
    evidence = examination.evidence.with_answers(stamp.revocation)
    facts = replace(examination, evidence=evidence)
    return _keep_signature(desk, ceremony, facts, stamp, cms_text)  # step 4


def decode_cms(text: str) -> bytes | None:
    """The bytes of a CMS in base64, armoured or not; None when it is neither.

    Only the ASCII white space of line breaks is allowed inside.
    """
    if len(text) > 2 * MAX_CMS_BYTES:
        return None
    armoured = _ARMOUR.fullmatch(text.strip())
    body = armoured["body"] if armoured else text
    try:
        return base64.b64decode(re.sub(r"[\r\n]", "", body), validate=True)
    except ValueError:
        return None


def _keep_signature(
    desk: Desk,
    ceremony: Ceremony,
    facts: SignatureFacts,
    stamp: Stamp,
    cms_text: str,
) -> Mapping[str, Json]:
    now = desk.clock.now()
    proof = SignatureProof(
        ceremony_id=ceremony.ceremony_id, facts=facts, stamp=stamp, accepted_at=now
    )
    with desk.begin() as unit:
        fresh = unit.ceremonies.add_signature(proof)
        if fresh:
            state = give_proof(desk, unit, ceremony, Proof.SIGNATURE, at=now)
            return _standing(ceremony, state)
    raise _refuse(desk, ceremony, Code.REPLAYED, cms_text)


def _refuse(desk: Desk, ceremony: Ceremony, code: Code, cms_text: str) -> Refused:
    """Record the refusal and say so; too many of them end the ceremony."""
    with desk.begin() as unit:
        tries = unit.ceremonies.add_signature_refusal(
            desk.ids.new(),
            ceremony.ceremony_id,
            code=code.value,
            sha256=sha256_hex(cms_text.encode()),
            at=desk.clock.now(),
        )
        say_failed(unit, ceremony, code.value)
        if tries >= MAX_SIGNATURE_TRIES:
            _give_up(unit, ceremony, SIGNATURE_TRIES_EXHAUSTED, desk)
    return refused(code)


def _standing(ceremony: Ceremony, state: CeremonyState) -> Mapping[str, Json]:
    return {
        "ceremony_id": str(ceremony.ceremony_id),
        "state": state.value,
        "operation": ceremony.operation,
    }
