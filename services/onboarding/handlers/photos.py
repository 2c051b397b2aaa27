"""The photo of clause 4.1e: measured apart, compared with the state's, judged here.

Everything slow happens outside any transaction; the verdict, its measures and the step
of the registration are kept in one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import Json, sha256_hex
from kernel.errors import Broken, Refused, Transient
from kernel.events.onboarding import PhotoJudged
from kernel.ids import Ids
from services.onboarding.domain import registration as rules_of
from services.onboarding.domain.comparison import (
    ComparisonAsked,
    ComparisonCode,
    judge_comparison,
)
from services.onboarding.domain.consent import ConsentKind, Leave
from services.onboarding.domain.person import Person
from services.onboarding.domain.photo import read_picture
from services.onboarding.domain.portrait import (
    Fault,
    Judgement,
    PhotoLimits,
    Verdict,
    judge,
    refused,
)
from services.onboarding.domain.registration import Registration, RegistrationState
from services.onboarding.domain.review import ReviewKind, Settlement
from services.onboarding.domain.signature import Unreadable
from services.onboarding.handlers import consents
from services.onboarding.handlers.providers import examined
from services.onboarding.handlers.registration import load, standing
from services.onboarding.handlers.waiting import end_waiting, let_wait
from services.onboarding.ports import (
    Begin,
    Protocols,
    Providers,
    Rules,
    Secrets,
    Signatures,
    Unit,
)
from services.onboarding.ports.photos import (
    ComparisonProof,
    JudgedPhoto,
    PhotoJudge,
    PortraitSeen,
)

NONCE_BYTES = 32

_BECOMES = {
    Verdict.ACCEPTED: RegistrationState.PHOTO_ACCEPTED,
    Verdict.REVIEW: RegistrationState.PHOTO_IN_REVIEW,
    Verdict.HELD: RegistrationState.PHOTO_HELD,
}
_WAITS_FOR = {
    Verdict.REVIEW: ReviewKind.PHOTO_IN_DOUBT,
    Verdict.HELD: ReviewKind.PHOTO_HELD,
}
_OPEN = (RegistrationState.DATA_COMPLETE, RegistrationState.PHOTO_IN_REVIEW)
_KEPT = frozenset(_BECOMES.values()) - {*_OPEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """What looking at a photo needs."""

    begin: Begin
    clock: Clock
    ids: Ids
    secrets: Secrets
    rules: Rules
    judge: PhotoJudge
    providers: Providers
    protocols: Protocols
    signatures: Signatures


def put_photo(
    *, studio: Studio, registration_id: UUID, token: str, raw: bytes
) -> Mapping[str, Json]:
    """data_complete or photo_in_review → photo_accepted, …_in_review or …_held.

    1. The registration, and one of its tries.
    2. The form of the upload; then the judge makes a clean picture of it and measures.
    3. The measures against the limits in force: `portrait.judge`.
    4. What is not refused is compared with the state's reference by ЦОИД.
    5. Keep verdict, measures and evidence; a refused picture itself is not kept.

    Whoever sends a kept upload again, because the answer was lost, is told the same.

    Refused: the codes of `photo.read_picture`, ``photo_not_readable``,
    ``photo_tries_exhausted``, and of the gravest fault, with all in ``faults``.
    """
    now, photo_id = studio.clock.now(), studio.ids.new()
    upload_sha256 = sha256_hex(raw)
    with studio.begin() as unit:  # step 1
        found = load(unit, registration_id, token)
        if found.state in _KEPT:
            faults = unit.photos.faults_of_last(registration_id, upload_sha256)
            if faults is not None:
                found.refuse_unless(found.state, at=now)
                return {**standing(found, found.state), "faults": faults}
        found.refuse_unless(*_OPEN, at=now)
        person = unit.registrations.person(found.client_id)
        leave = consents.leave(unit, found.client_id, ConsentKind.BIOMETRICS)
        if not unit.photos.spend_try(
            registration_id, most=studio.rules.photo_tries(now)
        ):
            raise rules_of.too_many_photos()
    if person is None:
        raise Broken("a registration with data has no person")
    limits = studio.rules.photo(now)
    look = _Look(studio, found, leave, photo_id, upload_sha256, limits)
    try:
        judgement, seen, comparison = look.take(raw, person)  # steps 2 to 4
    except Refused as refusal:
        look.keep_unread(refusal.code)
        raise
    except Transient:
        # Nobody could look, so nothing is counted.
        with studio.begin() as unit:
            unit.photos.return_try(registration_id)
        raise
    look.keep(judgement, seen, comparison)  # step 5
    if judgement.verdict is Verdict.REFUSED:
        raise refused(judgement)
    hints = tuple(fault.value for fault in judgement.faults)
    return {**standing(found, _BECOMES[judgement.verdict]), "faults": hints}


def clean_picture(judge: PhotoJudge, raw: bytes) -> bytes:
    """A picture of another service's, made anew; nothing is measured or kept of it.

    Refused: the codes of `photo.read_picture`, ``photo_not_readable``.  Transient when
    the judge does not answer.
    """
    read_picture(raw)
    return judge.look(raw).jpeg


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at one upload, to be kept."""

    studio: Studio
    found: Registration
    leave: Leave
    photo_id: UUID
    upload_sha256: str
    limits: PhotoLimits

    def take(
        self, raw: bytes, person: Person
    ) -> tuple[Judgement, PortraitSeen, ComparisonProof | None]:
        """The verdict on an upload, and what it rests on."""
        read_picture(raw)  # step 2
        seen = self.studio.judge.look(raw)
        judgement = judge(seen.measures, self.limits)  # step 3
        if judgement.verdict is Verdict.REFUSED:
            return judgement, seen, None
        code, comparison = _compared(  # step 4
            self.studio, person, self.photo_id, seen, self.leave
        )
        if code is not None:
            judgement = judgement.held_for(Fault.PERSON)
        return judgement, seen, comparison

    def keep_unread(self, code: str) -> None:
        """That an upload was no picture; of it nothing but its digest."""
        with self.studio.begin() as unit:
            unit.publish(self._event(Verdict.REFUSED, (code,), self.upload_sha256))

    def keep(
        self,
        judgement: Judgement,
        seen: PortraitSeen,
        comparison: ComparisonProof | None,
    ) -> None:
        """The verdict with the step it makes, in one transaction."""
        now, verdict = self.studio.clock.now(), judgement.verdict
        photo = JudgedPhoto(
            photo_id=self.photo_id,
            registration_id=self.found.registration_id,
            judgement=judgement,
            upload_sha256=self.upload_sha256,
            seen=seen,
            limits_since=self.limits.since,
            judged_at=now,
        )
        faults = tuple(fault.value for fault in judgement.faults)
        with self.studio.begin() as unit:
            if verdict in _BECOMES:
                self._move(unit, _BECOMES[verdict], at=now)
                # The newest photo is the one that counts.
                unit.photos.supersede(self.found.registration_id, at=now)
                self._stop_waiting(unit, at=now)
            unit.photos.add(photo)
            if verdict in _WAITS_FOR:
                self._let_wait(unit, _WAITS_FOR[verdict], at=now)
            if comparison is not None:
                unit.photos.add_comparison(comparison)
            unit.publish(self._event(verdict, faults, seen.sha256))

    def _move(self, unit: Unit, to: RegistrationState, *, at: datetime) -> None:
        """Refused when a twin of this request was faster."""
        if not unit.registrations.move(
            self.found.registration_id, source=self.found.state, target=to, at=at
        ):
            raise rules_of.wrong_step(to)

    def _stop_waiting(self, unit: Unit, *, at: datetime) -> None:
        waiting = unit.reviews.take_of(self.found.registration_id)
        if waiting is not None:
            end_waiting(unit, waiting, Settlement.SUPERSEDED, at=at)

    def _let_wait(self, unit: Unit, kind: ReviewKind, *, at: datetime) -> None:
        let_wait(
            unit,
            kind,
            self.found.registration_id,
            subject_id=self.photo_id,
            rules=self.studio.rules.reviews(at),
            ids=self.studio.ids,
            at=at,
        )

    def _event(
        self, verdict: Verdict, faults: tuple[str, ...], sha256: str
    ) -> PhotoJudged:
        return PhotoJudged(
            registration_id=self.found.registration_id,
            photo_id=self.photo_id,
            verdict=verdict.value,
            photo_sha256=sha256,
            faults=faults,
            limits_since=self.limits.since,
        )


def _compared(
    studio: Studio, person: Person, photo_id: UUID, seen: PortraitSeen, leave: Leave
) -> tuple[ComparisonCode | None, ComparisonProof | None]:
    """What ЦОИД, or the provider in force, signs about the photo, as evidence.

    1. Ask, with a nonce of our own: an older answer is not to this question.
    2. The signature: of the provider's own organisation, not revoked, over these bytes.
    3. The answer: `judge_comparison`.

    Transient when the provider is away.
    """
    now = studio.clock.now()
    asked = ComparisonAsked(  # step 1
        nonce=studio.secrets(NONCE_BYTES),
        iin=person.iin,
        photo_sha256=seen.sha256,
        min_match_percent=studio.rules.ceremony(now).min_match_percent,
    )
    provider = studio.providers.in_force(now)
    signed = provider.door.compare(
        iin=asked.iin, nonce=asked.nonce, photo=seen.jpeg, by=leave
    )
    examination, fault = examined(  # step 2
        signed, provider, signatures=studio.signatures, rules=studio.rules, at=now
    )
    said = studio.protocols.read_comparison(signed.protocol)
    if isinstance(examination, Unreadable):
        return ComparisonCode.SIGNATURE, None
    if said is None:
        return ComparisonCode.MALFORMED, None
    at = studio.clock.now()
    code = (
        ComparisonCode.SIGNATURE
        if fault is not None
        else judge_comparison(said, asked, at=at)  # step 3
    )
    return code, ComparisonProof(
        photo_id=photo_id,
        provider=provider.name,
        protocol_id=said.protocol_id,
        code=None if code is None else code.value,
        protocol=signed.protocol,
        evidence=examination.evidence,
        judged_at=at,
    )
