"""Exports and status."""

import json
from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.events.audit import ExportMade
from services.audit.handlers.reading import (
    MAX_PAGE_BYTES,
    Page,
    export_page,
    read_leaves,
    read_status,
    start_export,
)
from services.audit.ports import Export
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import FakeUnits

ENTRY = UUID(int=8)


class FakeRegister:
    """Covers one entry."""

    def refuse_uncovered(
        self, disclosure_id: UUID, client_id: UUID | None = None
    ) -> bool:
        if disclosure_id != ENTRY:
            raise Refused("disclosure_not_valid", "None.", next_step="Ask for one.")
        return True


def started(writer: Writer, disclosure_id: UUID = ENTRY) -> Export:
    return start_export(
        taken_by="operator",
        disclosure_id=disclosure_id,
        register=FakeRegister(),
        board=writer.board,
        units=FakeUnits(writer.log),
        clock=writer.clock,
        ids=writer.ids,
    )


@pytest.mark.clause("6.2")
def test_taking_a_copy_is_recorded_and_told() -> None:
    """With the entry of the register that lets it be taken."""
    writer = written(5)
    export = started(writer)
    [event] = writer.log.events
    assert isinstance(event, ExportMade)
    assert (event.export_id, event.size) == (export.export_id, 5)
    assert (event.disclosure_id, export.disclosure_id) == (ENTRY, ENTRY)
    assert writer.log.exports[export.export_id].taken_by == "operator"
    writer.write()
    told = json.loads(writer.leaves[5])
    assert (told["kind"], told["by"], told["size"]) == ("exported", "operator", 5)
    assert (told["notice_id"], told["disclosure_id"]) == (
        str(export.export_id),
        str(ENTRY),
    )
    assert export.size == 5  # what was taken does not hold that it was


@pytest.mark.clause("6.1d")
@pytest.mark.seeded("audit_reads_untold")
def test_who_looks_at_leaves_stands_in_the_log() -> None:
    """Once, however often the writer goes on."""
    writer = written(5)
    page = looked(writer, from_seq=3, limit=100)
    assert page.leaves == tuple(writer.leaves[3:5])
    writer.write().write()
    told = json.loads(writer.leaves[5])
    assert writer.kinds[5:] == ["read"]
    assert (told["by"], told["first"], told["last"]) == ("auditor", 3, 4)


@pytest.mark.parametrize(("first", "limit"), [(-1, 1), (5, 1), (0, 0), (0, 101)])
def test_a_look_is_bounded_and_inside_the_log(first: int, limit: int) -> None:
    writer = written(5)
    with pytest.raises(Refused, match="page_out_of_range"):
        looked(writer, from_seq=first, limit=limit)
    assert writer.log.notices == []


def looked(writer: Writer, *, from_seq: int, limit: int) -> Page:
    return read_leaves(
        read_by="auditor",
        from_seq=from_seq,
        limit=limit,
        units=FakeUnits(writer.log),
        ids=writer.ids,
    )


@pytest.mark.clause("6.2")
@pytest.mark.seeded("audit_export_without_a_ground")
def test_nobody_takes_a_copy_without_an_entry_of_the_register() -> None:
    writer = written(5)
    with pytest.raises(Refused, match="disclosure_not_valid"):
        started(writer, UUID(int=9))
    assert writer.log.events == []
    assert writer.log.exports == {}


def test_an_export_is_pinned_to_its_checkpoint() -> None:
    """Leaves written meanwhile, its own record among them, are not in it."""
    writer = written(5)
    export = started(writer)
    writer.grow(9)
    page = export_page(
        export.export_id, from_seq=0, limit=1000, units=FakeUnits(writer.log)
    )
    assert page.leaves == tuple(writer.leaves[:5])
    assert page.note == export.note


def test_pages_join_without_a_gap() -> None:
    writer = written(7)
    export = started(writer)
    units = FakeUnits(writer.log)
    taken: list[bytes] = []
    while len(taken) < export.size:
        page = export_page(export.export_id, from_seq=len(taken), limit=3, units=units)
        taken += page.leaves
    assert taken == writer.leaves


def test_a_page_of_long_leaves_ends_early_but_has_one_at_least() -> None:
    writer = Writer().open()
    for _ in range(20):
        writer.write(writer.producer.event(data={"note": "x" * 60_000}))
    export = started(writer)
    page = export_page(
        export.export_id, from_seq=1, limit=1000, units=FakeUnits(writer.log)
    )
    assert 1 <= len(page.leaves) < 20
    assert sum(len(leaf) for leaf in page.leaves) <= MAX_PAGE_BYTES


def test_no_page_without_a_record() -> None:
    with pytest.raises(Refused, match="export_unknown"):
        export_page(UUID(int=1), from_seq=0, limit=1, units=FakeUnits(written(2).log))


@pytest.mark.parametrize(("from_seq", "limit"), [(-1, 1), (6, 1), (0, 0), (0, 1001)])
def test_a_page_lies_inside_its_export(from_seq: int, limit: int) -> None:
    writer = written(5)
    export = started(writer)
    with pytest.raises(Refused, match="page_out_of_range"):
        export_page(
            export.export_id,
            from_seq=from_seq,
            limit=limit,
            units=FakeUnits(writer.log),
        )


def test_a_log_never_opened_cannot_be_exported() -> None:
    with pytest.raises(Refused, match="log_empty"):
        started(Writer())


def test_status_tells_size_key_and_missing_numbers() -> None:
    writer = written(3)
    writer.write(writer.producer.event(sequence=9))
    status = read_status(units=FakeUnits(writer.log), board=writer.board)
    assert status.size == 4
    assert status.vkeys == (writer.signer.public.vkey,)
    assert status.producers == (("contracts", 9, 6),)
