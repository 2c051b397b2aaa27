"""Leaves found by what they say, whatever the index says of them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from uuid import UUID

import pytest

from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.audit import IntegrityMismatchFound
from services.audit.domain.index import Tile
from services.audit.handlers import searching
from services.audit.handlers.patrol import Patrol
from services.audit.handlers.searching import (
    Found,
    Reader,
    index_tiles,
    search,
    timeline,
)
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import FakeUnits
from tests.unit.audit.stories import ANNA, BORIS, CAUSE, CONTRACT, PAYOUT, event, told
from tests.unit.audit.test_patrol import beat, codes

STAFF = UUID(int=0x57AFF)
OFFERED = "contracts.contract_offered.v1"
OF_ANNA = {"user": str(ANNA)}
SECOND_DAY = {"from": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"}


def reader_of(writer: Writer) -> Reader:
    return Reader("auditor", FakeUnits(writer.log), writer.clock, writer.ids)


def indexed(writer: Writer) -> Writer:
    while index_tiles(units=FakeUnits(writer.log), most=2):
        pass
    return writer


def looked(
    writer: Writer,
    words: Mapping[str, Json],
    *,
    before: int | None = None,
    limit: int = 20,
) -> Found:
    return search(words, before=before, limit=limit, reader=reader_of(writer))


def numbers(found: Found) -> list[int]:
    return [entry.seq for entry in found.entries]


def long_story(tail: int = 5) -> Writer:
    """The story of the two clients, far down in a log of some full tiles."""
    return told(written(1)).grow(600 + tail)


@pytest.mark.parametrize(
    ("words", "leaves"),
    [
        ({"subject": f"client:{ANNA}"}, [6, 4, 3, 1]),
        ({"subject": f"contract:{CONTRACT}"}, [5, 4, 3, 1]),
        ({"user": str(BORIS)}, [7, 2]),
        ({"incident": str(CAUSE)}, [6]),
        ({"kinds": [OFFERED]}, [2, 1]),
        ({"kinds": ["opened", OFFERED]}, [2, 1, 0]),
        (SECOND_DAY, [6, 5, 4, 3]),
        ({**SECOND_DAY, "user": str(ANNA)}, [6, 4, 3]),
        ({"kinds": [OFFERED], "user": str(BORIS)}, [2]),
        ({"user": str(UUID(int=5))}, []),
    ],
)
@pytest.mark.parametrize("by_index", [True, False])
@pytest.mark.clause("6.1d")
def test_found_is_what_says_so_with_and_without_an_index(
    words: dict[str, Json], leaves: list[int], *, by_index: bool
) -> None:
    writer = long_story()
    if by_index:
        indexed(writer)
        assert len(writer.log.tiles) == 2
    assert numbers(looked(writer, words)) == leaves


def test_pages_go_on_below_one_another_and_leave_nothing_out() -> None:
    writer = indexed(long_story())
    thing = {"user": str(UUID(int=7))}
    found: list[int] = []
    before = None
    while True:
        page = looked(writer, thing, before=before, limit=100)
        found += numbers(page)
        before = page.goes_on
        if before is None:
            break
    assert found == list(range(604, 7, -1))


def test_who_looked_for_what_stands_in_the_log_and_is_found_there() -> None:
    """Also a look that found nothing; and who reads about a client can be asked for."""
    writer = indexed(long_story())
    looked(writer, OF_ANNA)
    looked(writer, {"user": str(STAFF)})
    writer.write()
    one, two = (json.loads(leaf) for leaf in writer.leaves[-2:])
    assert (one["kind"], one["by"]) == ("read", "auditor")
    assert (one["asked"], one["leaves"]) == ({"user": str(ANNA)}, 4)
    assert (one["first"], one["last"]) == (1, 6)
    assert (two["leaves"], "first" in two) == (0, False)
    assert numbers(looked(writer, OF_ANNA))[0] == one["seq"]


def test_a_timeline_is_all_of_a_thing_in_order() -> None:
    """The hold of a payout names no client, and belongs to Anna's all the same."""
    writer = indexed(long_story())
    reader, anna = reader_of(writer), f"client:{ANNA}"
    first = timeline(anna, after=None, limit=3, reader=reader)
    rest = timeline(anna, after=first.goes_on, limit=3, reader=reader)
    assert (numbers(first), numbers(rest)) == ([1, 3, 4], [5, 6])
    assert (first.goes_on, rest.goes_on) == (4, None)
    whole = timeline(f"payout:{PAYOUT}", after=None, limit=9, reader=reader)
    assert numbers(whole) == [4, 5]
    writer.write()
    assert json.loads(writer.leaves[-1])["asked"] == {"timeline": f"payout:{PAYOUT}"}


@pytest.mark.clause("3.4", "7.2b")
@pytest.mark.seeded("audit_search_believes_rows")
def test_a_changed_leaf_is_not_given_out_but_told() -> None:
    writer = indexed(long_story())
    honest = writer.log.rows[4]
    changed = honest.leaf.replace(b"payout_scheduled", b"payout_cancelled")
    writer.log.rows[4] = replace(honest, leaf=changed)
    for _ in range(2):
        with pytest.raises(Refused, match="log_changed"):
            looked(writer, OF_ANNA)
    assert [(b.seq, b.code) for b in writer.log.stops] == [(4, "leaf_changed")]
    assert codes(writer) == ["leaf_changed"]


def test_a_leaf_moved_to_another_row_is_told_too() -> None:
    writer = indexed(long_story())
    moved = writer.log.rows[3]
    writer.log.rows[4] = replace(
        writer.log.rows[4], leaf=moved.leaf, leaf_hash=moved.leaf_hash
    )
    with pytest.raises(Refused, match="log_changed"):
        looked(writer, OF_ANNA)
    assert codes(writer) == ["leaf_misplaced"]


@pytest.mark.parametrize("lie", ["emptied", "one term", "gone", "counted"])
@pytest.mark.clause("3.4")
@pytest.mark.seeded("audit_index_believed")
def test_an_index_that_hides_something_is_told_and_set_right(lie: str) -> None:
    """It stops nothing: it proves nothing."""
    writer = indexed(long_story())
    honest = writer.log.tiles[0]
    match lie:
        case "emptied":
            writer.log.tiles[0] = Tile(0, frozenset(), honest.events)
        case "one term":
            [*_, last] = honest.terms
            writer.log.tiles[0] = replace(honest, terms=honest.terms - {last})
        case "gone":
            del writer.log.tiles[0]
        case _:
            writer.log.tiles[0] = replace(honest, events={"contracts": 254})
    patrol = Patrol()
    beat(patrol, writer)
    [found] = writer.log.events
    assert isinstance(found, IntegrityMismatchFound)
    assert (found.seq, found.code) == (0, "index_differs")
    assert writer.log.tiles[0] == honest
    assert writer.log.stops == []
    assert numbers(looked(writer, OF_ANNA)) == [6, 4, 3, 1]


def test_an_honest_index_raises_no_alarm_while_it_is_built() -> None:
    writer, patrol = long_story(), Patrol()
    for size in range(700, 1500, 100):
        index_tiles(units=FakeUnits(writer.log), most=1)
        beat(patrol, writer, rows=100)
        writer.grow(size)
        writer.clock.move(60)
    assert writer.log.events == []


def test_what_an_index_under_construction_does_not_reach_is_owned_up_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A log of an earlier release: the newest leaves wait, and the answer says so."""
    monkeypatch.setattr(searching, "MOST_TILES", 1)
    writer = long_story()
    found = looked(writer, OF_ANNA)
    assert numbers(found) == [6, 4, 3, 1]
    assert found.searched == 256
    assert found.checkpoint.size == len(writer.log.rows)
    indexed(writer)
    assert looked(writer, OF_ANNA).searched == len(writer.log.rows)


@pytest.mark.parametrize("words", [{}, {"user": "somebody"}, {"colour": "blue"}])
def test_nothing_to_look_for_is_refused(words: dict[str, Json]) -> None:
    with pytest.raises(Refused, match="scope_unfit"):
        looked(long_story(), words)
    for limit in (0, 101):
        with pytest.raises(Refused, match="page_out_of_range"):
            looked(long_story(), OF_ANNA, limit=limit)


def test_a_member_of_the_staff_is_found_by_what_they_did() -> None:
    writer = long_story()
    done: dict[str, Json] = {"decided_by": str(STAFF), "parts": [{"by": str(STAFF)}]}
    writer.write(event(writer.producer, "approved", f"case:{UUID(int=3)}", 1, done))
    assert numbers(looked(writer, {"user": str(STAFF)})) == [605]
