"""Where a visitor comes from, as the door reads it."""

import pytest
from starlette.requests import Request

from services.auth.gateway.sources import source_of

PEER = "127.0.0.1"


def told(*headers: tuple[str, str]) -> str:
    raw = [(name.encode(), value.encode()) for name, value in headers]
    request = Request({"type": "http", "headers": raw, "client": (PEER, 1)})
    return source_of(request).address


@pytest.mark.parametrize(
    ("said", "source"),
    [
        ("203.0.113.9", "203.0.113.9/32"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
    ],
)
def test_the_web_tiers_word_counts(said: str, source: str) -> None:
    """All of one IPv6 network are one source."""
    assert told(("x-real-ip", said)) == source


@pytest.mark.parametrize("said", ["", "somewhere", "203.0.113.9, 10.0.0.1", "1.2.3"])
def test_what_is_no_address_makes_all_one_source(said: str) -> None:
    assert told(("x-real-ip", said)) == "unknown"


def test_no_other_header_counts() -> None:
    forged = ("x-forwarded-for", "forwarded", "x-client-ip", "true-client-ip")
    assert told(*((name, "203.0.113.9") for name in forged)) == f"{PEER}/32"
    assert (
        told(("x-real-ip", "203.0.113.9"), ("x-real-ip", "203.0.113.8")) == f"{PEER}/32"
    )


def test_without_a_peer_it_is_unknown() -> None:
    nowhere = Request({"type": "http", "headers": []})
    assert source_of(nowhere).address == "unknown"
