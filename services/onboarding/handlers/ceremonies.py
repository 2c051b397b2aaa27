"""Opening and showing identification ceremonies; the step both proofs share.

The ceremony is owned here whatever it is for: a registration, or the operation of
another service, which hands in the document's bytes.
"""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kernel.clock import Clock, almaty_date, rfc3339
from kernel.crypto import Json, sha256
from kernel.errors import Broken
from kernel.events.onboarding import (
    IdentificationCompleted,
    IdentificationFailed,
    IdentificationRequested,
)
from kernel.ids import Ids
from services.onboarding.domain.account import selected_of
from services.onboarding.domain.ceremony import (
    MOVES,
    NONCE_BYTES,
    REFERENCE_BYTES,
    REGISTRATION,
    Attempt,
    AttemptState,
    Ceremony,
    CeremonyRules,
    CeremonyState,
    Proof,
    document_digest,
    document_over,
    negative,
    unknown_ceremony,
)
from services.onboarding.domain.change import ChangeState
from services.onboarding.domain.consent import ConsentKind, standing
from services.onboarding.domain.judging import activation_of
from services.onboarding.domain.person import Person
from services.onboarding.domain.registration import (
    BIOMETRICS_NEGATIVE,
    RegistrationState,
    wrong_step,
)
from services.onboarding.domain.statement import Statement
from services.onboarding.domain.visits import Allowance, Visit, allowance
from services.onboarding.handlers import accounts, changes, consents
from services.onboarding.handlers.changes import Which
from services.onboarding.handlers.registration import load
from services.onboarding.ports import Begin, Providers, Rules, Secrets, Unit

EXPIRED = "ceremony_expired"
SUPERSEDED = "ceremony_superseded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """Who asks: the holder of a registration's token, or a logged-in client."""

    token: str | None
    client_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every step of a ceremony needs."""

    begin: Begin
    clock: Clock
    ids: Ids
    secrets: Secrets
    rules: Rules
    providers: Providers
    site: str


def open_registration_ceremony(
    *, desk: Desk, registration_id: UUID, token: str
) -> Mapping[str, Json]:
    """Open (or show) the ceremony over the registration statement.

    Refused unless the photo has been accepted.
    """
    with desk.begin() as unit:
        found = load(unit, registration_id, token)
        found.refuse_unless(RegistrationState.PHOTO_ACCEPTED, at=desk.clock.now())
        person = unit.registrations.person(found.client_id)
        account = selected_of(unit.accounts.of_client(found.client_id))
        photo_sha256 = unit.registrations.photo_sha256(registration_id)
        held = standing(unit.consents.history(found.client_id))
        unit.origins.note(activation_of(registration_id))
    if person is None or account is None or photo_sha256 is None:
        raise Broken("a registration with a photo lacks its data")
    statement = Statement(
        registration_id=registration_id,
        site=desk.site,
        given_at=found.started_at,
        person=person,
        phone=found.phone,
        account=account.destination,
        photo_sha256=photo_sha256,
        consents=tuple(held.values()),
    )
    return _open(
        desk,
        client_id=found.client_id,
        operation=f"{REGISTRATION}:{registration_id}",
        document=statement.render(),
    )


def open_change_ceremony(*, desk: Desk, which: Which) -> Mapping[str, Json]:
    """Open (or show) the ceremony over a change's statement (clause 4.10).

    Refused unless the new number is confirmed and checked.
    """
    with desk.begin() as unit:
        change = changes.load(unit, which)
        change.refuse_unless(ChangeState.CHECKED, at=desk.clock.now())
        person = unit.registrations.person(which.client_id)
        unit.origins.note(change.operation)
    if person is None:
        raise Broken("a client has no person")
    return _open(
        desk,
        client_id=which.client_id,
        operation=change.operation,
        document=change.statement(person, site=desk.site),
    )


def ceremony_of_change(unit: Unit, which: Which) -> Ceremony:
    """The unfinished ceremony of the client's own change; else none is known."""
    change = changes.load(unit, which)
    ceremony = unit.ceremonies.unfinished_of(change.operation)
    if ceremony is None or ceremony.client_id != which.client_id:
        raise unknown_ceremony()
    return ceremony


def open_ceremony(
    *,
    desk: Desk,
    client_id: UUID,
    operation: str,
    document: bytes,
    account_id: UUID | None = None,
) -> Mapping[str, Json]:
    """Open (or show) the ceremony of another service's operation.

    `account_id` is the account the document names; one that is being added is added by
    this ceremony.  Refused: ``ceremony_unknown``, ``document_size``,
    ``biometrics_negative``, and what `accounts.cover` refuses.
    """
    with desk.begin() as unit:
        if unit.clients.lock(client_id) is None:
            raise unknown_ceremony()
        if account_id is not None:
            accounts.cover(
                unit,
                client_id=client_id,
                account_id=account_id,
                operation=operation,
                document=document,
                at=desk.clock.now(),
            )
    return _open(desk, client_id=client_id, operation=operation, document=document)


def get_ceremony(*, desk: Desk, ceremony_id: UUID, owner: Owner) -> Mapping[str, Json]:
    """The ceremony as its owner sees it; after a failed visit to ЦОИД, the next one."""
    with desk.begin() as unit:
        ceremony = load_owned(unit, ceremony_id, owner)
    return _show(desk, ceremony)


def load_owned(unit: Unit, ceremony_id: UUID, owner: Owner) -> Ceremony:
    """The ceremony, for its owner only; anybody else hears that there is none."""
    ceremony = unit.ceremonies.get(ceremony_id)
    if ceremony is None:
        raise unknown_ceremony()
    if not _owns(unit, ceremony, owner):
        raise unknown_ceremony()
    return ceremony


def give_proof(
    desk: Desk, unit: Unit, ceremony: Ceremony, proof: Proof, *, at: datetime
) -> CeremonyState:
    """Move the ceremony on by one proof, already kept in this transaction.

    The second proof completes it, and what it was for goes on in the same transaction:
    a registration is identified, a change proved, an account that the document names
    added. Refused when it is over, has run out, or has this proof already: the
    conditional updates decide, not what was loaded before.
    """
    for source, target in MOVES[proof]:
        if unit.ceremonies.move(
            ceremony.ceremony_id, source=source, target=target, at=at
        ):
            if target is CeremonyState.COMPLETED:
                _complete(unit, ceremony, at=at)
                if changes.is_change(ceremony):
                    changes.take_proofs(unit, ceremony, site=desk.site, at=at)
                else:
                    changes.apply_covered(unit, ceremony, at=at)
            return target
    now = unit.ceremonies.get(ceremony.ceremony_id) or ceremony
    now.refuse_over(at=at)
    now.refuse_done(proof)
    raise Broken("a ceremony could not move although nothing forbids it")


def say_failed(unit: Unit, ceremony: Ceremony, code: str) -> None:
    """Publish that a proof was refused, or that the ceremony is over."""
    unit.publish(
        IdentificationFailed(
            ceremony_id=ceremony.ceremony_id,
            client_id=ceremony.client_id,
            operation=ceremony.operation,
            code=code,
        )
    )


def person_of(unit: Unit, ceremony: Ceremony) -> Person:
    """The person a ceremony must prove."""
    person = unit.registrations.person(ceremony.client_id)
    if person is None:
        raise Broken("a ceremony is open for nobody")
    return person


def allowed_now(unit: Unit, ceremony: Ceremony, desk: Desk) -> Allowance:
    """How often the person of a ceremony may still stand before the camera."""
    return allowed_after(unit.ceremonies.visits(ceremony.client_id), desk)


def allowed_after(visits: Iterable[Visit], desk: Desk) -> Allowance:
    """What these visits leave now, by the settings in force now."""
    now = desk.clock.now()
    return allowance(visits, desk.rules.ceremony(now).visits, at=now)


def _owns(unit: Unit, ceremony: Ceremony, owner: Owner) -> bool:
    """A registration's by its token; any other by the client who is logged in."""
    registration_id = ceremony.registration_id
    if registration_id is None:
        return owner.client_id == ceremony.client_id
    found = unit.registrations.get(registration_id)
    token = owner.token
    return found is not None and token is not None and found.is_held_by(token)


def _complete(unit: Unit, ceremony: Ceremony, *, at: datetime) -> None:
    signature = unit.ceremonies.signature(ceremony.ceremony_id)
    protocol_id = unit.ceremonies.protocol_id(ceremony.ceremony_id)
    if signature is None or protocol_id is None:
        raise Broken("a ceremony has both proofs but not their evidence")
    unit.publish(
        IdentificationCompleted(
            ceremony_id=ceremony.ceremony_id,
            client_id=ceremony.client_id,
            operation=ceremony.operation,
            document_sha256=ceremony.document_sha256,
            protocol_id=protocol_id,
            certificate_serial=signature.certificate_serial,
            signature_sha256=signature.signature_sha256,
            completed_at=at,
        )
    )
    registration_id = ceremony.registration_id
    if registration_id is not None and not unit.registrations.move(
        registration_id,
        source=RegistrationState.PHOTO_ACCEPTED,
        target=RegistrationState.IDENTIFIED,
        at=at,
    ):
        raise wrong_step(RegistrationState.IDENTIFIED)


def _open(
    desk: Desk, *, client_id: UUID, operation: str, document: bytes
) -> Mapping[str, Json]:
    """1. Show the unfinished ceremony of the same document, if there is one.
    2. Give up one that has run out, or that is over another document.
    3. Open a new one, unless the person's document has expired, or a negative result
       has not cooled down.
    """  # noqa: D205 - the steps are the summary
    digest, now = document_digest(document), desk.clock.now()
    rules = desk.rules.ceremony(now)
    with desk.begin() as unit:
        ceremony = unit.ceremonies.unfinished_of(operation)
        if ceremony is not None and not _same(ceremony, client_id, digest, now):
            code = EXPIRED if now >= ceremony.expires_at else SUPERSEDED
            if unit.ceremonies.fail(ceremony.ceremony_id, code=code, at=now):  # step 2
                say_failed(unit, ceremony, code)
            ceremony = None
        if ceremony is None:  # step 3
            _refuse_expired(unit, client_id, operation, rules, at=now)
            allowed = allowed_after(unit.ceremonies.visits(client_id), desk)
            if not allowed.attempts_left:
                raise negative(BIOMETRICS_NEGATIVE, allowed)
            ceremony = Ceremony(
                ceremony_id=desk.ids.new(),
                client_id=client_id,
                operation=operation,
                document=document,
                document_sha256=digest,
                nonce=desk.secrets(NONCE_BYTES),
                state=CeremonyState.OPEN,
                opened_at=now,
                expires_at=now + timedelta(minutes=rules.minutes),
            )
            if not unit.ceremonies.add(ceremony):
                raise unknown_ceremony()
            unit.publish(
                IdentificationRequested(
                    ceremony_id=ceremony.ceremony_id,
                    client_id=client_id,
                    operation=operation,
                    document_sha256=digest,
                )
            )
    return _show(desk, ceremony)


def _refuse_expired(
    unit: Unit, client_id: UUID, operation: str, rules: CeremonyRules, *, at: datetime
) -> None:
    """Refused ``identity_document_expired`` where a valid one is needed (4.1c)."""
    person = unit.registrations.person(client_id)
    kind = operation.partition(":")[0]
    if (
        person is not None
        and kind in rules.valid_document_for
        and person.document.is_expired(almaty_date(at))
    ):
        raise document_over()


def _same(ceremony: Ceremony, client_id: UUID, digest: str, now: datetime) -> bool:
    return (
        ceremony.client_id == client_id
        and ceremony.document_sha256 == digest
        and now < ceremony.expires_at
    )


def _show(desk: Desk, ceremony: Ceremony) -> Mapping[str, Json]:
    url = _biometrics_url(desk, ceremony)
    return {
        "ceremony_id": str(ceremony.ceremony_id),
        "state": ceremony.state.value,
        "operation": ceremony.operation,
        "document_b64": base64.b64encode(ceremony.document).decode(),
        "document_sha256": ceremony.document_sha256,
        "biometrics_url": url,
        "expires_at": rfc3339(ceremony.expires_at),
    }


def _biometrics_url(desk: Desk, ceremony: Ceremony) -> str | None:
    """Where to send the person; opens a visit when one is due and none is open."""
    now = desk.clock.now()
    due = ceremony.state in {source for source, _ in MOVES[Proof.BIOMETRICS]}
    if not due or now >= ceremony.expires_at:
        return None
    with desk.begin() as unit:
        attempt = unit.ceremonies.open_attempt(ceremony.ceremony_id)
        person = person_of(unit, ceremony)
        allowed = allowed_now(unit, ceremony, desk)
        leave = consents.leave(unit, ceremony.client_id, ConsentKind.BIOMETRICS)
    if not allowed.attempts_left:
        return None
    if attempt is not None:
        return attempt.redirect_url
    reference, provider = desk.secrets(REFERENCE_BYTES), desk.providers.in_force(now)
    session = provider.door.open(
        reference=reference,
        nonce=ceremony.nonce,
        iin=person.iin,
        document_sha256=ceremony.document_sha256,
        by=leave,
    )
    attempt = Attempt(
        attempt_id=desk.ids.new(),
        ceremony_id=ceremony.ceremony_id,
        provider=provider.name,
        reference_sha256=sha256(reference.encode()),
        session_id=session.session_id,
        redirect_url=session.redirect_url,
        state=AttemptState.OPEN,
        opened_at=now,
    )
    with desk.begin() as unit:
        if not unit.ceremonies.add_attempt(attempt):
            # A twin of this request was faster; its session counts, ours is unused.
            earlier = unit.ceremonies.open_attempt(ceremony.ceremony_id)
            return None if earlier is None else earlier.redirect_url
    return attempt.redirect_url
