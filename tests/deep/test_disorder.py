"""Messages come late, mixed and often; what they do is as if they came in order."""

import random
from collections import Counter
from collections.abc import Iterator
from typing import Final

import pytest

from infra.demo.world import World
from tests.integration.messages.conftest import Loans
from tests.integration.messages.shuffler import COPIES, shuffled
from tests.sweep import Sweep
from tests.wire import Wire, interests, seed

# What a loan leaves in the listeners' own tables, whoever took it.
TRACES: Final = {
    "auth": (
        "SELECT 'login' AS what, count(*) FROM logins",
        (
            "SELECT template AS what, count(*) FROM messages"
            " WHERE template NOT LIKE 'code%' GROUP BY 1"
        ),
    ),
    "contracts": (
        "SELECT state AS what, count(*) FROM contracts GROUP BY 1",
        "SELECT 'application ' || state AS what, count(*) FROM applications GROUP BY 1",
        "SELECT 'statement ' || kind AS what, count(*) FROM statements GROUP BY 1",
        "SELECT 'client' AS what, count(*) FROM clients",
        "SELECT 'account ' || owned AS what, count(*) FROM accounts GROUP BY 1",
    ),
    "disbursement": (
        (
            "SELECT state || coalesce(held_code, '') AS what, count(*) FROM payouts"
            " GROUP BY 1"
        ),
    ),
    "antifraud": (
        "SELECT kind AS what, count(*) FROM signal GROUP BY 1",
        "SELECT outcome || asked_by AS what, count(*) FROM decision GROUP BY 1",
    ),
    "audit": (),
}
COMMON: Final = (
    (
        "SELECT type || ' said' AS what, count(*) FROM outbox"
        " WHERE type NOT LIKE 'auth.%' AND type NOT LIKE 'platform.%'"
        " AND type NOT LIKE 'audit.%' GROUP BY 1"
    ),
    "SELECT type || ' ' || state AS what, count(*) FROM inbox GROUP BY 1",
)


def traces(sweep: Sweep) -> Counter[tuple[str, str]]:
    """How much of each kind every listener has."""
    found: Counter[tuple[str, str]] = Counter()
    for service, queries in TRACES.items():
        for sql in (*queries, *COMMON):
            for row in sweep.rows(service, sql):
                found[service, row["what"]] = row["count"]
    return found


def left(
    before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    """What is there more, or less, than before."""
    changes = {what: after[what] - before[what] for what in {*before, *after}}
    return {what: count for what, count in changes.items() if count}


@pytest.fixture
def loans(world: World, sweep: Sweep) -> Iterator[Loans]:
    made = Loans(world, sweep)
    yield made
    made.close()


def test_every_listener_leaves_a_trace() -> None:
    assert TRACES.keys() == interests().keys()


@pytest.mark.timeout(900)
@pytest.mark.catalogue("F21", "F22")
@pytest.mark.seeded("inbox_applies_repetitions", "inbox_waits_for_nobody")
def test_disorder_ends_as_order_does(wire: Wire, loans: Loans, sweep: Sweep) -> None:
    """Three loans in order, three in disorder: the same traces in every database."""
    seeded = seed()
    start = traces(sweep)
    loans.lend(f"{seeded}-ordered")
    ordered = traces(sweep)
    with shuffled(wire, random.Random(seeded)) as hand:
        loans.lend(f"{seeded}-mixed")
    mixed = traces(sweep)
    assert left(ordered, mixed) == left(start, ordered)
    assert hand.given >= COPIES[0] * hand.taken > 0
    assert hand.overtaken > 0
    sweep.run(people=loans.people)
