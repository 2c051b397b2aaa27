"""Changing the number or the bank account, by the client alone (clause 4.10).

Nothing here changes a value but `apply`, which runs in the very transaction that
completes the ceremony over the change's statement.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import Json, sha256_hex
from kernel.errors import Broken
from kernel.events.onboarding import BankAccountChanged, PhoneChanged
from kernel.ids import Ids
from kernel.values import Iban, Phone
from services.onboarding.domain.account import unknown_account
from services.onboarding.domain.ceremony import Ceremony
from services.onboarding.domain.change import (
    LIFETIME,
    NEXT_STEP,
    OPERATIONS,
    PER_DAY,
    PHONE_NOT_CONFIRMED,
    SUPERSEDED,
    Change,
    ChangeKind,
    ChangeState,
    refused,
    too_often,
    unchanged,
    unknown_change,
    wrong_step,
)
from services.onboarding.domain.consent import ConsentKind
from services.onboarding.domain.person import PhoneVerdict
from services.onboarding.handlers import consents
from services.onboarding.handlers.registration import why_taken
from services.onboarding.ports import (
    Begin,
    Blind,
    PhoneCodes,
    StateBase,
    Unit,
)

_DAY = timedelta(days=1)
KINDS = {operation: kind for kind, operation in OPERATIONS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a client wants changed, and to what."""

    client_id: UUID
    kind: ChangeKind
    value: Phone | Iban


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which change is meant: by its id, of this client, and of this kind."""

    change_id: UUID
    client_id: UUID
    kind: ChangeKind


def start_phone_change(
    wish: Wish, *, begin: Begin, clock: Clock, ids: Ids, blind: Blind, codes: PhoneCodes
) -> Mapping[str, Json]:
    """Begin: a code goes to the new number, for this change alone.

    The same request again begins nothing more, and sends the code if it was not sent.
    Whose else the number may be is told only to who holds the phone.  Refused:
    ``change_without_difference``, ``change_too_often``, auth's ``code_too_often``.
    """
    reply = _start(wish, begin=begin, clock=clock, ids=ids, blind=blind)
    change_id = UUID(str(reply["change_id"]))
    which = Which(change_id=change_id, client_id=wish.client_id, kind=wish.kind)
    with begin() as unit:
        change = load(unit, which)
    if change.state is ChangeState.DRAFT and change.challenge_id is None:
        sent = codes.send(change.phone, reference=change_id)
        with begin() as unit:
            unit.changes.note_code(change_id, sent.challenge_id)
    return reply


def start_account_change(
    wish: Wish, *, begin: Begin, clock: Clock, ids: Ids, blind: Blind
) -> Mapping[str, Json]:
    """Begin; the bank is asked whose account it is when both proofs are there.

    Refused: ``change_without_difference``, ``change_too_often``.
    """
    return _start(wish, begin=begin, clock=clock, ids=ids, blind=blind)


def confirm_phone_change(
    *,
    begin: Begin,
    clock: Clock,
    codes: PhoneCodes,
    quarantine: timedelta,
    which: Which,
    code: str,
) -> Mapping[str, Json]:
    """Draft → confirmed, by the code; draft → refused for a number that is not free.

    Refused: ``phone_already_registered``, ``phone_quarantined``, and auth's
    ``code_wrong``, ``code_expired``, ``code_spent``.
    """
    now = clock.now()
    with begin() as unit:
        change = load(unit, which)
        change.refuse_unless(ChangeState.DRAFT, at=now)
    if change.challenge_id is None:
        raise wrong_step(change.state)
    if codes.check(change.challenge_id, code) != change.value_token:
        raise Broken("auth confirmed another phone than the one wanted")
    with begin() as unit:
        taken = why_taken(
            unit, change.value_token, since=now - quarantine, but_for=which.client_id
        )
        if taken:
            unit.changes.refuse(which.change_id, code=taken, at=now)
        else:
            _move(unit, change, to=ChangeState.CONFIRMED, at=now)
    if taken:
        raise refused(taken)
    return _standing(change, ChangeState.CONFIRMED)


def check_phone(
    *,
    begin: Begin,
    clock: Clock,
    state_base: StateBase,
    which: Which,
) -> None:
    """Confirmed → checked, when the state knows the number as this person's.

    Anything but its yes ends the change (``phone_not_confirmed``); no answer at all is
    Transient and ends nothing.  A change that needs no such question passes.
    """
    with begin() as unit:
        change = load(unit, which)
        change.refuse_unless(ChangeState.CONFIRMED, ChangeState.CHECKED, at=clock.now())
        if change.state is ChangeState.CHECKED:
            return
        person = unit.registrations.person(which.client_id)
        leave = consents.leave(unit, which.client_id, ConsentKind.PERSONAL_DATA)
    if person is None:
        raise Broken("a client has no person")
    verdict = state_base.phone_owner(person.iin, change.phone, by=leave)
    with begin() as unit:
        if verdict is PhoneVerdict.MATCH:
            _move(unit, change, to=ChangeState.CHECKED, at=clock.now())
        else:
            unit.changes.refuse(
                which.change_id, code=PHONE_NOT_CONFIRMED, at=clock.now()
            )
    if verdict is not PhoneVerdict.MATCH:
        raise refused(PHONE_NOT_CONFIRMED)


def get_change(*, begin: Begin, which: Which) -> Mapping[str, Json]:
    """Where the change stands and what is next."""
    with begin() as unit:
        change = load(unit, which)
    return {
        **_standing(change, change.state),
        "refused_code": change.refused_code,
    }


def load(unit: Unit, which: Which) -> Change:
    """The client's own change of that kind; anybody else's is not there."""
    change = unit.changes.get(which.change_id)
    if (
        change is None
        or change.client_id != which.client_id
        or change.kind is not which.kind
    ):
        raise unknown_change()
    return change


def is_change(ceremony: Ceremony) -> bool:
    """Whether completing the ceremony changes a client's number or account."""
    return ceremony.operation.partition(":")[0] in KINDS


def apply(
    unit: Unit,
    ceremony: Ceremony,
    *,
    site: str,
    quarantine: timedelta,
    at: datetime,
) -> None:
    """Change the value: both proofs are there, in this transaction.

    1. The change the ceremony was opened for, of the same client, still to be applied.
    2. The ceremony was over exactly this change's statement, which is drawn up anew
       from what stands here now (clause 3.4).
    3. The change is applied once; the value moves on from the old one it names.

    A number that became somebody's meanwhile ends the change instead.
    """
    kind, _, subject = ceremony.operation.partition(":")
    which = Which(
        change_id=UUID(subject), client_id=ceremony.client_id, kind=KINDS[kind]
    )
    change = load(unit, which)  # step 1
    change.refuse_unless(ChangeState.CHECKED, at=at)
    person = unit.registrations.person(change.client_id)
    if person is None:
        raise Broken("a client has no person")
    if sha256_hex(change.statement(person, site=site)) != ceremony.document_sha256:
        raise Broken("a ceremony was over other bytes than its change's")  # step 2
    taken = (
        why_taken(
            unit,
            change.value_token,
            since=at - quarantine,
            but_for=change.client_id,
        )
        if change.kind is ChangeKind.PHONE
        else None
    )
    if taken:
        unit.changes.refuse(change.change_id, code=taken, at=at)
        return
    if not unit.changes.apply(change.change_id, ceremony.ceremony_id, at=at):  # step 3
        raise wrong_step(change.state)
    if change.kind is ChangeKind.PHONE:
        _change_phone(unit, change, ceremony)
    else:
        _change_account(unit, change, ceremony)


def _change_phone(unit: Unit, change: Change, ceremony: Ceremony) -> None:
    if not unit.clients.change_phone(change):
        raise wrong_step(change.state)
    unit.publish(
        PhoneChanged(
            client_id=change.client_id,
            change_id=change.change_id,
            ceremony_id=ceremony.ceremony_id,
            old_phone_token=change.old_token,
            phone_token=change.value_token,
        )
    )


def _change_account(unit: Unit, change: Change, ceremony: Ceremony) -> None:
    account = unit.accounts.of_client(change.client_id)
    if account is None or not unit.accounts.change_iban(change):
        raise wrong_step(change.state)
    unit.publish(
        BankAccountChanged(
            client_id=change.client_id,
            change_id=change.change_id,
            ceremony_id=ceremony.ceremony_id,
            account_id=account.account_id,
            old_account_token=change.old_token,
            account_token=change.value_token,
        )
    )


def _start(
    wish: Wish, *, begin: Begin, clock: Clock, ids: Ids, blind: Blind
) -> Mapping[str, Json]:
    """One open change of a kind: what was begun before is given up for it."""
    now, change_id = clock.now(), ids.new()

    def act() -> Mapping[str, Json]:
        old, old_token = _present(unit, wish)
        token = blind(_BLINDED[wish.kind], wish.value.reveal())
        if token == old_token:
            raise unchanged()
        if unit.changes.begun_since(wish.client_id, since=now - _DAY) >= PER_DAY:
            raise too_often()
        is_phone = wish.kind is ChangeKind.PHONE
        change = Change(
            change_id=change_id,
            client_id=wish.client_id,
            kind=wish.kind,
            state=ChangeState.DRAFT if is_phone else ChangeState.CHECKED,
            old=old,
            old_token=old_token,
            value=wish.value,
            value_token=token,
            started_at=now,
            expires_at=now + LIFETIME,
        )
        unit.changes.supersede(wish.client_id, wish.kind, code=SUPERSEDED, at=now)
        unit.changes.add(change)
        return _standing(change, change.state)

    with begin() as unit:
        return unit.once(act)


_BLINDED = {ChangeKind.PHONE: "phone", ChangeKind.ACCOUNT: "iban"}


def _present(unit: Unit, wish: Wish) -> tuple[Phone | Iban, str]:
    """What there is now; the client's row is locked, so that changes queue up."""
    client = unit.clients.lock(wish.client_id)
    if client is None:
        raise unknown_change()
    if wish.kind is ChangeKind.PHONE:
        return client.phone, client.phone_token
    account = unit.accounts.of_client(wish.client_id)
    if account is None:
        raise unknown_account()
    return account.iban, account.token


def _move(unit: Unit, change: Change, *, to: ChangeState, at: datetime) -> None:
    """One conditional step; Refused when a twin of this request was faster."""
    if not unit.changes.move(change.change_id, source=change.state, target=to, at=at):
        raise wrong_step(to)


def _standing(change: Change, state: ChangeState) -> Mapping[str, Json]:
    return {
        "change_id": str(change.change_id),
        "kind": change.kind.value,
        "state": state.value,
        "next_step": NEXT_STEP[state],
    }
