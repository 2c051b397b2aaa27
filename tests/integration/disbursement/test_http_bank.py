"""The real client against the bank's simulator: every answer is read as it must be."""

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal, cast
from uuid import uuid5

import httpx
import pytest

from infra.simulators.client import FaultMode, Person
from kernel.clock import SystemClock
from kernel.money import Money
from kernel.tls import client_context
from services.disbursement.adapters import (
    Guard,
    HttpBank,
    HttpProcessor,
    Partner,
    partner_client,
)
from services.disbursement.adapters.rails import Connector
from services.disbursement.domain.guard import GuardRules
from services.disbursement.domain.order import (
    NoAnswer,
    Order,
    OrderConflict,
    OrderMissing,
    OrderRefused,
    OrderReport,
    OrderStatus,
    Unclear,
    order_key,
    read_answer,
)
from tests.integration.simulators.stand import (
    COMPANY_IBAN,
    OuterPki,
    Stand,
    make_pki,
    running_stand,
)
from tests.unit.disbursement.builders import CODES, CONTRACT_ID, DOCUMENT, OTHER_IBAN
from tests.waiting import eventually

COMPANY_BIN: Final = "990140000007"


Dialect = Literal["iso20022", "json"]
PATHS: Final = {"iso20022": "/v1/payments", "json": "/v1/orders"}
PATIENT: Final = GuardRules(
    failures=1_000, rest_s=60, per_s=10_000, burst=1_000, patience_s=1
)
CARD: Final = "tok_" + "c" * 20


def connector_at(
    url: str, client: httpx.Client, dialect: Dialect, rules: GuardRules = PATIENT
) -> HttpBank | HttpProcessor:
    partner = Partner(client, base_url=url, guard=Guard("bank", rules))
    if dialect == "json":
        return HttpProcessor(partner, company_bin=COMPANY_BIN)
    return HttpBank(partner, company_bin=COMPANY_BIN, clock=SystemClock())


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> OuterPki:
    return make_pki(tmp_path_factory.mktemp("bank-pki"))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, pki: OuterPki) -> Iterator[Stand]:
    with running_stand(tmp_path_factory.mktemp("bank"), pki) as stand:
        yield stand


@pytest.fixture
def stand(running: Stand) -> Iterator[Stand]:
    yield running
    running.control.clear_faults()


@pytest.fixture(params=["iso20022", "json"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    return cast("Dialect", request.param)


@pytest.fixture
def bank(stand: Stand, dialect: Dialect) -> Iterator[HttpBank | HttpProcessor]:
    """As the worker builds it: mutual TLS, nothing of the machine."""
    cert, key = stand.pki.pair("partner")
    with partner_client(client_context(stand.pki.ca, cert, key)) as client:
        yield connector_at(stand.bank_url, client, dialect)


def order_for(person: Person, name: str) -> Order:
    return Order(
        key=order_key(uuid5(CONTRACT_ID, name), 1),
        amount=Money.of("400000"),
        debtor_iban=COMPANY_IBAN,
        creditor_iban=person.iban,
        creditor_iin=person.iin,
        document_sha256=DOCUMENT,
    )


@pytest.fixture
def order(stand: Stand, request: pytest.FixtureRequest) -> Order:
    """An order to a person whose account the bank knows."""
    name = request.node.name
    return order_for(stand.known_person(name), name)


def transfers(stand: Stand, order: Order) -> int:
    return len(lines(stand, order))


def lines(stand: Stand, order: Order) -> list[dict[str, Any]]:
    ledger = stand.control.ledger()
    return [line for line in ledger if line["end_to_end_id"] == order.key]


def settled(bank: Connector, order: Order) -> OrderReport:
    """Ask until the bank has finished."""
    heard: list[OrderReport] = []

    def finished() -> bool:
        answer = bank.ask(order)
        assert isinstance(answer, OrderReport)
        heard.append(answer)
        return answer.status is not OrderStatus.ACCEPTED

    eventually(finished)
    return heard[-1]


def test_an_order_is_unknown_then_taken_then_settled(
    bank: Connector, stand: Stand, order: Order
) -> None:
    """And then it stands in the statement."""
    assert OrderMissing() == bank.ask(order)
    assert bank.booked(order) is False
    taken = bank.send(order, CODES)
    assert isinstance(taken, OrderReport)
    report = settled(bank, order)
    assert OrderStatus.SETTLED is report.status
    assert report.settled_at is not None
    assert (order.key, order.amount.amount_minor) == (
        report.end_to_end_id,
        report.amount_minor,
    )
    assert bank.booked(order) is True
    again = bank.send(order, CODES)
    assert isinstance(again, OrderReport)
    assert report.order_id == again.order_id
    assert transfers(stand, order) == 1


def test_the_bank_is_told_the_codes_and_who_pays(
    bank: Connector, stand: Stand, order: Order
) -> None:
    """КНП, КОд, КБе, БИН and ИИН, in an order that its schema lets through."""
    bank.send(order, CODES)
    (line,) = lines(stand, order)
    told = (line["knp"], line["kod"], line["kbe"], line["debtor_bin"])
    assert told == ("411", "15", "19", COMPANY_BIN)
    assert line["creditor_iin"] == order.creditor_iin
    assert line["amount_minor"] == order.amount.amount_minor


def test_another_order_under_the_same_key_is_a_conflict(
    bank: Connector, order: Order
) -> None:
    """Not a refusal: something stands there."""
    bank.send(order, CODES)
    assert OrderConflict() == bank.send(replace(order, amount=Money.of("1")), CODES)


def test_an_unknown_account_is_refused_and_leaves_nothing(
    bank: Connector, order: Order
) -> None:
    """With the bank's own code."""
    stray = replace(order, creditor_iban=OTHER_IBAN)
    assert OrderRefused("account_unknown") == bank.send(stray, CODES)
    assert OrderMissing() == bank.ask(stray)


def test_another_persons_account_is_rejected(
    bank: Connector, stand: Stand, order: Order
) -> None:
    """The bank compares the owner, too."""
    other = stand.known_person("somebody else")
    bank.send(replace(order, creditor_iin=other.iin), CODES)
    report = settled(bank, order)
    assert (report.status, report.reason) == (OrderStatus.REJECTED, "creditor_mismatch")
    assert bank.booked(order) is False


def test_the_balance_is_what_is_left(
    bank: HttpBank | HttpProcessor, stand: Stand, order: Order
) -> None:
    """Less every order taken; another account's is no answer about ours."""
    before = bank.balance(order)
    assert isinstance(before, Money)
    bank.send(order, CODES)
    assert bank.balance(order) == before - order.amount
    stand.control.endow(COMPANY_IBAN, 100)
    assert bank.balance(order) == Money(100)
    short = replace(order, key=order_key(uuid5(CONTRACT_ID, "short"), 1))
    bank.send(short, CODES)
    assert settled(bank, short).reason == "insufficient_funds"
    stand.control.endow(COMPANY_IBAN, before.amount_minor)


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        ("lose", "bank_unavailable"),
        ("garble", "bank_answer_unreadable"),
        ("down", "bank_status_503"),
    ],
)
def test_a_balance_that_cannot_be_read_is_no_answer(
    bank: HttpBank | HttpProcessor,
    stand: Stand,
    order: Order,
    mode: FaultMode,
    code: str,
) -> None:
    """Nobody guesses what the company can spend."""
    stand.control.arm_bank("/v1/balances", mode)
    assert NoAnswer(code) == bank.balance(order)


@pytest.mark.catalogue("F02")
@pytest.mark.parametrize(
    ("mode", "code", "moved"),
    [
        ("lose", "bank_unavailable", 1),
        ("garble", "bank_answer_unreadable", 1),
        ("down", "bank_status_503", 0),
    ],
)
def test_an_answer_that_cannot_be_read_is_no_answer(
    bank: Connector,
    stand: Stand,
    order: Order,
    dialect: Dialect,
    mode: FaultMode,
    code: str,
    moved: int,
) -> None:
    """Whether the money has moved or not: nobody here can know."""
    stand.control.arm_bank(PATHS[dialect], mode)
    assert NoAnswer(code) == bank.send(order, CODES)
    assert moved == transfers(stand, order)
    stand.control.arm_bank(PATHS[dialect], mode)
    assert NoAnswer(code) == bank.ask(order)
    stand.control.arm_bank("/v1/accounts", mode)
    assert bank.booked(order) is None


@pytest.mark.catalogue("F04")
@pytest.mark.parametrize(
    "field", ["amount_minor", "creditor_iban", "debtor_iban", "end_to_end_id"]
)
def test_a_lie_of_the_bank_is_found_by_comparison(
    bank: Connector, stand: Stand, order: Order, dialect: Dialect, field: str
) -> None:
    """Each lie is well-formed; only the order shows it."""
    stand.control.arm_bank(PATHS[dialect], "wrong", fields=[field])
    reading = read_answer(bank.send(order, CODES), order=order, known_order_id=None)
    assert isinstance(reading, Unclear)
    assert reading.alarm


def test_a_card_is_paid_by_its_token(stand: Stand, order: Order) -> None:
    """The processor tells the account behind it, which is compared like everything."""
    stand.control.create_card(
        token=CARD, iban=order.creditor_iban, iin=order.creditor_iin, last4="4242"
    )
    cert, key = stand.pki.pair("partner")
    by_card = replace(order, creditor_card=CARD)
    with partner_client(client_context(stand.pki.ca, cert, key)) as client:
        processor = connector_at(stand.bank_url, client, "json")
        processor.send(by_card, CODES)
        report = settled(processor, by_card)
        (line,) = lines(stand, by_card)
        assert (line["creditor_card"], report.creditor_card) == (CARD, CARD)
        stand.control.arm_bank("/v1/orders", "wrong", fields=["creditor_card"])
        reading = read_answer(
            processor.ask(by_card), order=by_card, known_order_id=report.order_id
        )
        assert reading == Unclear("bank_card_differs", alarm=True)
        stray = replace(by_card, key=by_card.key[::-1], creditor_card="tok_" + "d" * 20)
        assert OrderRefused("card_unknown") == processor.send(stray, CODES)


def test_a_partner_that_fails_is_left_alone_and_tried_again(
    stand: Stand, order: Order, dialect: Dialect
) -> None:
    """While it rests no request leaves; nothing is taken for an answer."""
    rules = replace(PATIENT, failures=2, rest_s=0.2)
    cert, key = stand.pki.pair("partner")
    with partner_client(client_context(stand.pki.ca, cert, key)) as client:
        bank = connector_at(stand.bank_url, client, dialect, rules)
        stand.control.arm_bank(PATHS[dialect], "down", times=2)
        answers = [bank.ask(order) for _ in range(3)]
        assert answers == [
            *[NoAnswer("bank_status_503")] * 2,
            NoAnswer("bank_rests"),
        ]
        assert bank.booked(order) is None
        time.sleep(0.25)
        assert OrderMissing() == bank.ask(order)
        assert bank.booked(order) is False


def test_without_our_certificate_the_bank_does_not_listen(
    stand: Stand, order: Order, dialect: Dialect, tmp_path: Path
) -> None:
    """Mutual TLS: a stranger's certificate gets no answer."""
    stranger = make_pki(tmp_path)
    cert, key = stranger.pair("partner")
    with partner_client(client_context(stand.pki.ca, cert, key)) as client:
        stranger_bank = connector_at(stand.bank_url, client, dialect)
        assert NoAnswer("bank_unavailable") == stranger_bank.ask(order)


def test_a_bank_with_anothers_certificate_is_not_spoken_to(
    stand: Stand, order: Order, dialect: Dialect, tmp_path: Path
) -> None:
    """We verify it as it verifies us."""
    cert, key = stand.pki.pair("partner")
    authority = make_pki(tmp_path).ca
    with partner_client(client_context(authority, cert, key)) as client:
        bank = connector_at(stand.bank_url, client, dialect)
        assert NoAnswer("bank_unavailable") == bank.send(order, CODES)
