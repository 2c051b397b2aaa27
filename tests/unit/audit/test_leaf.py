"""Leaves to the byte."""

import json
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest

from kernel.crypto import parse_canonical, sha256
from services.audit.domain import leaf
from services.audit.domain.leaf import Place, stamp
from tests.unit.audit.builders import Producer

PLACE = Place(12_345, datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC))
DIGEST = sha256(b"event")


def test_an_events_leaf_is_exactly_this() -> None:
    raw = b'{"id":"1"}'
    expected = (
        b'{"event":{"id":"1"},"event_sha256":"' + DIGEST.hex().encode() + b'",'
        b'"kind":"event","received_at":"2026-11-22T10:00:00.123456Z",'
        b'"seq":12345,"v":1}'
    )
    assert leaf.event_leaf(PLACE, raw=raw, digest=DIGEST) == expected


def test_an_events_leaf_is_canonical_because_its_event_is() -> None:
    raw = Producer().event().body
    made = leaf.event_leaf(PLACE, raw=raw, digest=sha256(raw))
    parse_canonical(made)
    assert raw in made


@pytest.mark.parametrize(
    "made",
    [
        leaf.event_ref_leaf(PLACE, event_id=UUID(int=1), digest=DIGEST, length=65_500),
        leaf.opened_leaf(PLACE, origin="o", vkeys=("k",), policy_sha256=DIGEST),
        leaf.conflict_leaf(PLACE, event_id=UUID(int=1), known=DIGEST, digest=DIGEST),
        leaf.refused_leaf(PLACE, digest=DIGEST, length=3, reason="r", sender="s"),
        leaf.clock_regression_leaf(PLACE, clock_at=PLACE.received_at),
        leaf.gap_leaf(PLACE, producer="p", first=1, last=2),
        leaf.gap_closed_leaf(PLACE, producer="p", sequence=2),
    ],
)
def test_every_leaf_is_canonical_and_says_its_place(made: bytes) -> None:
    parse_canonical(made)
    said = json.loads(made)
    assert (said["seq"], said["v"]) == (12_345, 1)
    assert said["received_at"] == "2026-11-22T10:00:00.123456Z"


def test_time_is_told_in_utc_with_six_digits() -> None:
    almaty = timezone(timedelta(hours=5))
    at = datetime(2026, 11, 22, 15, 0, 0, tzinfo=almaty)
    assert stamp(at) == "2026-11-22T10:00:00.000000Z"
