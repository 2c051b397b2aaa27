"""The door to the register of risks."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import answers, every, executes
from services.antifraud.domain.assessing import (
    Assessment,
    Category,
    Control,
    Effect,
    Level,
    Treatment,
)
from services.antifraud.domain.risks import State
from services.antifraud.wiring import UseCases

Words = Annotated[str, Field(max_length=20_000)]
Day = Annotated[date, Field(strict=False)]
States = Literal["all", "open", "accepted", "closed"]


class _Wire(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class WireLevel(_Wire):
    """Likelihood and impact, 1 to 5."""

    likelihood: int
    impact: int

    @property
    def level(self) -> Level:
        return Level(likelihood=self.likelihood, impact=self.impact)


class WireControl(_Wire):
    """A control as the staff send it."""

    name: Words
    linked_to: str = Field(max_length=200)
    lowers: Literal["likelihood", "impact"]
    design: Effect = Field(strict=False)
    operation: Effect = Field(strict=False)
    judged_on: Day


class WireAssessment(_Wire):
    """An assessment as the staff send it."""

    title: Words
    category: Category = Field(strict=False)
    owner: UUID = Field(strict=False)
    inherent: WireLevel
    controls: tuple[WireControl, ...] = Field(default=(), max_length=200, strict=False)
    judged: WireLevel | None = None
    because: Words = ""
    treatment: Treatment = Field(strict=False)
    plan: Words = ""
    due_on: Day | None = None
    review_on: Day

    @property
    def said(self) -> Assessment:
        return Assessment(
            title=self.title,
            category=self.category,
            owner=self.owner,
            inherent=self.inherent.level,
            controls=tuple(Control(**one.model_dump()) for one in self.controls),
            judged=None if self.judged is None else self.judged.level,
            because=self.because,
            treatment=self.treatment,
            plan=self.plan,
            due_on=self.due_on,
            review_on=self.review_on,
        )


class RiskDoor:
    """The staff keep the register of risks of fraud (clause 6.1h i–iii)."""

    use_cases: UseCases

    @answers(permission="antifraud.risks_look")
    def risks_list(self, call: Call, *, state: States = "all") -> Json:
        """The register, what is left the most first."""
        wanted = None if state == "all" else State(state)
        return self.use_cases.risks.listed(call, state=wanted)

    @answers(permission="antifraud.risks_look")
    def risks_show(self, call: Call, *, risk_id: UUID) -> Json:
        """A risk with every revision and acceptance."""
        return self.use_cases.risks.show(call, risk_id=risk_id)

    @answers(permission="antifraud.risks")
    def open_risk(self, call: Call, *, says: WireAssessment) -> Json:
        """A risk was identified and assessed."""
        return self.use_cases.risks.open(call, said=says.said)

    @answers(permission="antifraud.risks")
    def revise_risk(self, call: Call, *, risk_id: UUID, says: WireAssessment) -> Json:
        """Assess a risk anew; an acceptance of what was said before ends."""
        return self.use_cases.risks.revise(call, risk_id=risk_id, said=says.said)

    @answers(permission="antifraud.risks")
    def review_risk(
        self, call: Call, *, risk_id: UUID, review_on: date, words: Words
    ) -> Json:
        """Somebody looked, and it stands; with the day of the next look."""
        return self.use_cases.risks.review(
            call, risk_id=risk_id, review_on=review_on, words=words
        )

    @answers(permission="antifraud.risks")
    def close_risk(self, call: Call, *, risk_id: UUID, words: Words) -> Json:
        """The risk is none any more, and why."""
        return self.use_cases.risks.close(call, risk_id=risk_id, words=words)

    @answers(permission="antifraud.risks")
    def ask_acceptance(
        self, call: Call, *, risk_id: UUID, until_on: date, reason: Words
    ) -> Json:
        """Ask that a risk be borne until a day; another person decides."""
        return self.use_cases.risks.ask_acceptance(
            call, risk_id=risk_id, until_on=until_on, reason=reason
        )

    @executes(permission="antifraud.risks_decide")
    def accept_risk(self, tx: Transaction, approval: Approval, by: StaffMember) -> None:
        """Two agree: what was assessed is borne until a day."""
        self.use_cases.risks.accept(tx, approval, by.id)

    @every(seconds=60)
    def watch_risks(self) -> None:
        """Tell of reviews, plans and acceptances whose day has passed."""
        self.use_cases.risks.watch()
