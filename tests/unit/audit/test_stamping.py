"""A stamp a day, what is told of days without one, and how they are made up for."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from asn1crypto.core import OctetString, Sequence

from kernel.errors import Transient
from kernel.events.audit import IntegrityMismatchFound
from services.audit.domain.stamping import TimeStamp, granted
from services.audit.handlers.stamping import MISSED, Stamping
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import FakeClock, FakeUnits

HOUR, DAY = 3_600, 86_400


@dataclass
class Stamper:
    """Stamps by the log's clock, unless it is away."""

    clock: FakeClock
    away: bool = False
    asked: list[int] = field(default_factory=list)

    def stamp(self, checkpoint: bytes, *, size: int) -> TimeStamp:
        self.asked.append(size)
        if self.away:
            raise Transient("away")
        at = self.clock.now()
        return TimeStamp(
            size=size, checkpoint=checkpoint, reply=b"by them", stamped_at=at
        )


@dataclass
class Days:
    """A log that grows by a leaf an hour, and is shown each hour."""

    writer: Writer = field(default_factory=lambda: written(5))
    stamping: Stamping = field(default_factory=Stamping)

    def __post_init__(self) -> None:
        self.stamper = Stamper(self.writer.clock)

    def beat(self) -> TimeStamp | None:
        return self.stamping.beat(
            stamper=self.stamper,
            units=FakeUnits(self.writer.log),
            board=self.writer.board,
            clock=self.writer.clock,
            ids=self.writer.ids,
        )

    def hour(self) -> None:
        with suppress(Transient):
            self.beat()
        self.writer.clock.move(HOUR)
        self.writer.grow(len(self.writer.leaves) + 1)

    def day(self) -> None:
        for _ in range(24):
            self.hour()

    @property
    def missed(self) -> list[int]:
        events = self.writer.log.events
        told = [each for each in events if isinstance(each, IntegrityMismatchFound)]
        assert {each.code for each in told} <= {MISSED}
        return [each.seq for each in told]


def test_one_stamp_a_day_in_folder_and_database() -> None:
    days = Days()
    for _ in range(3):
        days.day()
    log, board = days.writer.log, days.writer.board
    assert [each.size for each in log.stamped] == days.stamper.asked
    assert len({each.day for each in log.stamped}) == len(log.stamped) == 4
    assert board.stamps == log.stamped
    assert days.missed == []


def test_what_enough_witnesses_cosigned_is_stamped_to_the_byte() -> None:
    days = Days()
    seen = (days.writer.board.note or b"") + "— witness AAAA\n".encode()
    days.writer.board.publish_witnessed(seen)
    days.writer.grow(9)
    stamp = days.beat()
    assert stamp is not None
    assert (stamp.size, stamp.checkpoint) == (5, seen)
    days.writer.clock.move(DAY)
    stamp = days.beat()
    assert stamp is not None
    assert (stamp.size, stamp.checkpoint) == (9, days.writer.board.note)


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("audit_missed_stamp_untold")
def test_missed_days_are_told_and_made_up_for() -> None:
    """Three days without the authority: told each day, and then one stamp."""
    days = Days()
    days.day()
    before = days.writer.log.stamped[-1]
    days.stamper.away = True
    for _ in range(3):
        days.day()
    assert days.missed == [before.size] * 2
    days.stamper.away = False
    days.hour()
    newest = days.writer.log.stamped[-1]
    assert newest.size > before.size + 70
    assert newest.day - before.day == timedelta(days=3)
    days.day()
    assert days.missed == [before.size] * 2


def test_an_authority_that_is_away_is_left_alone_for_a_while() -> None:
    days = Days()
    days.stamper.away = True
    with pytest.raises(Transient):
        days.beat()
    assert days.beat() is None
    days.writer.clock.move(61)
    with pytest.raises(Transient):
        days.beat()
    assert len(days.stamper.asked) == 2


def test_a_log_that_stands_still_needs_no_other_stamp() -> None:
    days = Days()
    assert days.beat() is not None
    days.writer.clock.move(3 * DAY)
    assert days.beat() is None
    assert days.missed == []


@pytest.mark.parametrize("size", [1, 120, 123, 124, 250, 251, 300, 70_000])
def test_a_reply_is_der_of_any_length(size: int) -> None:
    token = OctetString(bytes(size)).dump()
    reply = Sequence.load(granted(token), strict=True)
    assert reply.contents == bytes.fromhex("3003020100") + token
