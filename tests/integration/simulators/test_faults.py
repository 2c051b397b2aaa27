"""Each armed fault happens as often as asked, and the work behind it as it should."""

import http.client
import time

import pytest

from infra.simulators.client import Person
from infra.simulators.identities import iban_is_valid, iin_is_valid
from infra.simulators.wire import Answer, Wire
from tests.integration.simulators.stand import TOKEN, Stand, order_of

pytestmark = pytest.mark.usefixtures("healed")

LOST = (OSError, http.client.HTTPException)


def pay(stand: Stand, key: str, person: Person) -> Answer:
    headers = {"idempotency-key": key}
    return stand.bank.call("POST", "/v1/orders", json=order_of(person), headers=headers)


def transfers(stand: Stand, key: str) -> int:
    return sum(e["idempotency_key"] == key for e in stand.control.ledger())


def test_a_lost_answer_leaves_the_transfer_done(stand: Stand) -> None:
    """The connection is cut after the money has moved; the status tells."""
    person = stand.known_person("lost")
    stand.control.arm_bank("/v1/orders", "lose", times=2)
    for _ in range(2):
        with pytest.raises(LOST):
            pay(stand, "lost", person)
    assert transfers(stand, "lost") == 1
    assert pay(stand, "lost", person).status == 200


def test_a_delayed_answer_comes_late_but_the_work_is_done_at_once(
    stand: Stand,
) -> None:
    """A client that gives up early has still paid."""
    person = stand.known_person("late")
    stand.control.arm_bank("/v1/orders", "delay", delay_s=1.0)
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        stand.bank.call(
            "POST",
            "/v1/orders",
            json=order_of(person),
            headers={"idempotency-key": "late"},
            timeout_s=0.3,
        )
    assert time.monotonic() - begun < 1.0
    assert transfers(stand, "late") == 1


def test_a_garbled_answer_is_no_json(stand: Stand) -> None:
    """The status is that of success, the content is rubbish, the money has moved."""
    person = stand.known_person("garbled")
    stand.control.arm_bank("/v1/orders", "garble")
    answer = pay(stand, "garbled", person)
    assert answer.status == 201
    with pytest.raises(ValueError, match=r"."):
        answer.json()
    assert transfers(stand, "garbled") == 1


def test_down_means_503_and_no_work(stand: Stand) -> None:
    """A bank that is down has moved nothing."""
    person = stand.known_person("down")
    stand.control.arm_bank("/v1/orders", "down")
    assert pay(stand, "down", person).status == 503
    assert transfers(stand, "down") == 0
    assert pay(stand, "down", person).status == 201


def test_a_wrong_answer_names_another_amount(stand: Stand) -> None:
    """The answer lies, the ledger holds what was ordered."""
    person = stand.known_person("wrong")
    stand.control.arm_bank("/v1/orders", "wrong")
    assert pay(stand, "wrong", person).json()["amount_minor"] != 40_000_000
    assert pay(stand, "wrong", person).json()["amount_minor"] == 40_000_000


def test_a_wrong_answer_may_be_told_what_to_get_wrong(stand: Stand) -> None:
    """The other account has right check digits: only comparing finds it."""
    person = stand.known_person("wrong account")
    stand.control.arm_bank("/v1/orders", "wrong", fields=["creditor_iban"])
    told = pay(stand, "wrong-account", person).json()
    assert told["amount_minor"] == 40_000_000
    assert told["creditor_iban"] != person.iban
    assert iban_is_valid(told["creditor_iban"])


@pytest.mark.parametrize(
    ("lie", "expected"), [("missing", 0), ("duplicate", 2), ("extra", 2)]
)
def test_a_statement_may_miss_or_invent_lines(
    stand: Stand, lie: str, expected: int
) -> None:
    """Reconciliation has something to find."""
    person = stand.known_person(f"statement {lie}")
    pay(stand, f"statement-{lie}", person)
    time.sleep(0.25)
    path = f"/v1/accounts/{person.iban}/statement"
    stand.control.arm_bank("/v1/accounts", "wrong", fields=[lie])
    assert len(stand.bank.call("GET", path).json()["entries"]) == expected
    assert len(stand.bank.call("GET", path).json()["entries"]) == 1


def test_wrong_state_data_are_another_person(stand: Stand) -> None:
    """The state base answers with a valid ИИН nobody asked about."""
    person = stand.known_person("another person")
    stand.control.arm_world("/state/v1/person", "wrong")
    answer = stand.partner.call("POST", "/state/v1/person", json={"iin": person.iin})
    told = answer.expect(200).json()["iin"]
    assert told != person.iin
    assert iin_is_valid(told)


def test_a_fault_may_be_bound_to_a_method(stand: Stand) -> None:
    """A fault for GET lets POST pass under the same prefix."""
    person = stand.known_person("method")
    stand.control.arm_bank("/v1/orders", "down", method="GET")
    assert pay(stand, "method", person).status == 201
    assert stand.bank.call("GET", "/v1/orders/method").status == 503
    assert stand.bank.call("GET", "/v1/orders/method").status == 200


def test_faults_are_listed_and_cleared(stand: Stand) -> None:
    """What waits can be seen, and taken back."""
    stand.control.arm_world("/sms", "down", times=3)
    assert [fault["times"] for fault in armed(stand.public)] == [3]
    stand.control.clear_faults()
    assert armed(stand.public) == []


def armed(wire: Wire) -> list[dict[str, object]]:
    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = wire.call("GET", "/_control/faults", headers=headers).expect(200)
    faults: list[dict[str, object]] = answer.json()["faults"]
    return faults


@pytest.mark.parametrize(
    "fault",
    [
        {"path_prefix": "/v1", "mode": "explode"},
        {"path_prefix": "/v1", "mode": "down", "times": 0},
        {"path_prefix": "/v1", "mode": "delay", "delay_s": "long"},
        {"path_prefix": "/v1", "mode": "wrong", "fields": "amount_minor"},
        {"mode": "down"},
    ],
)
def test_a_malformed_fault_is_refused(stand: Stand, fault: dict[str, object]) -> None:
    """A director's typing error must not pass as a test without faults."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    answer = stand.bank.call("POST", "/_control/faults", json=fault, headers=headers)
    assert (answer.status, answer.json()["code"]) == (400, "malformed")
