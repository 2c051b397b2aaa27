"""The bank takes an order once, and never forgets or mixes up what it took."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.simulators.client import Person
from infra.simulators.identities import another_iban, another_iin
from infra.simulators.wire import Answer
from tests.integration.simulators.stand import COMPANY_IBAN, Stand, order_of


def send(stand: Stand, key: str, order: dict[str, object]) -> Answer:
    headers = {"idempotency-key": key}
    return stand.bank.call("POST", "/v1/orders", json=order, headers=headers)


def lines_under(stand: Stand, key: str) -> int:
    entries = stand.control.ledger()
    return sum(entry["idempotency_key"] == key for entry in entries)


def settled(stand: Stand, key: str) -> dict[str, object]:
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        order = stand.bank.call("GET", f"/v1/orders/{key}").expect(200).json()
        if order["status"] != "accepted":
            return order
        time.sleep(0.02)
    raise AssertionError("the order was not settled")


def test_an_order_is_accepted_and_then_settled(stand: Stand) -> None:
    """An order is answered with its content, and settles after the delay."""
    person = stand.known_person("settles")
    taken = send(stand, "settles", order_of(person)).expect(201).json()
    assert taken["status"] == "accepted"
    assert taken["amount_minor"] == 40_000_000
    assert taken["debtor_iban"] == COMPANY_IBAN
    assert taken["creditor_iban"] == person.iban
    done = settled(stand, "settles")
    assert done["status"] == "settled"
    assert done["order_id"] == taken["order_id"]
    assert str(done["settled_at"]) > str(done["accepted_at"])


def test_the_same_key_and_body_give_the_stored_order(stand: Stand) -> None:
    """A repetition gets the first order again and moves no money."""
    order = order_of(stand.known_person("repeats"))
    first = send(stand, "repeats", order).expect(201).json()
    second = send(stand, "repeats", order).expect(200).json()
    assert second["order_id"] == first["order_id"]
    assert lines_under(stand, "repeats") == 1


@pytest.mark.parametrize(
    "changes", [{"amount_minor": 1}, {"purpose": "другое"}, {"end_to_end_id": "x"}]
)
def test_the_same_key_with_another_body_is_a_conflict(
    stand: Stand, changes: dict[str, object]
) -> None:
    """A key stands for one transfer; any other field under it is refused."""
    key = f"conflict-{next(iter(changes))}"
    person = stand.known_person("conflicts")
    send(stand, key, order_of(person)).expect(201)
    refused = send(stand, key, order_of(person, **changes))
    assert refused.status == 422
    assert refused.json()["code"] == "idempotency_conflict"
    assert lines_under(stand, key) == 1


def test_parallel_orders_under_one_key_are_one_transfer(stand: Stand) -> None:
    """Of twenty simultaneous senders one makes the transfer, all learn of it."""
    order = order_of(stand.known_person("parallel"))
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: send(stand, "parallel", order), range(20)))
    assert sorted(a.status for a in answers) == [200] * 19 + [201]
    assert len({a.json()["order_id"] for a in answers}) == 1
    assert lines_under(stand, "parallel") == 1


def test_an_unknown_account_is_refused_and_frees_the_key(stand: Stand) -> None:
    """Nothing is remembered about an order to an account the bank does not have."""
    person = stand.person("no account")
    refused = send(stand, "unknown", order_of(person))
    assert refused.status == 422
    assert refused.json()["code"] == "account_unknown"
    assert stand.bank.call("GET", "/v1/orders/unknown").status == 404
    stand.control.create_account(iban=person.iban, iin=person.iin)
    send(stand, "unknown", order_of(person)).expect(201)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount_minor": 0}, "malformed"),
        ({"amount_minor": 4.5}, "malformed"),
        ({"amount_minor": True}, "malformed"),
        ({"amount_minor": 2**53}, "malformed"),
        ({"currency": "USD"}, "currency_unknown"),
        ({"creditor_iban": "KZ007220000000000000"}, "iban_invalid"),
        ({"creditor_iin": "12"}, "malformed"),
    ],
)
def test_a_malformed_order_is_refused(
    stand: Stand, changes: dict[str, object], code: str
) -> None:
    """Wrong forms never reach the ledger."""
    answer = send(stand, "malformed", order_of(stand.person("malformed"), **changes))
    assert answer.json()["code"] == code
    assert lines_under(stand, "malformed") == 0


def test_an_order_without_a_key_is_refused(stand: Stand) -> None:
    """The bank takes no order that could not be repeated safely."""
    order = order_of(stand.known_person("keyless"))
    answer = stand.bank.call("POST", "/v1/orders", json=order)
    assert (answer.status, answer.json()["code"]) == (400, "idempotency_key_missing")


def test_an_order_for_another_owner_is_rejected_without_a_transfer(
    stand: Stand,
) -> None:
    """A named creditor who does not own the account gets nothing (Procedure 5.4)."""
    person = stand.known_person("someone else")
    order = order_of(person, creditor_iin=another_iin(person.iin))
    send(stand, "other-owner", order).expect(201)
    done = settled(stand, "other-owner")
    assert (done["status"], done["reason"]) == ("rejected", "creditor_mismatch")
    assert lines_under(stand, "other-owner") == 0


def test_an_order_to_a_closed_account_is_rejected(stand: Stand) -> None:
    """A closed account rejects after acceptance, as banks do."""
    person = stand.person("closed")
    stand.control.create_account(iban=person.iban, iin=person.iin, closed=True)
    send(stand, "closed", order_of(person)).expect(201)
    assert settled(stand, "closed")["reason"] == "account_closed"


def ownership(stand: Stand, iban: str, iin: str) -> str:
    body = {"iban": iban, "iin": iin}
    answer = stand.bank.call("POST", "/v1/accounts/ownership", json=body).expect(200)
    found = answer.json()
    assert found["evidence_id"]
    assert found["checked_at"].endswith("Z")
    return str(found["verdict"])


def test_ownership_is_answered_in_three_ways(stand: Stand) -> None:
    """Owner, somebody else, and an account the bank does not have."""
    person = stand.known_person("owner")
    assert ownership(stand, person.iban, person.iin) == "match"
    assert ownership(stand, person.iban, another_iin(person.iin)) == "mismatch"
    assert ownership(stand, another_iban(person.iban), person.iin) == "unknown"


def statement(stand: Stand, person: Person) -> list[dict[str, object]]:
    path = f"/v1/accounts/{person.iban}/statement"
    entries: list[dict[str, object]] = stand.bank.call("GET", path).json()["entries"]
    return entries


def test_a_statement_lists_settled_transfers(stand: Stand) -> None:
    """The creditor sees one credit from the company, once it is settled."""
    person = stand.known_person("statement")
    send(stand, "statement", order_of(person)).expect(201)
    settled(stand, "statement")
    (entry,) = statement(stand, person)
    assert entry["amount_minor"] == 40_000_000
    assert entry["counterparty_iban"] == COMPANY_IBAN
    assert entry["end_to_end_id"] == f"payout-{person.iin}"
    assert entry["direction"] == "credit"


def test_a_card_is_shown_to_who_names_its_owner(stand: Stand) -> None:
    person, token = stand.known_person("has a card"), "tok_" + "a" * 20
    stand.control.create_card(
        token=token, iban=person.iban, iin=person.iin, last4="4242"
    )

    def look_up(token: str, iin: str) -> dict[str, object]:
        body = {"token": token, "iin": iin}
        answer = stand.bank.call("POST", "/v1/cards/lookup", json=body).expect(200)
        found = dict(answer.json())
        assert found.pop("evidence_id")
        assert found.pop("checked_at")
        return found

    own = {"verdict": "match", "last4": "4242", "iban": person.iban}
    assert look_up(token, person.iin) == own
    assert look_up(token, another_iin(person.iin)) == {"verdict": "mismatch"}
    assert look_up("tok_" + "b" * 20, person.iin) == {"verdict": "unknown"}
