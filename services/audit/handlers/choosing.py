"""Which leaves may belong to a part: looked for by an index that is not just believed.

What a part leaves out nobody sees.  So a tile is passed over only by a row of the index
that this service has sealed itself; every other tile is read leaf by leaf.
"""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

from services.audit.domain.index import term
from services.audit.domain.scope import Entry, Scope
from services.audit.domain.tiles import TILE_WIDTH
from services.audit.handlers.reading import entry_of
from services.audit.handlers.searching import first_since
from services.audit.ports import LogReader

MOST_LOOKED_AT: Final = 20_000
"""Leaves that may belong; they are held in memory while it is decided."""
TILES_AT_ONCE: Final = 64


def candidates(scope: Scope, unit: LogReader, *, size: int) -> Sequence[Entry]:
    """What may belong to the scope; of a thing also the rest of its subjects.

    `MOST_LOOKED_AT` of them at least where there are more.  Raises MismatchError for a
    leaf that is another than its hash says.
    """
    if scope.incident is not None:
        return _naming([scope.incident], unit, stop=size)
    if scope.subject is not None:
        _, _, thing = scope.subject.partition(":")
        found = _naming([thing], unit, stop=size)
        subjects = {e.subject for e in found if scope.names(e) and e.subject}
        others = sorted({each.partition(":")[2] for each in subjects} - {thing})
        rest = _naming(others, unit, stop=size) if others else []
        return [*{e.seq: e for e in chain(found, rest)}.values()]
    first = first_since(scope.begins_at, unit, stop=size) if scope.begins_at else 0
    stop = first_since(scope.ends_at, unit, stop=size) if scope.ends_at else size
    if scope.kinds:
        return _naming(scope.kinds, unit, start=first, stop=stop)
    stop = min(stop, first + MOST_LOOKED_AT)
    return [*map(entry_of, unit.rows(start=first, stop=stop))]


def _naming(
    texts: Sequence[str], unit: LogReader, *, start: int = 0, stop: int
) -> list[Entry]:
    """Leaves that hold one of the texts: an id, or the name of a kind."""
    found: list[Entry] = []
    tiles = unit.tiles_naming([*map(term, texts)], stop=stop // TILE_WIDTH)
    wanted = [each for each in tiles if each >= start // TILE_WIDTH]
    for some in _in_shares([*wanted, stop // TILE_WIDTH]):
        rows = unit.naming_any(texts, tiles=some, start=start, stop=stop)
        found += map(entry_of, rows)
        if len(found) >= MOST_LOOKED_AT:
            break
    return found


def _in_shares(tiles: Sequence[int]) -> Iterable[Sequence[int]]:
    for place in range(0, len(tiles), TILES_AT_ONCE):
        yield tiles[place : place + TILES_AT_ONCE]
