"""Registration (clause 4.1): phone, data, and the activation at its end.

Everything but the start is done by whoever holds the registration's bearer token.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.clock import Clock, almaty_date
from kernel.crypto import Json
from kernel.errors import Broken, Refused, Transient
from kernel.events.onboarding import (
    PhoneConfirmed,
    RegistrationStarted,
)
from kernel.ids import Ids
from kernel.values import CardToken, Iban, Phone
from services.onboarding.domain import registration as rules_of
from services.onboarding.domain.account import (
    Account,
    AccountState,
    refuse_unknown_bank,
)
from services.onboarding.domain.consent import (
    ConsentKind,
    ConsentText,
    parse_consents,
)
from services.onboarding.domain.person import (
    Person,
    PhoneVerdict,
    StateRecord,
    fault_of,
)
from services.onboarding.domain.refusal import OF_TAKEN_NUMBERS, Reason
from services.onboarding.domain.registration import (
    LIFETIME,
    MAX_PERSON_TRIES,
    NEXT_STEP,
    TOKEN_BYTES,
    Registration,
    RegistrationState,
    token_digest,
)
from services.onboarding.domain.review import ReviewKind
from services.onboarding.handlers import consents
from services.onboarding.handlers.accounts import Owners
from services.onboarding.handlers.refusals import deny
from services.onboarding.handlers.waiting import let_wait
from services.onboarding.ports import (
    Begin,
    Blind,
    PhoneCodes,
    Rules,
    Secrets,
    StateBase,
    Unit,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What a person enters: who they are, where the money goes, what they allow."""

    person: Person
    named: Iban | CardToken
    """Where the money goes: a bank account, or a card by its processor's token."""
    consents: tuple[tuple[str, str], ...]
    """Kinds, and digests of the texts shown."""


def start_registration(
    *,
    begin: Begin,
    clock: Clock,
    ids: Ids,
    secrets: Secrets,
    codes: PhoneCodes,
    phone: Phone,
) -> Mapping[str, Json]:
    """Begin: a code goes to the phone, a bearer token to the caller.

    The answer is the same whether the number has an account or not.
    """
    registration_id, token, now = ids.new(), secrets(TOKEN_BYTES), clock.now()
    sent = codes.send(phone, reference=registration_id)
    registration = Registration(
        registration_id=registration_id,
        client_id=ids.new(),
        state=RegistrationState.DRAFT,
        token_sha256=token_digest(token),
        phone=phone,
        challenge_id=sent.challenge_id,
        started_at=now,
        expires_at=now + LIFETIME,
    )
    with begin() as unit:
        unit.registrations.add(registration)
        unit.publish(RegistrationStarted(registration_id=registration_id))
    return {
        "registration_id": str(registration_id),
        "challenge_id": str(sent.challenge_id),
        "token": token,
    }


def confirm_phone(
    *,
    begin: Begin,
    clock: Clock,
    ids: Ids,
    codes: PhoneCodes,
    blind: Blind,
    rules: Rules,
    registration_id: UUID,
    token: str,
    code: str,
) -> Mapping[str, Json]:
    """Draft → phone_confirmed, by the code; draft → refused for a number in use.

    Refused: ``phone_already_registered``, ``phone_quarantined``, and auth's
    ``code_wrong``, ``code_expired``, ``code_spent``.
    """
    now = clock.now()
    with begin() as unit:
        found = load(unit, registration_id, token)
        found.refuse_unless(RegistrationState.DRAFT, at=now)
    phone_token = blind("phone", found.phone.reveal())
    if codes.check(found.challenge_id, code) != phone_token:
        raise Broken("auth confirmed another phone than the one registered")
    with begin() as unit:
        taken = why_taken(unit, phone_token, since=now - rules.quarantine(now))
        if taken:
            reason = OF_TAKEN_NUMBERS[taken]
            deny(unit, registration_id, reason, ids=ids, at=now)
        else:
            _move(unit, found, to=RegistrationState.PHONE_CONFIRMED, clock=clock)
            unit.publish(
                PhoneConfirmed(registration_id=registration_id, phone_token=phone_token)
            )
    if taken:
        raise rules_of.over(taken)
    return standing(found, RegistrationState.PHONE_CONFIRMED)


def put_person(
    *,
    begin: Begin,
    clock: Clock,
    ids: Ids,
    blind: Blind,
    state_base: StateBase,
    owners: Owners,
    rules: Rules,
    registration_id: UUID,
    token: str,
    application: Application,
) -> Mapping[str, Json]:
    """phone_confirmed → data_complete, when the state knows the person so.

    Where the state knows the person, and no operator whose the number is, a person of
    the staff looks: → data_in_review.

    The consents are on record, in a commit of their own, before the state is asked
    anything.  A second set of data is refused: the ИИН, once given, stays (clause
    4.11).  Refused too: ``document_expired``, ``bank_unknown``,
    ``card_not_confirmed``, ``person_not_confirmed``, ``under_age``,
    ``phone_not_confirmed``, ``person_tries_exhausted``, and what `parse_consents`
    refuses.
    """
    now, person = clock.now(), application.person
    today = almaty_date(now)
    if isinstance(application.named, Iban):  # before a try is spent on it
        refuse_unknown_bank(application.named, known=rules.bank_codes(now))
    texts = parse_consents(application.consents, rules.consent_texts(now))
    found = _admit(
        begin, registration_id, token, person=person, texts=texts, ids=ids, at=now
    )
    with _try_returned(begin, found):
        destination = owners.name(application.named, person.iin, rules=rules, at=now)
        record, owner = _ask_state(begin, found, person, state_base=state_base)
    min_age = rules.min_age(today)
    reason = fault_of(person, record, owner, today=today, min_age=min_age)
    becomes = RegistrationState.DATA_COMPLETE
    if reason is Reason.PHONE_OF_NOBODY_KNOWN:
        becomes = RegistrationState.DATA_IN_REVIEW
    elif reason is not None:
        details = {"min_age": min_age} if reason is Reason.UNDER_AGE else {}
        with begin() as unit:
            told = deny(unit, registration_id, reason, ids=ids, at=now, **details)
        raise told or rules_of.over(None)
    with begin() as unit:
        _move(unit, found, to=becomes, clock=clock)
        iin_token = blind("iin", person.iin.reveal())
        unit.registrations.add_person(
            found.client_id, person, iin_token=iin_token, at=now
        )
        account = Account(
            account_id=ids.new(),
            client_id=found.client_id,
            destination=destination,
            token=blind(*destination.identity),
            state=AccountState.UNPROVED,
        )
        unit.accounts.add(account, at=now)
        if becomes is RegistrationState.DATA_IN_REVIEW:
            let_wait(
                unit,
                ReviewKind.PHONE_OWNER,
                registration_id,
                subject_id=registration_id,
                rules=rules.reviews(now),
                ids=ids,
                at=now,
            )
    return standing(found, becomes)


def _admit(
    begin: Begin,
    registration_id: UUID,
    token: str,
    *,
    person: Person,
    texts: Sequence[ConsentText],
    ids: Ids,
    at: datetime,
) -> Registration:
    """Let data be held against the state's: a try is spent, consents are on record."""
    told: Refused | None = None
    with begin() as unit:
        found = load(unit, registration_id, token)
        found.refuse_unless(RegistrationState.PHONE_CONFIRMED, at=at)
        if person.document.is_expired(almaty_date(at)):
            reason = Reason.DOCUMENT_EXPIRED
            told = deny(unit, registration_id, reason, ids=ids, at=at)
        elif not unit.registrations.spend_person_try(
            registration_id, most=MAX_PERSON_TRIES
        ):
            reason = Reason.STATE_ASKED_TOO_OFTEN
            told = deny(unit, registration_id, reason, ids=ids, at=at)
        else:
            consents.record_given(unit, found.client_id, texts, at=at)
    if told is not None:
        raise told
    return found


def _ask_state(
    begin: Begin, found: Registration, person: Person, *, state_base: StateBase
) -> tuple[StateRecord | None, PhoneVerdict]:
    """What the state knows of the person and of the number.  Transient."""
    with begin() as unit:
        leave = consents.leave(unit, found.client_id, ConsentKind.PERSONAL_DATA)
    record = state_base.person(person.iin, by=leave)
    return record, state_base.phone_owner(person.iin, found.phone, by=leave)


@contextmanager
def _try_returned(begin: Begin, found: Registration) -> Iterator[None]:
    """Where somebody gives no answer nothing is learned, so nothing is counted."""
    try:
        yield
    except Transient:
        with begin() as unit:
            unit.registrations.return_person_try(found.registration_id)
        raise


def get_registration(
    *, begin: Begin, registration_id: UUID, token: str
) -> Mapping[str, Json]:
    """Where the registration stands and what is next."""
    with begin() as unit:
        found = load(unit, registration_id, token)
    return {**standing(found, found.state), "refused_code": found.refused_code}


def why_taken(
    unit: Unit, phone_token: str, *, since: datetime, but_for: UUID | None = None
) -> str | None:
    """Why a number cannot become a client's; None when it can.

    Who gave a number up after `since` may take it back (`but_for`); nobody else.
    """
    if unit.clients.has_phone(phone_token):
        return rules_of.PHONE_REGISTERED
    if unit.changes.is_quarantined(phone_token, since=since, but_for=but_for):
        return rules_of.PHONE_QUARANTINED
    return None


def load(unit: Unit, registration_id: UUID, token: str) -> Registration:
    """The registration, for the holder of its token only."""
    found = unit.registrations.get(registration_id)
    if found is None or not found.is_held_by(token):
        raise rules_of.unknown()
    return found


def _move(
    unit: Unit, found: Registration, *, to: RegistrationState, clock: Clock
) -> None:
    """The one conditional step; Refused when a twin of this request was faster."""
    if not unit.registrations.move(
        found.registration_id, source=found.state, target=to, at=clock.now()
    ):
        raise rules_of.wrong_step(to)


def standing(found: Registration, state: RegistrationState) -> Mapping[str, Json]:
    """Where a registration stands, as its holder is told."""
    return {
        "registration_id": str(found.registration_id),
        "client_id": str(found.client_id),
        "state": state.value,
        "next_step": NEXT_STEP[state],
    }
