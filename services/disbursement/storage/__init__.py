"""The tables of payouts and books, and the road from their rows to the domain."""

from services.disbursement.storage.approved import ApprovalRows
from services.disbursement.storage.desk import DatabaseDesk
from services.disbursement.storage.keys import KeyRing, OrderEnds
from services.disbursement.storage.ledger import LedgerRows
from services.disbursement.storage.overview import OverviewRows
from services.disbursement.storage.reconciliation import HaltRows, ReconciliationRows
from services.disbursement.storage.rows import CHANNEL, PayoutRows
from services.disbursement.storage.tables import metadata, payouts
from services.disbursement.storage.witness import WitnessRow

__all__ = [
    "CHANNEL",
    "ApprovalRows",
    "DatabaseDesk",
    "HaltRows",
    "KeyRing",
    "LedgerRows",
    "OrderEnds",
    "OverviewRows",
    "PayoutRows",
    "ReconciliationRows",
    "WitnessRow",
    "metadata",
    "payouts",
]
