"""Use cases of applications, up to the decision and the visit it may need."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.money import Money
from kernel.origins import kept_since
from kernel.pages import Page
from services.contracts.handlers import (
    applications,
    progress,
    schedules,
    underwriting,
)
from services.contracts.handlers.applications import Wish
from services.contracts.ports import (
    Visit,
)
from services.contracts.wiring.parts import Parts, client_of


@dataclass(frozen=True, slots=True)
class ApplicationUseCases:
    """Applying for a microcredit, and deciding on the application."""

    parts: Parts

    def submit_application(self, call: Call, wish: Wish) -> Json:
        return applications.submit_application(
            client_id=client_of(call),
            wish=wish,
            work=self.parts.work(call.context, call),
            judges=self.parts.judges(call.context),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
            ids=self.parts.platform.ids,
        )

    def list_products(self, _call: Call) -> Json:
        return schedules.list_products(
            policy=self.parts.platform.policy, clock=self.parts.platform.clock
        )

    def draft_schedules(
        self, _call: Call, *, product: str, amount: Money, term_days: int
    ) -> Json:
        return schedules.draft_schedules(
            product=product,
            amount=amount,
            term_days=term_days,
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
        )

    def get_application(self, call: Call, *, application_id: UUID) -> Json:
        return applications.get_application(
            client_id=client_of(call),
            application_id=application_id,
            work=self.parts.work(call.context),
        )

    def list_applications(self, call: Call, page: Page) -> Json:
        return applications.list_applications(
            client_id=client_of(call), page=page, work=self.parts.work(call.context)
        )

    def get_progress(self, call: Call, *, application_id: UUID) -> Json:
        return progress.get_progress(
            client_id=client_of(call),
            application_id=application_id,
            work=self.parts.work(call.context),
            clock=self.parts.platform.clock,
        )

    def decide_held(self) -> None:
        context = self.parts.platform.context()
        applications.decide_held(
            work=self.parts.work(context),
            judges=self.parts.judges(context),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
            ids=self.parts.platform.ids,
        )

    def end_unestablished(self) -> None:
        underwriting.end_unestablished(
            work=self.parts.work(self.parts.platform.context()),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
        )

    def forget_origins(self) -> int:
        """Forget where what has ended, or was given up, was asked for; how many."""
        platform = self.parts.platform
        before = kept_since(platform.policy, platform.clock.now())
        with self.parts.work(platform.context()).begin() as unit:
            return unit.origins.forget_ended(before=before)

    def applications_held(self, call: Call) -> Json:
        return underwriting.list_held(work=self.parts.work(call.context))

    def applications_show(self, call: Call, application_id: UUID) -> Json:
        return underwriting.show(application_id, work=self.parts.work(call.context))

    def ask_again(self, call: Call, application_id: UUID) -> Json:
        return underwriting.ask_again(
            application_id,
            work=self.parts.work(call.context),
            clock=self.parts.platform.clock,
        )

    def refuse_application(self, call: Call, application_id: UUID, reason: str) -> Json:
        return underwriting.refuse(
            application_id,
            reason=reason,
            by=call.by,
            work=self.parts.work(call.context),
            clock=self.parts.platform.clock,
        )

    def visits_list(self, call: Call, client_id: UUID | None) -> Json:
        return underwriting.list_visits(client_id, work=self.parts.work(call.context))

    def ask_visit(self, call: Call, client_id: UUID, visited_on: date) -> Json:
        platform = self.parts.platform
        effect = underwriting.visit_effect(client_id, visited_on, clock=platform.clock)
        with platform.database.begin(call.context) as tx:
            asked = approvals.request(
                tx,
                operation=underwriting.VISIT,
                arguments={
                    "client_id": str(client_id),
                    "visited_on": visited_on.isoformat(),
                },
                effect=effect,
                by=call.by,
                policy=platform.policy,
                ids=platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def record_visit(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        asked = approval.arguments
        underwriting.record_visit(
            Visit(
                client_id=UUID(str(asked["client_id"])),
                visited_on=date.fromisoformat(str(asked["visited_on"])),
                approval_id=approval.approval_id,
                recorded_by=approval.requested_by,
                confirmed_by=by,
            ),
            unit=self.parts.unit(tx),
            clock=self.parts.platform.clock,
        )
