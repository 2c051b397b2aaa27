"""The readers' use cases: verify, export, status. They change nothing in the log.

Whoever takes a copy is recorded first: without the record no page is given out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.audit import ExportMade, IntegrityMismatchFound, IntegrityProven
from kernel.ids import Ids
from services.audit.domain.check import (
    Checker,
    MismatchError,
    StoredRow,
    Trusted,
    Verify,
)
from services.audit.domain.intake import Notice
from services.audit.domain.leaf import Kind
from services.audit.domain.scope import Entry
from services.audit.domain.stamping import TimeStamp
from services.audit.domain.tree import leaf_hash
from services.audit.domain.whole import Whole
from services.audit.handlers.packing import packed_whole
from services.audit.handlers.recipients import recipient_of, recorded
from services.audit.ports import (
    Block,
    Export,
    LogReader,
    Noticeboard,
    Printer,
    Register,
    Seal,
    StoredCheckpoint,
    Units,
)

T = TypeVar("T")

PAGE_ROWS = 2_000
"""Rows read at once while verifying: bounds memory, not time."""
MAX_PAGE_LEAVES = 1_000
MAX_READ_LEAVES = 100
"""Who wants more than a look takes an export, which needs a ground."""
MAX_PAGE_BYTES = 512 * 1024
"""Above this a page of an export ends early (but has one leaf at least)."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found; `bad_seq` is None when nothing is wrong."""

    leaves: int
    events: int
    root: bytes
    bad_seq: int | None = None
    code: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """Leaves of an export from a number on; the last page may be empty."""

    leaves: tuple[bytes, ...]
    size: int
    note: bytes


@dataclass(frozen=True, slots=True)
class Status:
    """Where the log stands."""

    size: int
    note: bytes | None
    vkeys: Sequence[str]
    """Of all its keys, the newest first."""
    blocks: Sequence[Block]
    """Findings that stop the writer."""
    producers: tuple[tuple[str, int, int], ...]
    """Producer, its highest number, how many numbers below it are missing."""


def verify_log(
    *,
    vkey: str | None,
    held: Iterable[bytes],
    by: str,
    units: Units,
    board: Noticeboard,
    verify: Verify,
    clock: Clock,
    ids: Ids,
) -> Verdict:
    """Re-hash every payload and compare it with every signature there is.

    The keys are the caller's (`vkey`: one or, of a log whose key was rotated, several,
    one a line), or else those announced beside the checkpoints. Held checkpoints are
    the caller's and the published one. A finding is published (clause 7.2b); a log
    found whole by its own keys may be written again, if a finding had stopped it.
    Refused: ``vkey_missing``, ``vkey_invalid``.
    """
    trusted = trusted_by(vkey.split() if vkey else board.announced(), verify=verify)
    published = board.published()
    outside = [*held, *([published] if published else [])]
    with units.begin() as unit:
        checker = Checker(trusted)
        try:
            walk = Walk.begin(unit, outside=outside, trusted=trusted)
            checker = walk.checker
            while not walk.page(unit):
                pass
        except MismatchError as lie:
            unit.publish(
                IntegrityMismatchFound(finding_id=ids.new(), seq=lie.seq, code=lie.code)
            )
            return Verdict(
                checker.size, checker.events, checker.root(), lie.seq, lie.code, lie.why
            )
        if vkey is None:
            for block in unit.blocks():
                unit.lift(block.block_id, at=clock.now(), by=by)
                unit.publish(
                    IntegrityProven(finding_id=block.block_id, leaves=checker.size)
                )
    return Verdict(checker.size, checker.events, checker.root())


def start_export(
    *,
    taken_by: str,
    disclosure_id: UUID,
    register: Register,
    board: Noticeboard,
    units: Units,
    clock: Clock,
    ids: Ids,
    recipient_pem: str | None = None,
) -> Export:
    """Record who takes the log, on what ground, up to which checkpoint (clause 6.2).

    The log names every client, so nobody takes it without an entry of the register.
    With a recipient, whose certificate is on record too, it leaves encrypted to them.
    Refused: ``disclosure_not_valid``, ``log_empty``, ``recipient_unfit``.
    """
    recipient = recipient_of(recipient_pem)
    register.refuse_uncovered(disclosure_id)
    with units.begin() as unit:
        checkpoint = checkpoint_to_export(board, unit)
        export = Export(
            export_id=ids.new(),
            size=checkpoint.size,
            note=checkpoint.note,
            taken_by=taken_by,
            taken_at=clock.now(),
            disclosure_id=disclosure_id,
        )
        unit.record_export(export)
        unit.note(
            Notice(
                notice_id=export.export_id,
                kind=Kind.EXPORTED,
                fields={
                    "by": taken_by,
                    "disclosure_id": str(disclosure_id),
                    "size": export.size,
                    **recorded(recipient),
                },
            )
        )
        unit.publish(
            ExportMade(
                export_id=export.export_id,
                size=export.size,
                disclosure_id=disclosure_id,
            )
        )
    return export


def seal_export(
    export_id: UUID, *, units: Units, printer: Printer, seal: Seal
) -> bytes:
    """What goes with a recorded export: reports in both languages, the company's word.

    Refused ``export_unknown``. Transient while somebody needed is away.
    """
    with units.begin() as unit:
        export = _recorded(unit, export_id)
        whole = Whole(
            export_id=export.export_id,
            disclosure_id=export.disclosure_id,
            made_at=export.taken_at,
            size=export.size,
            note=export.note,
            tallies=tuple(unit.sequences()),
            stamps=tuple(unit.stamps(after=0, up_to=export.size)),
        )
    return packed_whole(whole, printer=printer, seal=seal)


def export_page(export_id: UUID, *, from_seq: int, limit: int, units: Units) -> Page:
    """Leaves of a recorded export, bounded in number and bytes.

    Refused: ``export_unknown``, ``page_out_of_range``.
    """
    with units.begin() as unit:
        export = _recorded(unit, export_id)
        if not 0 <= from_seq <= export.size or not 1 <= limit <= MAX_PAGE_LEAVES:
            raise Refused(
                "page_out_of_range",
                "The page lies outside the export.",
                next_step="Ask for leaves below its size, a thousand at most.",
                size=export.size,
            )
        stop = min(from_seq + limit, export.size)
        leaves = unit.leaves(start=from_seq, stop=stop)
    return Page(tuple(_within_bytes(leaves, bytes_of=len)), export.size, export.note)


def export_stamps(export_id: UUID, *, after: int, units: Units) -> list[TimeStamp]:
    """The time stamps of a recorded export over more than `after` leaves, in order.

    A page of them; an empty one is the end. Refused ``export_unknown``.
    """
    with units.begin() as unit:
        export = _recorded(unit, export_id)
        return _within_bytes(
            unit.stamps(after=after, up_to=export.size),
            bytes_of=lambda stamp: len(stamp.checkpoint) + len(stamp.reply),
        )


def read_leaves(
    *, read_by: str, from_seq: int, limit: int, units: Units, ids: Ids
) -> Page:
    """A few signed leaves to look at; who looked at which is told in the log itself.

    Refused: ``page_out_of_range``, ``log_empty``.
    """
    with units.begin() as unit:
        checkpoint = _signed(unit)
        if not 0 <= from_seq < checkpoint.size or not 1 <= limit <= MAX_READ_LEAVES:
            raise Refused(
                "page_out_of_range",
                "The page lies outside the log.",
                next_step="Ask for leaves below its size, a hundred at most.",
                size=checkpoint.size,
            )
        stop = min(from_seq + limit, checkpoint.size)
        found = unit.leaves(start=from_seq, stop=stop)
        leaves = tuple(_within_bytes(found, bytes_of=len))
        fields: dict[str, Json] = {
            "by": read_by,
            "first": from_seq,
            "last": from_seq + len(leaves) - 1,
        }
        unit.note(Notice(ids.new(), Kind.READ, fields))
    return Page(leaves, checkpoint.size, checkpoint.note)


def read_status(*, units: Units, board: Noticeboard) -> Status:
    """How long the log is, who signs it, and how far its producers have come."""
    with units.begin() as unit:
        checkpoint = unit.last_checkpoint()
        blocks = unit.blocks()
        producers = tuple(
            (t.producer, t.last, sum(h.last - h.first + 1 for h in t.holes))
            for t in unit.sequences()
        )
    return Status(
        size=checkpoint.size if checkpoint else 0,
        note=checkpoint.note if checkpoint else None,
        vkeys=board.announced(),
        blocks=blocks,
        producers=producers,
    )


def trusted_by(vkeys: Sequence[str], *, verify: Verify) -> Trusted:
    """Whoever holds one of these keys may sign checkpoints.

    Refused: ``vkey_missing``, ``vkey_invalid``.
    """
    if not vkeys:
        raise Refused(
            "vkey_missing",
            "No verifier key is known yet.",
            next_step="Give the log's vkey, or start the writer once.",
        )
    try:
        return Trusted.of(vkeys, verify=verify)
    except ValueError as cause:
        raise Refused(
            "vkey_invalid",
            "A verifier key is malformed, or of another log than the others.",
            next_step="Give each as name+id+base64.",
        ) from cause


def entry_of(row: StoredRow) -> Entry:
    """The leaf of a row, hashed again. Raises MismatchError: it is another."""
    if leaf_hash(row.leaf) != row.leaf_hash:
        raise MismatchError(
            "leaf_changed", seq=row.seq, why="the leaf is not what its hash says"
        )
    try:
        entry = Entry.of(row.seq, row.leaf)
    except (ValueError, TypeError) as cause:
        raise MismatchError(
            "leaf_changed", seq=row.seq, why="the leaf is not of this log's form"
        ) from cause
    if entry.said.get("seq") != row.seq:
        raise MismatchError(
            "leaf_misplaced", seq=row.seq, why="the leaf says another place"
        )
    return entry


Seen = Callable[[StoredRow], object]


def _unseen(_row: StoredRow) -> None:
    """Nobody looks on."""


@dataclass(slots=True)
class Walk:
    """The log re-read page by page, up to the checkpoint that was newest at the start.

    Pages may be read in transactions of their own: leaves are only ever added.
    """

    checker: Checker
    stop: int
    unsigned: bool
    """Rows stood beyond that checkpoint."""
    held: Sequence[tuple[int, bytes]]
    roots: dict[int, bytes]

    @classmethod
    def begin(
        cls, reader: LogReader, *, outside: Iterable[bytes], trusted: Trusted
    ) -> "Walk":
        """Raises MismatchError: a held checkpoint is false."""
        held = [_opened(note, trusted=trusted) for note in outside]
        # In this order: a commit in between makes the checkpoint longer, not the rows.
        rows = reader.size()
        newest = reader.last_checkpoint()
        stop = newest.size if newest else 0
        roots = dict.fromkeys((size for size, _ in held), b"")
        checker = Checker(trusted)
        if 0 in roots:
            roots[0] = checker.root()
        return cls(checker, stop, rows > stop, held, roots)

    def page(self, reader: LogReader, seen: Seen = _unseen) -> bool:
        """Check the next page; whether the end was reached. Raises MismatchError.

        `seen` is told of each row that was found to be in order.
        """
        checker, roots = self.checker, self.roots
        start, end = checker.size, min(checker.size + PAGE_ROWS, self.stop)
        due = {c.size: c.note for c in reader.checkpoints(after=start, up_to=end)}
        for row in reader.rows(start=start, stop=end):
            checker.row(row)
            seen(row)
            size = checker.size
            if size in due:
                checker.checkpoint(size, due[size])
            if size in roots:
                roots[size] = checker.root()
        if checker.size < end:
            raise MismatchError(
                "tail_missing",
                seq=checker.size,
                why=f"a signed checkpoint has {self.stop} leaves",
            )
        if checker.size < self.stop:
            return False
        checker.finish()
        checker.held(self.held, roots=roots)
        if self.unsigned:
            raise MismatchError(
                "unsigned_tail", seq=self.stop, why="no checkpoint covers these rows"
            )
        return True


def _opened(note: bytes, *, trusted: Trusted) -> tuple[int, bytes]:
    try:
        return trusted.open(note)
    except ValueError as cause:
        raise MismatchError(
            "checkpoint_forged", seq=0, why=f"a held checkpoint: {cause}"
        ) from cause


def checkpoint_to_export(board: Noticeboard, reader: LogReader) -> StoredCheckpoint:
    """The newest that enough witnesses cosigned, or else the newest there is.

    Refused: ``log_empty``.
    """
    return _witnessed(board.witnessed(), reader) or _signed(reader)


def _witnessed(note: bytes | None, reader: LogReader) -> StoredCheckpoint | None:
    """The cosigned note, if its text is the one of a stored checkpoint."""
    if note is None:
        return None
    text, _, _ = note.partition(b"\n\n")
    size = int(text.split(b"\n")[1])
    stored = reader.checkpoints(after=size - 1, up_to=size)
    if not stored or not stored[0].note.startswith(text + b"\n\n"):
        return None
    return StoredCheckpoint(size, note)


def _signed(reader: LogReader) -> StoredCheckpoint:
    checkpoint = reader.last_checkpoint()
    if checkpoint is None:
        raise Refused(
            "log_empty",
            "The log has not been opened yet.",
            next_step="Start the writer first.",
        )
    return checkpoint


def _recorded(reader: LogReader, export_id: UUID) -> Export:
    export = reader.export(export_id)
    if export is None:
        raise Refused(
            "export_unknown",
            "No such export was recorded.",
            next_step="Start an export first.",
        )
    return export


def _within_bytes(found: Iterable[T], *, bytes_of: Callable[[T], int]) -> list[T]:
    """As many as a page holds, one at least."""
    taken: list[T] = []
    room = MAX_PAGE_BYTES
    for each in found:
        room -= bytes_of(each)
        if taken and room < 0:
            break
        taken.append(each)
    return taken
