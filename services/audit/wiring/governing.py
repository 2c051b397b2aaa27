"""What keeps the Procedure: its matrix, its versions and page, its reviews."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kernel import approvals, dated
from kernel.approvals import Approval
from kernel.context import Call, Context, StaffMember
from kernel.crypto import Json, sha256
from kernel.database import Transaction
from kernel.errors import Refused
from kernel.events.audit import ProcedureMismatchFound, SettingChanged
from kernel.logging import get_logger
from kernel.platform import Platform
from kernel.policy import value_to_wire
from services.audit.adapters import CheckpointFolder
from services.audit.adapters.printing import tellings
from services.audit.adapters.release import clauses, founding_text, tested
from services.audit.domain import registry
from services.audit.domain.procedure import (
    Cause,
    Outcome,
    Proposal,
    Review,
    Version,
    current_at,
)
from services.audit.handlers import governing, procedure
from services.audit.handlers.procedure import Keeping
from services.audit.settings import Settings
from services.audit.storage.governing import GovernedUnits, SqlGoverning

log = get_logger("audit.governing")


@dataclass(frozen=True, slots=True)
class Governance:
    """Use cases of section 8 of the Procedure."""

    platform: Platform[Settings]

    def count_evidence(self) -> None:
        governing.count_evidence(units=self._units(self.platform.context()))

    def matrix(self, context: Context) -> Json:
        return governing.read_matrix(
            clauses=clauses(),
            tested=tested(),
            tellings=tellings(),
            policy=self.platform.policy,
            units=self._units(context),
            clock=self.platform.clock,
        )

    def versions(self, context: Context) -> Json:
        with self._units(context).begin() as unit:
            found = unit.versions()
        current = current_at(found, self.platform.clock.now())
        return {"versions": [_version(each, current=current) for each in found]}

    def text(self, context: Context, *, version_id: UUID) -> Json:
        with self._units(context).begin() as unit:
            return procedure.text_of(version_id, unit=unit)

    def propose(
        self,
        call: Call,
        *,
        text: bytes,
        minutes: str,
        approved_on: date,
        effective_on: date,
    ) -> Json:
        proposal = Proposal(
            sha256=sha256(text),
            minutes=minutes,
            approved_on=approved_on,
            effective_on=effective_on,
        )
        with self.platform.database.begin(call.context) as tx:
            effect = procedure.propose_version(
                proposal, text, unit=SqlGoverning(tx), tools=self._tools(call.context)
            )
            asked = approvals.request(
                tx,
                operation=procedure.PROCEDURE,
                arguments=proposal.arguments(),
                effect=effect,
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def approve(self, tx: Transaction, approval: Approval, by: StaffMember) -> None:
        procedure.approve_version(
            approval.arguments,
            asked_by=approval.requested_by,
            approved_by=by.id,
            unit=SqlGoverning(tx),
            tools=self._tools(tx.context),
        )

    def settings(self) -> Json:
        now = self.platform.clock.now()
        return {"settings": registry.listed(self.platform.policy, at=now)}

    def setting(self, key: str) -> Json:
        return {"records": [*registry.history(self.platform.policy, key)]}

    def ask_change(self, call: Call, change: registry.Change) -> Json:
        platform = self.platform
        with platform.database.begin(call.context) as tx:
            setting = change.setting(platform.policy, now=platform.clock.now())
            asked = approvals.request(
                tx,
                operation=registry.CHANGE_SETTING,
                arguments=change.arguments(),
                effect=change.effect(setting),
                by=call.by,
                policy=platform.policy,
                ids=platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def change(self, tx: Transaction, approval: Approval, by: StaffMember) -> None:
        change = registry.Change.of(approval.arguments)
        setting = change.setting(self.platform.policy, now=self.platform.clock.now())
        event = SettingChanged(
            setting_id=self.platform.ids.new(),
            key=setting.key,
            effective_at=setting.effective_at,
            value=value_to_wire(setting.value),
            source=setting.source,
            clause=setting.clause,
            asked_by=approval.requested_by,
            approved_by=by.id,
        )
        if not dated.keep(tx, event):
            raise Refused(
                "setting_exists",
                "The setting already has a value of that date.",
                next_step="Choose another date; records are never edited.",
            )
        tx.publish(event)

    def reviews(self, context: Context) -> Json:
        with self._units(context).begin() as unit:
            found = unit.reviews()
        return {"reviews": [self._review(each) for each in found]}

    def open_review(self, call: Call, *, cause: Cause, subject: str) -> Json:
        tools = self._tools(call.context)
        return self._review(
            procedure.open_review(cause, subject, by=call.by.id, tools=tools)
        )

    def hold_review(
        self, call: Call, *, review_id: UUID, outcome: Outcome, result: str
    ) -> Json:
        tools = self._tools(call.context)
        return self._review(
            procedure.hold_review(
                review_id, outcome, result, by=call.by.id, tools=tools
            )
        )

    def watch(self) -> None:
        """Tell of reviews that are due soon or overdue."""
        context = self.platform.context()
        for event in procedure.watch_reviews(tools=self._tools(context)):
            log.error(event.TYPE.split(".")[1], due_on=event.due_on.isoformat())

    def _review(self, review: Review) -> Json:
        state = review.state(self._tools(self.platform.context()).today())
        held = None if review.held_by is None else str(review.held_by)
        return {
            "review_id": str(review.review_id),
            "cause": review.cause.value,
            "state": state,
            "due_on": review.due_on.isoformat(),
            "subject": review.subject,
            "opened_on": review.opened_on.isoformat(),
            "held_on": None if review.held_on is None else review.held_on.isoformat(),
            "outcome": None if review.outcome is None else review.outcome.value,
            "result": review.result,
            "held_by": held,
        }

    def _tools(self, context: Context) -> Keeping:
        return tools_of(self.platform, context)

    def _units(self, context: Context) -> GovernedUnits:
        return GovernedUnits(self.platform.database, context)


def tools_of(platform: Platform[Settings], context: Context) -> Keeping:
    """What the use cases of this process are given."""
    return Keeping(
        units=GovernedUnits(platform.database, context),
        clock=platform.clock,
        ids=platform.ids,
        policy=platform.policy,
    )


def keep_published(
    platform: Platform[Settings], board: CheckpointFolder
) -> ProcedureMismatchFound | None:
    """One round of the Procedure's page; an error line where it was another."""
    finding = procedure.keep_published(
        founding=founding_text(),
        board=board,
        tools=tools_of(platform, platform.context()),
    )
    if finding is not None:
        log.error("procedure_mismatch", found_sha256=finding.found_sha256)
    return finding


def _version(version: Version, *, current: Version | None) -> Mapping[str, Json]:
    return {
        "version_id": str(version.version_id),
        "minutes": version.minutes,
        "approved_on": version.approved_on.isoformat(),
        "effective_on": version.effective_on.isoformat(),
        "in_force": current is not None and current.version_id == version.version_id,
        "sha256": version.sha256.hex(),
    }
