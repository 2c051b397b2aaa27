"""Searching the log in real PostgreSQL, by its index and without it."""

import pytest

from kernel.crypto import Json
from services.audit.wiring import UseCases, build
from tests.integration.audit.conftest import LogStand
from tests.integration.audit.test_log import write
from tests.unit.audit.builders import Producer
from tests.unit.audit.stories import ANNA, BORIS, CAUSE, CONTRACT, messages_told

TILES = "SELECT tile, terms, producers, events FROM audit_tile ORDER BY tile"
OFFERED = "contracts.contract_offered.v1"
ASKED: tuple[tuple[dict[str, Json], list[int]], ...] = (
    ({"subject": f"contract:{CONTRACT}"}, [5, 4, 3, 1]),
    ({"user": str(BORIS)}, [7, 2]),
    ({"incident": str(CAUSE)}, [6]),
    ({"kinds": ["opened", OFFERED]}, [2, 1, 0]),
    ({"kinds": [OFFERED], "user": str(ANNA)}, [1]),
    ({"from": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"}, [6, 5, 4, 3]),
)


def long_story(stand: LogStand) -> UseCases:
    """The two clients at the beginning of a log of two full tiles and a half."""
    producer = Producer()
    for batch in messages_told(producer):
        write(stand, batch, producer=producer)
        stand.clock.move(86_400)
    write(stand, [producer.event() for _ in range(632)], producer=producer)
    return build(stand.platform("audit"))


def numbers(use_cases: UseCases, words: dict[str, Json]) -> list[int]:
    context = use_cases.platform.context()
    found = use_cases.search(context, words=words, by="x", before=None, limit=20)
    assert found.searched == found.checkpoint.size
    return [entry.seq for entry in found.entries]


@pytest.mark.clause("6.1d")
@pytest.mark.seeded("audit_search_untold")
def test_what_is_found_is_the_same_with_and_without_an_index(stand: LogStand) -> None:
    use_cases = long_story(stand)
    for _ in range(2):
        for words, leaves in ASKED:
            assert numbers(use_cases, words) == leaves
        use_cases.index()
    assert stand.rows("SELECT tile, producers, events FROM audit_tile ORDER BY 1") == [
        (0, ["contracts"], [255]),
        (1, ["contracts"], [256]),
    ]
    context = use_cases.platform.context()
    [account] = use_cases.reconciled(context).accounts
    assert (account.leaves, account.tally.last, account.missing) == (639, 639, 0)
    found = use_cases.timeline(
        context, subject=f"client:{ANNA}", by="x", after=1, limit=2
    )
    assert ([e.seq for e in found.entries], found.goes_on) == ([3, 4], 4)
    first, _ = use_cases.sentences(found, "ru")
    assert str(first).startswith("Клиент подписал договор")
    write(stand, [], producer=Producer())
    [told] = stand.rows("SELECT count(*) AS looks FROM audit_log WHERE kind = 11")
    assert told.looks == 2 * len(ASKED) + 1
    assert stand.verify().bad_seq is None


@pytest.mark.clause("3.4", "7.2b")
def test_an_index_that_hides_a_client_is_told_and_set_right(stand: LogStand) -> None:
    use_cases = long_story(stand)
    use_cases.index()
    before = stand.rows(TILES)
    stand.as_owner("UPDATE audit_tile SET terms = '{}' WHERE tile = 0")
    words: dict[str, Json] = {"user": str(ANNA)}
    assert numbers(use_cases, words) == []
    use_cases.patrol()
    assert numbers(use_cases, words) == [6, 4, 3, 1]
    assert stand.rows(TILES) == before
    [event] = stand.rows("SELECT convert_from(data, 'UTF8') AS data FROM outbox")
    assert '"code":"index_differs"' in event.data
    assert stand.rows("SELECT * FROM audit_block") == []
