"""An order is written by its schema; a report is believed whole or not at all."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest

from infra.simulators.pain import read_order, written_report
from kernel.errors import Broken
from kernel.money import Money
from kernel.starting_policy import STARTING_POLICY
from services.disbursement.adapters.pain import initiation, read_report
from services.disbursement.domain.codes import PaymentCodes, payment_codes
from services.disbursement.domain.order import NoAnswer, Order, OrderReport, OrderStatus
from tests.unit.disbursement.builders import CODES, DUE, order

COMPANY_BIN: Final = "990140000007"
SETTLED_AT: Final = datetime(2026, 11, 25, 8, 30, 1, tzinfo=UTC)
UNREADABLE: Final = NoAnswer("bank_answer_unreadable")


def written(one: Order, codes: PaymentCodes = CODES) -> bytes:
    return initiation(one, codes, company_bin=COMPANY_BIN, at=DUE)


def report(**changes: object) -> bytes:
    """As the bank writes it."""
    true: dict[str, object] = {
        "order_id": "6f0c1f3e",
        "end_to_end_id": order().key,
        "status": "settled",
        "amount_minor": 40_000_001,
        "currency": "KZT",
        "debtor_iban": order().debtor_iban,
        "creditor_iban": order().creditor_iban,
        "accepted_at": "2026-11-25T08:30:00.125Z",
        "settled_at": "2026-11-25T08:30:01Z",
    }
    told = {**true, **changes}
    return written_report({name: said for name, said in told.items() if said})


def test_what_is_written_is_what_the_bank_reads() -> None:
    one = order(amount=Money(40_000_001))
    key, transfer = read_order(written(one))
    assert (key, transfer.end_to_end_id) == (one.key, one.key)
    assert (transfer.amount_minor, transfer.currency) == (40_000_001, "KZT")
    assert transfer.debtor_iban == one.debtor_iban
    assert transfer.creditor_iban == one.creditor_iban
    assert (transfer.creditor_iin, transfer.debtor_bin) == (
        one.creditor_iin,
        COMPANY_BIN,
    )
    assert (transfer.knp, transfer.kod, transfer.kbe) == ("411", "15", "19")


def test_the_day_of_execution_is_that_of_almaty() -> None:
    late = DUE.replace(hour=20)
    body = initiation(order(), CODES, company_bin=COMPANY_BIN, at=late)
    day = (late + timedelta(hours=5)).date()
    assert f"<ReqdExctnDt><Dt>{day}</Dt></ReqdExctnDt>".encode() in body


@pytest.mark.seeded("disbursement_order_of_no_schema")
@pytest.mark.parametrize(
    "changes",
    [{"creditor_iban": "kz1"}, {"key": "k" * 36}, {"creditor_iin": ""}],
)
def test_an_order_that_breaks_its_schema_is_never_sent(changes: dict[str, Any]) -> None:
    with pytest.raises(Broken):
        written(order(**changes))


def test_a_report_is_read_whole() -> None:
    told = read_report(report())
    assert told == OrderReport(
        order_id="6f0c1f3e",
        end_to_end_id=order().key,
        status=OrderStatus.SETTLED,
        amount_minor=40_000_001,
        currency="KZT",
        debtor_iban=order().debtor_iban,
        creditor_iban=order().creditor_iban,
        settled_at=SETTLED_AT,
        reason="unspecified",
    )


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *[(word, OrderStatus.ACCEPTED) for word in ("RCVD", "PDNG", "ACSP", "ACSC")],
        ("ACCC", OrderStatus.SETTLED),
        ("RJCT", OrderStatus.REJECTED),
        ("CANC", OrderStatus.REJECTED),
    ],
)
def test_the_words_of_iso_20022_are_known(word: str, status: OrderStatus) -> None:
    told = read_report(report().replace(b"ACCC", word.encode()))
    assert isinstance(told, OrderReport)
    assert told.status is status


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("AC04", "account_closed"),
        ("AM04", "insufficient_funds"),
        ("ZZ99", "reason_zz99"),
        ("a b", "unspecified"),
    ],
)
def test_the_reason_of_a_rejection_is_a_code_of_ours(code: str, reason: str) -> None:
    body = report(status="rejected", reason="account_closed", settled_at=None)
    told = read_report(body.replace(b"AC04", code.encode()))
    assert isinstance(told, OrderReport)
    assert (told.reason, told.settled_at) == (reason, None)


@pytest.mark.catalogue("B09")
@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("<Document", "<!DOCTYPE d [<!ENTITY e 'e'>]><Document"),
        ("pain.002.001.10", "pain.002.001.03"),
        ("ACCC", "PAID"),
        ("400000.01", "400000.011"),
        ("400000.01", "NaN"),
        ("400000.01", "Infinity"),
        ("400000.01", "1E999999999"),
        ("<AcctSvcrRef>6f0c1f3e</AcctSvcrRef>", ""),
        ("<AcctSvcrRef>6f0c1f3e", f"<AcctSvcrRef>{'x' * 65}"),
        ("01Z</DtTm>", "01</DtTm>"),
        ("<TxInfAndSts>", "<TxInfAndSts><Surprise/>"),
        ("<OrgnlTxRef>", "<OrgnlTxRefs>"),
        ("</Document>", ""),
    ],
)
def test_what_is_no_report_is_no_answer(was: str, becomes: str) -> None:
    text = report().decode()
    body = text.replace(was, becomes)
    assert body != text
    assert read_report(body.encode()) == UNREADABLE


def test_two_transactions_are_no_report_on_ours() -> None:
    text = report().decode()
    start, end = text.index("<TxInfAndSts>"), text.index("</OrgnlPmtInfAndSts>")
    assert read_report((text[:end] + text[start:]).encode()) == UNREADABLE


def test_codes_go_by_the_term_and_by_the_day_of_the_first_sending() -> None:
    knp = {
        days: payment_codes(STARTING_POLICY, term_days=days, at=DUE).knp
        for days in (1, 365, 366)
    }
    assert knp == {1: "411", 365: "411", 366: "413"}
    assert payment_codes(STARTING_POLICY, term_days=30, at=DUE) == CODES
