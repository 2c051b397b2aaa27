"""Builds what the staff do with incidents."""

import base64
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call, Context, jsonable
from kernel.crypto import Json, as_object
from kernel.database import Transaction
from kernel.platform import Platform
from services.audit.adapters import CheckpointFolder
from services.audit.adapters.alarms import LoggedAlarms
from services.audit.domain.incidents.incident import (
    Conclusion,
    Incident,
    Kind,
    Said,
    Severity,
)
from services.audit.handlers import incidents
from services.audit.handlers.following import KeptTiles
from services.audit.handlers.tools import Tools
from services.audit.settings import Settings
from services.audit.storage.incidents import SqlIncidentUnit, SqlIncidentUnits

DOWNGRADE: Final = "downgrade_incident"


@dataclass(frozen=True, slots=True)
class IncidentCases:
    """What the door may have done with incidents."""

    platform: Platform[Settings]
    board: CheckpointFolder
    tiles: KeptTiles
    tools: Tools

    def listed(self, call: Call, *, closed: bool) -> Json:
        found = incidents.listed(closed=closed, units=self._units(call.context))
        return {"incidents": [_told(each) for each in found]}

    def show(self, call: Call, *, incident_id: UUID) -> Json:
        found = incidents.show(
            incident_id, by=call.by.id, units=self._units(call.context)
        )
        return {
            **_told(found.incident),
            "timeline": jsonable(found.entries),
            "evidence": jsonable(found.evidence),
            "clients": jsonable(found.clients),
            "measures": jsonable(found.measures),
            "conclusion": jsonable(found.conclusion),
        }

    def open(
        self,
        call: Call,
        *,
        kind: Kind,
        severity: Severity,
        words: str,
        about: str | None,
        detected_at: datetime | None,
    ) -> Json:
        made = incidents.open_incident(
            kind=kind,
            severity=severity,
            about=about,
            detected_at=detected_at or self.tools.clock.now(),
            words=words,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return _told(made)

    def assign(self, call: Call, *, incident_id: UUID, to: UUID) -> Json:
        incidents.assign(
            incident_id,
            to=to,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"incident_id": str(incident_id), "owner": str(to)}

    def note(
        self,
        call: Call,
        *,
        incident_id: UUID,
        text: str,
        kind: Said,
        at: datetime | None,
    ) -> Json:
        entry_id = incidents.note(
            incident_id,
            text,
            kind=kind,
            at=at,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"incident_id": str(incident_id), "entry_id": str(entry_id)}

    def add_file(self, call: Call, *, incident_id: UUID, content: bytes) -> Json:
        kept = incidents.add_file(
            incident_id,
            content,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return jsonable(kept)

    def add_leaf(self, call: Call, *, incident_id: UUID, leaf: int) -> Json:
        kept = incidents.add_leaf(
            incident_id,
            leaf,
            by=call.by.id,
            units=self._units(call.context),
            board=self.board,
            tiles=self.tiles,
            tools=self.tools,
        )
        return jsonable(kept)

    def read_evidence(
        self, call: Call, *, incident_id: UUID, evidence_id: UUID
    ) -> Json:
        content = incidents.read_evidence(
            incident_id,
            evidence_id,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"content_b64": base64.b64encode(content).decode("ascii")}

    def name_client(self, call: Call, *, incident_id: UUID, client_id: UUID) -> Json:
        incidents.name_client(
            incident_id,
            client_id,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"incident_id": str(incident_id), "client_id": str(client_id)}

    def contain(self, call: Call, *, incident_id: UUID, text: str) -> Json:
        incidents.contain(
            incident_id,
            text,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"incident_id": str(incident_id), "state": "contained"}

    def ask_downgrade(self, call: Call, *, incident_id: UUID, reason: str) -> Json:
        self.tools.refuse_unfit(reason)
        units = self._units(call.context)
        incidents.refuse_undowngradable(incident_id, units=units)
        with self.platform.database.begin(call.context) as tx:
            asked = approvals.request(
                tx,
                operation=DOWNGRADE,
                arguments={"incident_id": str(incident_id), "reason": reason},
                effect=f"Incident {incident_id} is not reported to anybody: {reason}",
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def downgrade(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        asked = as_object(approval.arguments)
        incidents.downgrade(
            UUID(str(asked["incident_id"])),
            str(asked["reason"]),
            asked_by=approval.requested_by,
            approved_by=by,
            unit=SqlIncidentUnit(tx, self.platform.field_keys),
            tools=self.tools,
        )

    def close(self, call: Call, *, incident_id: UUID, conclusion: Conclusion) -> Json:
        incidents.close(
            incident_id,
            conclusion,
            by=call.by.id,
            units=self._units(call.context),
            tools=self.tools,
        )
        return {"incident_id": str(incident_id), "state": "closed"}

    def watch(self) -> None:
        units = self._units(self.platform.context())
        incidents.watch(units=units, tools=self.tools, alarms=LoggedAlarms())

    def _units(self, context: Context) -> SqlIncidentUnits:
        platform = self.platform
        return SqlIncidentUnits(platform.database, context, platform.field_keys)


def _told(incident: Incident) -> dict[str, Json]:
    return {
        "incident_id": str(incident.incident_id),
        "state": incident.state.value,
        **as_object(jsonable(asdict(incident))),
    }
