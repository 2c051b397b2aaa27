"""The door to appeals."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from kernel.context import Call
from kernel.crypto import Json
from kernel.entrypoints import answers, every
from kernel.pages import USUAL, Page
from services.antifraud.domain.appeals import About, AppealOutcome, Subject
from services.antifraud.handlers.appeals import Received
from services.antifraud.wiring import UseCases

Words = Annotated[str, Field(max_length=20_000)]
Day = Annotated[date, Field(strict=False)]


class AppealDoor:
    """The register of appeals against what antifraud decided (clause 6.1h iv)."""

    use_cases: UseCases

    @answers(permission="antifraud.appeals")
    def appeals_list(self, call: Call, *, answered: bool = False) -> Json:
        """What is due first, or what was answered last."""
        return self.use_cases.appeals.listed(call, answered=answered)

    @answers(permission="antifraud.appeals")
    def appeals_show(self, call: Call, *, appeal_id: UUID) -> Json:
        """An appeal with what was said on both sides; that it was read is told."""
        return self.use_cases.appeals.show(call, appeal_id=appeal_id)

    @answers(permission="antifraud.appeals")
    def record_appeal(
        self,
        call: Call,
        *,
        client_id: UUID,
        against: str,
        received_on: Day,
        words: Words,
        inquiry_id: UUID | None = None,
    ) -> Json:
        """Enter an appeal; its number, and the day by which it is answered."""
        received = Received(
            client_id=client_id,
            against=against,
            received_on=received_on,
            words=words,
            inquiry_id=inquiry_id,
        )
        return self.use_cases.appeals.record(call, received)

    @answers(permission="antifraud.appeals")
    def extend_appeal(self, call: Call, *, appeal_id: UUID, reason: str) -> Json:
        """Put the answer off, once, with a reason."""
        return self.use_cases.appeals.extend(call, appeal_id=appeal_id, reason=reason)

    @answers(permission="antifraud.release")
    def answer_appeal(
        self, call: Call, *, appeal_id: UUID, outcome: AppealOutcome, words: Words
    ) -> Json:
        """Decide, and answer; by nobody who had a part in what it is against."""
        return self.use_cases.appeals.answer(
            call, appeal_id=appeal_id, outcome=outcome, words=words
        )

    @answers(callers=("gateway",), client=True)
    def file_appeal(
        self, call: Call, *, about: About, about_id: UUID | None, text: Words
    ) -> Json:
        """The client appeals against what held or refused something of theirs."""
        subject = Subject(about=about, id=about_id)
        return self.use_cases.appeals.file(call, subject, text)

    @answers(callers=("gateway",), client=True)
    def list_own_appeals(
        self, call: Call, *, limit: int = USUAL, before: UUID | None = None
    ) -> Json:
        """A page of the client's appeals, without their words."""
        return self.use_cases.appeals.own(call, Page(limit=limit, before=before))

    @answers(callers=("gateway",), client=True)
    def get_own_appeal(self, call: Call, *, appeal_id: UUID) -> Json:
        """One of the client's appeals, with its answer."""
        return self.use_cases.appeals.show_own(call, appeal_id)

    @answers(callers=("onboarding",))
    def file_registration_appeal(
        self, call: Call, *, registration_id: UUID, client_id: UUID, text: Words
    ) -> Json:
        """Whose registration was held or refused appeals; onboarding knows them."""
        return self.use_cases.appeals.file_at_registration(
            call.context, registration_id, client_id, text
        )

    @answers(callers=("onboarding",))
    def list_registration_appeals(
        self, call: Call, *, registration_id: UUID, client_id: UUID
    ) -> Json:
        """The newest appeals against one registration, without their words."""
        return self.use_cases.appeals.of_registration(
            call.context, registration_id, client_id
        )

    @answers(callers=("onboarding",))
    def get_registration_appeal(
        self, call: Call, *, registration_id: UUID, client_id: UUID, appeal_id: UUID
    ) -> Json:
        """One of them, with its answer."""
        return self.use_cases.appeals.show_of_registration(
            call.context, registration_id, client_id, appeal_id
        )

    @every(seconds=60)
    def watch_appeals(self) -> None:
        """An alarm while clients wait longer than the law allows."""
        self.use_cases.appeals.watch()
