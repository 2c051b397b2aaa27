"""The order's key and digest, and how the bank's answers are read."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.money import Money
from services.disbursement.domain.order import (
    Absent,
    Accepted,
    AfterAbsence,
    BankAnswer,
    NoAnswer,
    OrderConflict,
    OrderMissing,
    OrderRefused,
    OrderStatus,
    Reading,
    Rejected,
    Settled,
    Unclear,
    after_absence,
    order_key,
    read_answer,
)
from services.disbursement.domain.payout import Payout
from tests.unit.disbursement.builders import (
    CONTRACT_ID,
    DUE,
    OTHER_IBAN,
    RULES,
    elapsed_ns,
    order,
    payout,
    report,
)

MAX35TEXT = 35


@given(contract_id=st.uuids(), number=st.integers(1, 99))
def test_the_key_is_a_function_of_contract_and_number(
    contract_id: UUID, number: int
) -> None:
    """Nothing else goes in, and it fits an end-to-end id of ISO 20022."""
    key = order_key(contract_id, number)
    assert key == order_key(UUID(str(contract_id)), number)
    assert len(key) <= MAX35TEXT
    assert key != order_key(contract_id, number + 1)


@pytest.mark.parametrize(
    "changes",
    [
        {"key": order_key(CONTRACT_ID, 2)},
        {"amount": Money(40_000_001)},
        {"amount": Money(40_000_000, "USD")},
        {"debtor_iban": OTHER_IBAN},
        {"creditor_iban": OTHER_IBAN},
        {"creditor_iin": "0" * 12},
        {"document_sha256": "e" * 64},
    ],
)
def test_the_digest_covers_every_field(changes: dict[str, Any]) -> None:
    """A change of any of them is noticed."""
    assert order().digest != order(**changes).digest
    assert order().digest == order().digest


READINGS: list[tuple[BankAnswer, str | None, Reading]] = [
    (report(), None, Settled("bank-1", DUE)),
    (report(), "bank-1", Settled("bank-1", DUE)),
    (report(OrderStatus.ACCEPTED), None, Accepted("bank-1")),
    (report(OrderStatus.REJECTED), None, Rejected("account_closed")),
    (report(OrderStatus.REJECTED, reason=None), None, Rejected("unspecified")),
    (report(settled_at=None), None, Unclear("bank_settled_without_time", alarm=True)),
    (report(end_to_end_id="x"), None,
     Unclear("bank_end_to_end_id_differs", alarm=True)),
    (report(amount_minor=1), None, Unclear("bank_amount_differs", alarm=True)),
    (report(currency="USD"), None, Unclear("bank_currency_differs", alarm=True)),
    (report(debtor_iban=OTHER_IBAN), None, Unclear("bank_debtor_differs", alarm=True)),
    (report(creditor_iban=OTHER_IBAN), None,
     Unclear("bank_creditor_differs", alarm=True)),
    (report(), "bank-2", Unclear("bank_order_id_differs", alarm=True)),
    (OrderMissing(), None, Absent()),
    (OrderMissing(), "bank-1", Unclear("bank_order_vanished", alarm=True)),
    (OrderRefused("account_unknown"), None, Rejected("account_unknown")),
    (OrderConflict(), None, Unclear("bank_key_conflict", alarm=True)),
    (NoAnswer("bank_unavailable"), None, Unclear("bank_unavailable")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "known", "expected"), READINGS, ids=[str(r[2]) for r in READINGS]
)
def test_every_answer_is_read(
    answer: BankAnswer, known: str | None, expected: Reading
) -> None:
    """Only an answer about this very order counts; all else is unknown."""
    assert expected == read_answer(answer, order=order(), known_order_id=known)


@pytest.mark.parametrize("status", list(OrderStatus))
@pytest.mark.parametrize(
    "changes",
    [
        {"amount_minor": 40_000_100},
        {"creditor_iban": OTHER_IBAN},
        {"end_to_end_id": "another"},
    ],
)
def test_a_wrong_answer_is_never_final(
    status: OrderStatus, changes: dict[str, Any]
) -> None:
    """Whatever status it claims (F04)."""
    reading = read_answer(report(status, **changes), order=order(), known_order_id=None)
    assert isinstance(reading, Unclear)
    assert reading.alarm


VISIBLE = timedelta(seconds=RULES.resend.visible_after_s)
WINDOW = timedelta(seconds=RULES.resend.window_s)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("waited", "missing", "expected"),
    [
        (VISIBLE, 3, AfterAbsence.SEND_SAME_KEY),
        (VISIBLE, 2, AfterAbsence.ASK_AGAIN),
        (VISIBLE - MOMENT, 99, AfterAbsence.ASK_AGAIN),
        (WINDOW, 3, AfterAbsence.SEND_SAME_KEY),
        (WINDOW + MOMENT, 3, AfterAbsence.HOLD),
        (WINDOW + MOMENT, 0, AfterAbsence.HOLD),
        (-VISIBLE, 99, AfterAbsence.ASK_AGAIN),
    ],
)
def test_the_same_key_is_sent_again_only_within_its_window(
    waited: timedelta, missing: int, expected: AfterAbsence
) -> None:
    """Not before the order could have shown itself, not after the bank forgets."""
    sent = payout(
        first_sent_at=DUE, first_sent_ns=elapsed_ns(DUE), sent_at=DUE, missing=missing
    )
    assert expected is absence(sent, DUE + waited)


def absence(sent: Payout, now: datetime) -> AfterAbsence:
    """By both clocks of a machine that ran all the time."""
    return after_absence(sent, now=now, counted_ns=elapsed_ns(now), rules=RULES.resend)


@pytest.mark.parametrize("counted_ns", [None, elapsed_ns(DUE + WINDOW + MOMENT)])
def test_either_clock_ends_the_window(counted_ns: int | None) -> None:
    """And so does a witness that says nothing."""
    sent = payout(
        first_sent_at=DUE, first_sent_ns=elapsed_ns(DUE), sent_at=DUE, missing=3
    )
    decision = after_absence(
        sent, now=DUE + VISIBLE, counted_ns=counted_ns, rules=RULES.resend
    )
    assert decision is AfterAbsence.HOLD


def test_the_window_runs_from_the_first_sending() -> None:
    """However often it was sent since."""
    sent = payout(
        first_sent_at=DUE,
        first_sent_ns=elapsed_ns(DUE),
        sent_at=DUE + WINDOW,
        missing=3,
    )
    late = DUE + WINDOW + VISIBLE
    assert AfterAbsence.HOLD is absence(sent, late)


def test_an_order_never_sent_is_not_sent_again() -> None:
    """A row without its instants is looked at by a person."""
    assert AfterAbsence.HOLD is absence(payout(), DUE)
