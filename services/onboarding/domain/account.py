"""The client's bank account and whether it is shown to be theirs (clauses 5.3, 5.4).

A valid IBAN says nothing about its owner; only the bank's answer does. No answer, or
an answer that is neither yes nor no, proves nothing.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from kernel.errors import Refused
from kernel.values import Iban


class OwnershipVerdict(StrEnum):
    """The bank's answer about an ИИН and an account."""

    MATCH = "match"
    MISMATCH = "mismatch"
    UNKNOWN = "unknown"


class AccountState(StrEnum):
    """What is known of the account's owner."""

    UNPROVED = "unproved"
    PROVED = "proved"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where a client wants money to go."""

    account_id: UUID
    client_id: UUID
    iban: Iban
    token: str
    state: AccountState


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """One answer of the bank, with the number under which the bank can find it."""

    verdict: OwnershipVerdict
    evidence_id: str
    checked_at: datetime


def state_after(state: AccountState, verdict: OwnershipVerdict) -> AccountState:
    """A match proves, a mismatch takes the proof away, silence changes nothing."""
    if verdict is OwnershipVerdict.MATCH:
        return AccountState.PROVED
    if verdict is OwnershipVerdict.MISMATCH and state is AccountState.PROVED:
        return AccountState.LOST
    return state


def unknown_account() -> Refused:
    """No such account, or not this client's: one answer for both."""
    return Refused(
        "account_unknown",
        "There is no such account.",
        next_step="Choose an account of the client.",
    )
