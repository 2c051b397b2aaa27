"""The gate: every check alone decides, and each is recorded."""

from collections.abc import Callable
from datetime import timedelta
from itertools import product
from typing import Any
from uuid import UUID

import pytest

from services.disbursement.domain.gate import (
    Decision,
    GateResult,
    Ownership,
    Unanswered,
    Verdict,
    pass_gate,
)
from services.disbursement.domain.payout import State
from tests.unit.disbursement import builders
from tests.unit.disbursement.builders import (
    DUE,
    HOLD_UNTIL,
    OTHER_IBAN,
    RULES,
    account,
    contract,
    decision,
    elapsed_ns,
    evidence,
    order,
    payout,
    proof,
    sending,
    stop_credit,
)

MOMENT = timedelta(microseconds=1)
OTHER_ID = UUID(int=7)
OTHER_TOKEN = "k1.other"  # noqa: S105 - a matching token, opens nothing
CHECKS = (
    "sending", "hold", "witness", "consent", "release", "suspension", "ownership",
    "account", "order", "antifraud", "contract",
    "stop_credit", "debtor", "bank",
)  # fmt: skip


def gate(**changes: Any) -> GateResult:  # noqa: ANN401 - any argument of pass_gate
    """The gate when all is well, but for the changes."""
    given: dict[str, Any] = {
        "payout": payout(),
        "order": order(),
        "sealed_digest": order().digest,
        "evidence": evidence(),
        "now": DUE,
        "rules": RULES.gate,
    } | changes
    return pass_gate(given.pop("payout"), **given)


def test_the_gate_opens_when_all_is_well() -> None:
    """Every check passes and leaves evidence."""
    result = gate()
    assert Verdict.PASSED is result.verdict
    assert result.code == ""
    assert tuple(check.name for check in result.checks) == CHECKS
    assert all(check.evidence for check in result.checks)


CLOSED: list[tuple[str, Verdict, str, Callable[[], GateResult]]] = [
    ("sending", Verdict.LATER, "sending_halted",
     lambda: gate(evidence=evidence(sending=sending(halt_id=OTHER_ID)))),
    ("sending", Verdict.LATER, "payout_disputed",
     lambda: gate(evidence=evidence(sending=sending(case_id=OTHER_ID)))),
    ("sending", Verdict.LATER, "reconciliation_pending",
     lambda: gate(evidence=evidence(sending=sending(caught_up_at=None)))),
    ("sending", Verdict.LATER, "reconciliation_stale",
     lambda: gate(evidence=evidence(
         sending=sending(caught_up_at=DUE - RULES.gate.reconciled - MOMENT)))),
    ("sending", Verdict.LATER, "reconciliation_stale",
     lambda: gate(evidence=evidence(
         sending=sending(caught_up_at=DUE + RULES.gate.reconciled + MOMENT)))),
    ("hold", Verdict.LATER, "hold_running", lambda: gate(now=HOLD_UNTIL - MOMENT)),
    ("hold", Verdict.NEVER, "hold_missing",
     lambda: gate(payout=payout(hold_until=None, release_required=False))),
    ("witness", Verdict.LATER, "hold_unwitnessed",
     lambda: gate(evidence=evidence(counted_ns=elapsed_ns(HOLD_UNTIL - MOMENT)))),
    ("witness", Verdict.LATER, "hold_unwitnessed",
     lambda: gate(evidence=evidence(counted_ns=None))),
    ("witness", Verdict.LATER, "hold_unwitnessed",
     lambda: gate(payout=payout(witnessed_from_ns=None))),
    ("consent", Verdict.NEVER, "consent_missing",
     lambda: gate(payout=payout(consented_at=None))),
    ("release", Verdict.NEVER, "release_missing",
     lambda: gate(payout=payout(released_at=None))),
    ("release", Verdict.NEVER, "release_too_early",
     lambda: gate(payout=payout(released_at=HOLD_UNTIL - MOMENT))),
    ("suspension", Verdict.LATER, "operation_suspended",
     lambda: gate(payout=payout(suspended_by=OTHER_ID))),
    ("ownership", Verdict.LATER, "ownership_unavailable",
     lambda: gate(evidence=evidence(ownership=Unanswered("ownership_unavailable")))),
    ("ownership", Verdict.NEVER, "ownership_mismatch",
     lambda: gate(evidence=evidence(ownership=proof(verdict=Ownership.MISMATCH)))),
    ("ownership", Verdict.LATER, "ownership_unknown",
     lambda: gate(evidence=evidence(ownership=proof(verdict=Ownership.UNKNOWN)))),
    ("ownership", Verdict.LATER, "ownership_stale",
     lambda: gate(evidence=evidence(
         ownership=proof(checked_at=DUE - timedelta(seconds=121))))),
    ("ownership", Verdict.LATER, "ownership_stale",
     lambda: gate(evidence=evidence(
         ownership=proof(checked_at=DUE + timedelta(seconds=121))))),
    ("account", Verdict.LATER, "account_unavailable",
     lambda: gate(evidence=evidence(account=Unanswered("account_unavailable")))),
    ("account", Verdict.LATER, "account_changed",
     lambda: gate(evidence=evidence(account=account(account_token=OTHER_TOKEN)))),
    ("account", Verdict.LATER, "account_changed",
     lambda: gate(payout=payout(agreed_token=OTHER_TOKEN))),
    ("account", Verdict.NEVER, "account_differs",
     lambda: gate(evidence=evidence(account=account(iban=OTHER_IBAN)))),
    ("account", Verdict.NEVER, "account_differs",
     lambda: gate(evidence=evidence(account=account(iin="0" * 12)))),
    ("order", Verdict.NEVER, "order_digest_differs",
     lambda: gate(sealed_digest="0" * 64)),
    ("antifraud", Verdict.LATER, "antifraud_unavailable",
     lambda: gate(evidence=evidence(decision=Unanswered("antifraud_unavailable")))),
    ("antifraud", Verdict.LATER, "antifraud_review",
     lambda: gate(evidence=evidence(decision=decision(Decision.REVIEW)))),
    ("antifraud", Verdict.LATER, "antifraud_suspend",
     lambda: gate(evidence=evidence(decision=decision(Decision.SUSPEND)))),
    ("antifraud", Verdict.NEVER, "antifraud_refuse",
     lambda: gate(evidence=evidence(decision=decision(Decision.REFUSE)))),
    ("contract", Verdict.LATER, "contract_unavailable",
     lambda: gate(evidence=evidence(contract=Unanswered("contract_unavailable")))),
    ("contract", Verdict.LATER, "contract_amending",
     lambda: gate(evidence=evidence(contract=contract(amending=True)))),
    ("contract", Verdict.LATER, "contract_amending",
     lambda: gate(evidence=evidence(contract=contract(hold_from=HOLD_UNTIL)))),
    ("contract", Verdict.NEVER, "contract_client_differs",
     lambda: gate(evidence=evidence(contract=contract(client_id=OTHER_ID)))),
    ("contract", Verdict.NEVER, "contract_amount_differs",
     lambda: gate(evidence=evidence(
         contract=contract(amount=builders.BELOW_LIMIT)))),
    ("contract", Verdict.NEVER, "contract_document_differs",
     lambda: gate(evidence=evidence(contract=contract(document_sha256="e" * 64)))),
    ("contract", Verdict.NEVER, "contract_account_differs",
     lambda: gate(evidence=evidence(contract=contract(account_id=OTHER_ID)))),
    ("contract", Verdict.NEVER, "contract_consent_differs",
     lambda: gate(evidence=evidence(contract=contract(consented=False)))),
    ("contract", Verdict.NEVER, "contract_release_differs",
     lambda: gate(evidence=evidence(contract=contract(released=False)))),
    ("contract", Verdict.NEVER, "contract_state_differs",
     lambda: gate(evidence=evidence(contract=contract(state="annulled")))),
    ("stop_credit", Verdict.NEVER, "stop_credit",
     lambda: gate(evidence=evidence(stop_credit=stop_credit(stands=True)))),
    ("stop_credit", Verdict.LATER, "stop_credit_unavailable",
     lambda: gate(evidence=evidence(
         stop_credit=Unanswered("stop_credit_unavailable")))),
    ("debtor", Verdict.NEVER, "debtor_differs",
     lambda: gate(order=order(debtor_iban=OTHER_IBAN),
                  sealed_digest=order(debtor_iban=OTHER_IBAN).digest)),
    ("bank", Verdict.LATER, "bank_unavailable",
     lambda: gate(evidence=evidence(bank=Unanswered("bank_unavailable")))),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "verdict", "code", "closed"),
    CLOSED,
    ids=[f"{name}-{code}-{n}" for n, (name, _, code, _) in enumerate(CLOSED)],
)
def test_each_check_alone_closes_the_gate(
    name: str, verdict: Verdict, code: str, closed: Callable[[], GateResult]
) -> None:
    """Unknown holds, contradiction blocks; the other checks are made all the same."""
    result = closed()
    failed = [check for check in result.checks if check.verdict is not Verdict.PASSED]
    assert [name] == [check.name for check in failed]
    assert (verdict, code) == (result.verdict, result.code)
    assert tuple(check.name for check in result.checks) == CHECKS


def test_at_the_very_instant_of_the_hold_money_may_leave() -> None:
    """Not a moment earlier, and not a moment later than it may."""
    assert (
        Verdict.PASSED
        is gate(
            now=HOLD_UNTIL, evidence=evidence(ownership=proof(checked_at=HOLD_UNTIL))
        ).verdict
    )


def test_below_the_limit_no_release_is_asked_for() -> None:
    """Neither from the row nor from the contract."""
    small = payout(release_required=False, released_at=None)
    fitting = evidence(contract=contract(released=False, state="consented"))
    assert Verdict.PASSED is gate(payout=small, evidence=fitting).verdict


def test_a_contradiction_outweighs_what_may_pass_later() -> None:
    """Blocked, with the code of the contradiction."""
    result = gate(
        now=HOLD_UNTIL - MOMENT,
        evidence=evidence(
            ownership=proof(verdict=Ownership.MISMATCH, checked_at=HOLD_UNTIL)
        ),
    )
    assert (result.verdict, result.code) == (Verdict.NEVER, "ownership_mismatch")


@pytest.mark.parametrize(("ownership", "outcome"), list(product(Ownership, Decision)))
def test_only_match_and_allow_open(ownership: Ownership, outcome: Decision) -> None:
    """One of twelve combinations."""
    result = gate(
        evidence=evidence(
            ownership=proof(verdict=ownership), decision=decision(outcome)
        )
    )
    opens = ownership is Ownership.MATCH and outcome is Decision.ALLOW
    assert opens == (result.verdict is Verdict.PASSED)


def test_an_order_the_bank_already_has_does_not_close_the_gate() -> None:
    """A restored database finds its own order there; it is resolved by asking."""
    assert Verdict.PASSED is gate(evidence=evidence(bank=builders.report())).verdict


def test_nothing_personal_shows_in_what_is_recorded() -> None:
    """Neither account nor person nor token."""
    shown = repr(gate().checks) + repr(evidence()) + repr(order())
    for secret in (builders.CLIENT_IBAN, builders.CLIENT_IIN, builders.TOKEN):
        assert secret not in shown


def test_a_ready_payout_is_what_the_builder_builds() -> None:
    """The cases above start from it."""
    assert State.READY is payout().state
