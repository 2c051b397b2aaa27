"""The end of a registration: who was identified becomes a client (4.1, 6.1g)."""

from datetime import datetime
from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import commitment
from kernel.errors import Broken, Transient
from kernel.events.onboarding import ClientActivated
from kernel.ids import Ids
from kernel.judged import Going
from services.onboarding.domain import registration as rules_of
from services.onboarding.domain.account import Account, Ownership, selected_of
from services.onboarding.domain.judging import Question, Ruling, activation_of
from services.onboarding.domain.person import COMMITTED_IIN, Person
from services.onboarding.domain.refusal import Reason
from services.onboarding.domain.registration import RegistrationState
from services.onboarding.domain.review import ReviewKind
from services.onboarding.handlers import judging
from services.onboarding.handlers.accounts import Owners, record_ownership
from services.onboarding.handlers.judging import Judge
from services.onboarding.handlers.refusals import deny
from services.onboarding.handlers.registration import why_taken
from services.onboarding.handlers.waiting import let_wait
from services.onboarding.ports import Begin, Blind, Client, Rules, Unit


def activate(
    *,
    begin: Begin,
    clock: Clock,
    ids: Ids,
    blind: Blind,
    owners: Owners,
    judge: Judge,
    rules: Rules,
    registration_id: UUID,
) -> bool:
    """Identified → active, or → refused for a person who has an account already.

    1. Antifraud is asked: only its yes leads on, only its no refuses, and whatever else
       waits where it stands.
    2. The bank, or a card's processor, is asked whose account it is; without a match
       the client becomes active all the same, the account stays unproved, and nothing
       is paid to it (clause 5.4).

    True when the client is active afterwards; safe to repeat.
    """
    operation = activation_of(registration_id)
    with begin() as unit:
        found = unit.registrations.get(registration_id)
        if found is None or found.state is not RegistrationState.IDENTIFIED:
            return found is not None and found.state is RegistrationState.ACTIVE
        person = unit.registrations.person(found.client_id)
        account = selected_of(unit.accounts.of_client(found.client_id))
        question = unit.questions.get(operation)
        came_from = unit.origins.facts(operation)
    if person is None or account is None:
        raise Broken("an identified registration has no person or no account")
    if question is None:
        question = Question(operation=operation, client_id=found.client_id)
    if not question.is_due(clock.now()):
        return False
    client = Client(
        client_id=found.client_id,
        registration_id=registration_id,
        iin_token=blind("iin", person.iin.reveal()),
        phone=found.phone,
        phone_token=blind("phone", found.phone.reveal()),
    )
    ruling = judge.ask(  # step 1
        question,
        facts={
            "iin_token": client.iin_token,
            "phone_token": client.phone_token,
            "account_token": account.token,
            **came_from,
        },
        at=clock.now(),
    )
    if ruling.going is not Going.ON:
        with begin() as unit:
            _stop(unit, registration_id, ruling, judge=judge, at=clock.now())
        return False
    ownership = _ownership(owners, account, person)  # step 2
    now = clock.now()
    with begin() as unit:
        judging.note(unit, ruling, at=now)
        code = why_taken(unit, client.phone_token, since=now - rules.quarantine(now))
        if code == rules_of.PHONE_QUARANTINED:
            return not deny(unit, registration_id, Reason.PHONE_RESTS, ids=ids, at=now)
        if not unit.clients.add(client, at=now):
            # A twin of this act leaves the registration active: no refusal then.
            reason = Reason.PERSON_HAS_AN_ACCOUNT
            return not deny(unit, registration_id, reason, ids=ids, at=now)
        _become_active(unit, client, person, at=now)
        if ownership is not None:
            record_ownership(unit, account, ownership, ids=ids)
    return True


def _become_active(unit: Unit, client: Client, person: Person, *, at: datetime) -> None:
    """The one conditional step; Refused when a twin of this act was faster."""
    if not unit.registrations.move(
        client.registration_id,
        source=RegistrationState.IDENTIFIED,
        target=RegistrationState.ACTIVE,
        at=at,
    ):
        raise rules_of.wrong_step(RegistrationState.ACTIVE)
    salt = unit.keys.salt_of(client.client_id, COMMITTED_IIN)
    unit.publish(
        ClientActivated(
            client_id=client.client_id,
            registration_id=client.registration_id,
            iin_token=client.iin_token,
            phone_token=client.phone_token,
            iin_commitment=None
            if salt is None
            else commitment(salt, person.iin.reveal()),
        )
    )


def _stop(
    unit: Unit, registration_id: UUID, ruling: Ruling, *, judge: Judge, at: datetime
) -> None:
    """Refuse it, or let it wait where it stands, in the end for a person."""
    found = unit.registrations.get(registration_id)
    if found is None or found.state is not RegistrationState.IDENTIFIED:
        return  # decided meanwhile by a twin of this act
    judging.note(unit, ruling, at=at)
    if ruling.going is Going.NEVER:
        deny(unit, registration_id, Reason.ANTIFRAUD, ids=judge.ids, at=at)
    elif ruling.calls_person:
        let_wait(
            unit,
            ReviewKind.ANTIFRAUD,
            registration_id,
            subject_id=registration_id,
            rules=judge.rules.reviews(at),
            ids=judge.ids,
            at=at,
        )


def _ownership(owners: Owners, account: Account, person: Person) -> Ownership | None:
    try:
        return owners.ask(account.destination, person.iin)
    except (Transient, Broken):
        # No usable answer proves nothing; it is asked again before any payout.
        return None
