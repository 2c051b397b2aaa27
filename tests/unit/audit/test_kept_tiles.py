"""Parts are proved from what was followed before; what changed since is noticed."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

import pytest

from kernel.errors import Broken
from services.audit.domain.proofs import tlog_proof
from services.audit.domain.tree import root_of
from services.audit.handlers.following import READ_AT_ONCE, KeptTiles
from services.audit.handlers.parts import Desk, Given, export_part
from services.audit.handlers.proving import leaf_and_proof
from services.audit.ports import LogReader, StoredCheckpoint
from tests.unit.audit.builders import Writer
from tests.unit.audit.fakes import FakeUnit
from tests.unit.audit.stories import ANNA, LOG_ENTRY, desk_of, told


@dataclass
class Counting:
    """A reader that counts the hashes it gave."""

    unit: FakeUnit
    given: list[tuple[int, int]] = field(default_factory=list)

    def leaf_hashes(self, *, start: int, stop: int) -> Sequence[bytes]:
        self.given.append((start, stop))
        return self.unit.leaf_hashes(start=start, stop=stop)

    def leaves(self, *, start: int, stop: int) -> Sequence[bytes]:
        return self.unit.leaves(start=start, stop=stop)

    def last_checkpoint(self) -> StoredCheckpoint | None:
        return self.unit.last_checkpoint()


def counting(writer: Writer) -> tuple[LogReader, Counting]:
    reader = Counting(FakeUnit(writer.log))
    return cast("LogReader", reader), reader


def taken(desk: Desk) -> Given:
    words = {"subject": f"client:{ANNA}"}
    return export_part(words, disclosure_id=LOG_ENTRY, taken_by="x", desk=desk)


def test_what_was_followed_is_not_read_again() -> None:
    writer = told().grow(700)
    tiles = KeptTiles()
    reader, counted = counting(writer)
    tiles.follow(reader, size=600)
    tiles.follow(reader, size=700)
    tiles.follow(reader, size=300)
    assert counted.given == [(0, 600), (600, 700)]
    hashes = [row.leaf_hash for row in writer.log.rows]
    for size in (1, 255, 256, 257, 300, 512, 700):
        root = tiles.roots.root(size, leaves=tiles.leaves(reader, size=size))
        assert root == root_of(hashes[:size])


def test_a_beat_goes_on_by_what_is_read_at_once() -> None:
    writer = told().grow(300)
    tiles = KeptTiles()
    tiles.go_on(FakeUnit(writer.log))
    assert tiles.roots.size == min(300, READ_AT_ONCE)


def test_of_a_log_that_was_followed_a_proof_reads_two_tiles() -> None:
    writer = told().grow(700)
    reader, counted = counting(writer)
    tiles = KeptTiles()
    tiles.follow(reader, size=700)
    counted.given.clear()
    _, proof = leaf_and_proof(300, unit=reader, board=writer.board, tiles=tiles)
    assert sorted(counted.given) == [(256, 512), (512, 700)]
    hashes = [row.leaf_hash for row in writer.log.rows]
    checkpoint = writer.log.last_checkpoint()
    assert checkpoint is not None
    assert proof == tlog_proof(hashes, index=300, note=checkpoint.note)


@pytest.mark.seeded("audit_proof_unsigned_tree")
def test_a_log_that_is_not_what_was_signed_proves_nothing() -> None:
    """However the leaf itself stands there."""
    writer = told().grow(700)
    writer.log.rows[600] = replace(writer.log.rows[600], leaf_hash=bytes(32))
    unit, tiles = FakeUnit(writer.log), KeptTiles()
    for _ in range(2):
        with pytest.raises(Broken, match="not what its checkpoint signs"):
            leaf_and_proof(300, unit=unit, board=writer.board, tiles=tiles)
        assert tiles.roots.size == 0


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("audit_part_trusts_kept_tiles")
def test_a_row_changed_since_it_was_followed_proves_nothing() -> None:
    """The first part is good; then a neighbour in its full tile is spoilt."""
    writer = told().grow(700)
    desk = replace(desk_of(writer), tiles=KeptTiles())
    assert taken(desk).part.size == 700
    rows = writer.log.rows
    honest = rows[200]
    rows[200] = replace(honest, leaf_hash=bytes(32))
    with pytest.raises(Broken, match="not what its checkpoint signs"):
        taken(desk)
    assert desk.tiles.roots.size == 0
    with pytest.raises(Broken):
        taken(desk)
    rows[200] = honest
    assert taken(desk).part.size == 700
