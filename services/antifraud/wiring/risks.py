"""Builds what the staff do with the register of risks."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.clock import almaty_date
from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.platform import Platform
from services.antifraud.adapters import LoggedAlarms
from services.antifraud.domain.assessing import Assessment, Level, assessment_to_wire
from services.antifraud.domain.risks import Revision, Risk, State, number_of
from services.antifraud.handlers import Tools, risks
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlRiskUnit, SqlRiskUnits


@dataclass(frozen=True, slots=True)
class RiskCases:
    """What the door may have done with risks."""

    platform: Platform[Settings]
    tools: Tools

    def listed(self, call: Call, *, state: State | None) -> Json:
        found = risks.listed(
            state=state, units=self._units(call.context), tools=self.tools
        )
        return {"risks": [self._told(risk, stands) for risk, stands in found]}

    def show(self, call: Call, *, risk_id: UUID) -> Json:
        found = risks.show(risk_id, units=self._units(call.context))
        risk, said = found.risk, found.risk.revision.says
        return {
            **self._told(risk, risk.state(self._today())),
            "counted": _level(said.counted),
            "says": assessment_to_wire(said),
            "acceptances": jsonable(found.acceptances),
            "revisions": [_revision(each) for each in found.revisions],
        }

    def open(self, call: Call, *, said: Assessment) -> Json:
        opened = risks.open_risk(
            said, by=call.by.id, units=self._units(call.context), tools=self.tools
        )
        return self._told(opened, State.OPEN)

    def revise(self, call: Call, *, risk_id: UUID, said: Assessment) -> Json:
        revision = risks.revise(
            risk_id,
            said,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"risk_id": str(risk_id), "revision": revision.number}

    def review(self, call: Call, *, risk_id: UUID, review_on: date, words: str) -> Json:
        revision = risks.review(
            risk_id,
            review_on=review_on,
            words=words,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"risk_id": str(risk_id), "revision": revision.number}

    def close(self, call: Call, *, risk_id: UUID, words: str) -> Json:
        revision = risks.close(
            risk_id,
            words=words,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"risk_id": str(risk_id), "revision": revision.number}

    def ask_acceptance(
        self, call: Call, *, risk_id: UUID, until_on: date, reason: str
    ) -> Json:
        with self.platform.database.begin(call.context) as tx:
            arguments, effect = risks.acceptance(
                risk_id,
                until_on=until_on,
                reason=reason,
                unit=SqlRiskUnit(tx),
                tools=self.tools,
            )
            asked = approvals.request(
                tx,
                operation=risks.ACCEPT,
                arguments=arguments,
                effect=effect,
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def accept(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        risks.accept(
            approval.arguments,
            asked_by=approval.requested_by,
            approved_by=by,
            unit=SqlRiskUnit(tx),
            tools=self.tools,
        )

    def watch(self) -> None:
        units = self._units(self.platform.context())
        risks.watch(units=units, tools=self.tools, alarms=LoggedAlarms())

    def _told(self, risk: Risk, state: State) -> dict[str, Json]:
        said = risk.revision.says
        return {
            "risk_id": str(risk.risk_id),
            "number": number_of(risk.number),
            "state": state.value,
            "title": said.title,
            "category": said.category.value,
            "owner": str(said.owner),
            "inherent": said.inherent.score,
            "residual": said.residual.score,
            "treatment": said.treatment.value,
            "review_on": said.review_on.isoformat(),
            "overdue": [owed.duty.value for owed in risk.overdue(self._today())],
        }

    def _today(self) -> date:
        return almaty_date(self.platform.clock.now())

    def _units(self, context: Context) -> SqlRiskUnits:
        return SqlRiskUnits(self.platform.database, context)


def _level(level: Level) -> Json:
    return {"likelihood": level.likelihood, "impact": level.impact}


def _revision(revision: Revision) -> Json:
    return {
        "number": revision.number,
        "step": revision.step.value,
        "at": jsonable(revision.at),
        "by": str(revision.by),
        "residual": revision.says.residual.score,
        "words": revision.words,
        "sha256": revision.says.sha256,
    }
