"""Bad input gets a problem with a stable code, and nothing is stored (case B06)."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import httpx
import pytest

from kernel.errors import Broken, KernelError, Refused, Transient
from services.auth.gateway.bodies import MOST_JSON_BYTES, parse
from tests.behind import LOAN
from tests.security.gateway.conftest import Door

JSON = {"Content-Type": "application/json"}
GOOD = b'{"login":"+77011234567","password":"correct horse"}'


def problem(answer: httpx.Response) -> dict[str, Any]:
    """The problem, complete as RFC 9457 and the house want it."""
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    named = {"type", "title", "status", "code", "detail", "request_id", "next_step"}
    assert named <= set(found)
    assert found["status"] == answer.status_code
    assert str(UUID(found["request_id"])) == answer.headers["x-request-id"]
    assert found["type"].endswith(found["code"])
    return found


TWICE = b'{"login":"+77011234567","login":"+77029876543","password":"x"}'
DEEP = b'{"login":' + b"[" * 17 + b"]" * 17 + b',"password":"x"}'


@pytest.mark.catalogue("B06")
@pytest.mark.seeded("gateway_names_may_stand_twice")
@pytest.mark.seeded("gateway_json_of_any_depth")
@pytest.mark.seeded("gateway_nan_is_a_number")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"not json",
        TWICE,
        b'{"login":NaN,"password":"x"}',
        b'{"login":-Infinity,"password":"x"}',
        b'{"login":"\\ud800","password":"x"}',
        b'{"login":"\\u0000","password":"x"}',
        b'{"login":"\xff","password":"x"}',
        b"\xef\xbb\xbf" + GOOD,
        DEEP,
        b"[" * 60_000,
        b'{"login":' + b"9" * 5000 + b',"password":"x"}',
        GOOD + GOOD,
    ],
    ids=[
        "cut", "words", "twice", "nan", "infinity", "surrogate", "nul", "charset",
        "bom", "depth-17", "depth-60000", "digits", "two values",
    ],
)  # fmt: skip
def test_what_is_not_one_json_value_is_refused(door: Door, body: bytes) -> None:
    """400 within 50 ms of work, whatever a parser might have made of it."""
    before = door.stored()
    answer = door.send("POST", "/sessions", content=body, headers=JSON)

    assert problem(answer)["code"] == "malformed_json"
    assert answer.status_code == 400
    assert door.stored() == before
    assert door.rpc.asked == []


@pytest.mark.catalogue("A13")
@pytest.mark.seeded("gateway_unknown_fields_are_taken")
@pytest.mark.parametrize(
    ("body", "pointer", "kind"),
    [
        ({"login": "+77011234567"}, "/password", "missing"),
        ({"login": 7, "password": "x"}, "/login", "string_type"),
        ({"login": ["+77011234567"], "password": "x"}, "/login", "string_type"),
        ({"login": None, "password": "x"}, "/login", "string_type"),
        ({"login": "7", "password": "x", "state": "9"}, "/state", "extra_forbidden"),
        ({"login": "x" * 41, "password": "x"}, "/login", "string_too_long"),
        ({"login": "x", "password": "x", "a/b~": 1}, "/a~1b~0", "extra_forbidden"),
    ],
)
def test_fields_that_are_not_as_described_are_named(
    door: Door, body: dict[str, object], pointer: str, kind: str
) -> None:
    answer = door.send("POST", "/sessions", json=body)
    found = problem(answer)

    assert answer.status_code == 422
    assert found["code"] == "fields_invalid"
    assert [(e["pointer"], e["code"]) for e in found["errors"]] == [(pointer, kind)]


@pytest.mark.clause("1.3a")
@pytest.mark.catalogue("A24")
@pytest.mark.seeded("gateway_problems_quote_the_value")
def test_no_problem_quotes_what_was_sent(door: Door) -> None:
    """Neither value nor number comes back, in body or headers."""
    canary = "8800canary5553535"
    requests: list[tuple[str, str, dict[str, Any]]] = [
        ("POST", "/sessions", {"json": {"login": canary, "password": [canary]}}),
        ("POST", "/sessions", {"json": {"login": canary, "password": "x"}}),
        ("POST", "/challenges", {"json": {"purpose": canary, "contract_id": canary}}),
        ("PUT", f"/registrations/{canary}/person", {"json": {"iin": canary}}),
        ("GET", f"/contracts/{canary}", {}),
        ("GET", f"/texts/{canary}?contract_id={canary}", {}),
        ("GET", f"/ceremonies/return?state={canary}%00&code={canary}", {}),
        ("POST", "/sessions/second-factor", {"json": {"challenge_id": canary}}),
    ]
    cookie = {**door.cookie(), "Authorization": f"Bearer {canary}"}

    for method, path, request in requests:
        answer = door.send(method, path, headers=cookie, **request)
        problem(answer)
        assert canary not in answer.text + str(answer.headers)


@pytest.mark.seeded("gateway_bodies_of_any_size")
@pytest.mark.parametrize("announced", [True, False])
def test_a_body_of_20_mib_is_refused_while_it_comes(
    door: Door, *, announced: bool
) -> None:
    """By its announced length at once; else when the count passes 64 KiB."""

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(320):
            yield b" " * 65_536

    content: Any = b" " * 20 * 1024 * 1024 if announced else chunks()
    answer = door.send("POST", "/sessions", content=content, headers=JSON)

    assert problem(answer)["code"] == "too_large"
    assert answer.status_code == 413
    assert door.stored() == [0] * 5


@pytest.mark.catalogue("B08")
@pytest.mark.seeded("gateway_bodies_of_any_size")
def test_a_photo_of_more_than_8_mib_is_refused(door: Door) -> None:
    path = "/registrations/01a2130e-4a68-713f-b993-5feed469ea37/photo"
    headers = {"Content-Type": "image/jpeg", "Authorization": "Bearer token"}
    answer = door.send(
        "PUT", path, content=b"x" * (8 * 1024 * 1024 + 1), headers=headers
    )

    assert problem(answer)["code"] == "too_large"
    assert door.rpc.asked == []


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/json;charset=cp1251",
        "application/pickle",
        "application/jsonp",
        "multipart/form-data; boundary=x",
        "",
    ],
)
def test_only_json_is_read_as_json(door: Door, content_type: str) -> None:
    """Whatever else it calls itself is 415, even when it could be parsed."""
    answer = door.send(
        "POST", "/sessions", content=GOOD, headers={"Content-Type": content_type}
    )

    assert problem(answer)["code"] == "media_type_unknown"
    assert answer.status_code == 415


def test_an_address_or_a_method_that_is_not_there_is_a_problem(door: Door) -> None:
    unknown = door.send("GET", "/contracts/../etc/passwd")
    method = door.send("PATCH", "/sessions")
    trace = door.send("TRACE", "/sessions")

    assert (unknown.status_code, problem(unknown)["code"]) == (404, "not_found")
    assert (method.status_code, problem(method)["code"]) == (405, "method_not_allowed")
    assert method.headers["allow"] == "POST"
    assert trace.status_code == 405


def test_a_parameter_given_twice_is_refused(door: Door) -> None:
    answer = door.send("GET", "/ceremonies/return?state=a&code=b&state=c")

    assert problem(answer)["code"] == "query_duplicate"
    assert door.rpc.asked == []


@pytest.mark.parametrize("key", ["", "x" * 256, "ключ".encode(), "a\tb"])
def test_an_idempotency_key_is_visible_ascii(door: Door, key: str | bytes) -> None:
    value = key if isinstance(key, bytes) else key.encode()
    headers = {**door.cookie(), "Idempotency-Key": value}
    answer = door.send(
        "POST",
        "/applications",
        json=LOAN,
        headers=headers,
    )

    assert problem(answer)["code"] == "idempotency_key_invalid"
    assert door.rpc.asked == []


@pytest.mark.catalogue("A24")
@pytest.mark.seeded("gateway_defects_tell_their_text")
@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (RuntimeError("postgresql://auth:secret@host/db"), 500, "internal_error"),
        (Broken("secret digest mismatch"), 500, "internal_error"),
        (TimeoutError("secret"), 500, "internal_error"),
        (Transient("secret", retry_after_s=7), 503, "temporarily_unavailable"),
        (Refused("release_too_early", "No.", next_step="-"), 409, "release_too_early"),
        (Refused("not_found", "No.", next_step="-"), 404, "not_found"),
    ],
)
def test_a_failure_behind_tells_its_code_and_no_more(
    door: Door, failure: Exception, status: int, code: str
) -> None:
    headers = door.cookie()
    door.rpc.failure = failure
    answer = door.send("GET", "/contracts", headers=headers)
    found = problem(answer)

    assert (answer.status_code, found["code"]) == (status, code)
    assert "secret" not in answer.text
    if isinstance(failure, Transient):
        assert answer.headers["retry-after"] == "7"
    if not isinstance(failure, KernelError):
        assert "Error" not in answer.text


def test_every_answer_carries_the_security_headers(door: Door) -> None:
    """Good answers and problems alike (ASVS 3.4, 14.3.2)."""
    for path in ("/health/live", "/nothing"):
        headers = door.send("GET", path).headers
        assert "max-age=63072000" in headers["strict-transport-security"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["referrer-policy"] == "no-referrer"
        assert "server" not in headers


def test_refusing_deep_json_takes_no_time(door: Door) -> None:
    """At most 50 ms for the largest body (B06); ten of them, to even the load out."""
    assert door.stored() == [0] * 5
    started = time.process_time()
    for _ in range(10):
        with pytest.raises(Refused):
            parse(b"[" * MOST_JSON_BYTES)
    assert time.process_time() - started < 0.5


def test_the_description_is_openapi_3_1(door: Door) -> None:
    """Served, and every body it describes forbids unknown fields."""
    described = json.loads(door.send("GET", "/openapi.json").text)

    assert described["openapi"].startswith("3.1")
    bodies = ("NewRegistration", "Person", "Credentials", "NewApplication", "Statement")
    for name in bodies:
        assert described["components"]["schemas"][name]["additionalProperties"] is False


def test_a_body_that_comes_by_drops_is_given_up(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody holds a place for longer than a request may take (case A23)."""
    monkeypatch.setattr("services.auth.gateway.door.REQUEST_S", 0.2)

    async def drops() -> AsyncIterator[bytes]:
        for _ in range(100):
            await asyncio.sleep(0.05)
            yield b" "

    answer = door.send("POST", "/sessions", content=drops(), headers=JSON)

    assert answer.status_code == 408
    assert problem(answer)["code"] == "timed_out"


def test_a_message_with_two_lengths_is_refused(door: Door) -> None:
    """A proxy in front might believe the other one (request smuggling, case A22)."""
    both = {**JSON, "Content-Length": str(len(GOOD)), "Transfer-Encoding": "chunked"}
    answer = door.send("POST", "/sessions", content=GOOD, headers=both)

    assert problem(answer)["code"] == "malformed_request"
    assert door.stored() == [0] * 5


@pytest.mark.parametrize("place", ["header", "query"])
def test_a_head_of_more_than_16_kib_is_refused(door: Door, place: str) -> None:
    """10 000 headers, or an address without end (case B05)."""
    headers = {f"X-{n}": "1" for n in range(10_000)} if place == "header" else {}
    query = "?" + "x" * 17_000 if place == "query" else ""
    answer = door.send("GET", f"/health/live{query}", headers=headers)

    assert answer.status_code == 431
    assert problem(answer)["code"] == "head_too_large"
