"""Builds what is done with notices of incidents."""

import base64
from dataclasses import asdict, dataclass
from uuid import UUID

from kernel.context import Call, Context, jsonable
from kernel.crypto import Json, as_object
from kernel.platform import Platform
from services.audit.adapters.alarms import LoggedAlarms
from services.audit.adapters.bodies import HttpBodies
from services.audit.adapters.neighbours import RpcPeople, RpcSeal
from services.audit.adapters.printing import ReportPrinter
from services.audit.domain.incidents.notice import Notice
from services.audit.handlers import notices
from services.audit.handlers.notices import Desk
from services.audit.handlers.tools import Tools
from services.audit.settings import Settings
from services.audit.storage.incidents import SqlIncidentUnits


@dataclass(frozen=True, slots=True)
class NoticeCases:
    """What the door may have done with notices."""

    platform: Platform[Settings]
    bodies: HttpBodies | None
    tools: Tools

    def listed(self, call: Call, *, waiting: bool) -> Json:
        found = notices.listed(waiting=waiting, units=self._units(call.context))
        return {"notices": [_told(each) for each in found]}

    def preview(self, call: Call, *, notice_id: UUID) -> Json:
        made = notices.preview(notice_id, by=call.by.id, desk=self._desk(call.context))
        return {
            "notice_id": str(notice_id),
            "sha256": made.sha256,
            "papers": {
                language: base64.b64encode(paper).decode("ascii")
                for language, paper in made.papers.items()
            },
        }

    def approve(self, call: Call, *, notice_id: UUID, seen: str | None) -> Json:
        notices.approve(
            notice_id, seen=seen, by=call.by.id, desk=self._desk(call.context)
        )
        return {"notice_id": str(notice_id), "state": "approved"}

    def send_again(self, call: Call, *, notice_id: UUID) -> Json:
        units = self._units(call.context)
        notices.send_again(notice_id, units=units, tools=self.tools)
        return {"notice_id": str(notice_id), "state": "approved"}

    def send(self) -> None:
        units = self._units(self.platform.context())
        if self.bodies is not None:
            notices.send(bodies=self.bodies, units=units, tools=self.tools)
        elif notices.left_to_send(units=units, tools=self.tools):
            LoggedAlarms().without_address()

    def hear(self) -> None:
        units = self._units(self.platform.context())
        notices.hear(units=units, tools=self.tools)

    def watch(self) -> None:
        units = self._units(self.platform.context())
        notices.watch(units=units, tools=self.tools, alarms=LoggedAlarms())

    def _desk(self, context: Context) -> Desk:
        return Desk(
            units=self._units(context),
            people=RpcPeople(self.platform.rpc, context),
            printer=ReportPrinter(),
            seal=RpcSeal(self.platform.rpc, context),
            tools=self.tools,
        )

    def _units(self, context: Context) -> SqlIncidentUnits:
        platform = self.platform
        return SqlIncidentUnits(platform.database, context, platform.field_keys)


def _told(notice: Notice) -> Json:
    told = as_object(jsonable(asdict(notice)))
    return {**told, "stage": notice.stage.word if notice.stage else None}
