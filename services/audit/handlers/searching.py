"""Leaves found by whom and what they name, by kind, cause and time, page by page.

The index only says where to look: what is given out is the leaf itself, read, hashed
again and judged by its own words.  Each look is told in the log (clauses 6.1d, 6.1e).
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kernel.clock import Clock
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.audit import IntegrityMismatchFound
from kernel.ids import Ids
from services.audit.domain.check import MismatchError
from services.audit.domain.index import Tiling
from services.audit.domain.intake import Notice
from services.audit.domain.leaf import Kind
from services.audit.domain.question import Question, not_before
from services.audit.domain.scope import Entry, Scope, belonging, owned_subjects
from services.audit.domain.tiles import TILE_WIDTH
from services.audit.handlers.reading import entry_of
from services.audit.ports import Block, LogReader, StoredCheckpoint, Unit, Units

MOST_FOUND: Final = 100
MOST_OF_A_THING: Final = 20_000
"""Leaves of one timeline; they are held in memory while it is decided what belongs."""
TILES_AT_ONCE: Final = 32
MOST_TILES: Final = 512
"""Looked through for one page: then it ends early, and says where it goes on."""


@dataclass(frozen=True, slots=True)
class Found:
    """A page; `goes_on` is the place the next one starts from, None at the end.

    `searched` leaves were looked through: fewer than the log's `size` while the index
    of a log of an earlier release is being built.
    """

    entries: tuple[Entry, ...]
    goes_on: int | None
    searched: int
    checkpoint: StoredCheckpoint


@dataclass(frozen=True, slots=True)
class Reader:
    """Who looks, and with what."""

    by: str
    units: Units
    clock: Clock
    ids: Ids


def index_tiles(*, units: Units, most: int) -> int:
    """Index the next full tiles, at most so many; how many it was."""
    with units.begin() as unit:
        checkpoint = unit.last_checkpoint()
        full = checkpoint.size // TILE_WIDTH if checkpoint else 0
        begin = unit.indexed_tiles()
        end = min(full, begin + most)
        tiling = Tiling()
        for number in range(begin, end):
            first = number * TILE_WIDTH
            for row in unit.rows(start=first, stop=first + TILE_WIDTH):
                tile = tiling.add(entry_of(row))
                if tile is not None:
                    unit.index(tile)
    return max(0, end - begin)


def search(
    words: Mapping[str, Json], *, before: int | None, limit: int, reader: Reader
) -> Found:
    """The newest leaves that answer, those below the number `before` if it is given.

    Refused: ``scope_unfit``, ``page_out_of_range``, ``log_empty``, ``log_changed``.
    """
    question = Question.parse(words)
    _refuse_too_many(limit)

    def look(unit: Unit, end: _End) -> _Page:
        first, stop = _span(question, unit, stop=end.searched)
        stop = stop if before is None else min(stop, before)
        found: list[Entry] = []
        looked = 0
        for group in _groups(question, unit, end, first=first, stop=stop):
            found += group.entries
            if len(found) > limit:
                return found[:limit], found[limit - 1].seq
            looked += group.tiles
            if looked >= MOST_TILES:
                return found, group.lowest
        return found, None

    return _told(look, words=question.words(), reader=reader)


def timeline(subject: str, *, after: int | None, limit: int, reader: Reader) -> Found:
    """All that is about a thing in the log's order, from behind the number `after`.

    What belongs is what an export of it would hold (`scope.belonging`).
    Refused: as `search`, and ``too_much_at_once``.
    """
    scope = Scope.parse({"subject": subject})
    _refuse_too_many(limit)

    def look(unit: Unit, end: _End) -> _Page:
        known = _all_of(subject, unit, end)
        for other in sorted(owned_subjects(subject, [*known.values()]) - {subject}):
            known.update(_all_of(other, unit, end))
        whole = belonging(scope, known.values())
        rest = [e for e in whole if after is None or e.seq > after]
        page = rest[:limit]
        return page, page[-1].seq if len(rest) > limit else None

    return _told(look, words={"timeline": subject}, reader=reader)


def _all_of(subject: str, unit: LogReader, end: "_End") -> dict[int, Entry]:
    """Every leaf that names the thing's id."""
    question = Question(None, subject.partition(":")[2])
    found: dict[int, Entry] = {}
    for group in _groups(question, unit, end, first=0, stop=end.searched):
        found.update({entry.seq: entry for entry in group.entries})
        if len(found) > MOST_OF_A_THING:
            raise Refused(
                "too_much_at_once",
                "More leaves name it than a timeline shows.",
                next_step="Search for it by kinds or by a period.",
                most=MOST_OF_A_THING,
            )
    return found


def everything(question: Question, unit: LogReader, *, size: int) -> Iterator[Entry]:
    """All of the first `size` leaves that answer, the newest first.

    For questions of the service's own: nobody is told of it.
    """
    end = _End(min(unit.indexed_tiles(), size // TILE_WIDTH), size)
    first, stop = _span(question, unit, stop=size)
    for group in _groups(question, unit, end, first=first, stop=stop):
        yield from group.entries


@dataclass(frozen=True, slots=True)
class _End:
    """How far is looked: `indexed` tiles by the index, the rest leaf by leaf."""

    indexed: int
    searched: int


@dataclass(frozen=True, slots=True)
class _Group:
    """What answers in some tiles, the newest first, and where they begin."""

    tiles: int
    lowest: int
    entries: Sequence[Entry]


_Page = tuple[list[Entry], int | None]


def _groups(
    question: Question, unit: LogReader, end: _End, *, first: int, stop: int
) -> Iterator[_Group]:
    """Tiles that may answer between two numbers, a few at a time, the newest first.

    Twice as many each time: a page of what is everywhere reads one tile, a page of
    what is rare is not a question for each.
    """
    at_once = 1
    above = -(-stop // TILE_WIDTH)
    lowest = first // TILE_WIDTH
    while above > lowest:
        if above > end.indexed:  # the tiles at the right edge, which no index has
            bottom = max(lowest, end.indexed, above - at_once)
            tiles: Sequence[int] = range(bottom, above)
        else:
            tiles = unit.tiles_with(
                question.terms, first=lowest, stop=above, most=at_once
            )
            bottom = min(tiles) if len(tiles) == at_once else lowest
        rows = unit.naming_all(
            question.texts,
            tiles=tiles,
            start=first,
            stop=min(stop, above * TILE_WIDTH),
        )
        entries = [entry for entry in map(entry_of, rows) if question.fits(entry)]
        yield _Group(len(tiles), max(first, bottom * TILE_WIDTH), entries)
        above = bottom
        at_once = min(2 * at_once, TILES_AT_ONCE)


def _span(question: Question, unit: LogReader, *, stop: int) -> tuple[int, int]:
    """The numbers between which the log received what was asked for."""
    begins, ends = question.begins_at, question.ends_at
    first = first_since(begins, unit, stop=stop) if begins else 0
    return first, first_since(ends, unit, stop=stop) if ends else stop


def first_since(instant: datetime, unit: LogReader, *, stop: int) -> int:
    """The first number received then or later; `received_at` never decreases."""

    def later(seq: int) -> bool:
        [row] = unit.rows(start=seq, stop=seq + 1)
        return not_before(entry_of(row), instant)

    return bisect_left(range(stop), 1, key=later)


def _stop_writer(lie: MismatchError, unit: Unit, reader: Reader) -> None:
    """As the patrol does with what it finds (clauses 3.4, 7.2b)."""
    found = Block(
        block_id=reader.ids.new(),
        seq=lie.seq,
        code=lie.code,
        found_at=reader.clock.now(),
    )
    if unit.block(found):
        unit.publish(
            IntegrityMismatchFound(
                finding_id=found.block_id, seq=lie.seq, code=lie.code
            )
        )


def _refuse_too_many(limit: int) -> None:
    if not 1 <= limit <= MOST_FOUND:
        raise Refused(
            "page_out_of_range",
            "A page has 1 to 100 leaves.",
            next_step="Ask for fewer.",
            most=MOST_FOUND,
        )


def _told(look: "_Look", *, words: Mapping[str, Json], reader: Reader) -> Found:
    """Look, and leave in the same commit word of who looked for what."""
    with reader.units.begin() as unit:
        checkpoint = unit.last_checkpoint()
        if checkpoint is None:
            raise Refused(
                "log_empty",
                "The log has not been opened yet.",
                next_step="Start the writer first.",
            )
        full = checkpoint.size // TILE_WIDTH
        indexed = min(unit.indexed_tiles(), full)
        reach = checkpoint.size
        if full - indexed > MOST_TILES:
            reach = (indexed + MOST_TILES) * TILE_WIDTH
        try:
            entries, goes_on = look(unit, _End(indexed, reach))
        except MismatchError as lie:
            _stop_writer(lie, unit, reader)
            refusal = _changed(lie)
        else:
            fields: dict[str, Json] = {"by": reader.by, "asked": words}
            if entries:
                numbers = [entry.seq for entry in entries]
                fields |= {"first": min(numbers), "last": max(numbers)}
            fields["leaves"] = len(entries)
            unit.note(Notice(reader.ids.new(), Kind.READ, fields))
            return Found(tuple(entries), goes_on, reach, checkpoint)
    # Only now: what was found has to be committed first.
    raise refusal


_Look = Callable[[Unit, _End], _Page]


def _changed(lie: MismatchError) -> Refused:
    return Refused(
        "log_changed",
        "A leaf is not what the log signed; the finding is told.",
        next_step="Have the log verified: audit verify.",
        seq=lie.seq,
    )
