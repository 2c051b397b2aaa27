"""The assessment of a risk: how bad it is, what holds it, and what is done about it.

What is left of it is counted from its controls; whoever judges it otherwise says why
(clause 6.1h i).
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Final, Literal, Self
from uuid import UUID

from kernel.clock import almaty_date
from kernel.context import jsonable
from kernel.crypto import Json, as_object, canonical, sha256_hex
from kernel.errors import Broken, Refused
from kernel.policy import Policy
from kernel.words import refuse_unfit_words

HIGHEST: Final = 5
"""Likelihood and impact go from 1 to this."""
MOST_TITLE: Final = 200
"""Characters."""
_CLAUSE: Final = re.compile(r"[1-9]\.[0-9]{1,2}[a-z]?")
Side = Literal["likelihood", "impact"]


class Category(StrEnum):
    """Where a risk comes from."""

    APPLICATION = "application"
    IDENTITY = "identity"
    TAKEOVER = "takeover"
    PAYOUT = "payout"
    STAFF = "staff"
    PARTNER = "partner"
    TECHNOLOGY = "technology"
    OTHER = "other"


class Treatment(StrEnum):
    """What is done about it."""

    AVOID = "avoid"
    REDUCE = "reduce"
    TRANSFER = "transfer"
    ACCEPT = "accept"


class Effect(StrEnum):
    """How well a control is designed, or works, as somebody judged it."""

    EFFECTIVE = "effective"
    PARTLY = "partly"
    INEFFECTIVE = "ineffective"


_STRENGTH: Final = {Effect.EFFECTIVE: 2, Effect.PARTLY: 1, Effect.INEFFECTIVE: 0}
"""Steps by which a control lowers its side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """Likelihood and impact, each 1 to `HIGHEST`."""

    likelihood: int
    impact: int

    @property
    def score(self) -> int:
        """1 to 25: what registers are ordered by."""
        return self.likelihood * self.impact


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """What lowers one side of a risk, and how well it was found to.

    ``linked_to``: ``clause:6.1g``, ``rule:applications_burst`` or
    ``setting:antifraud.decide_ms``.
    """

    name: str
    linked_to: str
    lowers: Side
    design: Effect
    operation: Effect
    judged_on: date

    @property
    def strength(self) -> int:
        """A design that is not carried out lowers nothing, and no more than it can."""
        return min(_STRENGTH[self.design], _STRENGTH[self.operation])


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """What is said of a risk: its identification, assessment and treatment.

    ``judged`` is the residual level where somebody judges it otherwise than it is
    counted, ``because`` then says why.  ``due_on`` is the day of the plan.
    """

    title: str
    category: Category
    owner: UUID
    inherent: Level
    controls: tuple[Control, ...]
    judged: Level | None
    because: str
    treatment: Treatment
    plan: str
    due_on: date | None
    review_on: date

    @property
    def counted(self) -> Level:
        """The inherent level, lowered by its controls, never below 1."""

        def lowered(side: Side, level: int) -> int:
            by = sum(one.strength for one in self.controls if one.lowers == side)
            return max(1, level - by)

        return Level(
            likelihood=lowered("likelihood", self.inherent.likelihood),
            impact=lowered("impact", self.inherent.impact),
        )

    @property
    def residual(self) -> Level:
        return self.counted if self.judged is None else self.judged

    @property
    def sha256(self) -> str:
        """Of everything that is said."""
        return sha256_hex(canonical(assessment_to_wire(self)))

    def reviewed(self, review_on: date) -> Self:
        return replace(self, review_on=review_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskRules:
    """What the dated settings say of risks at an instant."""

    today: date
    review_days: int
    acceptance_days: int
    most_controls: int
    most_characters: int
    settings: Collection[str]

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        return cls(
            today=almaty_date(now),
            review_days=policy.integer("antifraud.risk_review_days", now),
            acceptance_days=policy.integer("antifraud.risk_acceptance_days", now),
            most_controls=policy.integer("antifraud.risk_controls", now),
            most_characters=policy.integer("antifraud.case_note_characters", now),
            settings=policy.keys,
        )

    def refuse_unfit(self, said: Assessment, *, rules: Collection[str]) -> None:
        """What may stand in the register.  ``rules``: codes of rules that judge now.

        Refused as `refuse_unfit_words`, and ``risk_level_unfit``,
        ``risk_controls_many``, ``risk_control_unfit``, ``residual_unexplained``,
        ``treatment_unplanned``, ``review_day_unfit``.
        """
        self._refuse_words(said)
        levels = (said.inherent, *([said.judged] if said.judged else []))
        if not all(
            1 <= side <= HIGHEST
            for level in levels
            for side in (level.likelihood, level.impact)
        ):
            raise _level_unfit()
        if len(said.controls) > self.most_controls:
            raise _controls_many(self.most_controls)
        for control in said.controls:
            if control.judged_on > self.today or not self._leads(control, rules):
                raise _control_unfit(control.linked_to)
        if said.residual != said.counted and not said.because.strip():
            raise _residual_unexplained(said.counted)
        if said.treatment is not Treatment.ACCEPT and (
            not said.plan.strip() or said.due_on is None or said.due_on < self.today
        ):
            raise _treatment_unplanned()
        self.refuse_unfit_review(said.review_on)

    def refuse_unfit_review(self, review_on: date) -> None:
        """Refused ``review_day_unfit``: a review is to come, and before too long."""
        if not 0 < (review_on - self.today).days <= self.review_days:
            raise Refused(
                "review_day_unfit",
                "The next review is after today, and before too long.",
                next_step=f"Choose a day within {self.review_days} days.",
                days=self.review_days,
            )

    def refuse_unfit_acceptance(self, until_on: date) -> None:
        """Refused ``acceptance_day_unfit``: nothing is accepted for ever."""
        if not 0 < (until_on - self.today).days <= self.acceptance_days:
            raise Refused(
                "acceptance_day_unfit",
                "A risk is accepted until a day that is not too far.",
                next_step=f"Choose a day within {self.acceptance_days} days.",
                days=self.acceptance_days,
            )

    def _refuse_words(self, said: Assessment) -> None:
        refuse_unfit_words(said.title, most=MOST_TITLE)
        for control in said.controls:
            refuse_unfit_words(control.name, most=MOST_TITLE)
        for words in (said.plan, said.because):
            if words:
                refuse_unfit_words(words, most=self.most_characters)

    def _leads(self, control: Control, rules: Collection[str]) -> bool:
        """Whether what a control is linked to is there."""
        kind, _, name = control.linked_to.partition(":")
        match kind:
            case "clause":
                return _CLAUSE.fullmatch(name) is not None
            case "rule":
                return name in rules
            case "setting":
                return name in self.settings
        return False


def assessment_to_wire(said: Assessment) -> dict[str, Json]:
    """What `assessment_from_wire` reads back."""
    return dict(as_object(jsonable(said)))


def assessment_from_wire(wire: Mapping[str, Json]) -> Assessment:
    """Broken for what `assessment_to_wire` did not write."""
    try:
        return Assessment(
            title=str(wire["title"]),
            category=Category(str(wire["category"])),
            owner=UUID(str(wire["owner"])),
            inherent=_level(wire["inherent"]),
            controls=tuple(map(_control, _listed(wire["controls"]))),
            judged=None if wire["judged"] is None else _level(wire["judged"]),
            because=str(wire["because"]),
            treatment=Treatment(str(wire["treatment"])),
            plan=str(wire["plan"]),
            due_on=_day(wire["due_on"]),
            review_on=date.fromisoformat(str(wire["review_on"])),
        )
    except (KeyError, ValueError) as error:
        raise Broken("a stored assessment is none") from error


def _listed(wire: Json) -> Sequence[Json]:
    if isinstance(wire, list):
        return wire
    raise ValueError("no list")


def _level(wire: Json) -> Level:
    said = as_object(wire)
    return Level(
        likelihood=int(str(said["likelihood"])), impact=int(str(said["impact"]))
    )


def _control(wire: Json) -> Control:
    said = as_object(wire)
    lowers: Side = "impact" if said["lowers"] == "impact" else "likelihood"
    return Control(
        name=str(said["name"]),
        linked_to=str(said["linked_to"]),
        lowers=lowers,
        design=Effect(str(said["design"])),
        operation=Effect(str(said["operation"])),
        judged_on=date.fromisoformat(str(said["judged_on"])),
    )


def _day(wire: Json) -> date | None:
    return None if wire is None else date.fromisoformat(str(wire))


def _level_unfit() -> Refused:
    return Refused(
        "risk_level_unfit",
        "Likelihood and impact are numbers from 1 to 5.",
        next_step="Give both, of the inherent level and of the judged one.",
    )


def _controls_many(most: int) -> Refused:
    return Refused(
        "risk_controls_many",
        "The risk names more controls than one may.",
        next_step="Split it: a risk with so many controls is several.",
        most=most,
    )


def _control_unfit(linked_to: str) -> Refused:
    return Refused(
        "risk_control_unfit",
        "A control is linked to nothing that is there, or judged on a day to come.",
        next_step="Link it to clause:N, setting:KEY, or rule:CODE of what judges now.",
        linked_to=linked_to[:MOST_TITLE],
    )


def _residual_unexplained(counted: Level) -> Refused:
    return Refused(
        "residual_unexplained",
        "What is said to be left is not what the controls leave, without a reason.",
        next_step="Say why in `because`, or leave `judged` out.",
        likelihood=counted.likelihood,
        impact=counted.impact,
    )


def _treatment_unplanned() -> Refused:
    return Refused(
        "treatment_unplanned",
        "A risk that is not accepted has a plan and a day that is to come.",
        next_step="Give `plan` and `due_on`, or the treatment accept.",
    )
