"""Antifraud and disbursement over the bus."""

from collections.abc import Mapping
from functools import partial
from typing import Literal
from uuid import UUID

from kernel.context import Context
from kernel.money import Money
from kernel.rpc import RpcClient
from services.contracts.adapters.answers import (
    NEIGHBOUR_TIMEOUT_S,
    Answer,
    must_answer,
    read,
)
from services.contracts.domain.checks import Decision


class DecisionAnswer(Answer):
    decision_id: UUID
    outcome: Literal["allow", "review", "suspend", "refuse"]
    score: int


class StopAnswer(Answer):
    answer: Literal["stopped", "too_late", "recorded"]


class AmendingAnswer(Answer):
    answer: Literal["held", "too_late", "ended"]


class RpcAntifraud:
    """Antifraud over the bus.  Implements Antifraud."""

    def __init__(self, rpc: RpcClient, context: Context) -> None:
        self._ask = partial(
            rpc.call, "antifraud", context=context, timeout_s=NEIGHBOUR_TIMEOUT_S
        )

    def decide(
        self,
        *,
        operation: str,
        client_id: UUID,
        amount: Money,
        facts: Mapping[str, str | int],
    ) -> Decision:
        with must_answer("Antifraud refused to decide"):
            answer = self._ask(
                "decide",
                operation=operation,
                client_id=client_id,
                amount=amount,
                facts=dict(facts),
            )
        decision = read(DecisionAnswer, answer)
        return Decision(
            decision_id=decision.decision_id,
            outcome=decision.outcome,
            score=decision.score,
        )


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
