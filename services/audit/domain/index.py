"""What a tile of the log names: a road to leaves, never a proof of anything.

A tile is 256 leaves, as in C2SP tlog-tiles. Of each full one the index holds which ids
and kinds stand in it, and how many events of whom; the open tile at the right edge is
read leaf by leaf. Time needs no index, because `received_at` never decreases.

To change what is a term, empty the index in the same release: tiles of the old form
would be reported as differing.
"""

import re
import struct
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from kernel.crypto import Json, sha256
from services.audit.domain.leaf import Kind
from services.audit.domain.scope import Entry
from services.audit.domain.tiles import TILE_WIDTH

_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOT_SEARCHED: Final = frozenset({"notice_id", "event_id"})
"""Of a leaf of the log's own: names the leaf, or an event that has its own leaf."""
_BIGINT_OID: Final = 20
_TERM: Final = struct.Struct(">iq")


@dataclass(frozen=True, slots=True)
class Tile:
    """What the index holds of 256 leaves; `events` counts them by producer.

    Whose event was too long for a leaf is not said there: such are counted under "".
    ``sealed``: its terms are those that this service put there.
    """

    number: int
    terms: frozenset[int]
    events: Mapping[str, int]
    sealed: bool = True

    @classmethod
    def of(cls, number: int, entries: Sequence[Entry]) -> "Tile":
        terms: set[str] = set()
        for entry in entries:
            terms.add(entry.kind)
            terms.update(ids_of(entry))
        return cls(number, frozenset(map(term, terms)), counted(entries))


class Tiling:
    """Takes entries in their order from a tile's first on, and gives full tiles."""

    def __init__(self) -> None:
        self._open: list[Entry] = []

    def add(self, entry: Entry) -> Tile | None:
        """The tile this entry completes, if it does."""
        self._open.append(entry)
        if entry.seq % TILE_WIDTH != TILE_WIDTH - 1:
            return None
        tile = Tile.of(entry.seq // TILE_WIDTH, self._open)
        self._open = []
        return tile


def counted(entries: Iterable[Entry]) -> dict[str, int]:
    """Events by producer, as a tile counts them."""
    return Counter(
        str(entry.event.get("source", ""))
        for entry in entries
        if entry.event or entry.said["kind"] == Kind.EVENT_REF.wire
    )


def term(text: str) -> int:
    """64 bits for an id or a kind, as PostgreSQL's bigint has them."""
    return int.from_bytes(sha256(text.encode())[:8], "big", signed=True)


def digest_of(terms: Iterable[int]) -> bytes:
    """SHA-256 of the terms as ``array_send`` of PostgreSQL gives a sorted bigint[].

    The database can then say it of a row without giving the row out.
    """
    known = sorted(terms)
    head = (1, 0, _BIGINT_OID, len(known), 1) if known else (0, 0, _BIGINT_OID)
    packed = struct.pack(f">{len(head)}i", *head)
    return sha256(packed + b"".join(_TERM.pack(8, each) for each in known))


def ids_of(entry: Entry) -> frozenset[str]:
    """The ids a leaf may be looked for by: whom and what it names, and its cause."""
    if not entry.event:
        own = {k: v for k, v in entry.said.items() if k not in _NOT_SEARCHED}
        return frozenset(_ids(own))
    cause = str(entry.event.get("correlationid"))
    return frozenset([*_ids(entry.data), *_ids(entry.subject), *_ids(cause)])


def _ids(value: Json) -> Iterator[str]:
    if isinstance(value, str):
        # A subject and a scope name an id behind a kind: `client:…`.
        found = value.rpartition(":")[2]
        if _ID.fullmatch(found):
            yield found
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _ids(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _ids(each)
