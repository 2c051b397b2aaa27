"""The real client against the bank's simulator: pages of camt.053 and camt.054."""

import time
from collections.abc import Iterator
from uuid import uuid5

import httpx
import pytest

from infra.simulators.client import Person
from kernel.errors import Transient
from kernel.money import Money
from kernel.tls import client_context
from services.disbursement.adapters import (
    Guard,
    HttpStatements,
    Partner,
    partner_client,
)
from services.disbursement.adapters.partner import is_booked
from services.disbursement.domain.order import Order, order_key
from services.disbursement.domain.reconciliation import BankEntry, Direction, Message
from tests.integration.disbursement.test_http_bank import PATIENT, connector_at
from tests.integration.simulators.stand import (
    COMPANY_IBAN,
    OuterPki,
    Stand,
    make_pki,
    running_stand,
)
from tests.unit.disbursement.builders import CODES, CONTRACT_ID, DOCUMENT, OTHER_IBAN

AMOUNT = Money.of("400000.07")
BOTH = pytest.mark.parametrize("message", Message)


def partner_at(url: str, client: httpx.Client) -> Partner:
    return Partner(client, base_url=url, guard=Guard("bank", PATIENT))


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> OuterPki:
    return make_pki(tmp_path_factory.mktemp("statement-pki"))


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory, pki: OuterPki) -> Iterator[Stand]:
    with running_stand(tmp_path_factory.mktemp("statement"), pki) as stand:
        yield stand


@pytest.fixture(scope="module")
def client(stand: Stand) -> Iterator[httpx.Client]:
    cert, key = stand.pki.pair("partner")
    with partner_client(client_context(stand.pki.ca, cert, key)) as client:
        yield client


@pytest.fixture(scope="module")
def person(stand: Stand) -> Person:
    return stand.known_person("statement")


@pytest.fixture(scope="module")
def key(stand: Stand, client: httpx.Client, person: Person) -> str:
    """An order that is settled, and beside it what came in and what nobody ordered."""
    key = order_key(uuid5(CONTRACT_ID, "statement"), 1)
    order = Order(
        key=key,
        amount=AMOUNT,
        debtor_iban=COMPANY_IBAN,
        creditor_iban=person.iban,
        creditor_iin=person.iin,
        document_sha256=DOCUMENT,
    )
    connector_at(stand.bank_url, client, "iso20022").send(order, CODES)
    while not is_booked(partner_at(stand.bank_url, client), order):
        time.sleep(0.05)
    stand.control.pay_in(
        person, iban=COMPANY_IBAN, amount_minor=5_00, purpose="возврат"
    )
    stand.control.pay_in(
        person,
        iban=COMPANY_IBAN,
        amount_minor=7_00,
        purpose="комиссия",
        reference="fee-1",
        end_to_end_id="FEE",
        creditor_iban=OTHER_IBAN,
    )
    return key


@pytest.fixture(scope="module")
def statements(stand: Stand, client: httpx.Client) -> HttpStatements:
    return HttpStatements(partner_at(stand.bank_url, client), iban=COMPANY_IBAN)


@BOTH
def test_entries_are_read_with_their_order_and_account(
    statements: HttpStatements, key: str, person: Person, message: Message
) -> None:
    """What others wrote who paid in is not kept."""
    page = statements.page(message, after=0)
    order, received, fee = page.entries
    assert (order.direction, order.amount) == (Direction.DEBIT, AMOUNT)
    assert (order.end_to_end_id, order.creditor_iban) == (key, person.iban)
    assert (received.direction, received.end_to_end_id) == (Direction.CREDIT, None)
    assert (fee.reference, fee.end_to_end_id) == ("fee-1", "FEE")
    assert (page.is_last, page.upto > 0) == (True, True)
    after = statements.page(message, after=page.upto)
    assert (after.entries, after.upto, after.is_last) == ((), page.upto, True)


def test_both_messages_tell_the_same_entries(
    statements: HttpStatements, key: str
) -> None:
    """Each under the bank's one reference, however often it is asked."""

    def told(message: Message) -> tuple[BankEntry, ...]:
        return statements.page(message, after=0).entries

    assert told(Message.STATEMENT) == told(Message.NOTIFICATION)
    assert told(Message.STATEMENT) == told(Message.STATEMENT)
    del key


@BOTH
@pytest.mark.parametrize("mode", ["garble", "down", "lose"])
def test_a_page_that_is_cut_is_no_answer(
    stand: Stand, statements: HttpStatements, message: Message, mode: str
) -> None:
    """The reader comes again."""
    stand.control.arm_bank("/v1/accounts", mode)  # type: ignore[arg-type]  # one of them
    with pytest.raises(Transient):
        statements.page(message, after=0)
    assert statements.page(message, after=0).is_last


CHANGES = [
    ("KZT", "USD"),
    ("BOOK", "PDNG"),
    ("400000.07", "400000.071"),
    ("400000.07", "-400000.07"),
    ("camt.053.001.08", "camt.053.001.02"),
    (COMPANY_IBAN, OTHER_IBAN),
    ("<Document ", "<!DOCTYPE d><Document "),
    ("DBIT", "SIDE"),
]


@pytest.mark.catalogue("B09")
@pytest.mark.parametrize(("was", "becomes"), CHANGES)
def test_a_page_is_believed_whole_or_not_at_all(
    client: httpx.Client, stand: Stand, key: str, was: str, becomes: str
) -> None:
    """Another account, currency, version; an entry not booked; no amount; a doctype."""
    address = f"{stand.bank_url}/v1/accounts/{COMPANY_IBAN}/camt053"
    text = client.get(address).text
    assert was in text

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, text=text.replace(was, becomes))

    with httpx.Client(transport=httpx.MockTransport(answer)) as lying:
        reader = HttpStatements(partner_at("https://bank", lying), iban=COMPANY_IBAN)
        with pytest.raises(Transient):
            reader.page(Message.STATEMENT, after=0)
    del key
