"""Where a client's money may go, and whether it is shown to be theirs (5.3, 5.4).

An account is a bank account (ИИК), or a payment card by its processor's token with the
account behind it.  A client has several, one of them selected for payouts.  A valid
IBAN says nothing about its owner; only the answer of the bank or the card processor
does.  No answer, or one that is neither yes nor no, proves nothing.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Self
from uuid import UUID

from kernel.errors import Refused
from kernel.values import CardToken, Iban


class OwnershipVerdict(StrEnum):
    """The answer about an ИИН and an account."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


class AccountState(StrEnum):
    """What is known of the account's owner."""

    UNPROVED = "unproved"
    PROVED = "proved"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A payment card as its processor knows it; the number is the processor's alone."""

    token: CardToken
    last4: str

    @classmethod
    def unpacked(cls, packed: str) -> Self:
        """What `packed` has made."""
        token, last4 = packed.split(" ")
        return cls(token=CardToken(token), last4=last4)

    def packed(self) -> str:
        """One text for one sealed field."""
        return f"{self.token.reveal()} {self.last4}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """A bank account, or a card with the bank account behind it."""

    iban: Iban
    card: Card | None = None

    @classmethod
    def unpacked(cls, packed: str) -> Self:
        """What `packed` has made; an IBAN alone is a bank account."""
        iban, _, card = packed.partition(" ")
        return cls(iban=Iban(iban), card=Card.unpacked(card) if card else None)

    def packed(self) -> str:
        """One text for one sealed field."""
        iban = self.iban.reveal()
        return iban if self.card is None else f"{iban} {self.card.packed()}"

    @property
    def identity(self) -> tuple[str, str]:
        """Kind and text of what two accounts must not share, for a keyed token."""
        if self.card is None:
            return "iban", self.iban.reveal()
        return "card", self.card.token.reveal()

    def masked(self) -> str:
        """What a screen or a message may show."""
        return self.iban.masked() if self.card is None else f"•••• {self.card.last4}"

    def reveal(self) -> str:
        """As a document names it, in full; a card by its account and last digits."""
        if self.card is None:
            return self.iban.reveal()
        return (
            f"платёжная карта •••• {self.card.last4}, счёт карты {self.iban.reveal()}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a client wants money to go."""

    account_id: UUID
    client_id: UUID
    destination: Destination
    token: str
    state: AccountState
    selected: bool = True
    proved_at: datetime | None = None
    """When its owner was last shown, while that proof holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """One answer, with the number under which who gave it can find it."""

    verdict: OwnershipVerdict
    evidence_id: str
    checked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRecord:
    """What the processor says of a token and an ИИН; `destination` of a match only."""

    ownership: Ownership
    destination: Destination | None

    def ownership_of(self, destination: Destination) -> Ownership:
        """The answer about the very card and account named.

        A card that stands before another account by now is not what was proved.
        """
        if self.destination in {None, destination}:
            return self.ownership
        return Ownership(
            verdict=OwnershipVerdict.MISMATCH,
            evidence_id=self.ownership.evidence_id,
            checked_at=self.ownership.checked_at,
        )


def state_after(state: AccountState, verdict: OwnershipVerdict) -> AccountState:
    """A match proves, a mismatch takes the proof away, silence changes nothing."""
    if verdict is OwnershipVerdict.MATCH:
        return AccountState.PROVED
    if verdict is OwnershipVerdict.MISMATCH and state is AccountState.PROVED:
        return AccountState.LOST
    return state


def selected_of(accounts: Iterable[Account]) -> Account | None:
    """The one money goes to when nothing else is said."""
    return next((account for account in accounts if account.selected), None)


def refuse_unknown_bank(iban: Iban, *, known: Iterable[str]) -> None:
    """Refused with ``bank_unknown`` unless the bank stands in the dated list."""
    if iban.bank_code not in known:
        raise Refused(
            "bank_unknown",
            "This account is not with a bank we can pay to.",
            next_step="Give an account with another bank of Kazakhstan.",
        )


def unknown_account() -> Refused:
    """No such account, or not this client's: one answer for both."""
    return Refused(
        "account_unknown",
        "There is no such account.",
        next_step="Choose an account of the client.",
    )


def too_many_accounts() -> Refused:
    """As many accounts as a client may have."""
    return Refused(
        "accounts_full",
        "There are as many accounts as there may be.",
        next_step="Remove or replace one of them.",
    )


def account_selected() -> Refused:
    """Money goes to this one: it is not removed."""
    return Refused(
        "account_selected",
        "Money goes to this account.",
        next_step="Select another account first.",
    )


def card_not_confirmed() -> Refused:
    """The processor does not know the token as a card of this person."""
    return Refused(
        "card_not_confirmed",
        "The card could not be confirmed as yours.",
        next_step="Register a card of your own with the processor.",
    )
