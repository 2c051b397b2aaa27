"""Who waits for the writer's seat keeps up, and takes over with what is new alone."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from typing_extensions import override

from kernel.errors import Broken
from services.audit.handlers.following import Followed
from services.audit.ports import RowHashes
from tests.unit.audit.builders import Writer
from tests.unit.audit.fakes import FakeLog

MANY = 600


@dataclass
class CountingLog(FakeLog):
    """Says how many rows were gone through."""

    gone_through: list[int] = field(default_factory=list)

    @override
    def hashes(self, *, start: int) -> Iterator[RowHashes]:
        for row in super().hashes(start=start):
            self.gone_through.append(row.seq)
            yield row


def at_work(*, events: int = MANY) -> tuple[Writer, CountingLog]:
    log = CountingLog()
    writer = Writer(log=log).open()
    writer.write(*(writer.producer.event() for _ in range(events)))
    return writer, log


@pytest.mark.parametrize("pieces", [(600,), (1, 255, 256, 40), (300, 0, 300)])
def test_piece_by_piece_one_stands_where_the_writer_stands(
    pieces: tuple[int, ...],
) -> None:
    log = CountingLog()
    writer, followed = Writer(log=log).open(), Followed()
    for piece in pieces:
        writer.write(*(writer.producer.event() for _ in range(piece)))
        followed.follow(log.hashes(start=followed.size))
    assert writer.state is not None
    mine, its = followed.head(), writer.state.head
    assert (mine.size, mine.chain) == (its.size, its.chain)
    assert mine.received_at == its.received_at
    assert mine.frontier.root() == its.frontier.root()
    mine.frontier.append(b"\x07" * 32)
    its.frontier.append(b"\x07" * 32)
    assert mine.frontier.root() == its.frontier.root()


@pytest.mark.clause("7.1")
@pytest.mark.seeded("audit_stand_by_overlooks_the_last_rows")
def test_who_kept_up_takes_over_by_the_new_rows_alone() -> None:
    writer, log = at_work()
    followed = Followed()
    followed.follow(log.hashes(start=0))
    writer.write(writer.producer.event(), writer.producer.event())
    log.gone_through.clear()
    writer.open(followed=followed)
    assert log.gone_through == [MANY + 1, MANY + 2]
    writer.write(writer.producer.event())
    assert Writer(log=log, anchor=writer.anchor, signer=writer.signer).open().kinds == [
        "opened",
        *["event"] * (MANY + 3),
    ]


@pytest.mark.clause("3.4")
def test_who_kept_up_with_another_history_signs_nothing() -> None:
    """The database was replaced by a log of the same key and the same length."""
    _, log = at_work()
    followed = Followed()
    followed.follow(log.hashes(start=0))
    other = Writer().open()
    other.producer.sequence = 5_000
    other.write(*(other.producer.event() for _ in range(MANY)))
    with pytest.raises(Broken, match="roots differ"):
        other.open(followed=followed)


@pytest.mark.clause("3.4")
def test_a_checkpoint_older_than_where_one_stands_is_compared_all_the_same() -> None:
    writer, log = at_work(events=300)
    published = writer.board.note
    assert published is not None
    writer.write(*(writer.producer.event() for _ in range(300)))
    followed = Followed()
    followed.follow(log.hashes(start=0))
    writer.board.note = published
    writer.open(followed=followed)
    other = Writer(signer=writer.signer).open()
    other.producer.sequence = 5_000
    other.write(*(other.producer.event() for _ in range(300)))
    writer.board.note = other.board.note
    with pytest.raises(Broken, match="another than the one published at 301"):
        writer.open(followed=followed)


def test_a_hole_is_named_and_what_came_before_it_is_kept() -> None:
    _, log = at_work()
    del log.rows[400]
    followed = Followed()
    with pytest.raises(Broken, match="damaged at seq 400"):
        followed.follow(log.hashes(start=0))
    assert followed.size == 400
