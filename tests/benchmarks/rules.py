"""Decisions by the starting set: our engine, and the library with nothing around it.

Both judge the same applications, whose values were seen in the synthetic population.
The library is given the very same conditions, compiled, and a context made anew for
each decision; ours also measures each rule, says what it saw and weighs typologies.
"""

from collections.abc import Callable
from functools import cache
from time import perf_counter, perf_counter_ns
from typing import Final

import cel

from services.antifraud.domain.decision import Inputs, Verdict
from services.antifraud.domain.engine import Engine
from services.antifraud.domain.rules import Operation
from services.antifraud.domain.starting_set import STARTING_SET
from tests.benchmarks.bench import Bench
from tests.benchmarks.rows import OURS, Aim, Figures, Row
from tests.population.judging import judged
from tests.population.people import Asked, town

BARE: Final = "bare CEL"
BUDGET_US: Final = 250_000
SEED: Final = 101


@cache
def _seen() -> tuple[Inputs, ...]:
    """Applications as they were judged in a small town."""
    found: list[Inputs] = []

    def seen(_asked: Asked, inputs: Inputs, _verdict: Verdict) -> None:
        if inputs.kind is Operation.APPLICATION:
            found.append(inputs)

    judged(town(SEED, honest=100, frauds=2), Engine(STARTING_SET), seen=seen)
    return tuple(found)


def _rate(decide: Callable[[Inputs], object], count: int) -> Figures:
    every = _seen()
    began = perf_counter()
    for number in range(count):
        decide(every[number % len(every)])
    return {"decided": count / (perf_counter() - began)}


def _ours(_bench: Bench, count: int) -> Figures:
    engine = Engine(STARTING_SET)

    def decide(inputs: Inputs) -> object:
        return engine.judge(inputs, ticks=perf_counter_ns, budget_us=BUDGET_US)

    return _rate(decide, count)


def _bare(_bench: Bench, count: int) -> Figures:
    rules = [r for r in STARTING_SET.rules if Operation.APPLICATION in r.on]
    programs = [cel.compile(rule.when) for rule in rules]
    names = sorted({name for program in programs for name in program.variables()})

    def decide(inputs: Inputs) -> object:
        context = cel.Context(variables={name: inputs.value(name) for name in names})
        return [program.execute(context) for program in programs]

    return _rate(decide, count)


RULES: Final = {
    "rules": Row(
        title="Rules: decisions by the starting set, in one process",
        unit="decisions/s",
        size=20_000,
        of="decisions",
        parties={OURS: _ours, BARE: _bare},
        aim=Aim("decided", BARE, 0.5),
    )
}
