"""Three rules anybody would begin with: what a set has to beat."""

from typing import Final

from services.antifraud.domain.rules import Operation, Outcome, Rule, RuleSet

_CREDIT: Final = frozenset({Operation.APPLICATION, Operation.PAYOUT})


def _rule(code: str, when: str) -> Rule:
    return Rule(
        code=code,
        on=_CREDIT,
        when=when,
        outcome=Outcome.REVIEW,
        reason="one of the three everybody begins with",
        source="facts/peers, rules to ship",
    )


BASELINE: Final = RuleSet(
    version="baseline",
    rules=(
        _rule("several_applications", "client_application_count_1h >= 2"),
        _rule(
            "fresh_device",
            "client_device_admitted_count_24h >= 1 && client_activation_count_24h == 0",
        ),
        _rule(
            "changed_before_payout",
            "client_phone_changed_count_7d >= 1 || account_account_named_count_7d >= 1",
        ),
    ),
)
