"""Asking antifraud: the one way of every service that has to ask (clause 6.1g)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from kernel.context import Context
from kernel.errors import Broken, Refused
from kernel.judged import Decision
from kernel.money import Money
from kernel.rpc import RpcClient

WITHIN_S: Final = 3.0
"""So long an answer is waited for; antifraud itself judges within
``antifraud.decide_ms``."""


class _Answer(BaseModel):
    """An answer's shape; unknown members are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    decision_id: UUID
    outcome: Literal["allow", "review", "suspend", "refuse"]
    score: int


@dataclass(frozen=True, slots=True)
class RpcAntifraud:
    """Antifraud over the bus.  Implements `kernel.judged.Antifraud`."""

    rpc: RpcClient
    context: Context

    def decide(
        self,
        *,
        operation: str,
        client_id: UUID,
        amount: Money,
        facts: Mapping[str, str | int],
    ) -> Decision:
        """What may stand among ``facts`` antifraud's `domain/decision.py` says.

        Broken for an answer of another shape, and when antifraud refuses the question:
        that is a defect of whoever asks, not an answer.
        """
        try:
            answer = self.rpc.call(
                "antifraud",
                "decide",
                context=self.context,
                timeout_s=WITHIN_S,
                operation=operation,
                client_id=client_id,
                amount=amount,
                facts=dict(facts),
            )
        except Refused as refused:
            raise Broken("Antifraud refused to decide") from refused
        try:
            read = _Answer.model_validate_json(orjson.dumps(answer), strict=True)
        except ValidationError:
            # `from None`: the validator's text would show the answer.
            raise Broken("An answer of antifraud's is no decision") from None
        return Decision(
            decision_id=read.decision_id, outcome=read.outcome, score=read.score
        )
