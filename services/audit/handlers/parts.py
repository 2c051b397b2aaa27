"""A part of the log for who may have it alone: chosen, proved, told, given out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Final
from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.events.audit import ExportMade
from kernel.ids import Ids
from services.audit.domain.following import TileRoots, tile_by_tile
from services.audit.domain.intake import Notice
from services.audit.domain.leaf import Kind
from services.audit.domain.note import parse_text
from services.audit.domain.part import Part, manifest, proof_files
from services.audit.domain.proofs import add_checkpoint_body
from services.audit.domain.scope import Entry, Scope, belonging, client_of
from services.audit.domain.tiles import ExportFile, zipped
from services.audit.domain.tree import leaf_hash
from services.audit.handlers.reading import checkpoint_to_export
from services.audit.ports import LogReader, Noticeboard, Register, Units

MAX_PART_BYTES: Final = 3 * 1024 * 1024
"""Leaves of a part: with proofs and in base64 it must be one message of the bus."""
MOST_LOOKED_AT: Final = 20_000
"""Leaves that may belong; they are held in memory while it is decided."""
FOLLOWED_AT_ONCE: Final = 65_536
_NOT_COVERED: Final = "disclosure_not_valid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What it takes to give a part out."""

    register: Register
    board: Noticeboard
    units: Units
    clock: Clock
    ids: Ids
    most_leaves: int


@dataclass(frozen=True, slots=True)
class Given:
    """What is given out: every file of the export, in one."""

    part: Part
    archive: bytes


@dataclass(frozen=True, slots=True)
class _Proved:
    """The part, the client it is about, and its files that prove it."""

    part: Part
    client_id: UUID | None
    files: Sequence[ExportFile]


def export_part(
    words: Mapping[str, Json],
    *,
    disclosure_id: UUID,
    since: Sequence[int],
    taken_by: str,
    desk: Desk,
) -> Given:
    """A part with its proofs, if the register lets it be taken (clause 6.2).

    1. Every leaf of the scope, up to the newest checkpoint that witnesses saw, each
       with its proof, and the log's growth from the sizes of `since`.
    2. An entry of the register covers the one client it is about, or the whole log.
    3. The manifest of all files.
    4. On record in the log, as leaf and event, before it is given out.

    Refused: ``scope_unfit``, ``disclosure_not_valid``, ``part_empty``,
    ``part_too_large``, ``no_such_leaf``, ``log_empty``.
    """
    scope = Scope.parse(words)
    proved = _proved(scope, disclosure_id, since=since, desk=desk)  # step 1
    _refuse_uncovered(desk.register, disclosure_id, proved.client_id)  # step 2
    part = proved.part
    if not part.entries:
        raise part_empty()
    files = [*proved.files, manifest(part, proved.files)]  # step 3
    _record(proved, taken_by=taken_by, desk=desk)  # step 4
    return Given(part, zipped(files))


def _proved(
    scope: Scope, disclosure_id: UUID, *, since: Sequence[int], desk: Desk
) -> _Proved:
    with desk.units.begin() as unit:
        checkpoint = checkpoint_to_export(desk.board, unit)
        size = checkpoint.size
        entries = _chosen(scope, unit, size=size)
        client_id = client_of(scope, entries)
        if len(entries) > desk.most_leaves:
            raise part_too_large(desk.most_leaves)
        if sum(len(entry.leaf) for entry in entries) > MAX_PART_BYTES:
            raise part_too_large(desk.most_leaves)
        part = Part(
            export_id=desk.ids.new(),
            scope=scope,
            made_at=desk.clock.now(),
            disclosure_id=disclosure_id,
            size=size,
            note=checkpoint.note,
            entries=entries,
            neighbours=_neighbours(scope, entries, unit, size=size),
        )
        return _Proved(part, client_id, _proofs(part, since, unit))


def _chosen(scope: Scope, unit: LogReader, *, size: int) -> Sequence[Entry]:
    """What belongs to the scope; of a thing also the rest of its subjects."""
    if scope.subject is None and scope.incident is None:
        found = unit.received(scope, size=size, most=MOST_LOOKED_AT)
    else:
        _, _, thing = (scope.subject or f":{scope.incident}").partition(":")
        found = unit.naming(thing, size=size, most=MOST_LOOKED_AT)
    if scope.subject is not None:
        subjects = {e.subject for e in found if scope.names(e) and e.subject}
        rest = unit.of_subjects(subjects, size=size, most=MOST_LOOKED_AT)
        found = [*{e.seq: e for e in chain(found, rest)}.values()]
    if len(found) >= MOST_LOOKED_AT:
        raise part_too_large(MOST_LOOKED_AT)
    return belonging(scope, found)


def _neighbours(
    scope: Scope, entries: Sequence[Entry], unit: LogReader, *, size: int
) -> Sequence[Entry]:
    """Of a time: the leaves around it show by their own times that it is whole."""
    if not scope.whole_period or not entries:
        return ()
    around = (entries[0].seq - 1, entries[-1].seq + 1)
    return [
        Entry.of(seq, leaf)
        for seq in around
        if 0 <= seq < size
        for leaf in unit.leaves(start=seq, stop=seq + 1)
    ]


def _proofs(part: Part, since: Sequence[int], unit: LogReader) -> list[ExportFile]:
    """Broken when the leaves are not those the checkpoint signs."""
    size, roots = part.size, TileRoots()
    for start in range(0, size, FOLLOWED_AT_ONCE):
        stop = min(start + FOLLOWED_AT_ONCE, size)
        roots.add(unit.leaf_hashes(start=start, stop=stop))
    leaves = tile_by_tile(
        lambda start, stop: unit.leaf_hashes(start=start, stop=stop), size=size
    )
    text, _, _ = part.note.partition(b"\n\n")
    signed = parse_text(text + b"\n").root
    whole = roots.size == size and roots.root(size, leaves=leaves) == signed
    if not whole or any(
        [leaf_hash(e.leaf)] != [*leaves(e.seq, e.seq + 1)] for e in part.shown
    ):
        raise Broken("the log is not what its checkpoint signs: have it verified")
    proofs = {e.seq: roots.inclusion(e.seq, size, leaves=leaves) for e in part.shown}
    files = proof_files(part, proofs=proofs)
    for old in since:
        if not 0 <= old <= size:
            raise no_such_leaf(size)
        path = roots.consistency(old, size, leaves=leaves)
        body = add_checkpoint_body(old, path, note=part.note)
        files.append(ExportFile(f"consistency/{old}", body))
    return files


def _refuse_uncovered(
    register: Register, disclosure_id: UUID, client_id: UUID | None
) -> None:
    """An entry of the one client covers it, and so does one of the whole log."""
    if client_id is not None:
        try:
            register.refuse_uncovered(disclosure_id, client_id)
        except Refused as refused:
            if refused.code != _NOT_COVERED:
                raise
        else:
            return
    register.refuse_uncovered(disclosure_id)


def _record(proved: _Proved, *, taken_by: str, desk: Desk) -> None:
    part = proved.part
    fields: dict[str, Json] = {
        "by": taken_by,
        "disclosure_id": str(part.disclosure_id),
        "leaves": len(part.entries),
        "scope": part.scope.words(),
        "size": part.size,
    }
    told = ExportMade(
        export_id=part.export_id,
        size=part.size,
        disclosure_id=part.disclosure_id,
        leaves=len(part.entries),
        client_id=proved.client_id,
    )
    with desk.units.begin() as unit:
        unit.note(Notice(part.export_id, Kind.EXPORTED, fields))
        unit.publish(told)


def part_empty() -> Refused:
    """Nothing was taken, and nothing is told."""
    return Refused(
        "part_empty",
        "No leaf of the log belongs to this.",
        next_step="Look at what was asked for.",
    )


def part_too_large(most: int) -> Refused:
    """More than one answer holds, or than people read."""
    return Refused(
        "part_too_large",
        f"A part has at most {most} leaves, and not more bytes than a message holds.",
        next_step="Narrow it by a period or by kinds, or take the whole log.",
        most=most,
    )


def no_such_leaf(size: int) -> Refused:
    """A proof from a size the log has not reached."""
    return Refused(
        "no_such_leaf",
        "The log is shorter than what was asked for.",
        next_step="Ask for leaves and sizes within it.",
        size=size,
    )
