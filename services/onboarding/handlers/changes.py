"""Changing number, bank accounts or identity, by the client alone (clause 4.10).

Nothing here changes a value but for a completed ceremony over the change's statement.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from kernel.clock import Clock
from kernel.context import jsonable
from kernel.crypto import Json, sha256_hex
from kernel.errors import Broken
from kernel.events.onboarding import PhoneChanged
from kernel.ids import Ids
from kernel.values import Phone
from services.onboarding.domain.ceremony import Ceremony
from services.onboarding.domain.change import (
    JUDGED,
    LIFETIME,
    NEXT_STEP,
    OPERATIONS,
    PER_DAY,
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
from services.onboarding.domain.consent import ConsentKind, Leave
from services.onboarding.domain.person import OF_PHONES, Person, difference_of
from services.onboarding.domain.refusal import TELLINGS, Reason
from services.onboarding.handlers import accounts, consents, identities
from services.onboarding.handlers.registration import why_taken
from services.onboarding.ports import (
    Begin,
    Blind,
    Client,
    PhoneCodes,
    StateBase,
    Unit,
)

_DAY = timedelta(days=1)
KINDS = {operation: kind for kind, operation in OPERATIONS.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Which:
    """Which change is meant: by its id, of this client, and of this kind."""

    change_id: UUID
    client_id: UUID
    kind: ChangeKind


def start_phone_change(
    *,
    client_id: UUID,
    phone: Phone,
    begin: Begin,
    clock: Clock,
    ids: Ids,
    blind: Blind,
    codes: PhoneCodes,
) -> Mapping[str, Json]:
    """Begin: a code goes to the new number, for this change alone.

    The same request again begins nothing more, and sends the code if it was not sent.
    Whose else the number may be is told only to who holds the phone.  Refused:
    ``change_without_difference``, ``change_too_often``, auth's ``code_too_often``.
    """
    now, change_id = clock.now(), ids.new()
    token = blind("phone", phone.reveal())

    def plan(_: Unit, client: Client) -> Change:
        if client.phone_token == token:
            raise unchanged()
        return Change(
            change_id=change_id,
            client_id=client_id,
            kind=ChangeKind.PHONE,
            state=ChangeState.DRAFT,
            old=client.phone,
            old_token=client.phone_token,
            value=phone,
            value_token=token,
            started_at=now,
            expires_at=now + LIFETIME,
        )

    reply = start_change(client_id, plan, begin=begin)
    which = Which(
        change_id=UUID(str(reply["change_id"])),
        client_id=client_id,
        kind=ChangeKind.PHONE,
    )
    with begin() as unit:
        change = load(unit, which)
    if change.state is ChangeState.DRAFT and change.challenge_id is None:
        sent = codes.send(change.phone, reference=which.change_id)
        with begin() as unit:
            unit.changes.note_code(which.change_id, sent.challenge_id)
    return reply


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


def check_with_state(
    *,
    begin: Begin,
    clock: Clock,
    state_base: StateBase,
    which: Which,
) -> None:
    """Confirmed → checked, when the state knows the number, or the person, just so.

    Anything but its yes ends the change (``phone_not_confirmed``,
    ``person_not_confirmed``); no answer at all is Transient and ends nothing.  A change
    that needs no such question passes.
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
    reason = _unlike(change, person, state_base=state_base, by=leave)
    code = None if reason is None else TELLINGS[reason].code
    with begin() as unit:
        if code is None:
            _move(unit, change, to=ChangeState.CHECKED, at=clock.now())
        else:
            unit.changes.refuse(
                which.change_id, code=code, reason=reason, at=clock.now()
            )
    if code is not None:
        raise refused(code)


def _unlike(
    change: Change, person: Person, *, state_base: StateBase, by: Leave
) -> Reason | None:
    """Why the new value is not the person's, as the state knows them."""
    if change.kind is ChangeKind.PHONE:
        verdict = state_base.phone_owner(person.iin, change.phone, by=by)
        return OF_PHONES[verdict]
    wanted = change.identity
    claimed = replace(person, names=wanted.names, document=wanted.document)
    return difference_of(claimed, state_base.person(person.iin, by=by))


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


def start_change(
    client_id: UUID, plan: Callable[[Unit, Client], Change], *, begin: Begin
) -> Mapping[str, Json]:
    """One open change of a kind: what was begun before is given up for it.

    The client's row is locked first, so that changes queue up.
    """

    def act() -> Mapping[str, Json]:
        client = unit.clients.lock(client_id)
        if client is None:
            raise unknown_change()
        change = plan(unit, client)
        at = change.started_at
        if unit.changes.begun_since(client_id, since=at - _DAY) >= PER_DAY:
            raise too_often()
        unit.changes.supersede(client_id, change.kind, code=SUPERSEDED, at=at)
        unit.changes.add(change)
        return _standing(change, change.state)

    with begin() as unit:
        return unit.once(act)


def is_change(ceremony: Ceremony) -> bool:
    """Whether completing the ceremony changes a value of a client's."""
    return ceremony.operation.partition(":")[0] in KINDS


def take_proofs(unit: Unit, ceremony: Ceremony, *, site: str, at: datetime) -> None:
    """Both proofs are there, in this transaction.

    1. The change the ceremony was opened for, of the same client, still to be applied.
    2. The ceremony was over exactly this change's statement, which is drawn up anew
       from what stands here now (clause 3.4).
    3. A number or an account takes effect when antifraud lets it (`applying`), names
       and document at once.
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
    if change.kind not in JUDGED:  # step 3
        _apply(unit, change, ceremony, at=at)
    elif not unit.changes.prove(change.change_id, ceremony.ceremony_id, at=at):
        raise wrong_step(change.state)


def apply(unit: Unit, change: Change, *, quarantine: timedelta, at: datetime) -> None:
    """Let a proved change take effect.

    A number that became somebody's meanwhile ends the change instead.
    """
    ceremony = change.proved_by and unit.ceremonies.get(change.proved_by)
    if not ceremony:
        raise Broken("a proved change names no ceremony")
    taken = change.kind is ChangeKind.PHONE and why_taken(
        unit,
        _token(change.value_token),
        since=at - quarantine,
        but_for=change.client_id,
    )
    if taken:
        unit.changes.refuse(change.change_id, code=taken, at=at)
        return
    _apply(unit, change, ceremony, at=at)


def _apply(unit: Unit, change: Change, ceremony: Ceremony, *, at: datetime) -> None:
    """Once; the value moves on from the old one the change names."""
    if not unit.changes.apply(change.change_id, ceremony.ceremony_id, at=at):
        raise wrong_step(change.state)
    if change.kind is ChangeKind.PHONE:
        _change_phone(unit, change, ceremony)
    elif change.kind is ChangeKind.IDENTITY:
        identities.apply(unit, change, ceremony, at=at)
    else:
        accounts.apply(unit, change, ceremony, at=at)


def applied_by(unit: Unit, operation: str) -> Change | None:
    """The change that an operation's ceremony has applied, if it was to apply one."""
    kind, _, subject = operation.partition(":")
    return (
        unit.changes.get(UUID(subject))
        if kind in KINDS
        else unit.changes.covered_by(operation)
    )


def apply_covered(unit: Unit, ceremony: Ceremony, *, at: datetime) -> None:
    """Add the account that the document of another operation's ceremony names.

    The ceremony is over what was signed, so that the change's own hour and statement
    are no matter; but what the client gave up meanwhile is not added, and the ceremony
    is not completed then.
    """
    change = unit.changes.covered_by(ceremony.operation)
    if change is None:
        return
    if change.state is ChangeState.REFUSED:
        raise refused(change.refused_code)
    if change.client_id != ceremony.client_id or not accounts.names(
        ceremony.document, change.destination
    ):
        raise Broken("a ceremony covers an account that its document does not name")
    _apply(unit, change, ceremony, at=at)


def _change_phone(unit: Unit, change: Change, ceremony: Ceremony) -> None:
    if not unit.clients.change_phone(change):
        raise wrong_step(change.state)
    unit.publish(
        PhoneChanged(
            client_id=change.client_id,
            change_id=change.change_id,
            ceremony_id=ceremony.ceremony_id,
            old_phone_token=_token(change.old_token),
            phone_token=_token(change.value_token),
        )
    )


def _token(token: str | None) -> str:
    if token is None:
        raise Broken("a change of the number lacks a number")
    return token


def _move(unit: Unit, change: Change, *, to: ChangeState, at: datetime) -> None:
    """One conditional step; Refused when a twin of this request was faster."""
    if not unit.changes.move(change.change_id, source=change.state, target=to, at=at):
        raise wrong_step(to)


def _standing(change: Change, state: ChangeState) -> Mapping[str, Json]:
    return {
        "change_id": str(change.change_id),
        "kind": change.kind.value,
        "act": change.act.value,
        "account_id": jsonable(change.account_id),
        "state": state.value,
        "next_step": NEXT_STEP[state],
    }
