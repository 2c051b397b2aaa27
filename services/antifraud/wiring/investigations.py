"""Builds what the staff do with investigations."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.platform import Platform
from services.antifraud.adapters import LoggedAlarms
from services.antifraud.domain.investigations import (
    Conclusion,
    Entry,
    Investigation,
    Kind,
    number_of,
)
from services.antifraud.handlers import Tools, concluding, investigations
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlInvestigationUnit, SqlInvestigationUnits


@dataclass(frozen=True, slots=True)
class InvestigationCases:
    """What the door may have done with investigations."""

    platform: Platform[Settings]
    tools: Tools

    def listed(self, call: Call, *, closed: bool) -> Json:
        found = investigations.listed(
            closed=closed, by=call.by.id, units=self._units(call.context)
        )
        return {"investigations": [_told(one) for one in found]}

    def show(self, call: Call, *, investigation_id: UUID) -> Json:
        found = investigations.show(
            investigation_id, by=call.by.id, units=self._units(call.context)
        )
        one = found.investigation
        return {
            **_told(one),
            "entries": [
                {**_entry(entry), "words": found.words.get(entry.entry_id)}
                for entry in one.entries
            ],
            "end": jsonable(one.end),
        }

    def read_file(self, call: Call, *, investigation_id: UUID, entry_id: UUID) -> Json:
        content = investigations.read_file(
            investigation_id,
            entry_id,
            by=call.by.id,
            units=self._units(call.context),
        )
        return {"content_b64": base64.b64encode(content).decode("ascii")}

    def measures(self, call: Call) -> Json:
        found = investigations.measures(by=call.by.id, units=self._units(call.context))
        return {
            "measures": [
                {
                    "measure_id": str(entry.entry_id),
                    "investigation_id": str(one.investigation_id),
                    "number": number_of(one.number),
                    "owner": str(entry.who),
                    "due_on": jsonable(entry.due_on),
                    "risk_id": jsonable(entry.risk_id),
                }
                for one, entry in found
            ]
        }

    def open(
        self,
        call: Call,
        *,
        ground: str,
        lead: UUID,
        subjects: Sequence[UUID],
        words: str,
    ) -> Json:
        return _told(
            investigations.open_investigation(
                ground,
                lead=lead,
                subjects=subjects,
                words=words,
                by=call.by.id,
                units=self._units(call.context),
                tools=self.tools,
            )
        )

    def assign(self, call: Call, *, investigation_id: UUID, to: UUID) -> Json:
        made = investigations.assign(
            investigation_id,
            to=to,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return _entry(made)

    def name_subject(self, call: Call, *, investigation_id: UUID, who: UUID) -> Json:
        made = investigations.name_subject(
            investigation_id,
            who=who,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return _entry(made)

    def say(
        self,
        call: Call,
        *,
        investigation_id: UUID,
        kind: Kind,
        words: str,
        due_on: date | None = None,
        who: UUID | None = None,
        risk_id: UUID | None = None,
    ) -> Json:
        made = investigations.say(
            investigation_id,
            kind,
            words,
            due_on=due_on,
            who=who,
            risk_id=risk_id,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return _entry(made)

    def finish(
        self, call: Call, *, investigation_id: UUID, of: UUID, kind: Kind, words: str
    ) -> Json:
        made = investigations.finish(
            investigation_id,
            of,
            kind,
            words,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return _entry(made)

    def add_file(self, call: Call, *, investigation_id: UUID, content: bytes) -> Json:
        made = investigations.add_file(
            investigation_id,
            content,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return _entry(made)

    def ask_conclusion(
        self, call: Call, *, investigation_id: UUID, said: Conclusion
    ) -> Json:
        with self.platform.database.begin(call.context) as tx:
            arguments, effect = concluding.conclusion(
                investigation_id,
                said,
                by=call.by.id,
                unit=self._unit(tx),
                tools=self.tools,
            )
            asked = approvals.request(
                tx,
                operation=concluding.CONCLUDE,
                arguments=arguments,
                effect=effect,
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def conclude(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        concluding.conclude(
            approval.arguments,
            asked_by=approval.requested_by,
            approved_by=by,
            unit=self._unit(tx),
            tools=self.tools,
        )

    def watch(self) -> None:
        units = self._units(self.platform.context())
        investigations.watch(units=units, tools=self.tools, alarms=LoggedAlarms())

    def _unit(self, tx: Transaction) -> SqlInvestigationUnit:
        return SqlInvestigationUnit(tx, self.platform.field_keys)

    def _units(self, context: Context) -> SqlInvestigationUnits:
        platform = self.platform
        return SqlInvestigationUnits(platform.database, context, platform.field_keys)


def _told(one: Investigation) -> dict[str, Json]:
    return {
        "investigation_id": str(one.investigation_id),
        "number": number_of(one.number),
        "ground": one.ground,
        "lead": str(one.lead),
        "opened_at": jsonable(one.opened_at),
        "unfinished": len(one.unfinished),
        "finding": None if one.end is None else one.end.finding.value,
    }


def _entry(entry: Entry) -> dict[str, Json]:
    return {
        "entry_id": str(entry.entry_id),
        "kind": entry.kind.value,
        "at": jsonable(entry.at),
        "by": str(entry.by),
        "of": jsonable(entry.of),
        "who": jsonable(entry.who),
        "due_on": jsonable(entry.due_on),
        "risk_id": jsonable(entry.risk_id),
        "size": entry.size,
        "sha256": entry.sha256,
    }
