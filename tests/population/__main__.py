"""`python -m tests.population [--making]`: rule sets over the held-out population.

Prints precision, recall and whom they bother, beside a baseline of three rules.
"""

import argparse
from collections import Counter

from services.antifraud.domain.decision import Inputs, Verdict
from services.antifraud.domain.engine import Engine
from services.antifraud.domain.rules import RuleSet
from services.antifraud.domain.starting_rules import STARTING
from tests.population import seeds
from tests.population.baseline import BASELINE
from tests.population.judging import Figures, added, judged
from tests.population.people import FRAUDS, HONEST, Asked, Step, town


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--making", action="store_true", help="the seeds for making")
    parser.add_argument("--rules", action="store_true", help="how each rule spoke")
    arguments = parser.parse_args()
    chosen = seeds.FOR_MAKING if arguments.making else seeds.HELD_OUT
    towns = [town(one, honest=seeds.HONEST, frauds=seeds.FRAUDS) for one in chosen]
    print(f"seeds {chosen}, each {seeds.HONEST} honest, {seeds.FRAUDS} frauds a kind")
    for name, rule_set in (("three rules", BASELINE), ("ours", STARTING[-1].rule_set)):
        spoke = Counter[tuple[str, bool]]()
        figures = over(towns, rule_set, spoke)
        caught = ", ".join(
            f"{kind} {figures.stopped.get(kind, 0)}/{figures.there[kind]}"
            for kind in FRAUDS
        )
        print(
            f"{name}: precision {figures.precision:.3f}, recall {figures.recall:.3f},"
            f" F1 {figures.f1:.3f}, honest bothered {figures.bothered:.2%}; {caught}"
        )
        if arguments.rules:
            for code, _ in rule_set.reasons:
                fraud, honest = spoke[code, True], spoke[code, False]
                print(f"    {code:36} fraud {fraud:5} honest {honest:5}")


def over(
    towns: list[list[Step]], rule_set: RuleSet, spoke: Counter[tuple[str, bool]]
) -> Figures:
    """The figures of all towns together; ``spoke`` counts how often each rule did."""

    def seen(asked: Asked, _inputs: Inputs, verdict: Verdict) -> None:
        spoke.update((code, asked.who != HONEST) for code in verdict.codes)

    engine = Engine(rule_set)
    return added(judged(steps, engine, seen=seen) for steps in towns)


if __name__ == "__main__":
    main()
