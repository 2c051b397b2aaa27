"""The rules, as data: a feature, a limit, an outcome. Clause 6.1g (i), (v).

Rule sets are dated and never edited: a decision names the set it was made by, so that
one of last year can be explained, and made again, by last year's rules.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from kernel.errors import Broken


class Outcome(StrEnum):
    """What the asker must do; later members outweigh earlier ones."""

    ALLOW = "allow"
    REVIEW = "review"
    SUSPEND = "suspend"
    REFUSE = "refuse"

    @property
    def weight(self) -> int:
        return list(Outcome).index(self)


class Feature(StrEnum):
    """What is known about an operation when it is judged; each is a whole number."""

    AMOUNT_MINOR = "amount_minor"
    """The operation's amount in tiyn."""
    APPLICATIONS = "applications"
    """Applications of the client within `Windows.applications`, this one included."""
    REFUSALS = "refusals"
    """Refused applications of the client within `Windows.refusals`."""
    FAILED_LOGINS = "failed_logins"
    """Failed logins with the client's phone within `Windows.failed_logins`."""
    ACCOUNT_CHANGES = "account_changes"
    """Accounts beyond the first proved or named within `Windows.account_changes`."""
    PHONE_CHANGES = "phone_changes"
    """Numbers beyond the first that the client took within `Windows.phone_changes`."""
    ACCOUNTS_LOST = "accounts_lost"
    """Accounts in question whose ownership was lost and not proved again."""
    CLIENT_HELD = "client_held"
    """1 while all operations of the client are suspended."""
    OPERATION_HELD = "operation_held"
    """1 while this operation is suspended and not released."""


@dataclass(frozen=True, slots=True)
class Rule:
    """Fires when its feature reaches `at_least`."""

    code: str
    feature: Feature
    at_least: int
    outcome: Outcome
    score: int
    """Added to the decision's score; 0 to 100."""


@dataclass(frozen=True, slots=True)
class Windows:
    """How far back each feature looks."""

    applications: timedelta
    refusals: timedelta
    failed_logins: timedelta
    account_changes: timedelta
    phone_changes: timedelta = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class RuleSet:
    """One dated version of all rules. Broken when it is inconsistent."""

    version: str
    effective_on: date
    """From the beginning of this day in Almaty."""
    rules: tuple[Rule, ...]
    windows: Windows

    def __post_init__(self) -> None:
        codes = {rule.code for rule in self.rules}
        if len(codes) != len(self.rules):
            raise Broken("two rules of one set have the same code")
        if any(rule.at_least < 1 or not 0 <= rule.score <= 100 for rule in self.rules):  # noqa: PLR2004 - per cent
            raise Broken("a rule's limit or score is out of range")


_HELD = (
    Rule("operation_suspended", Feature.OPERATION_HELD, 1, Outcome.SUSPEND, 100),
    Rule("client_suspended", Feature.CLIENT_HELD, 1, Outcome.SUSPEND, 100),
)

_FIRST = (
    *_HELD,
    # The law speaks of several lenders within an hour (facts of NBK №54); one lender
    # sees its own part of it.
    Rule("applications_burst", Feature.APPLICATIONS, 3, Outcome.SUSPEND, 60),
    Rule(
        "amount_above_limit",
        Feature.AMOUNT_MINOR,
        1_000_000_01,  # tiyn: more than 1 000 000 ₸
        Outcome.REVIEW,
        30,
    ),
    Rule("account_lost", Feature.ACCOUNTS_LOST, 1, Outcome.SUSPEND, 80),
    Rule("account_changed", Feature.ACCOUNT_CHANGES, 1, Outcome.REVIEW, 30),
    Rule("repeated_refusals", Feature.REFUSALS, 3, Outcome.REVIEW, 30),
    Rule("failed_logins", Feature.FAILED_LOGINS, 6, Outcome.REVIEW, 20),
)
_WINDOWS = Windows(
    applications=timedelta(hours=1),
    refusals=timedelta(days=30),
    failed_logins=timedelta(hours=24),
    account_changes=timedelta(days=7),
)

RULE_SETS = (
    RuleSet(
        version="2026-03-31",
        effective_on=date(2026, 3, 31),
        rules=_FIRST,
        windows=_WINDOWS,
    ),
    RuleSet(
        version="2026-11-29",
        effective_on=date(2026, 11, 29),
        rules=(
            *_FIRST,
            # A stolen number is turned into money within hours: after a change the
            # cooling period of clause 5.5 runs once more, by nobody's leave.
            Rule("phone_changed", Feature.PHONE_CHANGES, 1, Outcome.REVIEW, 30),
        ),
        windows=_WINDOWS,
    ),
)


def rule_set_on(day: date, sets: Iterable[RuleSet] = RULE_SETS) -> RuleSet:
    """The rule set in force on a day in Almaty. Broken before the first."""
    in_force = [each for each in sets if each.effective_on <= day]
    if not in_force:
        raise Broken("no anti-fraud rules were in force on that day")
    return max(in_force, key=lambda each: each.effective_on)


def rule_set_of(version: str, sets: Iterable[RuleSet] = RULE_SETS) -> RuleSet:
    """The rule set a stored decision names. Broken if it is gone."""
    for each in sets:
        if each.version == version:
            return each
    raise Broken(f"the anti-fraud rule set {version} is gone")
