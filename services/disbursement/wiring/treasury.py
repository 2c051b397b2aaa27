"""What the treasurers do: look at payouts, agree on large ones."""

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
from services.disbursement.handlers import approving, overview
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
            asked = approvals.request(
                tx,
                operation=approving.OPERATION,
                arguments=arguments,
                effect=effect,
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

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

    def _payouts(self, tx: Transaction) -> PayoutRows:
        return PayoutRows(tx.connection, self.platform.field_keys)
