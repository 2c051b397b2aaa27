"""The dated settings this service decides by, read once per decision.

A decision holds plain amounts and hours, so that the rules stay arithmetic and last
year's decision can be repeated with last year's values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final, Self

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import almaty_date
from kernel.errors import Broken
from kernel.judged import Rounds
from kernel.money import Money
from kernel.policy import Policy, Setting, instant_of

HELD_WD: Final = "lending.held_wd"
_MAX_AMOUNT: Final = "lending.max_amount_mrp"
_VISIT_ABOVE: Final = "lending.first_loan_visit_mrp"
_SPOUSE_FROM: Final = "lending.spouse_consent_mrp"
_KDN_MAX: Final = "lending.kdn_max"
_UNDER: Final = "lending.extra_consent_ages.under"
_OVER: Final = "lending.extra_consent_ages.over"
_KEYS: Final = (_MAX_AMOUNT, _VISIT_ABOVE, _SPOUSE_FROM, _KDN_MAX, _UNDER, _OVER, "mrp")


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingRules:
    """What an application is measured by; МРП by the day it was submitted."""

    max_amount: Money
    """The largest microcredit of one lender: 20 000 МРП (МФО law, article 3)."""
    visit_above: Money
    """A first-ever online microcredit strictly above it needs a personal visit."""
    spouse_from: Money
    """From it on a spouse must have consented."""
    kdn_max: Decimal
    """КДН, debts' share of the income, may be up to and including it."""
    consent_under: int
    """Whoever is younger, in full years, confirms the wish once more."""
    consent_over: int
    """So does whoever is as old or older."""
    settings: Mapping[str, Setting]
    """The records these values come from, by key."""

    @classmethod
    def at(cls, policy: Policy, submitted_at: datetime) -> Self:
        """The rules in force at that instant, with the acts they come from."""
        return cls(
            max_amount=policy.money_of_mrp(_MAX_AMOUNT, submitted_at),
            visit_above=policy.money_of_mrp(_VISIT_ABOVE, submitted_at),
            spouse_from=policy.money_of_mrp(_SPOUSE_FROM, submitted_at),
            kdn_max=policy.decimal(_KDN_MAX, submitted_at),
            consent_under=policy.integer(_UNDER, submitted_at),
            consent_over=policy.integer(_OVER, submitted_at),
            settings={key: policy.setting_at(key, submitted_at) for key in _KEYS},
        )

    @property
    def max_amount_source(self) -> str:
        return self.settings[_MAX_AMOUNT].source

    @property
    def visit_source(self) -> str:
        return self.settings[_VISIT_ABOVE].source

    def cited(self, *keys: str) -> tuple[Setting, ...]:
        """The records of these keys."""
        return tuple(self.settings[key] for key in keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldRules(Rounds):
    """The same, by the settings of lending."""

    @classmethod
    def at(cls, policy: Policy, at: datetime) -> Self:
        return cls(
            tries=policy.integer("lending.check_tries", at),
            most_pause=timedelta(
                minutes=policy.integer("lending.check_pause_minutes", at)
            ),
        )


def held_too_long(since: datetime | None, policy: Policy, *, at: datetime) -> bool:
    """Whether a person let the working days of `lending.held_wd` pass."""
    if since is None:
        return False
    calendar = WorkingCalendar(overrides_of(policy.texts("calendar.overrides", at)))
    last = calendar.add_working_days(almaty_date(since), policy.integer(HELD_WD, since))
    return almaty_date(at) > last


def confirmation_required(
    amount: Money, *, policy: Policy, signed_at: datetime
) -> bool:
    """Whether a release confirmation (повторное подтверждение) must be given.

    Strictly above ``cooling.confirmation_above``, МРП by the contract's date; `amount`
    is the sum of all that count together (law №205-VIII, see `summed_since`).
    """
    return amount > policy.money_of_mrp("cooling.confirmation_above", signed_at)


def hold_until(
    amount: Money,
    *,
    policy: Policy,
    signed_at: datetime,
    consented_at: datetime,
    held_from: datetime | None = None,
) -> datetime:
    """The earliest instant at which money may move (clause 5.5).

    The later of signing and consent, plus ``cooling.hours`` by the contract's date.
    Hours are added to the UTC instant, never to a local date.  A sum up to
    ``cooling.threshold`` (`amount` as in `confirmation_required`) is not held; the
    default of zero holds every amount.  `held_from`: an amendment since then has begun
    the hold anew (5.3).
    """
    begins_at = max(signed_at, consented_at, held_from or signed_at)
    if amount <= policy.money_of_mrp("cooling.threshold", signed_at):
        return begins_at
    return begins_at + timedelta(hours=policy.integer("cooling.hours", signed_at))


def summed_since(policy: Policy, signed_at: datetime) -> datetime:
    """From when on the client's microcredits count together (cooling.aggregation).

    The calendar day of Almaty, or a rolling 24 hours; Broken for another word.
    """
    match policy.text("cooling.aggregation", signed_at):
        case "almaty_day":
            return instant_of(almaty_date(signed_at)).astimezone(UTC)
        case "rolling_24h":
            return signed_at - timedelta(hours=24)
        case _:
            raise Broken("cooling.aggregation is a word nobody knows")


def offer_until(policy: Policy, offered_at: datetime) -> datetime:
    """When an offer that nobody signed ends."""
    return offered_at + timedelta(days=policy.integer("lending.offer_days", offered_at))


def amendment_until(policy: Policy, offered_at: datetime) -> datetime:
    """When an amendment that nobody signed ends."""
    days = policy.integer("lending.amendment_days", offered_at)
    return offered_at + timedelta(days=days)


def silence_until(policy: Policy, counted_from: datetime) -> datetime:
    """When silence, counted from that instant, annuls the contract."""
    days = policy.integer("cooling.consent_silence_days", counted_from)
    return counted_from + timedelta(days=days)


def reminder_days(policy: Policy, at: datetime) -> tuple[int, ...]:
    """How many days before the end of silence the client is reminded, each once."""
    return tuple(int(days) for days in policy.texts("cooling.reminders_days_left", at))


def channel_counts(channel: str, *, policy: Policy, at: datetime) -> bool:
    """Whether a consent given in this channel counts at that instant."""
    return channel in policy.texts("cooling.consent_channels", at)
