"""A SIGKILL at any moment loses nothing that was answered, and invents nothing."""

import contextlib
import http.client
import itertools
import time
from concurrent.futures import ThreadPoolExecutor

import orjson

from infra.simulators.client import Person
from tests.integration.simulators.stand import Stand, order_of


def pay(stand: Stand, key: str, person: Person) -> int:
    headers = {"idempotency-key": key}
    order = order_of(person, end_to_end_id=key)
    return stand.bank.call("POST", "/v1/orders", json=order, headers=headers).status


def test_the_ledger_survives_a_sigkill(own_stand: Stand) -> None:
    """After the kill every order, account and key is still known, once."""
    own_stand.bank_process.start()
    person = own_stand.person("killed")
    own_stand.control.create_account(iban=person.iban, iin=person.iin)
    assert pay(own_stand, "before", person) == 201
    own_stand.bank_process.kill()
    own_stand.bank_process.start()
    assert pay(own_stand, "before", person) == 200
    assert pay(own_stand, "after", person) == 201
    keys = [entry["idempotency_key"] for entry in own_stand.control.ledger()]
    assert keys == ["before", "after"]
    assert own_stand.ledger.read_bytes().count(b"\n") == 2


def test_a_torn_last_line_is_dropped(own_stand: Stand) -> None:
    """A half-written line was never acknowledged: the order can be sent anew."""
    own_stand.bank_process.start()
    person = own_stand.person("torn")
    own_stand.control.create_account(iban=person.iban, iin=person.iin)
    pay(own_stand, "whole", person)
    pay(own_stand, "torn", person)
    own_stand.bank_process.kill()
    content = own_stand.ledger.read_bytes()
    own_stand.ledger.write_bytes(content[:-20])
    own_stand.bank_process.start()
    assert pay(own_stand, "whole", person) == 200
    assert pay(own_stand, "torn", person) == 201
    lines = own_stand.ledger.read_bytes().splitlines()
    assert [orjson.loads(line)["idempotency_key"] for line in lines] == [
        "whole",
        "torn",
    ]


def test_a_rejection_survives_a_sigkill(own_stand: Stand) -> None:
    """A rejected order keeps its key and its reason without touching the ledger."""
    own_stand.bank_process.start()
    person = own_stand.person("rejected")
    own_stand.control.create_account(iban=person.iban, iin=person.iin, closed=True)
    assert pay(own_stand, "rejected", person) == 201
    own_stand.bank_process.kill()
    own_stand.bank_process.start()
    time.sleep(0.2)
    order = own_stand.bank.call("GET", "/v1/orders/rejected").expect(200).json()
    assert (order["status"], order["reason"]) == ("rejected", "account_closed")
    assert own_stand.ledger.read_bytes() == b""


def test_a_kill_under_load_loses_no_acknowledged_order(own_stand: Stand) -> None:
    """Eight senders, one SIGKILL: acknowledged orders are there, each once."""
    own_stand.bank_process.start()
    person = own_stand.person("load")
    own_stand.control.create_account(iban=person.iban, iin=person.iin)
    acknowledged: list[str] = []

    def keep_paying(sender: int) -> None:
        with contextlib.suppress(OSError, http.client.HTTPException):
            for number in itertools.count():
                key = f"{sender}-{number}"
                if pay(own_stand, key, person) == 201:
                    acknowledged.append(key)

    with ThreadPoolExecutor(8) as pool:
        for sender in range(8):
            pool.submit(keep_paying, sender)
        time.sleep(0.5)
        own_stand.bank_process.kill()
    own_stand.bank_process.start()
    keys = [entry["idempotency_key"] for entry in own_stand.control.ledger()]
    assert len(keys) == len(set(keys))
    assert acknowledged
    assert set(acknowledged) <= set(keys)


def test_the_world_survives_a_sigkill(own_stand: Stand) -> None:
    """Persons, messages, the authority's keys and its register outlive the process."""
    own_stand.world_process.start()
    person = own_stand.enrolled_person("survivor")
    own_stand.control.create_person(person)
    own_stand.control.tell({"kind": "notice"})
    message = {"message_id": "m1", "to": person.phone, "text": "код"}
    own_stand.partner.call("POST", "/sms/v1/messages", json=message).expect(202)
    person.revoke_certificate()
    roots = own_stand.public.call("GET", "/ca/roots.pem").body

    own_stand.world_process.kill()
    own_stand.world_process.start()

    assert own_stand.public.call("GET", "/ca/roots.pem").body == roots
    found = own_stand.partner.call("POST", "/state/v1/person", json={"iin": person.iin})
    assert found.expect(200).json()["phones"] == [person.phone]
    own_stand.partner.call("POST", "/sms/v1/messages", json=message).expect(202)
    assert [m["text"] for m in own_stand.control.sms(person.phone)] == ["код"]
    feed = own_stand.partner.call("GET", "/centre/v1/changes").json()
    assert feed["changes"] == [{"number": 1, "says": {"kind": "notice"}}]
    person.revoke_certificate()  # known, so no 404
