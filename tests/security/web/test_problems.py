"""What nginx refuses or cannot do is told as the gateway tells it (RFC 9457)."""

from typing import Final
from uuid import UUID

import pytest

from infra.web import limits
from tests.security.web.conftest import Site, Start
from tests.security.web.visitor import HOST, Answer, read, request

HEAD: Final = f"Host: {HOST}\r\nConnection: close\r\n".encode()
CANARY: Final = "canary4711"
REFUSED: Final = {
    "trace": (request("TRACE", f"/api/v1/{CANARY}"), 405, "method_not_allowed"),
    "connect": (request("CONNECT", f"{CANARY}:443"), 400, "malformed_request"),
    "unknown method": (request("BREW", f"/api/{CANARY}"), 405, "method_not_allowed"),
    "options": (request("OPTIONS", "*"), 400, "malformed_request"),
    "no page": (request("GET", f"/{CANARY}"), 404, "not_found"),
    "page by post": (request("POST", "/", b"x"), 405, "method_not_allowed"),
    "upwards": (request("GET", "/../../pki/web.key"), 400, "malformed_request"),
    "other host": (request("GET", "/", host="elsewhere.kz"), 421, "host_unknown"),
    "no host": (
        b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "malformed_request",
    ),
    "two hosts": (
        b"GET / HTTP/1.1\r\n" + HEAD + HEAD + b"\r\n", 400, "malformed_request",
    ),
    "old http": (b"GET / HTTP/1.0\r\n" + HEAD + b"\r\n", 400, "malformed_request"),
    "no http": (b"\x16\x03\x01 nonsense\r\n\r\n", 400, "malformed_request"),
    "long address": (
        request("GET", f"/api/v1/{CANARY}?" + "x" * 5_000), 431, "head_too_large",
    ),
    "long field": (request("GET", "/", Cookie="x" * 5_000), 431, "head_too_large"),
    "many fields": (
        request("GET", "/", **{f"X{n}": "x" * 1_000 for n in range(20)}),
        431, "head_too_large",
    ),
    "chunked": (
        b"POST /api/v1/mirror HTTP/1.1\r\n" + HEAD
        + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
        411, "length_required",
    ),
    "large": (
        b"POST /api/v1/mirror HTTP/1.1\r\n" + HEAD
        + f"Content-Length: {limits.MOST_BODY_BYTES + 1}\r\n\r\n".encode(),
        413, "too_large",
    ),
    "large photo": (
        b"PUT /api/v1/registrations/x/photo HTTP/1.1\r\n" + HEAD
        + f"Content-Length: {limits.MOST_PHOTO_BYTES + 1}\r\n\r\n".encode(),
        413, "too_large",
    ),
}  # fmt: skip


def told(answer: Answer, status: int) -> str:
    """The code of a complete problem that quotes nothing of the request."""
    assert answer.one("content-type") == "application/problem+json"
    problem = answer.json()
    assert set(problem) == {
        "type", "title", "status", "code", "detail", "request_id", "next_step",
    }  # fmt: skip
    assert (answer.status, problem["status"]) == (status, status)
    assert str(UUID(problem["request_id"])) == answer.one("x-request-id")
    assert problem["type"] == f"urn:kredit:problem:{problem['code']}"
    assert CANARY not in f"{answer.body!r}{answer.headers}"
    assert b"nginx" not in answer.body
    return str(problem["code"])


@pytest.mark.catalogue("A22", "B05")
@pytest.mark.seeded("web_shows_errors_of_nginx")
@pytest.mark.seeded("web_takes_any_method")
@pytest.mark.seeded("web_takes_bodies_of_any_size")
@pytest.mark.parametrize("name", REFUSED)
def test_what_nginx_refuses_is_a_problem(site: Site, name: str) -> None:
    raw, status, code = REFUSED[name]
    with site.visitor().connected() as link:
        link.sendall(raw)
        answer = read(link, "GET")
    assert told(answer, status) == code
    assert site.behind.seen == []


def test_a_refused_method_says_which_there_are(site: Site) -> None:
    answer = site.visitor().ask("TRACE", "/api/v1/mirror", Cookie="secret")
    assert answer.one("allow") == "GET, HEAD, POST, PUT, PATCH, DELETE"
    assert b"secret" not in answer.body


def test_bodies_up_to_the_gateways_own_limits_pass(site: Site) -> None:
    ours = {"Origin": f"https://{HOST}"}
    body = b"x" * limits.MOST_BODY_BYTES
    photo = b"x" * limits.MOST_PHOTO_BYTES
    visitor = site.visitor()
    posted = visitor.ask("POST", "/api/v1/mirror", body, **ours)
    shown = visitor.ask("PUT", "/api/v1/registrations/x/photo", photo, **ours)
    assert posted.json()["length"] == len(body)
    assert shown.json()["length"] == len(photo)


@pytest.mark.catalogue("F38")
@pytest.mark.seeded("web_shows_errors_of_nginx")
def test_a_gateway_that_is_away_is_told_with_a_time_to_come_back(start: Start) -> None:
    site = start(gateway=False)
    answer = site.visitor().ask("GET", f"/api/v1/mirror?{CANARY}")
    assert told(answer, 502) == "temporarily_unavailable"
    assert int(answer.one("retry-after")) > 0
    site.behind.start()
    assert site.visitor().ask("GET", "/api/v1/mirror").status == 200


@pytest.mark.catalogue("F40")
@pytest.mark.seeded("web_waits_for_a_hanging_gateway")
def test_a_gateway_that_hangs_is_given_up(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "ANSWER_S", 1)
    answer = start().visitor().ask("GET", "/api/v1/mirror?wait=3")
    assert told(answer, 504) == "temporarily_unavailable"
    assert int(answer.one("retry-after")) > 0
