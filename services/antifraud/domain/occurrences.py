"""What the events of other services leave behind here: occurrences under keyed names.

One table says of every event that feeds us which kind of occurrence it is, under whose
names it is kept and who is on the other side.  Names are ids and keyed tokens, as they
come: nothing here can be led back to a person.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from kernel.events import Envelope, Event, auth, contracts, disbursement, onboarding
from kernel.money import Money
from services.antifraud.domain.catalogue import KINDS, Entity

_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """Something happened, kept under one name."""

    key: str
    """``client:<id>``, ``phone:<token>`` …"""
    kind: str
    at: datetime
    event_id: UUID
    other: str | None = None
    """Who or what was on the other side."""
    object: str | None = None
    """The application, payout … it belongs to: not counted in its own decision."""
    amount: int | None = None
    """In tiyn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A name of a client's, known since."""

    client_id: UUID
    entity: Entity
    key: str
    object: str = ""
    """The id by which others may name it: an account's."""
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """All that one event leaves behind."""

    occurrences: tuple[Occurrence, ...]
    links: tuple[Link, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fed:
    """How to read one event: the names of the fields in which things stand."""

    kind: str
    names: Mapping[Entity, tuple[str, ...]]
    other: str | None
    object: str | None
    amount: str | None
    account: str | None
    """Where an account's id stands: others name the account by it."""


def _fed(
    kind: str,
    *fields: str,
    other: str | None = None,
    object_: str | None = None,
    amount: str | None = None,
    account_id: str | None = None,
    client: str = "client_id",
    **names: str | tuple[str, ...],
) -> Fed:
    """``fields`` are the staff's; a client is in ``client_id`` unless ``client=""``.

    Where a name has several fields, the first that says something counts.
    """
    named = {
        Entity(entity): (field,) if isinstance(field, str) else field
        for entity, field in names.items()
    }
    return Fed(
        kind=kind,
        names={
            **({Entity.CLIENT: (client,)} if client else {}),
            **named,
            **({Entity.STAFF: fields} if fields else {}),
        },
        other=other,
        object=object_,
        amount=amount,
        account=account_id,
    )


_NAMED: Final = _fed("account_named", account="account_token", account_id="account_id")
_READ: Final = _fed("client_read", "reader", other="reader")

FED: Final[Mapping[type[Event], Fed]] = MappingProxyType(
    {
        contracts.ApplicationSubmitted: _fed(
            "application", object_="application_id", amount="amount"
        ),
        contracts.ApplicationRefused: _fed(
            "application_refused", object_="application_id"
        ),
        contracts.ApplicationHeld: _fed("application_held", object_="application_id"),
        contracts.ContractOffered: _fed(
            "contract_offered", object_="contract_id", amount="amount"
        ),
        contracts.ContractSigned: _fed(
            "contract_signed",
            object_="contract_id",
            amount="amount",
            account="account_token",
            account_id="account_id",
        ),
        contracts.ContractAnnulled: _fed("contract_annulled", object_="contract_id"),
        contracts.ContractClosed: _fed("contract_closed", object_="contract_id"),
        contracts.CreditReceived: _fed("repayment", amount="amount"),
        contracts.PaymentOverdue: _fed("overdue", amount="amount"),
        contracts.EarlyRepaymentOrdered: _fed("early_repayment", amount="amount"),
        contracts.DocumentRead: _READ,
        contracts.InquiryRead: _READ,
        contracts.BranchVisitRecorded: _fed(
            "office_visit", "recorded_by", "confirmed_by"
        ),
        disbursement.PayoutSettled: _fed(
            "payout", object_="payout_id", amount="amount"
        ),
        onboarding.ClientActivated: _fed(
            "activation", iin="iin_token", phone="phone_token"
        ),
        onboarding.PhoneConfirmed: _fed(
            "number_proved", client="", phone="phone_token", other="registration_id"
        ),
        onboarding.IdentificationCompleted: _fed("identified"),
        onboarding.IdentificationFailed: _fed("identification_failed", other="code"),
        onboarding.IdentityChanged: _fed("identity_changed", object_="change_id"),
        onboarding.PhoneChanged: _fed(
            "phone_changed", object_="change_id", phone="phone_token"
        ),
        onboarding.ConsentWithdrawn: _fed("consent_withdrawn"),
        onboarding.BankAccountAdded: _NAMED,
        onboarding.BankAccountChanged: _NAMED,
        onboarding.AccountOwnershipProved: _fed(
            "account_proved", account="account_token", account_id="account_id"
        ),
        onboarding.AccountOwnershipLost: _fed("account_lost", account_id="account_id"),
        onboarding.BankAccountRemoved: _fed(
            "account_removed", account="account_token", account_id="account_id"
        ),
        onboarding.PersonalDataRead: _READ,
        onboarding.ReviewSettled: _fed("review_decided", "decided_by", "agreed_by"),
        auth.LoginSucceeded: _fed("login", other="session_id"),
        auth.LoginFailed: _fed("login_failed", client="", phone="login_token"),
        auth.AccessLocked: _fed("login_locked", client="", phone="login_token"),
        auth.SourceThrottled: _fed("throttled", client="", network="source_token"),
        auth.DeviceAdmitted: _fed(
            "device_admitted", device=("device_token", "device_id")
        ),
        auth.DeviceCheckOpened: _fed("device_doubted"),
        auth.RecoveryRequested: _fed("recovery_asked", client="", phone="login_token"),
        auth.RecoveryOpened: _fed("recovery_opened"),
        auth.RecoveryPassed: _fed("recovery_passed"),
        auth.PasswordChanged: _fed("password_changed"),
        auth.FactorAdded: _fed("factor_added", other="factor"),
        auth.FactorRemoved: _fed("factor_removed", other="factor"),
        auth.OperationCalled: _fed("action", other="action"),
        auth.OfficeVisitRecorded: _fed("office_visit", "recorded_by", "approved_by"),
        auth.StaffLoggedIn: _fed("staff_login", "staff_id", client=""),
        auth.StaffRoleGranted: _fed("staff_role", "staff_id", client=""),
    }
)
"""Which event feeds what.  What is not here says nothing a rule could ask for."""


def happening(
    event: Event, envelope: Envelope, *, account: str | None = None
) -> Happening:
    """What an event leaves behind.

    ``account`` is the keyed token of the account the event names by its id alone; see
    `account_named_by`.
    """
    fed = FED[type(event)]
    names = dict(_names(event, fed))
    if account is not None:
        names[Entity.ACCOUNT] = (account,)
    client = names.get(Entity.CLIENT, (None,))[0]
    sides = [value for entity in names for value in names[entity]]
    occurrences = tuple(
        Occurrence(
            key=key_of(entity, value),
            kind=fed.kind,
            at=envelope.time,
            event_id=envelope.id,
            other=_other(entity, fed, event, client, sides),
            object=_text(event, fed.object),
            amount=_amount(event, fed.amount),
        )
        for entity in names
        if entity in KINDS[fed.kind].entities
        for value in dict.fromkeys(names[entity])
    )
    return Happening(occurrences=occurrences, links=_links(event, envelope, names))


def account_named_by(event: Event) -> str | None:
    """The id of an account that the event names by nothing else."""
    fed = FED[type(event)]
    told = any(_text(event, name) for name in fed.names.get(Entity.ACCOUNT, ()))
    return None if told else _text(event, fed.account)


def key_of(entity: Entity, value: str) -> str:
    """The name under which things are kept."""
    return f"{entity}:{value}"


def _names(event: Event, fed: Fed) -> Iterator[tuple[Entity, tuple[str, ...]]]:
    for entity, fields in fed.names.items():
        found = [_text(event, name) for name in fields]
        # A reader may also be one of our services: that is nobody to be suspected.
        values = tuple(
            value
            for value in found
            if value and (entity is not Entity.STAFF or _ID.fullmatch(value))
        )
        if values:
            yield entity, values if entity is Entity.STAFF else values[:1]


def _other(
    entity: Entity, fed: Fed, event: Event, client: str | None, sides: list[str]
) -> str | None:
    """The other side: for a client what it is about, for all else the client."""
    if entity not in KINDS[fed.kind].paired:
        return None
    if entity is not Entity.CLIENT and client is not None:
        return client
    if fed.other is not None:
        return _text(event, fed.other)
    return next((side for side in reversed(sides) if side != client), None)


def _links(
    event: Event, envelope: Envelope, names: Mapping[Entity, tuple[str, ...]]
) -> tuple[Link, ...]:
    if Entity.CLIENT not in names:
        return ()
    return tuple(
        Link(
            client_id=UUID(names[Entity.CLIENT][0]),
            entity=entity,
            key=key_of(entity, values[0]),
            object=(_text(event, FED[type(event)].account) or "")
            if entity is Entity.ACCOUNT
            else "",
            at=envelope.time,
        )
        for entity, values in names.items()
        if entity is not Entity.CLIENT
    )


def _text(event: Event, name: str | None) -> str | None:
    value = getattr(event, name) if name else None
    return None if value is None else str(value)


def _amount(event: Event, name: str | None) -> int | None:
    value = getattr(event, name) if name else None
    return value.amount_minor if isinstance(value, Money) else None
