"""Rules and typologies, as data: clause 6.1g (i), (v).

A rule says of one operation yes or no, by a condition over the catalogue; what it
brings is a score, and an outcome of its own where it is grave enough alone.  A
typology is a known way of fraud: the weights of those of its rules that speak are
added, and the sum decides.  Versions are dated and never edited: a decision names the
one it was made by, so that one of last year can be made again by last year's rules.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from kernel.crypto import Json, canonical, sha256
from kernel.errors import Broken, Refused
from services.antifraud.domain.expressions import names_in

MAX_SCORE: Final = 100
MAX_RULES: Final = 200
MAX_TYPOLOGIES: Final = 50
MAX_WORDS: Final = 300
_CODE_CHARACTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")
MAX_CODE: Final = 60


class Outcome(StrEnum):
    """What the asker must do; later members outweigh earlier ones."""

    ALLOW = "allow"
    REVIEW = "review"
    SUSPEND = "suspend"
    REFUSE = "refuse"

    @property
    def weight(self) -> int:
        return _WEIGHTS[self]


_WEIGHTS: Final = {outcome: weight for weight, outcome in enumerate(Outcome)}


class Operation(StrEnum):
    """What is asked about, before it goes on."""

    ACTIVATION = "activation"
    APPLICATION = "application"
    SIGNING = "signing"
    PAYOUT = "payout"
    PHONE_CHANGE = "phone_change"
    ACCOUNT_CHANGE = "account_change"


OF_MONEY: Final = frozenset(
    {Operation.APPLICATION, Operation.SIGNING, Operation.PAYOUT}
)
"""They have an amount above zero."""
HELD_IN_DOUBT: Final = frozenset({Operation.SIGNING, Operation.PAYOUT})
"""What moves money: where it cannot be judged in time, it is held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Speaks when its condition holds of an operation it is for."""

    code: str
    on: frozenset[Operation]
    when: str
    reason: str
    source: str
    """Where it comes from: a law, a case, a published pattern."""
    outcome: Outcome = Outcome.ALLOW
    score: int = 0
    """Added to the decision's score; 0 to 100."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typology:
    """A way of fraud: its rules with their weights, and from which sum on it is one."""

    code: str
    rules: Mapping[str, int]
    reason: str
    source: str
    review_at: int
    suspend_at: int | None = None

    def outcome_of(self, weight: int) -> Outcome:
        """What a sum of weights comes to."""
        if self.suspend_at is not None and weight >= self.suspend_at:
            return Outcome.SUSPEND
        return Outcome.REVIEW if weight >= self.review_at else Outcome.ALLOW


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSet:
    """One version of all rules, of one day's making."""

    version: str
    rules: tuple[Rule, ...]
    typologies: tuple[Typology, ...] = ()
    of_old: bool = False
    """Of before the catalogue: its rules name the features of then."""

    @property
    def reasons(self) -> tuple[tuple[str, str], ...]:
        """Code and reason of every rule, and then of every typology."""
        return (
            *((rule.code, rule.reason) for rule in self.rules),
            *((typology.code, typology.reason) for typology in self.typologies),
        )

    @property
    def sha256(self) -> str:
        """The digest of what it says; the version's name is no part of it."""
        return sha256(canonical(rule_set_to_wire(self))).hex()


@dataclass(frozen=True, slots=True)
class Dated:
    """A rule set and the day in Almaty from which it is in force."""

    effective_on: date
    rule_set: RuleSet


def checked(rule_set: RuleSet) -> RuleSet:
    """The rule set, if it may be saved.

    Refused as `names_in`, and ``rules_too_many``, ``rule_unfit`` (its code, score or
    words), ``rule_twice``, ``typology_unfit``; ``rule`` names the culprit.
    """
    if len(rule_set.rules) > MAX_RULES or len(rule_set.typologies) > MAX_TYPOLOGIES:
        raise _unfit("rules_too_many", "There are too many rules.", "")
    codes = set[str]()
    for code, _ in rule_set.reasons:
        if code in codes:
            raise _unfit("rule_twice", "Two rules have the same code.", code)
        codes.add(code)
    for rule in rule_set.rules:
        _check_rule(rule, of_old=rule_set.of_old)
    known = {rule.code for rule in rule_set.rules}
    for typology in rule_set.typologies:
        _check_typology(typology, known)
    return rule_set


def _check_rule(rule: Rule, *, of_old: bool) -> None:
    fit = (
        _is_code(rule.code)
        and bool(rule.on)
        and 0 <= rule.score <= MAX_SCORE
        and _are_words(rule.reason, rule.source)
    )
    if not fit:
        raise _unfit("rule_unfit", "Code, score, reason or source is unfit.", rule.code)
    try:
        names_in(rule.when, of_old=of_old)
    except Refused as refused:
        raise Refused(
            refused.code,
            refused.sentence,
            next_step=refused.next_step,
            rule=rule.code,
            **refused.details,
        ) from refused


def _check_typology(typology: Typology, known: set[str]) -> None:
    weights = typology.rules.values()
    at = typology.review_at
    fit = (
        _is_code(typology.code)
        and _are_words(typology.reason, typology.source)
        and typology.rules.keys() <= known
        and all(0 < weight <= MAX_SCORE for weight in weights)
        and 0 < at <= sum(weights)
        and at <= (typology.suspend_at or at) <= sum(weights)
    )
    if not fit:
        raise _unfit(
            "typology_unfit",
            "Its rules, weights, limits or words are unfit.",
            typology.code,
        )


def _is_code(code: str) -> bool:
    return 0 < len(code) <= MAX_CODE and _CODE_CHARACTERS.issuperset(code)


def _are_words(*words: str) -> bool:
    return all(0 < len(word) <= MAX_WORDS for word in words)


def _unfit(code: str, sentence: str, rule: str) -> Refused:
    return Refused(
        code, sentence, next_step="Correct it and check the set again.", rule=rule[:80]
    )


def in_force_on(day: date, sets: Iterable[Dated]) -> RuleSet:
    """The rule set in force on a day in Almaty.  Broken before the first."""
    begun = [each for each in sets if each.effective_on <= day]
    if not begun:
        raise Broken("no anti-fraud rules were in force on that day")
    return max(begun, key=lambda each: each.effective_on).rule_set


def rule_set_to_wire(rule_set: RuleSet) -> dict[str, Json]:
    """What a rule set says, without the name of its version."""
    return {
        "rules": [
            {
                "code": rule.code,
                "on": list[Json](sorted(rule.on)),
                "when": rule.when,
                "outcome": rule.outcome.value,
                "score": rule.score,
                "reason": rule.reason,
                "source": rule.source,
            }
            for rule in rule_set.rules
        ],
        "typologies": [
            {
                "code": each.code,
                "rules": dict(each.rules),
                "review_at": each.review_at,
                "suspend_at": each.suspend_at,
                "reason": each.reason,
                "source": each.source,
            }
            for each in rule_set.typologies
        ],
    }
