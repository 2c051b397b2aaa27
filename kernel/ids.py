"""Ids: UUIDv7 (RFC 9562), made from a clock and entropy that come as arguments.

Rows are read in the order they were made, so ids of one process must sort that way
too, even within a millisecond and even when the clock is set back.
"""

import secrets
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol
from uuid import UUID

from kernel.clock import Clock

Entropy = Callable[[int], bytes]  # how many bytes → that many random bytes

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_TAIL_BITS = 74  # rand_a (12) and rand_b (62), read as one number
_RAND_B_BITS = 62
_STEP_BYTES = 4
_VERSION_7 = 7 << 76
_VARIANT = 0b10 << 62


class Ids(Protocol):
    """Where new ids come from; handlers take it as an argument."""

    def new(self) -> UUID: ...


class Uuid7Ids:
    """UUIDv7, strictly increasing within a process and safe to call from threads.

    Monotonic Random, method 2 of RFC 9562 §6.2: the 74 bits behind the millisecond
    are fresh in each new millisecond, with the top bit clear as head-room, and grow by
    a random step of 1…2³² within it. If the clock stands still or is set back, the
    last millisecond is kept, so the order survives.
    """

    def __init__(self, clock: Clock, entropy: Entropy) -> None:
        self._clock = clock
        self._entropy = entropy
        self._lock = threading.Lock()
        self._millisecond = -1
        self._tail = 0

    def new(self) -> UUID:
        """The next id, larger than every id this object gave before."""
        millisecond = (self._clock.now() - _EPOCH) // _MILLISECOND
        with self._lock:
            if millisecond > self._millisecond:
                self._begin(millisecond)
            else:
                self._tail += 1 + int.from_bytes(self._entropy(_STEP_BYTES))
                if self._tail >> _TAIL_BITS:
                    self._begin(self._millisecond + 1)
            return _uuid7(self._millisecond, self._tail)

    def _begin(self, millisecond: int) -> None:
        self._millisecond = millisecond
        spare_bits = 80 - (_TAIL_BITS - 1)
        self._tail = int.from_bytes(self._entropy(10)) >> spare_bits


def system_ids(clock: Clock) -> Uuid7Ids:
    """The ids of a running process, with the operating system's randomness."""
    return Uuid7Ids(clock, secrets.token_bytes)


def _uuid7(millisecond: int, tail: int) -> UUID:
    """Lay out RFC 9562 §5.7: time (48), version (4), rand_a (12), variant, rand_b."""
    rand_a, rand_b = divmod(tail, 1 << _RAND_B_BITS)
    time_bits = (millisecond & (1 << 48) - 1) << 80
    return UUID(int=time_bits | _VERSION_7 | rand_a << 64 | _VARIANT | rand_b)
