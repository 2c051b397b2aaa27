"""Builds what the staff do with appeals."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kernel.clock import almaty_date
from kernel.context import Call, Context, jsonable
from kernel.crypto import Json
from kernel.errors import Broken
from kernel.pages import USUAL, Page
from kernel.platform import Platform
from services.antifraud.adapters import LoggedAlarms
from services.antifraud.domain.appeals import About, Appeal, AppealOutcome, Subject
from services.antifraud.handlers import Tools, appeals
from services.antifraud.handlers.appeals import ShownAppeal
from services.antifraud.settings import Settings
from services.antifraud.storage import SqlCaseUnit, SqlCaseUnits


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

    def file(self, call: Call, subject: Subject, text: str) -> Json:
        client_id = _client(call)
        platform = self.platform

        def filed() -> Json:
            unit = SqlCaseUnit(tx, platform.field_keys)
            return _whole(
                appeals.file(
                    subject, text, client_id=client_id, unit=unit, tools=self.tools
                )
            )

        with platform.database.begin(call.context) as tx:
            return tx.once(call, filed)

    def own(self, call: Call, page: Page) -> Json:
        found = appeals.own(_client(call), page, units=self._units(call.context))
        shown, next_before = page.cut(found, id_of=lambda appeal: appeal.appeal_id)
        return {
            "items": [_shown(each) for each in shown],
            "next_before": jsonable(next_before),
        }

    def show_own(self, call: Call, appeal_id: UUID) -> Json:
        return _whole(
            appeals.show_own(
                appeal_id,
                client_id=_client(call),
                units=self._units(call.context),
            )
        )

    def file_at_registration(
        self, context: Context, registration_id: UUID, client_id: UUID, text: str
    ) -> Json:
        platform = self.platform
        with platform.database.begin(context) as tx:
            return _whole(
                appeals.file(
                    _registration(registration_id),
                    text,
                    client_id=client_id,
                    unit=SqlCaseUnit(tx, platform.field_keys),
                    tools=self.tools,
                )
            )

    def of_registration(
        self, context: Context, registration_id: UUID, client_id: UUID
    ) -> Json:
        found = appeals.of_subject(
            _registration(registration_id),
            client_id=client_id,
            page=Page(limit=USUAL, before=None),
            units=self._units(context),
        )
        return {"items": [_shown(each) for each in found[:USUAL]]}

    def show_of_registration(
        self,
        context: Context,
        registration_id: UUID,
        client_id: UUID,
        appeal_id: UUID,
    ) -> Json:
        return _whole(
            appeals.show_of_subject(
                _registration(registration_id),
                appeal_id,
                client_id=client_id,
                units=self._units(context),
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
            "filed_by": "client" if appeal.is_filed else "staff",
            "received_on": appeal.received_on.isoformat(),
            "answer_by": appeal.answer_by.isoformat(),
            "overdue": appeal.is_overdue(today),
            "extension_reason": appeal.extension_reason,
            "outcome": None if appeal.outcome is None else appeal.outcome.value,
            "decided_by": None if decided_by is None else str(decided_by),
            "decided_at": jsonable(appeal.decided_at),
        }


def _client(call: Call) -> UUID:
    if call.client_id is None:
        raise Broken("A client's request came without a client")
    return call.client_id


def _registration(registration_id: UUID) -> Subject:
    return Subject(about=About.REGISTRATION, id=registration_id)


def _shown(appeal: Appeal) -> dict[str, Json]:
    """As its client sees it: who decided stays in the house."""
    subject = Subject.of(appeal.against)
    return {
        "appeal_id": str(appeal.appeal_id),
        "number": appeal.number,
        "about": subject.about.value,
        "about_id": jsonable(subject.id),
        "state": "open" if appeal.outcome is None else "answered",
        "received_on": appeal.received_on.isoformat(),
        "answer_by": appeal.answer_by.isoformat(),
        "extended": appeal.extended_at is not None,
        "outcome": jsonable(appeal.outcome),
        "answered_at": jsonable(appeal.decided_at),
    }


def _whole(found: ShownAppeal) -> Json:
    return {**_shown(found.appeal), "text": found.words, "answer": found.answer}
