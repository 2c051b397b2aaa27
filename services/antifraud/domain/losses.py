"""Losses by fraud that came true: how much, why, and of which risk (6.1h vii).

A loss is its facts and its entries, both only added to.  Gross is what was lost, and
may be nothing where a fraud was stopped; what came back is never more.  A mistake is
put right by an entry of its own, with words, never by changing one.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Self, TypeVar
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import almaty_date
from kernel.errors import Refused
from kernel.money import Money
from kernel.policy import Policy
from kernel.words import refuse_unfit_words

K = TypeVar("K")
NOTHING: Final = Money(0)


class Cause(StrEnum):
    """Why money could be lost."""

    FALSE_DATA = "false_data"
    STOLEN_IDENTITY = "stolen_identity"
    TAKEOVER = "takeover"
    DROPPER = "dropper"
    COLLUSION = "collusion"
    MISTAKE = "mistake"
    TECHNOLOGY = "technology"
    OTHER = "other"


class Side(StrEnum):
    """What an entry counts as."""

    GROSS = "gross"
    RECOVERED = "recovered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a loss is of; ``contract_id`` as contracts names it."""

    cause: Cause
    risk_id: UUID
    case_id: UUID | None
    contract_id: UUID | None
    occurred_on: date
    found_on: date
    booked_on: date
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Facts as somebody told them; the last that were told count."""

    number: int
    at: datetime
    by: UUID
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An amount on one side; below zero where it puts right what was too much.

    ``on``: the day it is booked for.
    """

    entry_id: UUID
    at: datetime
    by: UUID
    side: Side
    amount: Money
    on: date
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """A loss as it stands."""

    loss_id: UUID
    number: int
    recorded_at: datetime
    facts: Facts
    gross: Money
    recovered: Money

    @property
    def net(self) -> Money:
        return self.gross - self.recovered

    def refuse_impossible(self, side: Side, amount: Money) -> None:
        """Refused ``loss_amount_unfit``: more comes back than went, or less than none.

        ``amount`` is what is to be added to a side.
        """
        gross = self.gross + (amount if side is Side.GROSS else NOTHING)
        back = self.recovered + (amount if side is Side.RECOVERED else NOTHING)
        if not NOTHING <= back <= gross:
            raise Refused(
                "loss_amount_unfit",
                "More would come back than was lost, or less than nothing be lost.",
                next_step="Look at the entries: `kredit antifraud losses show ID`.",
                gross=self.gross.to_wire(),
                recovered=self.recovered.to_wire(),
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class LossHistory:
    """A loss with all that was told of it and every entry, the oldest first."""

    loss: Loss
    told: Sequence[Told]
    entries: Sequence[Entry]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Of some losses."""

    count: int
    gross: Money
    recovered: Money

    @property
    def net(self) -> Money:
        return self.gross - self.recovered


@dataclass(frozen=True, slots=True, kw_only=True)
class LossRules:
    """What the dated settings say of losses at an instant."""

    today: date
    record_wd: int
    most_characters: int
    calendar: WorkingCalendar

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        return cls(
            today=almaty_date(now),
            record_wd=policy.integer("antifraud.loss_record_wd", now),
            most_characters=policy.integer("antifraud.case_note_characters", now),
            calendar=WorkingCalendar(
                overrides_of(policy.texts("calendar.overrides", now))
            ),
        )

    def refuse_unfit(self, facts: Facts) -> None:
        """Refused as `refuse_unfit_words`, and ``loss_days_unfit``.

        It happens, is found, is booked, in this order, and none of it tomorrow.
        """
        refuse_unfit_words(facts.words, most=self.most_characters)
        days = (facts.occurred_on, facts.found_on, facts.booked_on, self.today)
        if list(days) != sorted(days):
            raise _days_unfit()

    def refuse_unfit_entry(self, on: date, words: str) -> None:
        """Refused as `refuse_unfit_words`, and ``loss_days_unfit``."""
        refuse_unfit_words(words, most=self.most_characters)
        if on > self.today:
            raise _days_unfit()

    def record_by(self, closed_on: date) -> date:
        """The last day to record what a case found to be a fraud has cost."""
        return self.calendar.add_working_days(closed_on, self.record_wd)


def sums_of(losses: Iterable[Loss]) -> Sums:
    """How much they are together."""
    count, gross, recovered = 0, NOTHING, NOTHING
    for loss in losses:
        count += 1
        gross, recovered = gross + loss.gross, recovered + loss.recovered
    return Sums(count=count, gross=gross, recovered=recovered)


def by_cause(losses: Iterable[Loss]) -> Mapping[Cause, Sums]:
    """Sums of each cause that has any, the largest net first."""
    found: dict[Cause, list[Loss]] = defaultdict(list)
    for loss in losses:
        found[loss.facts.cause].append(loss)
    return _ordered({cause: sums_of(some) for cause, some in found.items()})


def by_risk(losses: Iterable[Loss]) -> Mapping[UUID, Sums]:
    """Sums of each risk that has any, the largest net first."""
    found: dict[UUID, list[Loss]] = defaultdict(list)
    for loss in losses:
        found[loss.facts.risk_id].append(loss)
    return _ordered({risk_id: sums_of(some) for risk_id, some in found.items()})


def _ordered(sums: Mapping[K, Sums]) -> Mapping[K, Sums]:
    ranked = sorted(
        sums.items(), key=lambda one: (-one[1].net.amount_minor, str(one[0]))
    )
    return dict(ranked)


def number_of(number: int) -> str:
    """As persons name it: ``L-7``."""
    return f"L-{number}"


def loss_not_found() -> Refused:
    return Refused(
        "loss_not_found",
        "There is no such loss.",
        next_step="List them: `kredit antifraud losses list`.",
    )


def loss_exists() -> Refused:
    return Refused(
        "loss_exists",
        "A loss of that case and contract is on record already.",
        next_step="Correct that one: `kredit antifraud losses correct ID`.",
    )


def loss_case_unfit() -> Refused:
    return Refused(
        "loss_case_unfit",
        "There is no such case that was closed as a fraud.",
        next_step="Close the case first, or leave it out.",
    )


def _days_unfit() -> Refused:
    return Refused(
        "loss_days_unfit",
        "It happens, is found and is booked in this order, and not tomorrow.",
        next_step="Look at the days.",
    )
