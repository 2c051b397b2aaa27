"""What the treasurers do about sending as a whole: cases, halts, the books."""

from dataclasses import dataclass
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.events.audit import MeasureOrdered
from kernel.platform import Platform
from services.disbursement.domain.reconciliation import Resumption
from services.disbursement.handlers import halting
from services.disbursement.handlers.bookkeeping import show_proof
from services.disbursement.settings import Settings
from services.disbursement.storage import HaltRows, LedgerRows, ReconciliationRows


@dataclass(frozen=True, slots=True)
class ReconciliationUseCases:
    """The staff's side of reconciliation."""

    platform: Platform[Settings]

    def reconcile_now(self, call: Call) -> Json:
        """The payer reads the bank within a second; how it stands before."""
        with self.platform.database.begin(call.context) as tx:
            rows = self._rows(tx)
            rows.look_now()
            return halting.show_sending(HaltRows(tx.connection), rows)

    def show_sending(self, call: Call) -> Json:
        with self.platform.database.begin(call.context) as tx:
            return halting.show_sending(HaltRows(tx.connection), self._rows(tx))

    def cases_list(self, call: Call) -> Json:
        with self.platform.database.begin(call.context) as tx:
            return halting.list_cases(self._rows(tx))

    def cases_show(self, call: Call, case_id: UUID) -> Json:
        with self.platform.database.begin(call.context) as tx:
            return halting.show_case(case_id, reconciliation=self._rows(tx))

    def resolve_case(self, call: Call, case_id: UUID, reason: str) -> Json:
        with self.platform.database.begin(call.context) as tx:
            return halting.resolve_case(
                case_id,
                reason,
                by=call.by.id,
                reconciliation=self._rows(tx),
                publish=tx.publish,
                now=tx.now,
            )

    def halt_sending(self, call: Call, reason: str) -> Json:
        with self.platform.database.begin(call.context) as tx:
            return halting.halt_by_hand(
                reason,
                by=call.by.id,
                halts=HaltRows(tx.connection),
                publish=tx.publish,
                ids=self.platform.ids,
                now=tx.now,
            )

    def when_measure_ordered(self, tx: Transaction, event: MeasureOrdered) -> None:
        halting.when_measure_ordered(
            event,
            halts=HaltRows(tx.connection),
            publish=tx.publish,
            ids=self.platform.ids,
            now=tx.now,
        )

    def ask_resume(self, call: Call, reason: str) -> Json:
        with self.platform.database.begin(call.context) as tx:
            arguments, effect = halting.resume_request(
                reason,
                halts=HaltRows(tx.connection),
                reconciliation=self._rows(tx),
            )
            asked = approvals.request(
                tx,
                operation=halting.RESUME,
                arguments=arguments,
                effect=effect,
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def resume_sending(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        """What two agree on."""
        halting.resume(
            Resumption(
                halt_id=UUID(str(approval.arguments["halt_id"])),
                approval_id=approval.approval_id,
                asked_by=approval.requested_by,
                resumed_by=by,
                reason=str(approval.arguments["reason"]),
            ),
            halts=HaltRows(tx.connection),
            reconciliation=self._rows(tx),
            publish=tx.publish,
            now=tx.now,
        )

    def ledger_proof(self, call: Call) -> Json:
        with self.platform.database.begin(call.context) as tx:
            return show_proof(LedgerRows(tx.connection))

    def _rows(self, tx: Transaction) -> ReconciliationRows:
        return ReconciliationRows(
            tx.connection, account=self.platform.settings.company_iban
        )
