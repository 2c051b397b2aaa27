"""Clients of the bank, of the services the gate asks, and of the operators."""

from services.disbursement.adapters.alarms import LoggedAlarms
from services.disbursement.adapters.bank import HttpBank
from services.disbursement.adapters.clocks import BankClock, LoggedClockAlarms
from services.disbursement.adapters.partner import Partner, partner_client
from services.disbursement.adapters.peers import (
    RpcAccounts,
    RpcAntifraud,
    RpcContracts,
)

__all__ = [
    "BankClock",
    "HttpBank",
    "LoggedAlarms",
    "LoggedClockAlarms",
    "Partner",
    "RpcAccounts",
    "RpcAntifraud",
    "RpcContracts",
    "partner_client",
]
