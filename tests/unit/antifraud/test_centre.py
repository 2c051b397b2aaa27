"""The centre's answers are untrusted."""

from collections.abc import Callable

import httpx
import pytest

from kernel.errors import Broken, Transient
from services.antifraud.adapters import MAX_ANSWER_BYTES, HttpCentre

Answer = Callable[[httpx.Request], httpx.Response]


def centre(answer: Answer) -> HttpCentre:
    transport = httpx.MockTransport(answer)
    return HttpCentre(httpx.Client(base_url="https://centre.test", transport=transport))


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
