"""The dated settings this service decides by, read once per decision.

A decision holds plain amounts and hours, so that the rules stay arithmetic and last
year's decision can be repeated with last year's values.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self

from kernel.money import Money
from kernel.policy import Policy

_MAX_AMOUNT: Final = "lending.max_amount_mrp"
_VISIT_ABOVE: Final = "lending.first_loan_visit_mrp"


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingRules:
    """What an application is measured by; МРП by the day it was submitted."""

    max_amount: Money
    """The largest microcredit of one lender: 20 000 МРП (МФО law, article 3)."""
    visit_above: Money
    """A first-ever online microcredit strictly above it needs a personal visit."""
    max_amount_source: str
    visit_source: str

    @classmethod
    def at(cls, policy: Policy, submitted_at: datetime) -> Self:
        """The rules in force at that instant, with the acts they come from."""
        return cls(
            max_amount=policy.money_of_mrp(_MAX_AMOUNT, submitted_at),
            visit_above=policy.money_of_mrp(_VISIT_ABOVE, submitted_at),
            max_amount_source=policy.setting_at(_MAX_AMOUNT, submitted_at).source,
            visit_source=policy.setting_at(_VISIT_ABOVE, submitted_at).source,
        )


def confirmation_required(
    amount: Money, *, policy: Policy, signed_at: datetime
) -> bool:
    """Whether a release confirmation (повторное подтверждение) must be given.

    Strictly above ``cooling.confirmation_above``, МРП by the contract's date.  The sum
    of a day (law №205-VIII) is the amount itself: a client has one unfinished loan at
    a time, and the hold keeps it unfinished beyond that day.
    """
    return amount > policy.money_of_mrp("cooling.confirmation_above", signed_at)


def hold_until(
    amount: Money, *, policy: Policy, signed_at: datetime, consented_at: datetime
) -> datetime:
    """The earliest instant at which money may move (clause 5.5).

    The later of signing and consent, plus ``cooling.hours`` by the contract's date.
    Hours are added to the UTC instant, never to a local date.  An amount up to
    ``cooling.threshold`` is not held; the default of zero holds every amount.
    """
    begins_at = max(signed_at, consented_at)
    if amount <= policy.money_of_mrp("cooling.threshold", signed_at):
        return begins_at
    return begins_at + timedelta(hours=policy.integer("cooling.hours", signed_at))


def silence_until(policy: Policy, counted_from: datetime) -> datetime:
    """When silence, counted from that instant, annuls the contract."""
    days = policy.integer("cooling.consent_silence_days", counted_from)
    return counted_from + timedelta(days=days)


def channel_counts(channel: str, *, policy: Policy, at: datetime) -> bool:
    """Whether a consent given in this channel counts at that instant."""
    return channel in policy.texts("cooling.consent_channels", at)
