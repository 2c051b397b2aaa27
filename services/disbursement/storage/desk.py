"""Transactions for the worker."""

from collections.abc import Iterator
from contextlib import contextmanager

from kernel.crypto import FieldKeys
from kernel.database import Database
from services.disbursement.domain.payout import Trail
from services.disbursement.ports import Contexts, Work
from services.disbursement.storage.approved import ApprovalRows
from services.disbursement.storage.ledger import LedgerRows
from services.disbursement.storage.overview import OverviewRows
from services.disbursement.storage.reconciliation import HaltRows, ReconciliationRows
from services.disbursement.storage.rows import PayoutRows
from services.disbursement.storage.sums import SentSums
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
            )
