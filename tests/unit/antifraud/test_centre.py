"""The centre's answers are untrusted."""

import json
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from kernel.errors import Broken, Transient
from services.antifraud.adapters import HttpCentre
from services.antifraud.adapters.centre import MAX_ANSWER_BYTES
from services.antifraud.ports.centre import UnreadableError

Answer = Callable[[httpx.Request], httpx.Response]


def centre(answer: Answer) -> HttpCentre:
    transport = httpx.MockTransport(answer)
    return HttpCentre(
        httpx.Client(base_url="https://centre.test", transport=transport),
        token=lambda kind, value: f"{kind}-{value}",
    )


def answering(status: int, content: bytes = b"") -> HttpCentre:
    return centre(lambda _: httpx.Response(status, content=content))


def test_the_bytes_go_as_they_are_and_the_acknowledgement_comes_back() -> None:
    seen: list[httpx.Request] = []

    def take(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(201, json={"ack_id": "a-1", "more": 1})

    assert centre(take).post(b'{"event_id":"1"}') == "a-1"
    assert seen[0].url.path == "/centre/v1/messages"
    assert seen[0].content == b'{"event_id":"1"}'


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_centre_that_is_not_able_is_asked_again(status: int) -> None:
    with pytest.raises(Transient):
        answering(status).post(b"{}")


@pytest.mark.parametrize("status", [301, 400, 403, 422])
def test_a_refusal_or_a_redirect_is_broken(status: int) -> None:
    with pytest.raises(Broken):
        answering(status).post(b"{}")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not json",
        b"[]",
        b"{}",
        b'{"ack_id":""}',
        b'{"ack_id":1}',
        b'{"ack_id":"' + b"x" * 201 + b'"}',
        b'{"ack_id":"' + b"x" * MAX_ANSWER_BYTES + b'"}',
    ],
)
def test_an_answer_that_is_no_acknowledgement_is_asked_again(content: bytes) -> None:
    """Whether the message was taken is unknown; its bytes may safely go again."""
    with pytest.raises(Transient):
        answering(201, content).post(b"{}")


def test_a_centre_that_is_away_is_asked_again() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectTimeout("away", request=request)

    with pytest.raises(Transient):
        centre(away).post(b"{}")


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b'{"changes": [], "last": -1}',
        b'{"changes": [{"number": "1"}], "last": 1}',
        b'{"changes": [{"number": 1}, {"number": 1}], "last": 1}',
        b'{"changes": [{"number": 5}], "last": 5}',
        b'{"changes": [{"number": 11}], "last": 11}',
        b'{"changes": [{"number": 6, "says": ' + b"[" * 9_999 + b'}], "last": 6}',
    ],
)
def test_a_page_that_is_none_is_unreadable(content: bytes) -> None:
    """Wrong form, numbers not asked for, one twice, or nested without end."""
    with pytest.raises(UnreadableError):
        answering(200, content).changes(after=5, limit=5)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (404, b'{"code": "no_such_address"}'),
        (404, b"<html>"),
        (301, b""),
        (200, b"{}"),
        (200, b'{"event_id": "1", "status": "accepted"}'),
        (200, b'{"event_id": "00000000-0000-0000-0000-000000000002", "status": "ok"}'),
        (
            200,
            json.dumps({"event_id": str(UUID(int=2)), "status": "accepted"}).encode(),
        ),
    ],
)
def test_a_status_that_is_none_is_asked_for_again(status: int, content: bytes) -> None:
    """Only the centre's own words say that a message is unknown there."""
    with pytest.raises(Transient):
        answering(status, content).status_of(UUID(int=1))


def test_a_reason_in_words_is_not_let_in() -> None:
    """It could name a person."""
    told = answering(
        200,
        b'{"event_id": "00000000-0000-0000-0000-000000000001", "status": "rejected",'
        b' "reason": "Ivanov Ivan 900101300017"}',
    ).status_of(UUID(int=1))
    assert told is not None
    assert told.reason == "unspecified"
