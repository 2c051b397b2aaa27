"""Ids sort in the order they were made, whatever the clock does."""

import threading
import uuid
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.clock import SystemClock
from kernel.ids import Uuid7Ids, system_ids

START = datetime(2026, 11, 25, 12, 0, 0, 123456, tzinfo=UTC)


class Steps:
    """A clock that moves by the next step each time it is asked."""

    def __init__(self, steps_ms: list[int]) -> None:
        self._steps = iter(steps_ms)
        self._at = START

    def now(self) -> datetime:
        self._at += timedelta(milliseconds=next(self._steps))
        return self._at


def zeros(count: int) -> bytes:
    return bytes(count)


def ones(count: int) -> bytes:
    return b"\xff" * count


@given(st.lists(st.integers(-5_000, 5_000), min_size=2, max_size=50), st.data())
def test_ids_increase_while_the_clock_jumps(
    steps_ms: list[int], data: st.DataObject
) -> None:
    def entropy(count: int) -> bytes:
        return data.draw(st.binary(min_size=count, max_size=count))

    ids = Uuid7Ids(Steps(steps_ms), entropy)
    made = [ids.new() for _ in steps_ms]
    assert made == sorted(made)
    assert len(made) == len(set(made))


def test_an_id_is_a_uuid_of_version_7_with_its_millisecond_in_front() -> None:
    made = Uuid7Ids(Steps([0]), ones).new()
    assert (made.variant, made.version) == (uuid.RFC_4122, 7)
    assert int(START.timestamp() * 1000) == made.int >> 80


def test_the_random_part_is_random_in_every_bit_but_the_guard() -> None:
    low, high = (Uuid7Ids(Steps([0]), entropy).new() for entropy in (zeros, ones))
    assert (
        (low.int ^ high.int) & (1 << 62) - 1,
        (low.int ^ high.int) >> 64 & 0xFFF,
    ) == (1 << 61 | (1 << 61) - 1, 0x7FF)


def test_a_full_millisecond_borrows_the_next() -> None:
    ids = Uuid7Ids(Steps([0, 0, 0]), zeros)
    first = ids.new()
    ids._tail = (1 << 74) - 1
    second, third = ids.new(), ids.new()
    assert first < second < third
    assert (first.int >> 80) + 1 == second.int >> 80


@pytest.mark.timeout(20)
def test_threads_never_share_an_id() -> None:
    ids = system_ids(SystemClock())
    made: list[list[uuid.UUID]] = [[] for _ in range(4)]

    def work(own: list[uuid.UUID]) -> None:
        own.extend(ids.new() for _ in range(2_000))

    threads = [threading.Thread(target=work, args=(own,)) for own in made]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(own == sorted(own) for own in made)
    assert len({each for own in made for each in own}) == 8_000
