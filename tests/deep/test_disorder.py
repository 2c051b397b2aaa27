"""Messages come late, mixed and often; what they do is as if they came in order."""

import random
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final

import pytest

from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.world import World
from tests.integration.messages.conftest import Loans, naming
from tests.integration.messages.shuffler import COPIES, shuffled
from tests.seeds import seed
from tests.sweep import Sweep
from tests.wire import Wire, interests

# What clients leave in the listeners' own tables, whoever took it.
TRACES: Final = {
    "auth": (
        "SELECT 'login' AS what, count(*) FROM logins WHERE client_id IN ({clients})",
        (
            "SELECT template AS what, count(*) FROM messages"
            " WHERE template NOT LIKE 'code%' AND client_id IN ({clients}) GROUP BY 1"
        ),
    ),
    "contracts": (
        (
            "SELECT state AS what, count(*) FROM contracts"
            " WHERE client_id IN ({clients}) GROUP BY 1"
        ),
        (
            "SELECT 'application ' || state AS what, count(*) FROM applications"
            " WHERE client_id IN ({clients}) GROUP BY 1"
        ),
        (
            "SELECT 'statement ' || kind AS what, count(*) FROM statements"
            " JOIN contracts ON contracts.id = contract_id"
            " WHERE client_id IN ({clients}) GROUP BY 1"
        ),
        "SELECT 'client' AS what, count(*) FROM clients WHERE client_id IN ({clients})",
        (
            "SELECT 'account ' || owned AS what, count(*) FROM accounts"
            " WHERE client_id IN ({clients}) GROUP BY 1"
        ),
    ),
    "disbursement": (
        (
            "SELECT state || coalesce(held_code, '') AS what, count(*) FROM payouts"
            " WHERE client_id IN ({clients}) GROUP BY 1"
        ),
    ),
    "antifraud": (
        (
            "SELECT kind AS what, count(*) FROM occurrence"
            " WHERE substr(key, 8) IN (SELECT unnest(ARRAY[{clients}])::text)"
            " GROUP BY 1"
        ),
        (
            "SELECT outcome || asked_by AS what, count(*) FROM decision"
            " WHERE client_id IN ({clients}) GROUP BY 1"
        ),
    ),
    "audit": (),
}
COMMON: Final = (
    (
        "SELECT type || ' said' AS what, count(*) FROM outbox"
        " WHERE type NOT LIKE 'auth.%' AND type NOT LIKE 'platform.%'"
        " AND type NOT LIKE 'audit.%' AND id IN ({messages}) GROUP BY 1"
    ),
    (
        "SELECT type || ' ' || state AS what, count(*) FROM inbox"
        " WHERE message_id IN ({messages}) GROUP BY 1"
    ),
)


def traces(loans: Loans, people: Iterable[Borrower]) -> Counter[tuple[str, str]]:
    """How much of each kind every listener has of these people.

    Of nobody else: the platform is shared, and a loan that another test left in its
    hold goes on when the clock moves.
    """
    clients, ids = loans.names(people)
    rows, about = loans.sweep.rows, f"SELECT id FROM outbox WHERE {naming(ids)}"  # noqa: S608 - ids of ours
    said = [row["id"] for name in topology.services() for row in rows(name, about)]
    of = {"clients": _listed(clients), "messages": _listed(said)}
    found: Counter[tuple[str, str]] = Counter()
    for service, queries in TRACES.items():
        for sql in (*queries, *COMMON):
            for row in rows(service, sql.format(**of)):
                found[service, row["what"]] = row["count"]
    return found


def _listed(ids: Iterable[str]) -> str:
    return ", ".join(f"'{one}'" for one in ids)


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
    first = loans.lend(f"{seeded}-ordered")
    ordered = traces(loans, first)
    assert {service for service, _ in ordered} >= TRACES.keys() - {"audit"}
    with shuffled(wire, random.Random(seeded)) as hand:
        second = loans.lend(f"{seeded}-mixed")
    loans.settled()
    assert traces(loans, second) == ordered
    assert traces(loans, first) == ordered
    assert hand.given >= COPIES[0] * hand.taken > 0
    assert hand.overtaken > 0
    sweep.run(people=loans.people)
