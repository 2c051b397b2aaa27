"""How a contract ends with its money repaid (погашение), and how it comes back."""

from datetime import datetime
from typing import Final

from services.contracts.domain.contract.contract import Contract, become
from services.contracts.domain.states import ContractState

_S = ContractState

REPAID: Final = "repaid"
"""The code of a contract that ended as it should."""


def close(contract: Contract, *, at: datetime) -> Contract:
    """Everything owed is paid: no obligation is left, and terms of keeping run."""
    return become(contract, _S.CLOSED, end_code=REPAID, closed_at=at)


def reopen(contract: Contract) -> Contract:
    """The bank took a payment back (сторно): a debt is left after all."""
    return become(contract, _S.ACTIVE, end_code=None, closed_at=None)
