"""A card number never enters: refused by its own code wherever it stands (5.3)."""

import json
from typing import Any

import pytest

from tests.bodies import path_of, request_of
from tests.doors import IN, FakeDoor
from tests.openapi import Operation, operations
from tests.security.gateway.conftest import Door
from tests.security.gateway.test_bad_input import JSON, problem

PAN = "4111111111111111"
"""The payment system's own example, of nobody."""
SPELLED = "4111 1111 1111 1111"
PLACES: dict[str, dict[str, Any]] = {
    "text": {"json": {"login": PAN, "password": "x"}},
    "in groups": {"json": {"login": SPELLED, "password": "x"}},
    "number": {"json": {"login": int(PAN), "password": "x"}},
    "name": {"json": {PAN: "x"}},
    "deep": {"json": {"a": [{"b": f"карта {SPELLED}"}]}},
    "escaped": {
        "content": b'{"login":"\\u0034111111111111111"}',
        "headers": JSON,
    },
    "query": {"params": {"x": PAN}, "json": {}},
    "encoded query": {"params": {"x": SPELLED}, "json": {}},
    "key": {"headers": {"Idempotency-Key": PAN}, "json": {}},
    "agent": {"headers": {"User-Agent": f"Mozilla/5.0 ({SPELLED})"}, "json": {}},
}
in_every_place = pytest.mark.parametrize("place", PLACES)


@pytest.mark.clause("5.3")
@pytest.mark.clause("1.3a")
@pytest.mark.seeded("gateway_takes_card_numbers")
@pytest.mark.seeded("gateway_card_numbers_around")
@in_every_place
def test_a_card_number_is_refused_and_nothing_of_it_is_left(
    door: Door, place: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither row nor event, no call, no word in an answer or a log."""
    before = door.stored()
    answer = door.send("POST", "/sessions", **PLACES[place])

    assert problem(answer)["code"] == "card_number_refused"
    assert answer.status_code == 422
    assert (door.stored(), door.rpc.asked) == (before, [])
    assert door.stand.rows("SELECT * FROM outbox") == []
    left = answer.text + str(answer.headers) + "".join(capfd.readouterr())
    assert PAN not in left
    assert SPELLED not in left


@pytest.mark.clause("5.3")
@pytest.mark.parametrize("operation", list(operations()), ids=lambda one: one.name)
def test_no_operation_takes_one(fake_door: FakeDoor, operation: Operation) -> None:
    """In the address of any, and in any body; each description says so."""
    request = request_of(operation)
    request["headers"] = {**request["headers"], **IN}
    asked = [{**request, "params": {**request["params"], "card": PAN}}]
    if (
        "content" in request
        and request["headers"]["Content-Type"] == JSON["Content-Type"]
    ):
        body = {**json.loads(request["content"]), "card": SPELLED}
        asked.append({**request, "content": json.dumps(body).encode()})
    for one in asked:
        answer = fake_door.send(operation.method, path_of(operation), **one)
        assert problem(answer)["code"] == "card_number_refused"
        assert "card_number_refused" in operation.codes(422)
    assert fake_door.rpc.asked == []


def test_a_card_number_in_an_address_reaches_nobody(fake_door: FakeDoor) -> None:
    answer = fake_door.send("GET", f"/contracts/{PAN}", headers=IN)
    assert problem(answer)["code"] == "card_number_refused"
    assert fake_door.rpc.asked == []


@pytest.mark.parametrize(
    "body",
    [
        {"act": "replace", "iban": "KZ978562203105747338"},
        {"act": "add", "card_token": "tok_" + "4" * 20},
    ],
)
def test_accounts_and_tokens_pass(fake_door: FakeDoor, body: dict[str, str]) -> None:
    headers = {**IN, "If-Match": f'"{"5f" * 16}"'}
    answer = fake_door.send("POST", "/account-changes", json=body, headers=headers)
    assert answer.status_code == 201
    ((_, method, asked),) = fake_door.rpc.asked
    assert method == "start_account_change"
    assert (asked["seen"], asked["act"]) == ("5f" * 16, body["act"])


@pytest.mark.seeded("gateway_version_not_asked")
def test_an_act_on_an_account_names_the_version_it_was_decided_upon(
    fake_door: FakeDoor,
) -> None:
    """And the list of accounts names it."""
    body = {"iban": "KZ978562203105747338"}
    answer = fake_door.send("POST", "/account-changes", json=body, headers=IN)
    assert problem(answer)["code"] == "precondition_required"
    shown = fake_door.send("GET", "/accounts", headers=IN)
    assert shown.headers["etag"] == f'"{shown.json()["version"]}"'
