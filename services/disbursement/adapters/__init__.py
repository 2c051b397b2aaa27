"""Clients of the bank, of the services the gate asks, and of the operators."""

from services.disbursement.adapters.alarms import LoggedAlarms, PayoutMeters
from services.disbursement.adapters.bank import HttpBank
from services.disbursement.adapters.clocks import BankClock, LoggedClockAlarms
from services.disbursement.adapters.guarding import Guard
from services.disbursement.adapters.partner import Partner, partner_client
from services.disbursement.adapters.peers import (
    RpcAccounts,
    RpcAntifraud,
    RpcContracts,
)
from services.disbursement.adapters.processor import HttpProcessor
from services.disbursement.adapters.rails import Rails, Track
from services.disbursement.adapters.statements import HttpStatements

__all__ = [
    "BankClock",
    "Guard",
    "HttpBank",
    "HttpProcessor",
    "HttpStatements",
    "LoggedAlarms",
    "LoggedClockAlarms",
    "Partner",
    "PayoutMeters",
    "Rails",
    "RpcAccounts",
    "RpcAntifraud",
    "RpcContracts",
    "Track",
    "partner_client",
]
