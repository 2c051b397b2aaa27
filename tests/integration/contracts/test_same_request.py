"""One request, one effect, however often and however closely it is sent (case B02)."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from infra.stack import Stack
from kernel.crypto import Json
from kernel.database import POOL_SIZE
from kernel.errors import Refused
from tests.integration.contracts.conftest import Desk, open_platform

TIMES = 1000
HANDS = 2 * POOL_SIZE


@pytest.fixture
def desks(desk: Desk, servers: Stack) -> Iterator[tuple[Desk, Desk]]:
    """Two processes of the service on one database."""
    other = open_platform(servers)
    yield desk, replace(desk, platform=other)
    other.close()


@pytest.mark.clause("1.3c")
@pytest.mark.catalogue("B02")
@pytest.mark.seeded("idempotency_reply_forgotten")
def test_a_thousand_twins_have_one_effect(desks: tuple[Desk, Desk]) -> None:
    """Each gets the one reply, or hears that the request is being carried out."""
    contract_id = desks[0].concluded()
    start = threading.Barrier(HANDS)
    outcomes: Counter[str] = Counter()
    replies: list[dict[str, Json]] = []

    def ask(hand: int) -> None:
        start.wait()
        for _ in range(TIMES // HANDS + 1):
            try:
                replies.append(desks[hand % 2].give_consent(contract_id, key="k-1"))
            except Refused as refused:
                outcomes[refused.code] += 1

    with ThreadPoolExecutor(HANDS) as hands:
        list(hands.map(ask, range(HANDS)))

    assert set(outcomes) <= {"request_in_progress"}
    assert len(replies) + outcomes.total() >= TIMES
    assert [replies[0]] * len(replies) == replies
    assert desks[0].said().count("additional_consent_given") == 1


@pytest.mark.catalogue("B02")
@pytest.mark.seeded("idempotency_twin_waits")
def test_a_twin_is_told_at_once_that_the_request_is_being_carried_out(
    desk: Desk,
) -> None:
    """It waits neither for the first to end nor for a lock; afterwards it is served."""
    with desk.work("slow", key="k-1").begin() as first:
        first.once(lambda: "done")
        began = time.monotonic()
        with desk.work("slow", key="k-1").begin() as twin, pytest.raises(Refused) as no:
            twin.once(lambda: "done twice")
        assert time.monotonic() - began < 0.5
    assert no.value.code == "request_in_progress"
    with desk.work("slow", key="k-1").begin() as later:
        assert later.once(lambda: "done twice") == "done"


@pytest.mark.catalogue("B02")
@pytest.mark.seeded("idempotency_other_body_answered")
def test_a_key_stands_for_one_body_for_ever(desk: Desk) -> None:
    with desk.work("once", key="k-1").begin() as first:
        first.once(lambda: "done")
    other = desk.work("once", key="k-1")
    assert other._call is not None
    other._call = replace(other._call, arguments_digest=b"\0" * 32)
    with other.begin() as unit, pytest.raises(Refused) as refused:
        unit.once(lambda: "done otherwise")
    assert refused.value.code == "idempotency_key_reused"
    assert refused.value.details == {"header": "Idempotency-Key"}
