"""How much may leave: in one payout, to one client and of the company in a day.

The sums are read and counted on in the commit of ``SENDING``, under the lock of their
rows: two workers never pass one limit together.  What was begun to send counts for its
day, whatever the bank makes of it.
"""

from dataclasses import dataclass
from datetime import date, datetime

from kernel.money import Money
from kernel.policy import Policy
from services.disbursement.domain.gate import (
    Approved,
    Check,
    Unanswered,
    Verdict,
)
from services.disbursement.domain.payout import Payout


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A dated setting in МРП, as an amount of the day it is read on."""

    key: str
    amount: Money
    since: date

    @classmethod
    def at(cls, policy: Policy, key: str, now: datetime) -> "Limit":
        """The limit in force at ``now``, by the МРП of that day."""
        return cls(
            key=key,
            amount=policy.money_of_mrp(key, now),
            since=policy.setting_at(key, now).effective_at.date(),
        )

    def said(self, amount: Money) -> str:
        """The comparison, as a check keeps it."""
        mine, limit = amount.to_wire(), self.amount.to_wire()
        return f"{mine} of {limit}, {self.key} of {self.since}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Every limit on what leaves, as in force at one instant."""

    payout: Limit
    client_day: Limit
    day: Limit
    approval_above: Limit

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> "Limits":
        """Broken when a setting has no value then."""
        return cls(
            payout=Limit.at(policy, "payouts.most_mrp", now),
            client_day=Limit.at(policy, "payouts.client_day_mrp", now),
            day=Limit.at(policy, "payouts.day_mrp", now),
            approval_above=Limit.at(policy, "payouts.approval_above_mrp", now),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What was begun to send on a day of Almaty: to one client, and by the company."""

    day_on: date
    client: Money
    company: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What may be on its way from the company's account.

    ``begun``: the company's sum of the day; ``at_bank``: others' orders that may not be
    in the balance yet.
    """

    day_on: date
    begun: Money
    at_bank: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Funds:
    """The balance of the company's account, and what was on its way before it."""

    balance: Money
    before: Outgoing


def check_limits(
    payout: Payout,
    *,
    limits: Limits,
    sent: Sent,
    funds: Funds | Unanswered,
    approved: Approved | None,
) -> tuple[Check, ...]:
    """The checks of the amount; none is skipped because another has failed."""
    return (
        _below("payout_limit", limits.payout, payout.amount),
        _day("client_limit", limits.client_day, sent.client, payout),
        _day("day_limit", limits.day, sent.company, payout),
        _approval(payout, approved, limits.approval_above),
        _balance(payout, funds, sent),
    )


def _below(name: str, limit: Limit, amount: Money) -> Check:
    seen = limit.said(amount)
    if limit.amount < amount:
        return Check(name, Verdict.LATER, name, seen)
    return Check(name, Verdict.PASSED, "", seen)


def _day(name: str, limit: Limit, before: Money, payout: Payout) -> Check:
    """An order sent again under its key was counted when it was sent first."""
    if payout.first_sent_at is not None:
        return Check(name, Verdict.PASSED, "", "counted when it was sent first")
    return _below(name, limit, before + payout.amount)


def _approval(payout: Payout, approved: Approved | None, above: Limit) -> Check:
    """Four eyes on this very payout, above the limit (clause 6.1f)."""
    name, seen = "approval", above.said(payout.amount)
    if not above.amount < payout.amount:
        return Check(name, Verdict.PASSED, "", f"not required: {seen}")
    if approved is None or approved.requested_by == approved.approved_by:
        return Check(name, Verdict.LATER, "approval_required", seen)
    return Check(name, Verdict.PASSED, "", str(approved.approval_id))


def _balance(payout: Payout, funds: Funds | Unanswered, sent: Sent) -> Check:
    """The account covers this payout beside everything that is on its way.

    What the bank has booked meanwhile is taken off twice: that holds a payout for a
    moment, and never lets one go.
    """
    name = "balance"
    if isinstance(funds, Unanswered):
        return Check(name, Verdict.LATER, funds.code, "")
    before = funds.before
    if before.day_on != sent.day_on:
        return Check(name, Verdict.LATER, "balance_stale", before.day_on.isoformat())
    since = sent.company - before.begun
    free = funds.balance - before.at_bank - since
    seen = f"{payout.amount.to_wire()} of {free.to_wire()}"
    if free < payout.amount:
        return Check(name, Verdict.LATER, "balance_short", seen)
    return Check(name, Verdict.PASSED, "", seen)
