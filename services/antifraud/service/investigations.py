"""The door to investigations and their measures."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import answers, every, executes
from services.antifraud.domain.investigations import Conclusion, Finding, Kind
from services.antifraud.domain.losses import Cause
from services.antifraud.service.cases import Content
from services.antifraud.wiring import UseCases

Words = Annotated[str, Field(max_length=20_000)]
Subjects = Annotated[tuple[UUID, ...], Field(max_length=20)]


class InvestigationDoor:
    """The staff find out what was, and see to it that it is not again (6.1h v, vi)."""

    use_cases: UseCases

    @answers(permission="antifraud.investigations_look")
    def investigations_list(
        self, call: Call, *, state: Literal["open", "closed"] = "open"
    ) -> Json:
        """Investigations, but for those that are about who asks."""
        return self.use_cases.investigations.listed(call, closed=state == "closed")

    @answers(permission="antifraud.investigations_look")
    def investigations_show(self, call: Call, *, investigation_id: UUID) -> Json:
        """An investigation with its words; that it was read is told."""
        return self.use_cases.investigations.show(
            call, investigation_id=investigation_id
        )

    @answers(permission="antifraud.investigations_look")
    def read_investigation_file(
        self, call: Call, *, investigation_id: UUID, entry_id: UUID
    ) -> Json:
        """A piece of evidence; that it was read is told."""
        return self.use_cases.investigations.read_file(
            call, investigation_id=investigation_id, entry_id=entry_id
        )

    @answers(permission="antifraud.investigations_look")
    def measures_list(self, call: Call) -> Json:
        """Measures nobody has attested yet, what is due first comes first."""
        return self.use_cases.investigations.measures(call)

    @answers(permission="antifraud.investigations")
    def open_investigation(
        self,
        call: Call,
        *,
        ground: str,
        lead: UUID,
        words: Words,
        subjects: Subjects = (),
    ) -> Json:
        """Begin to find out, of a ground, under a lead."""
        return self.use_cases.investigations.open(
            call, ground=ground, lead=lead, subjects=subjects, words=words
        )

    @answers(permission="antifraud.investigations")
    def assign_investigation(
        self, call: Call, *, investigation_id: UUID, to: UUID
    ) -> Json:
        """Let somebody else lead."""
        return self.use_cases.investigations.assign(
            call, investigation_id=investigation_id, to=to
        )

    @answers(permission="antifraud.investigations")
    def name_subject(self, call: Call, *, investigation_id: UUID, who: UUID) -> Json:
        """Somebody of the staff is investigated, and sees nothing of it."""
        return self.use_cases.investigations.name_subject(
            call, investigation_id=investigation_id, who=who
        )

    @answers(permission="antifraud.investigations")
    def note_investigation(
        self, call: Call, *, investigation_id: UUID, words: Words
    ) -> Json:
        """Add words; they stay."""
        return self.use_cases.investigations.say(
            call, investigation_id=investigation_id, kind=Kind.NOTE, words=words
        )

    @answers(permission="antifraud.investigations")
    def plan_step(
        self, call: Call, *, investigation_id: UUID, words: Words, due_on: date
    ) -> Json:
        """Add a step to the plan, to be done by a day."""
        return self.use_cases.investigations.say(
            call,
            investigation_id=investigation_id,
            kind=Kind.STEP,
            words=words,
            due_on=due_on,
        )

    @answers(permission="antifraud.investigations")
    def finish_step(
        self, call: Call, *, investigation_id: UUID, step_id: UUID, words: Words
    ) -> Json:
        """A step was done, with what it showed."""
        return self.use_cases.investigations.finish(
            call,
            investigation_id=investigation_id,
            of=step_id,
            kind=Kind.DONE,
            words=words,
        )

    @answers(permission="antifraud.investigations")
    def add_investigation_file(
        self, call: Call, *, investigation_id: UUID, content_b64: Content
    ) -> Json:
        """Keep a piece of evidence, sealed, with its digest."""
        return self.use_cases.investigations.add_file(
            call, investigation_id=investigation_id, content=content_b64
        )

    @answers(permission="antifraud.investigations")
    def order_measure(
        self,
        call: Call,
        *,
        investigation_id: UUID,
        words: Words,
        owner: UUID,
        due_on: date,
        risk_id: UUID | None = None,
    ) -> Json:
        """Somebody has to see to it by a day that it is not again."""
        return self.use_cases.investigations.say(
            call,
            investigation_id=investigation_id,
            kind=Kind.MEASURE,
            words=words,
            due_on=due_on,
            who=owner,
            risk_id=risk_id,
        )

    @answers(permission="antifraud.investigations")
    def finish_measure(
        self, call: Call, *, investigation_id: UUID, measure_id: UUID, words: Words
    ) -> Json:
        """A measure was taken, by word of another than its owner."""
        return self.use_cases.investigations.finish(
            call,
            investigation_id=investigation_id,
            of=measure_id,
            kind=Kind.TAKEN,
            words=words,
        )

    @answers(permission="antifraud.investigations")
    def ask_conclusion(
        self,
        call: Call,
        *,
        investigation_id: UUID,
        finding: Finding,
        cause: Cause,
        words: Words,
    ) -> Json:
        """Say what it came to, by its lead; another person decides."""
        return self.use_cases.investigations.ask_conclusion(
            call,
            investigation_id=investigation_id,
            said=Conclusion(finding=finding, cause=cause, words=words),
        )

    @executes(permission="antifraud.investigations_decide")
    def conclude_investigation(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: it is closed for good."""
        self.use_cases.investigations.conclude(tx, approval, by.id)

    @every(seconds=60)
    def watch_investigations(self) -> None:
        """Tell of steps and measures whose day has passed."""
        self.use_cases.investigations.watch()
