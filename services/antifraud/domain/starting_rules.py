"""The rule sets the company starts with, newest last; versions are never edited."""

from datetime import date
from typing import Final

from services.antifraud.domain.rules import (
    Dated,
    Operation,
    Outcome,
    Rule,
    RuleSet,
)
from services.antifraud.domain.starting_set import STARTING_SET

_CREDIT: Final = frozenset({Operation.APPLICATION, Operation.PAYOUT})


def _of_old(code: str, when: str, outcome: Outcome, score: int) -> Rule:
    return Rule(
        code=code,
        on=_CREDIT,
        when=when,
        outcome=outcome,
        score=score,
        reason="A rule of before the catalogue of features.",
        source="Procedure 6.1g",
    )


_FIRST: Final = (
    _of_old("operation_suspended", "operation_held", Outcome.SUSPEND, 100),
    _of_old("client_suspended", "client_held", Outcome.SUSPEND, 100),
    _of_old("applications_burst", "applications >= 3", Outcome.SUSPEND, 60),
    _of_old("amount_above_limit", "amount_minor > 100000000", Outcome.REVIEW, 30),
    _of_old("account_lost", "accounts_lost >= 1", Outcome.SUSPEND, 80),
    _of_old("account_changed", "account_changes >= 1", Outcome.REVIEW, 30),
    _of_old("repeated_refusals", "refusals >= 3", Outcome.REVIEW, 30),
    _of_old("failed_logins", "failed_logins >= 6", Outcome.REVIEW, 20),
)
OF_OLD: Final = (
    RuleSet(version="2026-03-31", rules=_FIRST, of_old=True),
    RuleSet(
        version="2026-11-29",
        rules=(
            *_FIRST,
            _of_old("phone_changed", "phone_changes >= 1", Outcome.REVIEW, 30),
        ),
        of_old=True,
    ),
)
"""They judged before the catalogue; their decisions can still be made again."""

STARTING: Final = (
    # It judges from the day of the Procedure on, whatever the clock of a test says.
    Dated(date(2026, 3, 31), STARTING_SET),
)
"""By the day from which they are in force."""


def starting_of(version: str) -> RuleSet | None:
    """A rule set of these by its version."""
    every = (*OF_OLD, *(each.rule_set for each in STARTING))
    return next((each for each in every if each.version == version), None)
