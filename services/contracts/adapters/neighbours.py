"""Disbursement over the bus."""

from functools import partial
from typing import Literal
from uuid import UUID

from kernel.context import Context
from kernel.rpc import RpcClient
from services.contracts.adapters.answers import (
    NEIGHBOUR_TIMEOUT_S,
    Answer,
    must_answer,
    read,
)


class StopAnswer(Answer):
    answer: Literal["stopped", "too_late", "recorded"]


class AmendingAnswer(Answer):
    answer: Literal["held", "too_late", "ended"]


class RpcDisbursement:
    """Disbursement over the bus.  Implements Disbursement."""

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._ask = partial(
            rpc.call, "disbursement", context=context, timeout_s=NEIGHBOUR_TIMEOUT_S
        )

    def stop_payout(self, *, contract_id: UUID, client_id: UUID) -> str:
        with must_answer("Disbursement refused to answer a stop"):
            answer = self._ask(
                "stop_payout", contract_id=contract_id, client_id=client_id
            )
        return read(StopAnswer, answer).answer

    def hold_for_amendment(self, *, contract_id: UUID, client_id: UUID) -> str:
        with must_answer("Disbursement refused to hold a payout"):
            answer = self._ask(
                "hold_for_amendment", contract_id=contract_id, client_id=client_id
            )
        return read(AmendingAnswer, answer).answer
