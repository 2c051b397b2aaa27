"""The checks of the amount: limits, four eyes, balance, each deciding alone."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.money import Money
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.domain.gate import Approved, Check, Unanswered, Verdict
from services.disbursement.domain.limits import (
    Funds,
    Limits,
    Outgoing,
    Sent,
    check_limits,
)
from tests.unit.disbursement.builders import ABOVE_LIMIT, DUE, payout

TODAY = date(2026, 11, 21)
NOTHING = Money(0)
MRP = Money.of("4325")
LIMITS = Limits.at(STARTING_POLICY, DUE)
TIYN = Money(1)
ANNA, BORIS = UUID(int=0xA), UUID(int=0xB)
NAMES = ("payout_limit", "client_limit", "day_limit", "approval", "balance")
LARGE = MRP.times_ratio(1_001, 1)


def mrp(count: int) -> Money:
    return MRP.times_ratio(count, 1)


PLENTY = mrp(10_000_000)


def funds(
    balance: Money = PLENTY,
    *,
    begun: Money = NOTHING,
    at_bank: Money = NOTHING,
    day_on: date = TODAY,
) -> Funds:
    before = Outgoing(day_on=day_on, begun=begun, at_bank=at_bank)
    return Funds(balance=balance, before=before)


def sent(client: Money = NOTHING, company: Money = NOTHING) -> Sent:
    return Sent(day_on=TODAY, client=client, company=company)


def approved(by: UUID = BORIS) -> Approved:
    return Approved(approval_id=UUID(int=1), requested_by=ANNA, approved_by=by)


def checks(amount: Money = ABOVE_LIMIT, **changes: Any) -> dict[str, Check]:  # noqa: ANN401 - any argument of check_limits
    row = payout(amount=amount, first_sent_at=changes.pop("first_sent_at", None))
    given: dict[str, Any] = {
        "limits": LIMITS,
        "sent": sent(),
        "funds": funds(),
        "approved": None,
    } | changes
    found = check_limits(row, **given)
    assert tuple(check.name for check in found) == NAMES
    return {check.name: check for check in found}


def held(found: dict[str, Check]) -> list[str]:
    assert all(check.verdict is not Verdict.NEVER for check in found.values())
    return [check.code for check in found.values() if check.verdict is Verdict.LATER]


def test_an_ordinary_payout_passes_and_each_check_tells_by_what() -> None:
    """With the limit, its setting and the setting's date."""
    found = checks()
    assert held(found) == []
    assert (
        found["day_limit"].evidence
        == "400000.00 of 4325000000.00, payouts.day_mrp of 2025-01-01"
    )
    assert all(check.evidence for check in found.values())


@pytest.mark.parametrize(
    ("amount", "changes", "code"),
    [
        (mrp(20_000) + TIYN, {"approved": approved()}, "payout_limit"),
        (ABOVE_LIMIT, {"sent": sent(client=mrp(20_000))}, "client_limit"),
        (ABOVE_LIMIT, {"sent": sent(company=mrp(1_000_000)),
                       "funds": funds(begun=mrp(1_000_000))}, "day_limit"),
        (LARGE, {}, "approval_required"),
        (LARGE, {"approved": approved(by=ANNA)}, "approval_required"),
        (ABOVE_LIMIT, {"funds": funds(ABOVE_LIMIT - TIYN)}, "balance_short"),
        (ABOVE_LIMIT, {"funds": Unanswered("bank_unavailable")}, "bank_unavailable"),
        (ABOVE_LIMIT, {"funds": funds(day_on=date(2026, 11, 20))}, "balance_stale"),
    ],
)  # fmt: skip
@pytest.mark.seeded("disbursement_approval_by_one_person")
def test_each_check_alone_holds(
    amount: Money, changes: dict[str, Any], code: str
) -> None:
    """Held, never blocked: a limit, a yes or money may come."""
    found = held(checks(amount, **changes))
    assert code in found
    assert set(found) <= {code, "client_limit"}


def test_up_to_and_including_a_limit_passes() -> None:
    """And a tiyn more does not."""
    room = sent(client=mrp(20_000) - ABOVE_LIMIT, company=mrp(1_000_000) - ABOVE_LIMIT)
    begun = funds(begun=room.company)
    assert held(checks(sent=room, funds=begun)) == []
    more = ABOVE_LIMIT + TIYN
    assert held(checks(more, sent=room, funds=begun)) == ["client_limit", "day_limit"]
    assert held(checks(mrp(1_000))) == []
    assert held(checks(mrp(20_000), approved=approved())) == []


def test_the_balance_has_to_cover_everything_on_its_way() -> None:
    """Orders at the bank before it was asked, and what was begun since."""
    enough = ABOVE_LIMIT.times_ratio(3, 1)
    on_its_way = funds(enough, begun=ABOVE_LIMIT, at_bank=ABOVE_LIMIT)
    assert held(checks(funds=on_its_way, sent=sent(company=ABOVE_LIMIT))) == []
    since = sent(company=ABOVE_LIMIT.times_ratio(2, 1))
    assert held(checks(funds=on_its_way, sent=since)) == []
    since = sent(company=since.company + TIYN)
    assert held(checks(funds=on_its_way, sent=since)) == ["balance_short"]


def test_an_order_sent_again_is_not_counted_again() -> None:
    """Its amount is in the sums of the day it was sent first."""
    full = sent(client=mrp(20_000), company=mrp(1_000_000))
    sent_at = DUE - timedelta(minutes=1)
    begun = funds(begun=full.company)
    assert held(checks(funds=begun, sent=full, first_sent_at=sent_at)) == []
