"""The six words in which a load is judged, and one more that must be zero."""

from dataclasses import asdict, dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """Counts of one load, or of many together."""

    attempted: int = 0
    """Asked for by a client."""
    acknowledged: int = 0
    """The client was told that it is done."""
    lost: int = 0
    """Acknowledged, and yet it never happened."""
    duplicated: int = 0
    """Came more than once and was absorbed."""
    recovered: int = 0
    """Happened although the answer to the client was lost."""
    unexpected: int = 0
    """Happened although nobody asked for it, or it was withdrawn."""
    twice: int = 0
    """An effect that happened more than once, or out of order."""

    def __add__(self, other: Self) -> "Words":
        mine, theirs = asdict(self), asdict(other)
        return Words(**{name: mine[name] + theirs[name] for name in mine})

    @property
    def harm(self) -> dict[str, int]:
        """What must be empty: lost, unexpected, twice."""
        found = {k: getattr(self, k) for k in ("lost", "unexpected", "twice")}
        return {name: count for name, count in found.items() if count}
