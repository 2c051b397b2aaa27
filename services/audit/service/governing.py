"""The door to what keeps the Procedure."""

import base64
import binascii
from datetime import date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator

from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import answers, every, executes
from services.audit.domain.procedure import Cause, Outcome
from services.audit.domain.registry import Change
from services.audit.wiring import UseCases


def _decoded(value: object) -> object:
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


Content = Annotated[bytes, BeforeValidator(_decoded)]


class GoverningDoor:
    """Whoever supervises sees what holds the Procedure (section 8)."""

    use_cases: UseCases

    @every(seconds=5)
    def count_evidence(self) -> None:
        """What the log has signed since is counted for the matrix, part by part."""
        self.use_cases.governance.count_evidence()

    @every(seconds=30)
    def watch_reviews(self) -> None:
        """Reviews that are due soon or overdue are told (8.2)."""
        self.use_cases.governance.watch()

    @answers(permission="audit.look")
    def matrix(self, call: Call) -> Json:
        """Clause by clause: control, settings in force, tests, evidence in the log."""
        return self.use_cases.governance.matrix(call.context)

    @answers(permission="governance.look")
    def procedure_versions(self, call: Call) -> Json:
        """Every version with its minutes, dates and digest, and which is in force."""
        return self.use_cases.governance.versions(call.context)

    @answers(permission="governance.look")
    def procedure_text(self, call: Call, *, version_id: UUID) -> Json:
        """A version's own bytes."""
        return self.use_cases.governance.text(call.context, version_id=version_id)

    @answers(permission="governance.propose")
    def propose_procedure(
        self,
        call: Call,
        *,
        text_b64: Content,
        minutes: str,
        approved_on: date,
        effective_on: date,
    ) -> Json:
        """Ask another person to put a version of the Procedure on record (8.4).

        Refused as `domain.procedure.refuse_unfit`.
        """
        return self.use_cases.governance.propose(
            call,
            text=text_b64,
            minutes=minutes,
            approved_on=approved_on,
            effective_on=effective_on,
        )

    @executes(permission="governance.decide")
    def procedure_version(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: the version is on record for ever."""
        self.use_cases.governance.approve(tx, approval, by)

    @answers(permission="governance.look")
    def settings_list(self, call: Call) -> Json:  # noqa: ARG002 - every method takes it
        """Every dated setting: value in force, since when, by what, and its floor."""
        return self.use_cases.governance.settings()

    @answers(permission="governance.look")
    def settings_show(self, call: Call, *, key: str) -> Json:  # noqa: ARG002 - as above
        """All records of a setting, the oldest first.  Refused ``setting_unknown``."""
        return self.use_cases.governance.setting(key)

    @answers(permission="governance.propose")
    def propose_setting(
        self,
        call: Call,
        *,
        key: str,
        value: tuple[str, ...],
        source: str,
        effective_at: datetime | None = None,
    ) -> Json:
        """Ask another person to agree to a value (6.3).

        Refused as `domain.registry.Change.setting`.
        """
        change = Change(key=key, value=value, source=source, effective_at=effective_at)
        return self.use_cases.governance.ask_change(call, change)

    @executes(permission="governance.decide")
    def change_setting(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: the value is in force in every service, at once or on its day."""
        self.use_cases.governance.change(tx, approval, by)

    @answers(permission="governance.look")
    def reviews_list(self, call: Call) -> Json:
        """Reviews that are due, soonest first, and those that were held."""
        return self.use_cases.governance.reviews(call.context)

    @answers(permission="governance.propose")
    def open_review(
        self,
        call: Call,
        *,
        cause: Literal["law", "technology", "measures"],
        subject: str,
    ) -> Json:
        """Something has changed: a review is due soon (8.1, 8.2)."""
        return self.use_cases.governance.open_review(
            call, cause=Cause(cause), subject=subject
        )

    @answers(permission="governance.propose")
    def hold_review(
        self,
        call: Call,
        *,
        review_id: UUID,
        outcome: Literal["kept", "changed"],
        result: str,
    ) -> Json:
        """Record what a review led to.  Refused ``review_unknown``, ``review_held``."""
        return self.use_cases.governance.hold_review(
            call, review_id=review_id, outcome=Outcome(outcome), result=result
        )
