"""Beginning to add, replace, select or remove an account (clauses 4.10, 5.3)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.ids import Ids
from kernel.values import CardToken, Iban
from services.onboarding.domain.account import Destination
from services.onboarding.domain.change import (
    LIFETIME,
    Act,
    Change,
    ChangeKind,
    ChangeState,
    unknown_change,
)
from services.onboarding.handlers import accounts
from services.onboarding.handlers.accounts import Named, Owners
from services.onboarding.handlers.changes import start_change
from services.onboarding.ports import Begin, Blind, Client, Rules, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountWish:
    """What a client wants done to which account; `seen` is the version acted upon."""

    client_id: UUID
    act: Act
    account_id: UUID | None
    named: Iban | CardToken | None
    seen: str


def start_account_change(
    wish: AccountWish,
    *,
    begin: Begin,
    clock: Clock,
    ids: Ids,
    blind: Blind,
    owners: Owners,
    rules: Rules,
) -> Mapping[str, Json]:
    """Begin to add, replace, select or remove; whose it is is asked after both proofs.

    Refused: ``account_change_invalid``, ``version_stale``, ``change_too_often``, what
    `Owners.name` and `accounts.aim` refuse, and `changes` of what is there already.
    """
    now, change_id, new_id = clock.now(), ids.new(), ids.new()
    _refuse_incomplete(wish)
    value = _named(wish, begin=begin, owners=owners, rules=rules, at=now)
    new = None if value is None else Named(value=value, token=blind(*value.identity))

    def plan(unit: Unit, _: Client) -> Change:
        present = unit.accounts.of_client(wish.client_id)
        if wish.seen != accounts.version_of(present):
            raise _stale()
        target = accounts.aim(
            present,
            wish.act,
            account_id=wish.account_id,
            new=new,
            new_id=new_id,
            most=rules.most_accounts(now),
        )
        return Change(
            change_id=change_id,
            client_id=wish.client_id,
            kind=ChangeKind.ACCOUNT,
            act=wish.act,
            account_id=target.account_id,
            state=ChangeState.CHECKED,
            old=None if target.old is None else target.old.value,
            old_token=None if target.old is None else target.old.token,
            value=None if target.new is None else target.new.value,
            value_token=None if target.new is None else target.new.token,
            started_at=now,
            expires_at=now + LIFETIME,
        )

    return start_change(wish.client_id, plan, begin=begin)


def _named(
    wish: AccountWish, *, begin: Begin, owners: Owners, rules: Rules, at: datetime
) -> Destination | None:
    """The account a wish brings, looked up outside any transaction."""
    if wish.named is None:
        return None
    with begin() as unit:
        person = unit.registrations.person(wish.client_id)
    if person is None:
        raise unknown_change()
    return owners.name(wish.named, person.iin, rules=rules, at=at)


def _refuse_incomplete(wish: AccountWish) -> None:
    """An act that brings a value names it; one that brings none names an account."""
    brings, points = wish.named is not None, wish.account_id is not None
    fits = {
        Act.ADD: brings and not points,
        Act.REPLACE: brings,
        Act.SELECT: points and not brings,
        Act.REMOVE: points and not brings,
    }
    if not fits[wish.act]:
        raise Refused(
            "account_change_invalid",
            "This is no act on an account.",
            next_step="Name the account to be changed, or the one to be added.",
        )


def _stale() -> Refused:
    return Refused(
        "version_stale",
        "The accounts have changed since they were shown.",
        next_step="Look at the accounts again, then decide.",
    )
