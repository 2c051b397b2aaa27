"""What the treasurers do: look at payouts, agree on large ones."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.platform import Platform
from services.disbursement.domain.gate import Approved
from services.disbursement.domain.limits import Limits
from services.disbursement.domain.payout import Trail
from services.disbursement.handlers import approving, overview, repeating
from services.disbursement.settings import Settings
from services.disbursement.storage import (
    ApprovalRows,
    OverviewRows,
    PayoutRows,
    WitnessRow,
)


@dataclass(frozen=True, slots=True)
class TreasuryUseCases:
    """The staff's side of the payouts."""

    platform: Platform[Settings]

    def ask_payout_approval(self, call: Call, payout_id: UUID) -> Json:
        """Ask that a payout above the limit may leave; see `approving`."""
        with self.platform.database.begin(call.context) as tx:
            arguments, effect = approving.arguments_of(
                payout_id,
                payouts=self._payouts(tx),
                approvals=ApprovalRows(tx.connection),
                limits=Limits.at(self.platform.policy, tx.now),
            )
            return self._request(tx, call, approving.OPERATION, arguments, effect)

    def approve_payout(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        """What two agree on."""
        approving.approve(
            approval.arguments,
            Approved(
                approval_id=approval.approval_id,
                requested_by=approval.requested_by,
                approved_by=by,
            ),
            payouts=self._payouts(tx),
            approvals=ApprovalRows(tx.connection),
            now=tx.now,
        )

    def ask_payout_repeat(self, call: Call, payout_id: UUID) -> Json:
        """Ask that a refused payout is sent again as another; see `repeating`."""
        with self.platform.database.begin(call.context) as tx:
            arguments, effect = repeating.arguments_of(
                payout_id, payouts=self._payouts(tx), now=tx.now
            )
            return self._request(tx, call, repeating.OPERATION, arguments, effect)

    def repeat_payout(self, tx: Transaction, approval: Approval) -> None:
        """What two agree on."""
        repeating.repeat(
            approval.arguments,
            payouts=self._payouts(tx),
            publish=tx.publish,
            ids=self.platform.ids,
            trail=Trail(tx.context.correlation_id, tx.context.causation_id),
            now=tx.now,
        )

    def payouts_due(self, call: Call) -> Json:
        with self.platform.database.begin(call.context) as tx:
            return overview.due(overview=OverviewRows(tx.connection), now=tx.now)

    def payouts_held(self, call: Call) -> Json:
        with self.platform.database.begin(call.context) as tx:
            return overview.held(overview=OverviewRows(tx.connection))

    def payouts_unknown(self, call: Call) -> Json:
        with self.platform.database.begin(call.context) as tx:
            return overview.unknown(overview=OverviewRows(tx.connection), now=tx.now)

    def payouts_explain(self, call: Call, payout_id: UUID) -> Json:
        """Everything that is known of why a payout stands where it stands."""
        with self.platform.database.begin(call.context) as tx:
            witnessed = WitnessRow(tx.connection).read()
            counted_ns = (
                None
                if witnessed is None
                else witnessed.counted_here(self.platform.uptime.read())
            )
            return overview.explain(
                payout_id,
                overview=OverviewRows(tx.connection),
                payouts=self._payouts(tx),
                policy=self.platform.policy,
                counted_ns=counted_ns,
                now=tx.now,
            )

    def _request(
        self,
        tx: Transaction,
        call: Call,
        operation: str,
        arguments: Mapping[str, str],
        effect: str,
    ) -> Json:
        asked = approvals.request(
            tx,
            operation=operation,
            arguments=arguments,
            effect=effect,
            by=call.by,
            policy=self.platform.policy,
            ids=self.platform.ids,
        )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def _payouts(self, tx: Transaction) -> PayoutRows:
        return PayoutRows(tx.connection, self.platform.field_keys)
