"""A client's accounts: which there are, what a change does to them, whose they are.

No act here moves an account by itself: `apply` runs in the transaction that completes
the ceremony over the change's statement, or over the contract that names the account.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Self
from uuid import UUID

from kernel.clock import rfc3339
from kernel.context import jsonable
from kernel.crypto import Json, canonical, sha256_hex
from kernel.errors import Broken, Refused, Transient
from kernel.events import Event
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    BankAccountAdded,
    BankAccountChanged,
    BankAccountRemoved,
    BankAccountSelected,
)
from kernel.ids import Ids
from kernel.values import CardToken, Iban, Iin
from services.onboarding.domain.account import (
    Account,
    AccountState,
    Destination,
    Ownership,
    OwnershipVerdict,
    account_selected,
    card_not_confirmed,
    refuse_unknown_bank,
    selected_of,
    state_after,
    too_many_accounts,
    unknown_account,
)
from services.onboarding.domain.ceremony import Ceremony
from services.onboarding.domain.change import (
    Act,
    Change,
    ChangeState,
    unchanged,
    wrong_step,
)
from services.onboarding.domain.review import Settlement
from services.onboarding.handlers.waiting import let_account_wait
from services.onboarding.ports import Bank, Begin, Cards, Rules, Unit

VERSION_DIGITS: Final = 32
CHANGED: Final = "account_changed"
"""Why an ownership is lost, and a ceremony given up, by a change of the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Who answers whose an account is: the bank, and for a card its processor."""

    bank: Bank
    cards: Cards

    def ask(self, destination: Destination, iin: Iin) -> Ownership:
        """Transient when there is no answer; Broken when it makes no sense."""
        if destination.card is None:
            return self.bank.ownership(destination.iban, iin)
        record = self.cards.look_up(destination.card.token, iin)
        return record.ownership_of(destination)

    def name(
        self, wanted: Iban | CardToken, iin: Iin, *, rules: Rules, at: datetime
    ) -> Destination:
        """What a client names: an IBAN of a known bank, or the card of a token.

        Refused: ``bank_unknown``; ``card_not_confirmed`` for a token the processor
        does not know as this person's, of which nothing is told.
        """
        if isinstance(wanted, Iban):
            destination = Destination(iban=wanted)
        else:
            record = self.cards.look_up(wanted, iin)
            matches = record.ownership.verdict is OwnershipVerdict.MATCH
            if record.destination is None or not matches:
                raise card_not_confirmed()
            destination = record.destination
        refuse_unknown_bank(destination.iban, known=rules.bank_codes(at))
        return destination


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """An account by its value and the keyed token of it."""

    value: Destination
    token: str

    @classmethod
    def of(cls, account: Account) -> Self:
        """What an account has now."""
        return cls(value=account.destination, token=account.token)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What an act is upon: the account's id, what it leaves and what it takes."""

    account_id: UUID
    old: Named | None
    new: Named | None


def aim(
    accounts: Sequence[Account],
    act: Act,
    *,
    account_id: UUID | None,
    new: Named | None,
    new_id: UUID,
    most: int,
) -> Target:
    """What the act means to these accounts; nothing is moved.

    Without an id the selected account is replaced.  Refused: ``accounts_full``,
    ``account_unknown``, ``account_selected``, ``change_without_difference``.
    """
    if new is not None and any(one.token == new.token for one in accounts):
        raise unchanged()
    if act is Act.ADD:
        if len(accounts) >= most:
            raise too_many_accounts()
        return Target(account_id=new_id, old=None, new=new)
    selected = selected_of(accounts)
    named = [one for one in accounts if one.account_id == account_id]
    account = selected if account_id is None else next(iter(named), None)
    if account is None or selected is None:
        raise unknown_account()
    if act is Act.REMOVE and account.selected:
        raise account_selected()
    if act is not Act.SELECT:
        return Target(account_id=account.account_id, old=Named.of(account), new=new)
    if account.selected:
        raise unchanged()
    return Target(
        account_id=account.account_id, old=Named.of(selected), new=Named.of(account)
    )


def apply(unit: Unit, change: Change, ceremony: Ceremony, *, at: datetime) -> None:
    """Do to the accounts what the change says, and tell it.

    What was known of a replaced account's owner is lost with it, and so is every
    unfinished ceremony over a document that names what is no more so.
    """
    moved: bool
    match change.act:
        case Act.ADD:
            moved = unit.accounts.add(_added(change), at=at)
        case Act.REPLACE:
            moved = _replace(unit, change)
        case Act.SELECT:
            moved = unit.accounts.select(change)
        case Act.REMOVE:
            moved = unit.accounts.remove(change, at=at)
    if not moved:
        raise wrong_step(change.state)
    if change.act in {Act.REPLACE, Act.REMOVE}:
        _give_up_contracts(unit, change, at=at)
        if change.account_id is not None:
            superseded = Settlement.SUPERSEDED
            unit.reviews.settle_subject(change.account_id, superseded, at=at)
    unit.publish(_told(change, ceremony))


def _added(change: Change) -> Account:
    if change.account_id is None or change.value_token is None:
        raise Broken("an account is to be added that has no id")
    return Account(
        account_id=change.account_id,
        client_id=change.client_id,
        destination=change.destination,
        token=change.value_token,
        state=AccountState.UNPROVED,
        selected=False,
    )


def _replace(unit: Unit, change: Change) -> bool:
    before = change.account_id and unit.accounts.get(change.account_id)
    if not before or not unit.accounts.replace(change):
        return False
    if before.state is AccountState.PROVED:
        _say_lost(unit, before, CHANGED)
    return True


def _give_up_contracts(unit: Unit, change: Change, *, at: datetime) -> None:
    """A document that names the account as it was is signed no more."""
    if not isinstance(change.old, Destination):
        raise Broken("a change of an account leaves no account")
    for ceremony in unit.ceremonies.unfinished_of_client(change.client_id):
        if ceremony.operation != change.operation and names(
            ceremony.document, change.old
        ):
            unit.ceremonies.fail(ceremony.ceremony_id, code=CHANGED, at=at)


def _told(change: Change, ceremony: Ceremony) -> Event:
    kinds: Mapping[Act, Callable[..., Event]] = {
        Act.ADD: BankAccountAdded,
        Act.REPLACE: BankAccountChanged,
        Act.SELECT: BankAccountSelected,
        Act.REMOVE: BankAccountRemoved,
    }
    left = {"old_account_token": change.old_token}
    return kinds[change.act](
        **(left if change.act is Act.REPLACE else {}),
        client_id=change.client_id,
        change_id=change.change_id,
        ceremony_id=ceremony.ceremony_id,
        account_id=change.account_id,
        account_token=change.value_token or change.old_token,
    )


def cover(
    unit: Unit,
    *,
    client_id: UUID,
    account_id: UUID,
    operation: str,
    document: bytes,
    at: datetime,
) -> None:
    """See that a contract's document names the account as it is, before it is signed.

    One the client is adding is covered by the ceremony over this document.  Refused:
    ``account_unknown``, ``account_changed``, ``change_expired``.
    """
    change = unit.changes.adding(account_id)
    destination = named(unit, client_id, account_id).value
    if change is not None and change.state is not ChangeState.APPLIED:
        change.refuse_unless(ChangeState.CHECKED, at=at)
        unit.changes.cover(change.change_id, operation)
    if not names(document, destination):
        raise Refused(
            CHANGED,
            "The account is not the one the contract names.",
            next_step="Refuse the contract and apply again.",
        )


def named(unit: Unit, client_id: UUID, account_id: UUID) -> Named:
    """The client's account of that id, one that is being added too."""
    account = unit.accounts.get(account_id)
    if account is not None and account.client_id == client_id:
        return Named.of(account)
    change = unit.changes.adding(account_id)
    if (
        change is None
        or change.client_id != client_id
        or change.state is ChangeState.APPLIED
        or change.value_token is None
    ):
        raise unknown_account()
    return Named(value=change.destination, token=change.value_token)


def names(document: bytes, destination: Destination) -> bool:
    """Whether a document names the account in full."""
    return destination.reveal().encode() in document


def list_accounts(*, begin: Begin, client_id: UUID) -> Mapping[str, Json]:
    """The client's own accounts, masked; the version names what was seen."""
    with begin() as unit:
        accounts = unit.accounts.of_client(client_id)
    return {
        "version": version_of(accounts),
        "items": tuple(_shown(account) for account in accounts),
    }


def version_of(accounts: Sequence[Account]) -> str:
    """Another account, value or choice is another version; an owner's proof is not."""
    facts = tuple(
        (str(one.account_id), one.token, one.selected, one.destination.masked())
        for one in accounts
    )
    return sha256_hex(canonical(facts))[:VERSION_DIGITS]


def _shown(account: Account) -> Mapping[str, Json]:
    return {
        "account_id": str(account.account_id),
        "kind": "iban" if account.destination.card is None else "card",
        "masked": account.destination.masked(),
        "state": account.state.value,
        "proved_at": jsonable(account.proved_at),
        "selected": account.selected,
    }


def prove_ownership(
    *, begin: Begin, ids: Ids, owners: Owners, client_id: UUID, account_id: UUID
) -> Mapping[str, Json]:
    """Ask now whose account it is; the answer is kept and told.

    A match proves the account, a mismatch takes an earlier proof away. Transient when
    there is no answer: that proves nothing either way.
    """
    with begin() as unit:
        account = of_client(unit, client_id, account_id)
        person = unit.registrations.person(client_id)
    if person is None:
        raise Broken("a client has no person")
    ownership = owners.ask(account.destination, person.iin)
    with begin() as unit:
        becomes = record_ownership(unit, account, ownership, ids=ids)
        if becomes is AccountState.LOST and account.state is AccountState.PROVED:
            _say_lost(unit, account, f"ownership_{OwnershipVerdict.MISMATCH.value}")
    return {
        "verdict": ownership.verdict.value,
        "evidence_id": ownership.evidence_id,
        "checked_at": rfc3339(ownership.checked_at),
        "state": becomes.value,
    }


def record_ownership(
    unit: Unit, account: Account, ownership: Ownership, *, ids: Ids
) -> AccountState:
    """Keep the answer and publish a proof. Transient if it was overtaken.

    An answer that is neither yes nor no lets the account wait for a person.
    """
    becomes = state_after(account.state, ownership.verdict)
    if not unit.accounts.record(
        account, ownership, check_id=ids.new(), becomes=becomes
    ):
        raise Transient("the account was checked by somebody else just now")
    _queue(unit, account, ownership, becomes, ids=ids)
    if ownership.verdict is OwnershipVerdict.MATCH and becomes is not account.state:
        unit.publish(
            AccountOwnershipProved(
                account_id=account.account_id,
                client_id=account.client_id,
                account_token=account.token,
                evidence_id=ownership.evidence_id,
            )
        )
    return becomes


def _queue(
    unit: Unit,
    account: Account,
    ownership: Ownership,
    becomes: AccountState,
    *,
    ids: Ids,
) -> None:
    """Nobody waits for a person once the bank has said yes or no."""
    at = ownership.checked_at
    if ownership.verdict is not OwnershipVerdict.UNKNOWN:
        superseded = Settlement.SUPERSEDED
        unit.reviews.settle_subject(account.account_id, superseded, at=at)
    elif becomes is not AccountState.PROVED:
        let_account_wait(unit, account.client_id, account.account_id, ids=ids, at=at)


def of_client(unit: Unit, client_id: UUID, account_id: UUID) -> Account:
    """The client's account of that id; anybody else's is not there."""
    account = unit.accounts.get(account_id)
    if account is None or account.client_id != client_id:
        raise unknown_account()
    return account


def _say_lost(unit: Unit, account: Account, code: str) -> None:
    unit.publish(
        AccountOwnershipLost(
            account_id=account.account_id, client_id=account.client_id, code=code
        )
    )
