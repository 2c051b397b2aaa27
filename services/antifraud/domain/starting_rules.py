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

_EVERY: Final = frozenset(Operation)
_CREDIT: Final = frozenset({Operation.APPLICATION, Operation.PAYOUT})
_APPLICATION: Final = frozenset({Operation.APPLICATION})


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

HELD: Final = (
    Rule(
        code="operation_suspended",
        on=_EVERY,
        when="operation_held",
        outcome=Outcome.SUSPEND,
        score=100,
        reason="The operation is suspended and nobody has let it go.",
        source="Procedure 6.1g iii",
    ),
    Rule(
        code="client_suspended",
        on=_EVERY,
        when="client_held",
        outcome=Outcome.SUSPEND,
        score=100,
        reason="All operations of the client are suspended.",
        source="Procedure 6.1g iii",
    ),
)
_BASE: Final = (
    *HELD,
    Rule(
        code="applications_burst",
        on=_APPLICATION,
        when="client_application_count_1h >= 2",
        outcome=Outcome.SUSPEND,
        score=60,
        reason="A third application within an hour.",
        source="law on banks of 2026: bureaus report applications within one hour",
    ),
    Rule(
        code="amount_above_limit",
        on=_CREDIT,
        when="amount_minor > 100000000",
        outcome=Outcome.REVIEW,
        score=30,
        reason="More than 1 000 000 ₸ at once.",
        source="the company's own limit",
    ),
    Rule(
        code="account_lost",
        on=_CREDIT,
        when="account_account_lost_last_s_180d < account_account_proved_last_s_180d",
        outcome=Outcome.SUSPEND,
        score=80,
        reason="The account can no longer be shown to be the client's.",
        source="Procedure 5.4",
    ),
    Rule(
        code="account_changed",
        on=_CREDIT,
        when="account_account_named_count_7d >= 1"
        " && client_account_proved_count_180d >= 1"
        " && client_account_proved_first_s_180d > account_account_named_first_s_180d",
        outcome=Outcome.REVIEW,
        score=30,
        reason="Another account than the first, named less than a week ago.",
        source="facts/peers: account changed shortly before payout",
    ),
    Rule(
        code="repeated_refusals",
        on=_CREDIT,
        when="client_application_refused_count_30d >= 3",
        outcome=Outcome.REVIEW,
        score=30,
        reason="Three refusals within thirty days.",
        source="the company's own limit",
    ),
    Rule(
        code="failed_logins",
        on=_CREDIT,
        when="phone_login_failed_count_24h >= 6",
        outcome=Outcome.REVIEW,
        score=20,
        reason="The client's number was tried with wrong passwords again and again.",
        source="Procedure 4.7",
    ),
    # A stolen number is turned into money within hours: after a change the cooling
    # period of clause 5.5 runs once more, by nobody's leave.
    Rule(
        code="phone_changed",
        on=_CREDIT,
        when="client_phone_changed_count_24h >= 1",
        outcome=Outcome.REVIEW,
        score=30,
        reason="The number was changed less than a day ago.",
        source="facts/peers: SIM or device changed < 24 h ago",
    ),
)

STARTING: Final = (
    Dated(
        date(2026, 3, 31),
        RuleSet(version="2026-11-30", rules=_BASE),
    ),
)
"""By the day from which they are in force."""


def starting_of(version: str) -> RuleSet | None:
    """A rule set of these by its version."""
    every = (*OF_OLD, *(each.rule_set for each in STARTING))
    return next((each for each in every if each.version == version), None)
