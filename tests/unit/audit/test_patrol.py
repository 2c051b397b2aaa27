"""The log re-read while it lives: what is found stops the writer until it is proven."""

from dataclasses import replace
from datetime import timedelta

import pytest

from kernel.errors import Transient
from kernel.events.audit import IntegrityMismatchFound, IntegrityProven
from services.audit.handlers.patrol import Patrol
from services.audit.handlers.reading import PAGE_ROWS, verify_log
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import FakeBoard, FakeUnits, verify_ed25519

REST = timedelta(seconds=60)


def beat(patrol: Patrol, writer: Writer, *, rows: int = 100) -> int | None:
    return patrol.beat(
        rows=rows,
        rest=REST,
        units=FakeUnits(writer.log),
        board=writer.board,
        verify=verify_ed25519,
        clock=writer.clock,
        ids=writer.ids,
    )


def codes(writer: Writer) -> list[str]:
    return [e.code for e in writer.log.events if isinstance(e, IntegrityMismatchFound)]


def test_an_honest_log_is_walked_round_after_round_while_it_grows() -> None:
    writer, patrol = written(50), Patrol()
    for size in range(60, 100, 10):
        assert beat(patrol, writer) == len(writer.log.rows)
        assert beat(patrol, writer) is None
        writer.clock.move(60)
        writer.grow(size)
    assert (writer.log.events, patrol.walk) == ([], None)


def test_a_beat_goes_no_further_than_its_share() -> None:
    writer, patrol = written(PAGE_ROWS + 2), Patrol()
    beat(patrol, writer, rows=1)
    assert patrol.walk is not None
    assert patrol.walk.checker.size == PAGE_ROWS
    beat(patrol, writer, rows=1)
    assert patrol.walk is None


@pytest.mark.clause("3.4", "7.2b")
@pytest.mark.seeded("audit_writes_what_is_blocked")
def test_a_finding_is_told_once_and_stops_the_writer() -> None:
    writer, patrol = written(9), Patrol()
    spoilt = writer.log.rows[6]
    writer.log.rows[6] = replace(spoilt, leaf=spoilt.leaf.replace(b"thing", b"think"))
    beat(patrol, writer)
    beat(patrol, writer)
    [block] = writer.log.stops
    assert (block.seq, block.code) == (6, "leaf_changed")
    assert codes(writer) == ["leaf_changed"]
    with pytest.raises(Transient, match="until it is proven whole"):
        writer.write(writer.producer.event())
    assert len(writer.log.rows) == 9


@pytest.mark.clause("3.4")
@pytest.mark.seeded("audit_lifts_unproven")
def test_only_a_log_found_whole_by_its_own_keys_is_written_again() -> None:
    """Who had it verified stays on record."""
    writer, patrol = written(9), Patrol()
    whole = list(writer.log.rows)
    writer.log.rows[6] = replace(whole[6], chain_hash=bytes(32))
    beat(patrol, writer)
    verify(writer, vkey=None)
    assert len(writer.log.stops) == 1
    writer.log.rows = whole
    verify(writer, vkey=writer.signer.public.vkey)
    assert len(writer.log.stops) == 1
    verify(writer, vkey=None)
    writer.write(writer.producer.event())
    assert [by for _, by in writer.log.lifted] == ["auditor"]
    assert isinstance(writer.log.events[-1], IntegrityProven)


def verify(writer: Writer, *, vkey: str | None) -> None:
    verify_log(
        vkey=vkey,
        held=[],
        by="auditor",
        units=FakeUnits(writer.log),
        board=writer.board,
        verify=verify_ed25519,
        clock=writer.clock,
        ids=writer.ids,
    )


def test_changed_tripwires_are_told_once_and_stop_nothing() -> None:
    """Attack 22: they are no proof, but nobody changes them unseen."""
    writer, patrol = written(9), Patrol()
    writer.log.tripped = ["audit_log"]
    beat(patrol, writer)
    writer.clock.move(60)
    beat(patrol, writer)
    assert (codes(writer), writer.log.stops) == (["tripwires_changed"], [])
    for tripped in ([], ["audit_log"]):
        writer.log.tripped = tripped
        writer.clock.move(60)
        beat(patrol, writer)
    assert codes(writer) == ["tripwires_changed"] * 2


def test_before_the_first_start_of_the_writer_there_is_nothing_to_walk() -> None:
    writer, patrol = Writer(board=FakeBoard()), Patrol()
    beat(patrol, writer)
    assert writer.log.events == []


def test_a_clock_set_back_ends_the_rest() -> None:
    writer, patrol = written(9), Patrol()
    beat(patrol, writer)
    writer.clock.move(-86_400)
    assert beat(patrol, writer) == 9
