"""The engine: one version of the rules, compiled, over the inputs of a decision.

The only module that evaluates expressions, and only ones the checker let through.  A
verdict is a pure function of inputs and rules: what a clock decides (`Inputs.judged`)
is told back, stored, and obeyed when the decision is made again.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

import cel

from kernel.errors import Broken
from services.antifraud.domain.catalogue import Value, default_of
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
from services.antifraud.domain.suspending import STANDING

OUT_OF_TIME: Final = "time_budget"
_FAILS: Final = (ArithmeticError, TypeError, ValueError, RuntimeError)
"""What the library raises; of what the checker took only an overflow is left."""

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
    code: str
    rule: Rule
    execute: Callable[[cel.Context], object]
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
        self._defaults = {
            kind: {n: default_of(n) for each in those for n in each.names}
            for kind, those in self._of.items()
        }
        # To make a context costs more than all rules: one that is at rest holds the
        # defaults.  Whoever takes it has it alone.
        self._at_rest: dict[Operation, list[cel.Context]] = {k: [] for k in Operation}

    def judge(
        self, inputs: Inputs, *, ticks: Ticks = _standing, budget_us: int | None = None
    ) -> Judged:
        """The heaviest outcome of what speaks; allow when nothing does.

        What is suspended says so whatever the rules are, and a tripped rule asks for no
        more than a look.  With ``budget_us`` no rule is begun after so many
        microseconds: the operation is then held if it moves money, and looked at by a
        person otherwise.
        """
        began = at = ticks()
        took: dict[str, int] = {}
        fired: list[Fired] = []
        kind, cleared, judged = inputs.kind, inputs.cleared, inputs.judged
        with self._context(kind, inputs) as context:
            for number, each in enumerate(self._of[kind]):
                if judged is None and budget_us is not None:
                    judged = number if at - began > budget_us * 1_000 else None
                if judged is not None and number >= judged:
                    break
                try:
                    if each.execute(context) is True and each.code not in cleared:
                        fired.append(_spoke(each, inputs))
                except _FAILS:
                    if each.code not in cleared:
                        fired.append(_failed(each, inputs))
                ended = ticks()
                took[each.code] = (ended - at) // 1_000
                at = ended
        if judged is not None:
            fired.append(_in_doubt(OUT_OF_TIME, inputs))
        fired.extend(self._typologies(inputs, {each.code for each in fired}))
        fired = [_softened(each, inputs) for each in fired]
        fired.extend(_standing_of(inputs, {each.code for each in fired}))
        verdict = Verdict(
            outcome=max(
                (Outcome.ALLOW, *(each.outcome for each in fired)),
                key=lambda outcome: outcome.weight,
            ),
            score=min(MAX_SCORE, sum(each.score for each in fired)),
            fired=tuple(fired),
        )
        return Judged(verdict, replace(inputs, judged=judged), took)

    @contextmanager
    def _context(self, kind: Operation, inputs: Inputs) -> Iterator[cel.Context]:
        """A context with the values of these inputs, at its defaults afterwards."""
        defaults, at_rest = self._defaults[kind], self._at_rest[kind]
        told = {n: v for n, v in inputs.values.items() if n in defaults}
        context = at_rest.pop() if at_rest else cel.Context(variables=dict(defaults))
        context.update(told)
        yield context
        context.update({name: defaults[name] for name in told})
        at_rest.append(context)

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
        return _Compiled(rule.code, rule, cel.compile(rule.when).execute, names)
    except ValueError as error:
        raise Broken(f"what was checked does not compile: {rule.code}") from error


def _spoke(each: _Compiled, inputs: Inputs) -> Fired:
    return Fired(
        code=each.code,
        outcome=each.rule.outcome,
        score=each.rule.score,
        values={name: inputs.value(name) for name in each.names},
    )


def _failed(each: _Compiled, inputs: Inputs) -> Fired:
    """A condition that cannot be evaluated is never silent."""
    doubt = _in_doubt(each.code, inputs)
    spoke = replace(_spoke(each, inputs), score=0)
    return (
        spoke
        if spoke.outcome.weight > doubt.outcome.weight
        else replace(doubt, values=spoke.values)
    )


def _in_doubt(code: str, inputs: Inputs) -> Fired:
    held = inputs.kind in HELD_IN_DOUBT
    outcome = Outcome.SUSPEND if held else Outcome.REVIEW
    return Fired(code=code, outcome=outcome, score=0)


def _softened(each: Fired, inputs: Inputs) -> Fired:
    """What the breaker has tripped is looked at by a person, and never more."""
    heavy = each.outcome.weight > Outcome.REVIEW.weight
    if each.code not in inputs.tripped or not heavy:
        return each
    return replace(each, outcome=Outcome.REVIEW)


def _standing_of(inputs: Inputs, spoke: set[str]) -> Iterator[Fired]:
    """What is suspended, if no rule has said so: it is no guess, and scores nothing."""
    for held, code in STANDING.items():
        if inputs.value(held) is True and code not in spoke | inputs.cleared:
            values: Mapping[str, Value] = {held: True}
            yield Fired(code=code, outcome=Outcome.SUSPEND, score=0, values=values)


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
