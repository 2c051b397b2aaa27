"""What antifraud answers, and what becomes of the operation then."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.context import Context
from kernel.errors import Broken, Refused, Transient
from kernel.judged import Decision, Going, Rounds
from kernel.judging import WITHIN_S, RpcAntifraud
from kernel.money import Money

CLIENT = UUID(int=0xC1)
CONTEXT = Context(UUID(int=1), None, "00-1-1-01")
GOOD: dict[str, Any] = {"decision_id": str(UUID(int=1)), "score": 3, "rules": []}


class FakeRpc:
    """Answers one thing, or raises it."""

    def __init__(self, reply: object) -> None:
        self.reply = reply
        self.told: dict[str, Any] = {}

    def call(self, *method: str, **told: object) -> object:
        self.told = {"method": method, **told}
        if isinstance(self.reply, Exception):
            raise self.reply
        return self.reply


def decide(rpc: FakeRpc) -> Decision:
    antifraud = RpcAntifraud(rpc, CONTEXT)  # type: ignore[arg-type]  # a twin
    return antifraud.decide(
        operation="signing:1",
        client_id=CLIENT,
        amount=Money.of("400000"),
        facts={"term_days": 90},
    )


def test_antifrauds_word_is_one_of_four() -> None:
    """Any other is a defect, as is a question it refuses; away is away."""
    assert decide(FakeRpc({**GOOD, "outcome": "review"})).outcome == "review"
    refused = Refused("facts_invalid", "No.", next_step="Again.")
    for reply in ({**GOOD, "outcome": "perhaps"}, GOOD, None, refused):
        with pytest.raises(Broken):
            decide(FakeRpc(reply))
    with pytest.raises(Transient):
        decide(FakeRpc(Transient("away")))


def test_it_is_not_waited_for_without_end() -> None:
    rpc = FakeRpc({**GOOD, "outcome": "allow"})
    decide(rpc)
    assert rpc.told["method"] == ("antifraud", "decide")
    assert rpc.told["timeout_s"] == WITHIN_S


@pytest.mark.clause("6.1g")
@pytest.mark.parametrize(
    ("outcome", "going"),
    [
        ("allow", Going.ON),
        ("refuse", Going.NEVER),
        ("review", Going.WAITS),
        ("suspend", Going.WAITS),
        ("a word of tomorrow", Going.WAITS),
    ],
)
def test_only_the_words_themselves_decide(outcome: str, going: Going) -> None:
    decision = Decision(decision_id=UUID(int=1), outcome=outcome, score=0)
    assert decision.going is going


def test_pauses_double_up_to_the_longest() -> None:
    rounds = Rounds(tries=8, most_pause=timedelta(minutes=10))
    assert [rounds.pause_after(tries).total_seconds() for tries in (1, 2, 3, 99)] == [
        15,
        30,
        60,
        600,
    ]
