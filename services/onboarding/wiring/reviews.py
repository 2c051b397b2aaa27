"""The queue of what waits for a person, as the staff's door needs it."""

from collections.abc import Callable, Mapping
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call, Context, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.logging import get_logger
from kernel.pages import Page
from kernel.platform import Platform
from services.onboarding.domain.review import Decision
from services.onboarding.handlers import reviews
from services.onboarding.ports import Begin, Rules
from services.onboarding.settings import Settings
from services.onboarding.storage import SqlUnit

log = get_logger("onboarding")


class ReviewDesk:
    """What the staff do about what waits; two persons where two must."""

    def __init__(
        self,
        platform: Platform[Settings],
        *,
        begin: Callable[[Context], Begin],
        rules: Rules,
    ) -> None:
        self._platform = platform
        self._begin = begin
        self._rules = rules

    def listed(self, call: Call, page: Page) -> Mapping[str, Json]:
        return reviews.list_waiting(begin=self._begin(call.context), page=page)

    def show(self, call: Call, *, review_id: UUID) -> Mapping[str, Json]:
        return reviews.show_waiting(
            begin=self._begin(call.context),
            clock=self._platform.clock,
            review_id=review_id,
            reader=call.by.id,
        )

    def decide(
        self, call: Call, *, review_id: UUID, approves: bool, reason: str
    ) -> Mapping[str, Json]:
        """Decide, or ask for the second person that it takes."""
        begin = self._begin(call.context)
        effect = reviews.effect_of(begin=begin, review_id=review_id, approves=approves)
        if effect is None:
            return reviews.decide(
                begin=begin,
                clock=self._platform.clock,
                ids=self._platform.ids,
                review_id=review_id,
                decision=Decision(approves=approves, reason=reason, by=call.by.id),
            )
        with self._platform.database.begin(call.context) as tx:
            asked = approvals.request(
                tx,
                operation=reviews.OVERRIDE,
                arguments={"review_id": str(review_id), "reason": reason},
                effect=effect,
                by=call.by,
                policy=self._platform.policy,
                ids=self._platform.ids,
            )
        return {
            "review_id": str(review_id),
            "approval_id": str(asked.approval_id),
            "effect": asked.effect,
        }

    def override(self, tx: Transaction, approval: Approval, by: StaffMember) -> None:
        """What two persons agreed on."""
        asked = approval.arguments
        reviews.settle(
            SqlUnit(tx, self._platform.field_keys),
            UUID(str(asked["review_id"])),
            Decision(
                approves=True,
                reason=str(asked["reason"]),
                by=approval.requested_by,
                agreed_by=by.id,
            ),
            ids=self._platform.ids,
            at=tx.now,
        )

    def end_overdue(self) -> int:
        """Tell of what waits long, end what waited too long; how many ended."""
        found = reviews.end_overdue(
            begin=self._begin(self._platform.context()),
            clock=self._platform.clock,
            ids=self._platform.ids,
            rules=self._rules,
        )
        for review in found.warned:
            log.error(
                "review_waits_long",
                review_id=str(review.review_id),
                kind=review.kind.value,
            )
        return found.ended
