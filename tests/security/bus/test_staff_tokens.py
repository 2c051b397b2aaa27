"""Whose word says what staff may do: one key's, for a minute, at the staff's own door.

Each service asks for itself: what one believes, another might not.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import orjson
import pytest

from infra import topology
from infra.stack import Stack
from kernel.crypto import b64url, canonical, unb64url
from kernel.tokens import Assertions
from tests.staff import ANNA, EVERYTHING, clock_of, key_of, token_for
from tests.sweep import Sweep
from tests.waiting import eventually
from tests.wire import Caller, Wire

SERVICES = topology.services()
LOOK = frozenset({"platform.look"})
every_service = pytest.mark.parametrize("service", SERVICES)


@pytest.fixture
def by(wire: Wire) -> Iterator[Caller]:
    """The staff's command line, byte by byte."""
    with wire.calling(topology.OPERATOR) as caller:
        yield caller


def answered(by: Caller, service: str, token: str | None, **changes: Any) -> Any:  # noqa: ANN401 - an answer
    """What `status` of a service answers to whoever shows this token."""
    body = by.request(service, "status", staff_token=token, **changes)
    by.send(f"{service}.status", body)
    return orjson.loads(by.answer()[1])


def code(answer: Any) -> str:  # noqa: ANN401 - an answer
    """The code of a refusal, or its kind; ``ok`` for an answer."""
    error = answer["error"]
    return "ok" if error is None else str(error.get("code", error["kind"]))


@pytest.fixture
def told(sweep: Sweep) -> Callable[[str], list[dict[str, Any]]]:
    """What a service told of its staff's calls, in order."""

    def read(service: str) -> list[dict[str, Any]]:
        rows = sweep.rows(
            service,
            "SELECT convert_from(data, 'UTF8') AS data FROM outbox"
            " WHERE type = 'platform.staff_called.v1' ORDER BY inserted",
        )
        return [json.loads(row["data"]) for row in rows]

    return read


@pytest.mark.clause("6.1a")
@pytest.mark.seeded("staff_token_not_needed")
@every_service
def test_without_a_token_nothing_is_open(by: Caller, service: str) -> None:
    """The certificate of the command line opens the wire, and no method."""
    assert code(answered(by, service, None)) == "staff_token_required"
    assert code(answered(by, service, token_for(by.wire.stack))) == "ok"


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("staff_permission_not_asked")
@every_service
def test_what_the_token_does_not_name_is_refused(
    by: Caller, service: str, told: Callable[[str], list[dict[str, Any]]]
) -> None:
    """With what to do; and who tried what is told to the log."""
    poor = token_for(by.wire.stack, permissions=EVERYTHING - LOOK)
    answer = answered(by, service, poor)
    assert code(answer) == "not_permitted"
    assert "platform.look" in answer["error"]["next_step"]
    wanted = {
        "staff_id": str(ANNA),
        "method": "status",
        "permission": "platform.look",
        "outcome": "not_permitted",
    }
    last = told(service)[-1]
    assert {key: last[key] for key in wanted} == wanted


def claims(stack: Stack, **changes: Any) -> dict[str, Any]:  # noqa: ANN401 - claims
    """A token's words, by the clock of the stack."""
    good = token_for(stack).split(".")[1]
    return {**json.loads(unb64url(good)), **changes}


def signed(stack: Stack, words: dict[str, Any], signer: str) -> str:
    """A token of these words under any principal's real key."""
    key, payload = key_of(stack, signer), canonical(words)
    return f"{key.keyid}.{b64url(payload)}.{b64url(key.sign(payload))}"


def forged(stack: Stack) -> dict[str, str]:
    """Tokens that must open nothing, by what is wrong with them."""
    poor = token_for(stack, permissions=())
    rich = b64url(canonical(claims(stack)))
    keyid, payload, signature = poor.split(".")
    clock = clock_of(stack)
    assertions = Assertions(key_of(stack, "gateway"), None, clock)  # type: ignore[arg-type] # it verifies nothing here
    return {
        "of the gateway": token_for(stack, signer="gateway"),
        "of the service itself": token_for(stack, signer="auth"),
        "of the command line": token_for(stack, signer=topology.OPERATOR),
        "a client assertion": assertions.issue(audience="auth", client_id=ANNA),
        "run out": token_for(stack, lifetime_s=0),
        "for another purpose": signed(
            stack, claims(stack, typ="invitation"), topology.STAFF_TOKENS
        ),
        "with more permissions written in": f"{keyid}.{rich}.{signature}",
        "under a key nobody knows": f"none.{payload}.{signature}",
        "unsigned": f"{keyid}.{payload}.",
        "in two parts": f"{keyid}.{payload}",
        "of no permissions": signed(
            stack, claims(stack, permissions="all"), topology.STAFF_TOKENS
        ),
        "of nobody": signed(stack, claims(stack, sub="root"), topology.STAFF_TOKENS),
        "without an end": signed(
            stack,
            {k: v for k, v in claims(stack).items() if k != "exp"},
            topology.STAFF_TOKENS,
        ),
        "empty": "",
    }


@pytest.mark.clause("3.3c")
@pytest.mark.catalogue("A11", "A16")
@pytest.mark.seeded(
    "staff_token_of_any_issuer", "staff_token_lives_on", "staff_token_of_any_kind"
)
@every_service
def test_a_forged_token_opens_nothing(
    by: Caller, service: str, told: Callable[[str], list[dict[str, Any]]]
) -> None:
    """Whatever key it is signed with; each attempt is told to the log."""
    tokens = forged(by.wire.stack)
    codes = {name: code(answered(by, service, token)) for name, token in tokens.items()}
    assert codes == dict.fromkeys(tokens, "staff_token_invalid")
    tail = told(service)[-len(tokens) :]
    assert {(one["staff_id"], one["outcome"]) for one in tail} == {
        (None, "staff_token_invalid")
    }


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A16")
@pytest.mark.seeded("staff_token_in_any_hands")
def test_a_stolen_token_is_worth_nothing_to_a_service(wire: Wire, sweep: Sweep) -> None:
    """The gateway may reach onboarding; with a token of the staff it is put aside."""
    token = token_for(wire.stack)
    counted = "SELECT count(*) AS n FROM quarantine WHERE code = 'foreign_token'"
    before = sweep.rows("onboarding", counted)[0]["n"]
    with wire.calling("gateway") as gateway:
        body = gateway.request("onboarding", "status", staff_token=token)
        gateway.send("onboarding.status", body)
        eventually(lambda: sweep.rows("onboarding", counted)[0]["n"] == before + 1)


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("staff_calls_not_recorded")
def test_what_is_refused_at_the_entrance_is_told_to_the_log(
    by: Caller, told: Callable[[str], list[dict[str, Any]]]
) -> None:
    """An invitation nobody wrote, a session nobody has."""
    tries = {
        "activate_staff": {"invitation": "x", "password": "y"},
        "staff_token": {"session": "x"},
    }
    for method, arguments in tries.items():
        body = by.request("auth", method, arguments=arguments, staff_token=None)
        by.send(f"auth.{method}", body)
        by.answer()
    assert [(one["method"], one["outcome"]) for one in told("auth")[-2:]] == [
        ("activate_staff", "invitation_invalid"),
        ("staff_token", "staff_session_required"),
    ]
    assert {one["permission"] for one in told("auth")[-2:]} == {"entrance"}


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("staff_calls_not_recorded")
@every_service
def test_what_the_staff_does_is_told_to_the_log(
    by: Caller, service: str, told: Callable[[str], list[dict[str, Any]]]
) -> None:
    """Who, what, by which permission and how it ended: before it is answered."""
    person = UUID(bytes=b"\x01" * 16)
    token = token_for(by.wire.stack, person)
    assert code(answered(by, service, token)) == "ok"
    last = told(service)[-1]
    assert (last["staff_id"], last["method"], last["outcome"]) == (
        str(person),
        "status",
        "done",
    )
