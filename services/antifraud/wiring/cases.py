"""Builds what the staff do with cases."""

import base64
from dataclasses import dataclass
from uuid import UUID

from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.platform import Platform
from services.antifraud.adapters import LoggedAlarms, RpcPictures
from services.antifraud.domain.cases import Case, CaseOutcome
from services.antifraud.handlers import Tools, cases
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlCaseUnits


@dataclass(frozen=True, slots=True)
class CaseCases:
    """What the door may have done with cases."""

    platform: Platform[Settings]
    tools: Tools

    def listed(self, call: Call, *, state: str) -> Json:
        found = cases.listed(
            closed=state == "closed",
            assigned_to=call.by.id if state == "mine" else None,
            units=self._units(call.context),
        )
        return {"cases": [_told(each) for each in found]}

    def show(self, call: Call, *, case_id: UUID) -> Json:
        found = cases.show(case_id, by=call.by.id, units=self._units(call.context))
        return {
            **_told(found.case),
            "operations": jsonable(found.items),
            "notes": jsonable(found.notes),
            "files": jsonable(found.files),
        }

    def take(self, call: Call, *, case_id: UUID) -> Json:
        cases.take(
            case_id,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"case_id": str(case_id), "assigned_to": str(call.by.id)}

    def assign(self, call: Call, *, case_id: UUID, to: UUID) -> Json:
        cases.assign(
            case_id,
            to=to,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"case_id": str(case_id), "assigned_to": str(to)}

    def add_note(self, call: Call, *, case_id: UUID, text: str) -> Json:
        note_id = cases.add_note(
            case_id,
            text,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"case_id": str(case_id), "note_id": str(note_id)}

    def add_file(self, call: Call, *, case_id: UUID, content: bytes) -> Json:
        paper = cases.add_file(
            case_id,
            content,
            by=call.by.id,
            pictures=RpcPictures(self.platform.rpc, call.context),
            units=self._units(call.context),
            tools=self.tools,
        )
        return jsonable(paper)

    def read_file(self, call: Call, *, case_id: UUID, file_id: UUID) -> Json:
        content = cases.read_file(
            case_id, file_id, by=call.by.id, units=self._units(call.context)
        )
        return {"content_b64": base64.b64encode(content).decode("ascii")}

    def close(
        self, call: Call, *, case_id: UUID, outcome: CaseOutcome, conclusion: str
    ) -> Json:
        cases.close(
            case_id,
            outcome=outcome,
            conclusion=conclusion,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"case_id": str(case_id), "outcome": outcome.value}

    def watch(self) -> None:
        units = self._units(self.platform.context())
        cases.watch(units=units, tools=self.tools, alarms=LoggedAlarms())

    def _units(self, context: Context) -> SqlCaseUnits:
        platform = self.platform
        return SqlCaseUnits(platform.database, context, platform.field_keys)


def _told(case: Case) -> dict[str, Json]:
    def word(value: object) -> str | None:
        return None if value is None else str(value)

    return {
        "case_id": str(case.case_id),
        "about": case.about,
        "client_id": word(case.client_id),
        "priority": case.priority.word,
        "amount": case.amount.to_wire(),
        "score": case.score,
        "opened_at": jsonable(case.opened_at),
        "due_on": case.due_on.isoformat(),
        "assigned_to": word(case.assigned_to),
        "outcome": word(case.outcome),
        "closed_by": word(case.closed_by),
    }
