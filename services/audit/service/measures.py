"""The door to first measures of incidents (clause 7.2)."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import answers, every, executes
from services.audit.domain.incidents.measure import ABOUT, Measure
from services.audit.wiring import UseCases

Reason = Annotated[str, Field(max_length=20_000)]
About = Annotated[str, Field(pattern=ABOUT)]


class MeasureDoor:
    """What is done at once, and how it is undone."""

    use_cases: UseCases

    @answers(permission="incidents.lead")
    def take_measure(
        self,
        call: Call,
        *,
        incident_id: UUID,
        measure: Measure,
        about: About | None = None,
    ) -> Json:
        """Order a measure that no rule has ordered; it is taken within seconds."""
        return self.use_cases.measures.take(
            call, incident_id=incident_id, measure=measure, about=about
        )

    @answers(permission="incidents.lead")
    def ask_measure_undo(self, call: Call, *, measure_id: UUID, reason: Reason) -> Json:
        """Ask that a measure is undone; another person decides."""
        return self.use_cases.measures.ask_undo(
            call, measure_id=measure_id, reason=reason
        )

    @executes(permission="incidents.decide")
    def undo_measure(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: the measure is undone, and what it took is as it was."""
        self.use_cases.measures.undo(tx, approval, by.id)

    @every(seconds=1)
    def keep_cut_off(self) -> None:
        """Have the broker's guard keep out whom incidents keep out."""
        self.use_cases.measures.keep_cut_off()
