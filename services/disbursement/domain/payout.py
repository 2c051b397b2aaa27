"""The payout row, arbiter of money: its states and the clock that holds it.

::

    CONCLUDED → CONSENTED → HELD → AWAITING_RELEASE → READY → SENDING → PAID
                                 └────────(≤ 75 МРП)──↗       ↑↓  ↘ REJECTED
                                                            UNKNOWN ↗

From any state before ``SENDING`` to ``AMENDING`` and, when the contract is amended or
goes on as it was, back to ``CONCLUDED`` or ``CONSENTED`` with a hold of its own.
``CANCELLED`` is reached only before ``SENDING``; ``BLOCKED`` on a mismatch, also only
before. From ``SENDING`` on nothing but the bank's own word moves the row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypedDict
from uuid import UUID

from kernel.clock import ALMATY, almaty_date
from kernel.errors import Broken
from kernel.money import Money

FIRST_PAYOUT: Final = 1
"""A contract has one payout, and another only after that one was refused for good; the
number is part of the order's key for ever."""


class State(StrEnum):
    """Where a payout stands."""

    CONCLUDED = "concluded"
    """The contract is signed; without the additional consent nothing follows."""
    CONSENTED = "consented"
    """The hold is counted; the order is not drawn up yet."""
    HELD = "held"
    """The order is drawn up and sealed; ``hold_until`` has not come."""
    AWAITING_RELEASE = "awaiting_release"
    """The hold is over; above 75 МРП the client has to confirm."""
    READY = "ready"
    """Waits for the gate."""
    AMENDING = "amending"
    """The account is another: stands still until the contract is amended (5.3)."""
    SENDING = "sending"
    """The order may be at the bank: committed before the socket opens."""
    UNKNOWN = "unknown"
    """Only asking the bank may end this."""
    PAID = "paid"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    BLOCKED = "blocked"
    """A mismatch: a person has to look; the client may still refuse."""


_ENDS_UNSENT: Final = frozenset({State.CANCELLED, State.BLOCKED})
_STANDS_STILL: Final = _ENDS_UNSENT | {State.AMENDING}

TRANSITIONS: Final[Mapping[State, frozenset[State]]] = MappingProxyType(
    {
        State.CONCLUDED: frozenset({State.CONSENTED}) | _STANDS_STILL,
        State.CONSENTED: frozenset({State.HELD}) | _STANDS_STILL,
        State.HELD: frozenset({State.AWAITING_RELEASE, State.READY}) | _STANDS_STILL,
        State.AWAITING_RELEASE: frozenset({State.READY}) | _STANDS_STILL,
        State.READY: frozenset({State.SENDING}) | _STANDS_STILL,
        State.AMENDING: frozenset({State.CONCLUDED, State.CONSENTED}) | _ENDS_UNSENT,
        State.SENDING: frozenset({State.PAID, State.REJECTED, State.UNKNOWN}),
        State.UNKNOWN: frozenset({State.PAID, State.REJECTED, State.SENDING}),
        State.BLOCKED: frozenset({State.CANCELLED}),
        State.PAID: frozenset(),
        State.REJECTED: frozenset(),
        State.CANCELLED: frozenset(),
    }
)
"""Which state may follow which; everything else is a defect."""

ENDED_UNPAID: Final = frozenset({State.CANCELLED, State.REJECTED, State.BLOCKED})
"""No money came of it and none will."""

ENDED: Final = frozenset({State.PAID, *ENDED_UNPAID})
"""Nothing more happens to the payout."""

AT_BANK: Final = frozenset({State.SENDING, State.UNKNOWN})
"""The order may be at the bank: its status is asked until it is final."""

UNSENT: Final = frozenset(
    state for state, following in TRANSITIONS.items() if State.CANCELLED in following
)
"""The order has certainly not been sent: the payout can still be stopped."""


def check_transition(before: State, after: State) -> None:
    """Raise Broken unless ``after`` may follow ``before``."""
    if after not in TRANSITIONS[before]:
        raise Broken(f"A payout does not go from {before} to {after}")


@dataclass(frozen=True, slots=True)
class Trail:
    """What the payout's work belongs to: one id from the browser to the audit leaf."""

    correlation_id: UUID
    causation_id: UUID | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Payout:
    """One payout (выдача микрокредита). Personal values stay in its `Order`.

    ``witnessed_from_ns``, ``first_sent_ns``: the witness's count when it first saw the
    consent, and when the order was first sent.
    ``next_at`` and the lease are hints of when to look and who is looking; truth is
    the state, and every write of a worker names the ``fence`` it was given.
    """

    payout_id: UUID
    contract_id: UUID
    client_id: UUID
    account_id: UUID
    number: int
    amount: Money
    document_sha256: str
    signed_at: datetime
    state: State
    trail: Trail
    agreed_token: str | None = None
    """Of the account the signed documents name, where that is known."""
    hold_from: datetime | None = None
    """From when the hold is counted anew: an amendment's signing, or its end."""
    consented_at: datetime | None = None
    hold_until: datetime | None = None
    witnessed_from_ns: int | None = None
    release_required: bool = True
    released_at: datetime | None = None
    suspended_by: UUID | None = None
    held_code: str | None = None
    account_token: str | None = None
    follows: UUID | None = None
    """The payout of the contract that was refused, in whose place this one stands."""
    repeat_until: datetime | None = None
    """Refused by the bank: until when another may be asked for in its place."""
    order_key: str | None = None
    attempt: int = 0
    first_sent_at: datetime | None = None
    first_sent_ns: int | None = None
    sent_at: datetime | None = None
    order_id: str | None = None
    missing: int = 0
    settled_at: datetime | None = None
    booked_reference: str | None = None
    """The entry of the bank's statement that shows the order."""
    fence: int = 0
    lease_until: datetime | None = None
    tries: int = 0
    next_at: datetime | None = None

    def promised_until(self) -> datetime:
        """``hold_until``; Broken before the consent has set it."""
        if self.hold_until is None:
            raise Broken("The payout has no hold_until: no consent was given")
        return self.hold_until

    def hold(self) -> timedelta:
        """How long the payout is held, from the later of what began it and consent."""
        if self.consented_at is None:
            raise Broken("The payout has no hold: no consent was given")
        return self.promised_until() - max(self.held_since, self.consented_at)

    @property
    def held_since(self) -> datetime:
        """What the hold is counted from, but for the consent (clauses 5.3, 5.5)."""
        return max(self.signed_at, self.hold_from or self.signed_at)

    def repeatable_at(self, now: datetime) -> bool:
        """Whether another payout may still be asked for in place of this one."""
        return self.repeat_until is not None and now < self.repeat_until

    def successor(self, payout_id: UUID, *, trail: Trail, now: datetime) -> "Payout":
        """The contract's next payout: to the same account, with a key of its own.

        What the client has given stands. The order is drawn up anew, and goes through
        the whole gate.
        """
        return Payout(
            payout_id=payout_id,
            contract_id=self.contract_id,
            client_id=self.client_id,
            account_id=self.account_id,
            number=self.number + 1,
            amount=self.amount,
            document_sha256=self.document_sha256,
            signed_at=self.signed_at,
            state=State.CONSENTED,
            trail=trail,
            agreed_token=self.agreed_token or self.account_token,
            hold_from=self.hold_from,
            consented_at=self.consented_at,
            hold_until=self.hold_until,
            witnessed_from_ns=self.witnessed_from_ns,
            release_required=self.release_required,
            released_at=self.released_at,
            suspended_by=self.suspended_by,
            follows=self.payout_id,
            next_at=now,
        )

    def leased_at(self, now: datetime) -> bool:
        """Whether the worker that holds the row may still act on it."""
        return self.lease_until is not None and now < self.lease_until


class Changes(TypedDict, total=False):
    """What a step may write besides the state."""

    trail: Trail
    account_id: UUID
    document_sha256: str
    agreed_token: str
    hold_from: datetime
    consented_at: datetime
    hold_until: datetime | None
    witnessed_from_ns: int | None
    release_required: bool
    released_at: datetime | None
    suspended_by: UUID
    held_code: str | None
    account_token: str
    repeat_until: datetime | None
    order_key: str
    attempt: int
    first_sent_at: datetime
    first_sent_ns: int | None
    sent_at: datetime
    order_id: str
    missing: int
    settled_at: datetime
    booked_reference: str
    lease_until: datetime | None
    tries: int
    next_at: datetime | None


@dataclass(frozen=True, slots=True)
class Tombstone:
    """A stop that came before the contract's signing was heard of."""

    contract_id: UUID
    client_id: UUID


class StopAnswer(StrEnum):
    """What a refusal or suspension of a contract is told."""

    STOPPED = "stopped"
    """Final: no money has moved and none will."""
    TOO_LATE = "too_late"
    """The order may already be at the bank."""
    RECORDED = "recorded"
    """No payout yet; it will be born cancelled."""


class AmendingAnswer(StrEnum):
    """What contracts is told before it offers an amendment."""

    HELD = "held"
    """Nothing has moved, and nothing will before the contract is amended."""
    TOO_LATE = "too_late"
    """The order may already be at the bank: it is not touched any more."""
    ENDED = "ended"
    """The payout is cancelled or blocked: there is nothing to amend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkRules:
    """How workers take turns.  All values come from settings.

    ``at_once``: so many payouts are taken further in one commit; ``lease_s`` must
    exceed the time-outs of one passage together; ``poll_s``: how often a bank that has
    accepted is asked.
    """

    at_once: int
    lease_s: int
    poll_s: int
    first_retry_s: int
    most_retry_s: int

    def retry_at(self, now: datetime, tries: int) -> datetime:
        """When to look again after the ``tries``-th failure in a row."""
        wait_s = back_off_s(tries, first_s=self.first_retry_s, most_s=self.most_retry_s)
        return now + timedelta(seconds=wait_s)

    def poll_at(self, now: datetime) -> datetime:
        """When to ask an answering bank again."""
        return now + timedelta(seconds=self.poll_s)

    def lease_until(self, now: datetime) -> datetime:
        """How long a worker may act on a row it takes now."""
        return now + timedelta(seconds=self.lease_s)


def hold_until(*, signed_at: datetime, given_at: datetime, hours: int) -> datetime:
    """The later of signing and consent, plus ``hours`` of elapsed time (clause 5.5).

    Counted on UTC instants: a day added to a local date is 23 or 25 hours where
    clocks change.
    """
    later = max(signed_at.astimezone(UTC), given_at.astimezone(UTC))
    return later + timedelta(hours=hours)


def hours_of_hold(day_sum: Money, *, threshold: Money, hours: int) -> int:
    """The hold of a sum: none up to and including the threshold (0 = all held).

    ``day_sum`` as with `release_needed`: a second loan of a day may be held by it.
    """
    return hours if threshold < day_sum else 0


def release_needed(day_sum: Money, *, limit: Money) -> bool:
    """Whether the client must confirm after the hold: strictly above the limit.

    ``day_sum`` is this microcredit with the client's earlier ones of the same day.
    """
    return limit < day_sum


def summed_since(signed_at: datetime, *, aggregation: str) -> datetime:
    """From when on the client's microcredits count together (cooling.aggregation).

    The calendar day of Almaty, or a rolling 24 hours; Broken for another word.
    """
    match aggregation:
        case "almaty_day":
            midnight = datetime.combine(almaty_date(signed_at), time(0), tzinfo=ALMATY)
            return midnight.astimezone(UTC)
        case "rolling_24h":
            return signed_at - timedelta(hours=24)
        case _:
            raise Broken("cooling.aggregation is a word nobody knows")


def back_off_s(tries: int, *, first_s: int, most_s: int) -> int:
    """Seconds to wait after the ``tries``-th failure in a row: doubling, bounded."""
    doublings = min(max(tries - 1, 0), most_s.bit_length())
    return min(first_s << doublings, most_s)
