"""Parts of the log: what belongs to them, who may have them, what is told of it."""

import json
from dataclasses import replace
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest

from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.events.audit import ExportMade
from services.audit.domain.following import TileRoots, tile_by_tile
from services.audit.domain.scope import Scope
from services.audit.domain.tree import inclusion_proof, leaf_hash
from services.audit.handlers.parts import Given, export_part
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.stories import (
    ANNA,
    BORIS,
    CAUSE,
    CONTRACT,
    ENTRY,
    LOG_ENTRY,
    desk_of,
    event,
    told,
)

CLIENT: dict[str, Json] = {"subject": f"client:{ANNA}"}
SECOND_DAY = {"from": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"}


def taken(
    writer: Writer,
    words: dict[str, Json],
    *,
    entry: UUID = LOG_ENTRY,
    since: tuple[int, ...] = (),
    most_leaves: int = 2_000,
) -> Given:
    return export_part(
        words,
        disclosure_id=entry,
        since=since,
        taken_by="operator",
        desk=desk_of(writer, most_leaves=most_leaves),
    )


@pytest.mark.parametrize(
    ("words", "leaves"),
    [
        (CLIENT, [1, 3, 4, 5, 6]),
        ({"subject": f"contract:{CONTRACT}"}, [1, 3, 4, 5]),
        ({"incident": str(CAUSE)}, [6]),
        ({"kinds": ["contracts.contract_offered.v1"]}, [1, 2]),
        ({"kinds": ["opened", "contracts.payout_held.v1"]}, [0, 5]),
        (SECOND_DAY, [3, 4, 5, 6]),
        ({**CLIENT, **SECOND_DAY}, [3, 4, 5, 6]),
        ({**CLIENT, "kinds": ["contracts.payout_held.v1"]}, [5]),
    ],
)
@pytest.mark.clause("6.2")
def test_a_part_is_what_was_asked_for_and_nothing_else(
    words: dict[str, Json], leaves: list[int]
) -> None:
    """The hold of a payout names no client, and belongs to Anna's all the same."""
    part = taken(told(), words).part
    assert [entry.seq for entry in part.entries] == leaves


@pytest.mark.seeded("audit_part_takes_shared_subjects")
def test_what_is_also_about_somebody_else_is_taken_only_by_name() -> None:
    writer = told()
    shared = f"batch:{UUID(int=0xBA7)}"
    for version, client in enumerate((ANNA, BORIS, None), start=1):
        named = {"client_id": str(client)} if client else {}
        event = writer.producer.event(subject=shared, version=version, data={**named})
        writer.write(event)
    part = taken(writer, CLIENT).part
    assert [entry.seq for entry in part.entries] == [1, 3, 4, 5, 6, 8]


@pytest.mark.clause("6.2")
@pytest.mark.seeded("audit_part_tells_of_inquiries")
def test_that_somebody_was_told_of_a_client_is_in_no_part_of_theirs() -> None:
    """Else whoever reads their own part learns of an inquiry they must not know of."""
    writer = told()
    inquiry = f"disclosure:{UUID(int=0xD1)}"
    of_anna: dict[str, Json] = {"client_id": str(ANNA)}
    writer.write(event(writer.producer, "disclosure_approved", inquiry, 1, of_anna))
    part = taken(writer, CLIENT, entry=ENTRY).part
    assert [entry.seq for entry in part.entries] == [1, 3, 4, 5, 6]
    kinds: dict[str, Json] = {"kinds": ["contracts.disclosure_approved.v1"]}
    with pytest.raises(Refused, match="disclosure_not_valid"):
        taken(writer, {**CLIENT, **kinds}, entry=ENTRY)
    asked = taken(writer, {**CLIENT, **kinds}).part
    assert [entry.seq for entry in asked.entries] == [8]


def test_of_a_time_the_leaves_around_it_are_shown() -> None:
    part = taken(told(), {**SECOND_DAY}).part
    assert [entry.seq for entry in part.neighbours] == [2, 7]
    assert taken(told(), CLIENT).part.neighbours == ()


@pytest.mark.clause("6.2")
@pytest.mark.seeded("audit_part_of_anybody")
def test_an_entry_of_one_client_covers_what_is_about_that_client_alone() -> None:
    writer = told()
    taken(writer, CLIENT, entry=ENTRY)
    taken(writer, {"subject": f"contract:{CONTRACT}"}, entry=ENTRY)
    others: tuple[dict[str, Json], ...] = (
        {"subject": f"client:{BORIS}"},
        {"incident": str(CAUSE)},
        {**SECOND_DAY},
        {"kinds": ["contracts.contract_offered.v1"]},
        {"subject": f"contract:{UUID(int=1)}"},
    )
    for words in others:
        with pytest.raises(Refused, match="disclosure_not_valid"):
            taken(writer, words, entry=ENTRY)
    assert taken(writer, {"incident": str(CAUSE)}, entry=LOG_ENTRY).part.entries


@pytest.mark.clause("6.1e", "6.2")
@pytest.mark.seeded("audit_part_untold")
def test_taking_a_part_is_told_as_leaf_and_event() -> None:
    writer = told()
    given = taken(writer, CLIENT, entry=ENTRY)
    [event] = writer.log.events
    assert isinstance(event, ExportMade)
    assert (event.leaves, event.client_id, event.size) == (5, ANNA, 8)
    assert event.export_id == given.part.export_id
    assert writer.log.exports == {}  # its id opens no page of the whole log
    writer.write()
    leaf = json.loads(writer.leaves[8])
    assert (leaf["kind"], leaf["by"], leaf["leaves"]) == ("exported", "operator", 5)
    assert (leaf["scope"], leaf["disclosure_id"]) == (CLIENT, str(ENTRY))


def test_nothing_is_told_of_what_was_not_given() -> None:
    writer = told()
    for words, entry in (
        (CLIENT, UUID(int=1)),
        ({"incident": str(UUID(int=1))}, LOG_ENTRY),
    ):
        with pytest.raises(Refused):
            taken(writer, {**words}, entry=entry)
    assert (writer.log.events, writer.log.notices) == ([], [])


def test_a_part_that_is_empty_or_too_large_is_refused() -> None:
    with pytest.raises(Refused, match="part_empty"):
        taken(told(), {"incident": str(UUID(int=1))})
    with pytest.raises(Refused, match="part_too_large"):
        taken(told(), CLIENT, most_leaves=4)
    with pytest.raises(Refused, match="no_such_leaf"):
        taken(told(), CLIENT, since=(9,))


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"subject": "client"},
        {"subject": "client:1"},
        {"incident": "x"},
        {"kinds": ["Not A Kind"]},
        {"kinds": "opened"},
        {"from": "yesterday"},
        {"from": "2026-11-24T00:00:00Z", "until": "2026-11-24T00:00:00Z"},
        {**CLIENT, "incident": str(CAUSE)},
        {**CLIENT, "colour": "red"},
    ],
)
def test_what_is_no_scope_is_refused(words: dict[str, Json]) -> None:
    with pytest.raises(Refused, match="scope_unfit"):
        Scope.parse(words)


def test_a_scope_is_read_back_as_it_was_said() -> None:
    scope = Scope.parse({**CLIENT, **SECOND_DAY, "kinds": ["opened"]})
    assert Scope.parse(scope.words()) == scope


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("audit_part_of_a_changed_log")
def test_a_changed_log_gives_no_part() -> None:
    writer = told()
    row = writer.log.rows[3]
    writer.log.rows[3] = replace(row, leaf=row.leaf.replace(b"signed", b"forged"))
    with pytest.raises(Broken):
        taken(writer, CLIENT)
    forged = writer.log.rows[3].leaf
    writer.log.rows[3] = replace(row, leaf=forged, leaf_hash=leaf_hash(forged))
    with pytest.raises(Broken):
        taken(writer, CLIENT)


def test_the_manifest_says_how_far_the_numbers_go() -> None:
    writer = told()
    writer.write(
        writer.producer.event(
            subject=f"contract:{CONTRACT}", version=5, data={"client_id": str(ANNA)}
        )
    )
    with ZipFile(BytesIO(taken(writer, CLIENT).archive)) as archive:
        said = json.loads(archive.read("manifest.json"))
    assert said["scope"] == CLIENT
    numbers = {row["subject"].partition(":")[0]: row for row in said["numbers"]}
    assert numbers.keys() == {"client", "contract", "payout"}
    assert (numbers["contract"]["last"], numbers["contract"]["missing"]) == (5, [3, 4])
    assert (numbers["payout"]["last"], numbers["payout"]["missing"]) == (2, [])


@pytest.mark.parametrize("size", [1, 2, 255, 256, 257, 600])
def test_inclusion_from_roots_of_tiles_is_the_one_from_all_hashes(size: int) -> None:
    hashes = [leaf_hash(leaf) for leaf in written(600).leaves]
    roots = TileRoots()
    roots.add(hashes)
    leaves = tile_by_tile(lambda start, stop: hashes[start:stop], size=size)
    for index in {0, size // 2, size - 1}:
        path = roots.inclusion(index, size, leaves=leaves)
        assert path == inclusion_proof(hashes[:size], index)
    with pytest.raises(IndexError):
        roots.inclusion(size, size, leaves=leaves)
