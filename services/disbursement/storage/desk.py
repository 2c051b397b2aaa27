"""Transactions for the worker."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from kernel.context import Context
from kernel.crypto import FieldKeys
from kernel.database import Database, Said, Transaction
from kernel.events import Event
from services.disbursement.domain.payout import Payout, Trail
from services.disbursement.ports import Contexts, Work
from services.disbursement.storage.approved import ApprovalRows
from services.disbursement.storage.ledger import LedgerRows
from services.disbursement.storage.overview import OverviewRows
from services.disbursement.storage.reconciliation import HaltRows, ReconciliationRows
from services.disbursement.storage.rows import PayoutRows
from services.disbursement.storage.sums import SentSums
from services.disbursement.storage.together import (
    ApprovalsTogether,
    HaltsTogether,
    LedgerTogether,
    PayoutsTogether,
    ReconciliationTogether,
    SumsTogether,
    WitnessTogether,
)
from services.disbursement.storage.witness import WitnessRow


class DatabaseDesk:
    """`Desk` over the service's database."""

    def __init__(
        self,
        database: Database,
        *,
        keys: FieldKeys,
        contexts: Contexts,
        account: str,
    ) -> None:
        """`account` is the company's, whose statement is read."""
        self._database = database
        self._account = account
        self._keys = keys
        self._contexts = contexts

    @contextmanager
    def open(self, trail: Trail | None = None) -> Iterator[Work]:
        """One transaction, in the payout's own context when there is one."""
        telling: list[Callable[[], None]] = []
        with self._database.begin(self._contexts(trail)) as tx:
            yield Work(
                payouts=PayoutRows(tx.connection, self._keys),
                sums=SentSums(tx.connection),
                approvals=ApprovalRows(tx.connection),
                overview=OverviewRows(tx.connection),
                witness=WitnessRow(tx.connection),
                ledger=LedgerRows(tx.connection),
                reconciliation=ReconciliationRows(tx.connection, account=self._account),
                halts=HaltRows(tx.connection),
                publish=tx.publish,
                when_committed=telling.append,
            )
        for tell in telling:
            tell()

    @contextmanager
    def together(self, payouts: Sequence[Payout]) -> Iterator[Sequence[Work]]:
        """One transaction; what each work says leaves in its payout's own context."""
        telling: list[Callable[[], None]] = []
        with self._database.begin(self._contexts(payouts[0].trail)) as tx:
            rows = PayoutsTogether(tx.connection, self._keys, payouts)
            sums = SumsTogether(tx.connection, payouts)
            ledger = LedgerTogether(tx.connection)
            said: list[Said] = []
            work = Work(
                payouts=rows,
                sums=sums,
                approvals=ApprovalsTogether(tx.connection, payouts),
                overview=OverviewRows(tx.connection),
                witness=WitnessTogether(tx.connection),
                ledger=ledger,
                reconciliation=ReconciliationTogether(
                    tx.connection, payouts, account=self._account
                ),
                halts=HaltsTogether(tx.connection),
                publish=tx.publish,
                when_committed=telling.append,
            )
            yield [
                replace(work, publish=self._saying(tx, one.trail, said))
                for one in payouts
            ]
            rows.write()
            sums.write()
            ledger.write()
            tx.publish_all(said)
        for tell in telling:
            tell()

    def _saying(
        self, tx: Transaction, trail: Trail | None, said: list[Said]
    ) -> Callable[[Event], UUID]:
        context: Context | None = None

        def publish(event: Event) -> UUID:
            nonlocal context
            context = context or self._contexts(trail)
            said.append(tx.said(event, context))
            return said[-1].id

        return publish
