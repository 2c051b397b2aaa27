"""The engine: one version of the rules, compiled, over the inputs of a decision.

The only module that evaluates expressions, and only ones the checker let through.  A
verdict is a pure function of inputs and rules: what a clock decides (`Inputs.judged`)
is told back, stored, and obeyed when the decision is made again.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final

import cel

from kernel.errors import Broken
from services.antifraud.domain.catalogue import Value
from services.antifraud.domain.decision import Fired, Inputs, Verdict
from services.antifraud.domain.expressions import names_in
from services.antifraud.domain.rules import (
    HELD_IN_DOUBT,
    MAX_SCORE,
    Operation,
    Outcome,
    Rule,
    RuleSet,
    checked,
)

OUT_OF_TIME: Final = "time_budget"
UNJUDGED: Final = "rule_not_evaluable"
"""What a condition can still fail by: an overflow.  No rule of ours may be silent."""
_FAILS: Final = (ArithmeticError, TypeError, ValueError, RuntimeError)

Ticks = Callable[[], int]
"""Nanoseconds of a clock that only runs forward."""


def _standing() -> int:
    return 0


@dataclass(frozen=True, slots=True)
class Judged:
    """A verdict, the inputs it is a function of, and how long each rule took."""

    verdict: Verdict
    inputs: Inputs
    took_us: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Compiled:
    rule: Rule
    program: cel.Program
    names: tuple[str, ...]


class Engine:
    """Judges by one rule set.  Refused as `rules.checked` for one that may not be."""

    def __init__(self, rule_set: RuleSet) -> None:
        self.rule_set = checked(rule_set)
        every = [_compiled(rule, of_old=rule_set.of_old) for rule in rule_set.rules]
        self._of = {
            kind: [each for each in every if kind in each.rule.on] for kind in Operation
        }
        self.names = frozenset(name for each in every for name in each.names)
        self._names = {
            kind: sorted({name for each in those for name in each.names})
            for kind, those in self._of.items()
        }

    def judge(
        self, inputs: Inputs, *, ticks: Ticks = _standing, budget_us: int | None = None
    ) -> Judged:
        """The heaviest outcome of what speaks; allow when nothing does.

        With ``budget_us`` no rule is begun after so many microseconds: the operation is
        then held if it moves money, and looked at by a person otherwise.
        """
        began = ticks()
        context = cel.Context(
            variables={name: inputs.value(name) for name in self._names[inputs.kind]}
        )
        took: dict[str, int] = {}
        fired: list[Fired] = []
        those, judged = self._of[inputs.kind], inputs.judged
        for number, each in enumerate(those):
            at = ticks()
            if judged is None and budget_us is not None:
                judged = number if at - began > budget_us * 1_000 else None
            if judged is not None and number >= judged:
                break
            spoke = _spoken(each, inputs, context)
            took[each.rule.code] = (ticks() - at) // 1_000
            if spoke is not None:
                fired.append(spoke)
        if judged is not None:
            fired.append(_in_doubt(OUT_OF_TIME, inputs))
        fired.extend(self._typologies(inputs, {each.code for each in fired}))
        verdict = Verdict(
            outcome=max(
                (Outcome.ALLOW, *(each.outcome for each in fired)),
                key=lambda outcome: outcome.weight,
            ),
            score=min(MAX_SCORE, sum(each.score for each in fired)),
            fired=tuple(fired),
        )
        return Judged(verdict, replace(inputs, judged=judged), took)

    def _typologies(self, inputs: Inputs, spoke: set[str]) -> Iterator[Fired]:
        for typology in self.rule_set.typologies:
            if typology.code in inputs.cleared:
                continue
            speaking = {c: w for c, w in typology.rules.items() if c in spoke}
            weight = sum(speaking.values())
            outcome = typology.outcome_of(weight)
            if outcome is not Outcome.ALLOW:
                values: Mapping[str, Value] = {**speaking, "weight": weight}
                yield Fired(code=typology.code, outcome=outcome, score=0, values=values)


def _compiled(rule: Rule, *, of_old: bool) -> _Compiled:
    names = tuple(sorted(names_in(rule.when, of_old=of_old)))
    try:
        return _Compiled(rule, cel.compile(rule.when), names)
    except ValueError as error:
        raise Broken(f"what was checked does not compile: {rule.code}") from error


def _spoken(each: _Compiled, inputs: Inputs, context: cel.Context) -> Fired | None:
    rule = each.rule
    if rule.code in inputs.cleared:
        return None
    try:
        if each.program.execute(context) is not True:
            return None
        outcome, score = rule.outcome, rule.score
    except _FAILS:
        doubt = _in_doubt(UNJUDGED, inputs)
        outcome, score = max(doubt.outcome, rule.outcome, key=lambda o: o.weight), 0
    values = {name: inputs.value(name) for name in each.names}
    return Fired(code=rule.code, outcome=outcome, score=score, values=values)


def _in_doubt(code: str, inputs: Inputs) -> Fired:
    held = inputs.kind in HELD_IN_DOUBT
    outcome = Outcome.SUSPEND if held else Outcome.REVIEW
    return Fired(code=code, outcome=outcome, score=0)


class Engines:
    """Engines by version: a version is never edited, so each is compiled once."""

    MOST: Final = 8

    def __init__(self) -> None:
        self._compiled: dict[str, Engine] = {}

    def known(self, version: str) -> Engine | None:
        """The engine of a version, if it was compiled."""
        return self._compiled.get(version)

    def of(self, rule_set: RuleSet) -> Engine:
        """The engine of a rule set; Refused as `rules.checked`."""
        key = rule_set.version
        if key not in self._compiled:
            while len(self._compiled) >= self.MOST:
                del self._compiled[next(iter(self._compiled))]
            self._compiled[key] = Engine(rule_set)
        return self._compiled[key]
