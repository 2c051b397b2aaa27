"""Builds what is done with first measures of incidents."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call, Context, jsonable
from kernel.crypto import Json, as_object
from kernel.database import Transaction
from kernel.platform import Platform
from services.audit.adapters.alarms import LoggedAlarms
from services.audit.domain.incidents.measure import Measure
from services.audit.handlers import measures
from services.audit.handlers.tools import Tools
from services.audit.ports.measures import BrokerGuard
from services.audit.settings import Settings
from services.audit.storage.incidents import SqlIncidentUnit, SqlIncidentUnits

UNDO: Final = "undo_measure"


@dataclass(frozen=True, slots=True)
class MeasureCases:
    """What the door may have done with measures."""

    platform: Platform[Settings]
    guard: BrokerGuard | None
    tools: Tools

    def take(
        self, call: Call, *, incident_id: UUID, measure: Measure, about: str | None
    ) -> Json:
        made = measures.take(
            incident_id,
            measure,
            about,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return jsonable(made)

    def ask_undo(self, call: Call, *, measure_id: UUID, reason: str) -> Json:
        self.tools.refuse_unfit(reason)
        units = self._units(call.context)
        ordered = measures.refuse_unliftable(measure_id, units=units)
        with self.platform.database.begin(call.context) as tx:
            asked = approvals.request(
                tx,
                operation=UNDO,
                arguments={"measure_id": str(measure_id), "reason": reason},
                effect=f"Undone: {ordered.measure} of {ordered.about}: {reason}",
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def undo(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        asked = as_object(approval.arguments)
        measures.lift(
            UUID(str(asked["measure_id"])),
            str(asked["reason"]),
            asked_by=approval.requested_by,
            approved_by=by,
            unit=SqlIncidentUnit(tx, self.platform.field_keys),
            tools=self.tools,
        )

    def keep_cut_off(self) -> None:
        measures.keep_cut_off(
            guard=self.guard,
            units=self._units(self.platform.context()),
            tools=self.tools,
            alarms=LoggedAlarms(),
        )

    def _units(self, context: Context) -> SqlIncidentUnits:
        platform = self.platform
        return SqlIncidentUnits(platform.database, context, platform.field_keys)
