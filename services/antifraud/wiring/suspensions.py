"""Builds what persons do with suspensions, and with rules that were tripped."""

from dataclasses import dataclass
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.platform import Platform
from services.antifraud.adapters import LoggedAlarms
from services.antifraud.domain.suspending import Suspension
from services.antifraud.handlers import Tools, breaking, suspending
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlUnit, SqlUnits


@dataclass(frozen=True, slots=True)
class SuspensionCases:
    """What the door may have done with suspensions."""

    platform: Platform[Settings]
    tools: Tools

    def suspend_name(self, call: Call, *, entity: str, value: str, ground: str) -> Json:
        return _told(
            suspending.suspend_name(
                entity,
                value,
                ground=ground,
                by=str(call.by.id),
                units=self._units(call.context),
                tools=self.tools,
            )
        )

    def release(self, call: Call, *, held: str, ground: str) -> Json:
        decision_id = suspending.release(
            held,
            ground=ground,
            by=str(call.by.id),
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"decision_id": str(decision_id)}

    def keep(self, call: Call, *, held: str, ground: str) -> Json:
        return _told(
            suspending.keep(
                held,
                ground=ground,
                by=str(call.by.id),
                units=self._units(call.context),
                tools=self.tools,
            )
        )

    def listed(self, call: Call) -> Json:
        found = suspending.listed(units=self._units(call.context))
        return {"holds": [_told(each) for each in found]}

    def watch(self) -> None:
        units = self._units(self.platform.context())
        suspending.watch(units=units, tools=self.tools, alarms=LoggedAlarms())
        breaking.watch(units=units, tools=self.tools, alarms=LoggedAlarms())

    def tripped(self, call: Call) -> Json:
        found = breaking.listed(units=self._units(call.context))
        return {"rules": jsonable(found)}

    def ask_rearm(self, call: Call, *, version: str, rule: str) -> Json:
        with self.platform.database.begin(call.context) as tx:
            arguments, effect = breaking.rearming(version, rule, unit=SqlUnit(tx))
            asked = approvals.request(
                tx,
                operation=breaking.REARM,
                arguments=arguments,
                effect=effect,
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def rearm(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        breaking.rearm(
            approval.arguments,
            asked_by=approval.requested_by,
            approved_by=by,
            unit=SqlUnit(tx),
            tools=self.tools,
        )

    def _units(self, context: Context) -> SqlUnits:
        return SqlUnits(self.platform.database, context)


def _told(suspension: Suspension) -> Json:
    until_on, client_id = suspension.until_on, suspension.client_id
    return {
        "held": suspension.held,
        "hold_id": str(suspension.hold_id),
        "client_id": None if client_id is None else str(client_id),
        "held_at": jsonable(suspension.held_at),
        "until_on": None if until_on is None else until_on.isoformat(),
        "suspended_by": suspension.suspended_by,
        "reason": suspension.reason,
    }
