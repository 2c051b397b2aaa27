"""What a signer apart signs: a log that goes on from what it signed before.

It computes each root itself, from the peaks it kept and the hashes of the leaves that
were added, so nothing it signs can leave out or alter what it has signed.

A batch whose transaction came to nothing was signed all the same. Therefore two places
are kept: `settled`, on which something was built, and `latest`, signed last. What goes
on from `latest` settles it; what goes on from `settled` replaces it. So whoever may ask
can have two continuations of one batch signed, and never a second history.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.audit.domain.note import Checkpoint
from services.audit.domain.tree import Frontier

MOST_HASHES: Final = 10_000
"""In one request; a batch of the writer has some five hundred leaves."""


class DeniedError(Exception):
    """What was asked does not go on from what was signed; the text says how."""


@dataclass(frozen=True, slots=True)
class Place:
    """A log at one size, by the roots of its perfect subtrees."""

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    @property
    def root(self) -> bytes:
        return self._frontier().root()

    def grown(self, hashes: Sequence[bytes]) -> "Place":
        frontier = self._frontier()
        for hashed in hashes:
            frontier.append(hashed)
        return Place(frontier.size, tuple(frontier.peaks))

    def _frontier(self) -> Frontier:
        return Frontier.of(list(self.peaks), size=self.size)


@dataclass(frozen=True, slots=True)
class Signed:
    """What a signer never forgets."""

    settled: Place = Place()
    latest: Place = Place()

    def goes_on(
        self, asked: Checkpoint, *, start: int, hashes: Sequence[bytes]
    ) -> "Signed":
        """After the leaves from `start` on. DeniedError for another log or a fork."""
        if not 0 < len(hashes) <= MOST_HASHES:
            raise DeniedError("a checkpoint has to grow, by a batch at most")
        base = self._place(start)
        latest = base.grown(hashes)
        if (latest.size, latest.root) != (asked.size, asked.root):
            raise DeniedError(f"these leaves do not make that root at {asked.size}")
        return Signed(base, latest)

    def resumed(self, place: Place) -> "Signed":
        """When the log is opened again. DeniedError unless it ends where we signed."""
        if self == Signed():
            return Signed(place, place)
        known = self._place(place.size)
        if known != place:
            raise DeniedError(f"another log was signed at {place.size}")
        return Signed(known, known)

    def _place(self, size: int) -> Place:
        for place in (self.latest, self.settled):
            if place.size == size:
                return place
        raise DeniedError(
            f"not {size} leaves were signed last, but {self.latest.size}: "
            "a restored or stale database must not be signed"
        )
