"""Builds what the staff do with appeals."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kernel.clock import almaty_date
from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.platform import Platform
from services.antifraud.adapters import LoggedAlarms
from services.antifraud.domain.appeals import Appeal, AppealOutcome
from services.antifraud.handlers import Tools, appeals
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlCaseUnits


@dataclass(frozen=True, slots=True)
class AppealCases:
    """What the door may have done with appeals."""

    platform: Platform[Settings]
    tools: Tools

    def record(self, call: Call, received: appeals.Received) -> Json:
        return self._told(
            appeals.record(
                received,
                by=call.by.id,
                units=self._units(call.context),
                tools=self.tools,
            )
        )

    def listed(self, call: Call, *, answered: bool) -> Json:
        found = appeals.listed(answered=answered, units=self._units(call.context))
        return {"appeals": [self._told(each) for each in found]}

    def show(self, call: Call, *, appeal_id: UUID) -> Json:
        found = appeals.show(appeal_id, by=call.by.id, units=self._units(call.context))
        told = self._told(found.appeal)
        return {**told, "words": found.words, "answer": found.answer}

    def extend(self, call: Call, *, appeal_id: UUID, reason: str) -> Json:
        return self._told(
            appeals.extend(
                appeal_id,
                reason=reason,
                units=self._units(call.context),
                tools=self.tools,
            )
        )

    def answer(
        self, call: Call, *, appeal_id: UUID, outcome: AppealOutcome, words: str
    ) -> Json:
        return self._told(
            appeals.answer(
                appeal_id,
                outcome=outcome,
                words=words,
                by=call.by.id,
                units=self._units(call.context),
                tools=self.tools,
            )
        )

    def watch(self) -> None:
        units = self._units(self.platform.context())
        appeals.watch(units=units, tools=self.tools, alarms=LoggedAlarms())

    def _units(self, context: Context) -> SqlCaseUnits:
        platform = self.platform
        return SqlCaseUnits(platform.database, context, platform.field_keys)

    def _told(self, appeal: Appeal) -> dict[str, Json]:
        today: date = almaty_date(self.tools.clock.now())
        inquiry_id, decided_by = appeal.inquiry_id, appeal.decided_by
        return {
            "appeal_id": str(appeal.appeal_id),
            "number": appeal.number,
            "client_id": str(appeal.client_id),
            "against": appeal.against,
            "inquiry_id": None if inquiry_id is None else str(inquiry_id),
            "received_on": appeal.received_on.isoformat(),
            "answer_by": appeal.answer_by.isoformat(),
            "overdue": appeal.is_overdue(today),
            "extension_reason": appeal.extension_reason,
            "outcome": None if appeal.outcome is None else appeal.outcome.value,
            "decided_by": None if decided_by is None else str(decided_by),
            "decided_at": jsonable(appeal.decided_at),
        }
