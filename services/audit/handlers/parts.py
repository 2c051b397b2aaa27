"""A part of the log for who may have it alone: chosen, proved, told, given out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from kernel.clock import Clock
from kernel.crypto import Json, Recipient
from kernel.errors import Refused
from kernel.events.audit import ExportMade
from kernel.ids import Ids
from services.audit.domain.check import MismatchError
from services.audit.domain.intake import Notice
from services.audit.domain.leaf import Kind
from services.audit.domain.part import Part, proof_files
from services.audit.domain.proofs import add_checkpoint_body
from services.audit.domain.report import Person, clients_in
from services.audit.domain.scope import Entry, Scope, belonging, client_of
from services.audit.domain.stamping import TimeStamp, covering, stamp_files
from services.audit.domain.tiles import ExportFile
from services.audit.domain.tree import leaf_hash
from services.audit.handlers.choosing import MOST_LOOKED_AT, candidates
from services.audit.handlers.following import KeptTiles
from services.audit.handlers.packing import Bench, packed
from services.audit.handlers.proving import no_such_leaf
from services.audit.handlers.reading import checkpoint_to_export
from services.audit.handlers.recipients import recipient_of, recorded
from services.audit.ports import (
    LogReader,
    Noticeboard,
    Register,
    StoredCheckpoint,
    Units,
)

MAX_PART_BYTES: Final = 3 * 1024 * 1024
"""Leaves and time stamps: with proofs and in base64 it must be one message."""
MOST_PERSONS: Final = 50
MOST_PAGES: Final = 20
"""Each is signed and stamped by itself."""
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
    bench: Bench
    tiles: KeptTiles = field(default_factory=KeptTiles)
    """Of whoever gives parts out again and again: the log is followed once."""


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
    taken_by: str,
    desk: Desk,
    since: Sequence[int] = (),
    pages: Sequence[int] = (),
    names: bool = False,
    recipient_pem: str | None = None,
) -> Given:
    """A part with its proofs, if the register lets it be taken (clause 6.2).

    1. Every leaf of the scope, up to the newest checkpoint that witnesses saw, each
       with its proof, and the log's growth from the sizes of `since`.
    2. An entry of the register covers the one client it is about, or the whole log.
    3. With `names`: who the clients are, if they may know that it was told.
    4. Reports in both languages, the manifest, the company's signatures: one archive,
       which the recipient alone can read, if one is given.
    5. On record in the log, as leaf and event, before it is given out.

    Refused: ``scope_unfit``, ``disclosure_not_valid``, ``part_empty``,
    ``part_too_large``, ``no_such_leaf``, ``log_empty``, ``recipient_unfit``,
    ``recipient_missing``, ``names_untold``, ``too_many_persons``.
    """
    scope = Scope.parse(words)
    recipient = _recipient(recipient_pem, names=names)
    proved = _proved(scope, disclosure_id, since=since, pages=pages, desk=desk)  # 1
    told = _refuse_uncovered(desk.register, disclosure_id, proved.client_id)  # step 2
    part = proved.part
    if not part.entries:
        raise part_empty()
    if part.pages - {entry.seq for entry in part.entries}:
        raise no_such_leaf(part.size)
    if len(part.pages) > MOST_PAGES:
        raise part_too_large(MOST_PAGES)
    persons = _persons(part, told=told, desk=desk) if names else ()  # step 3
    archive = packed(part, proved.files, bench=desk.bench, persons=persons)  # step 4
    if recipient is not None:
        archive = recipient.enveloped(archive)
    _record(proved, recipient, taken_by=taken_by, desk=desk)  # step 5
    return Given(part, archive)


def _recipient(pem: str | None, *, names: bool) -> Recipient | None:
    """What holds names leaves the house only closed."""
    if pem is None:
        if names:
            raise recipient_missing()
        return None
    return recipient_of(pem)


def _persons(part: Part, *, told: bool, desk: Desk) -> Sequence[Person]:
    """The clients of the part, each by a reading of its own."""
    if not told:
        raise names_untold()
    clients = clients_in(part.entries)
    if len(clients) > MOST_PERSONS:
        raise too_many_persons()
    found = [desk.bench.people.person(client_id) for client_id in clients]
    return [person for person in found if person is not None]


def _proved(
    scope: Scope,
    disclosure_id: UUID,
    *,
    since: Sequence[int],
    pages: Sequence[int],
    desk: Desk,
) -> _Proved:
    with desk.units.begin() as unit:
        checkpoint = checkpoint_to_export(desk.board, unit)
        size = checkpoint.size
        found = _candidates(scope, unit, desk.tiles, size=size)
        entries = belonging(scope, found)
        client_id = client_of(scope, belonging(scope.at_any_time, found))
        if len(entries) > desk.most_leaves:
            raise part_too_large(desk.most_leaves)
        stamps = _stamps(entries, unit, size=size)
        room = MAX_PART_BYTES - sum(len(entry.leaf) for entry in entries)
        if sum(len(stamp.reply) + len(stamp.checkpoint) for stamp in stamps) > room:
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
            pages=frozenset(pages),
            stamps=stamps,
        )
        return _Proved(
            part, client_id, _proofs(part, checkpoint, since, unit, desk.tiles)
        )


def _candidates(
    scope: Scope, unit: LogReader, tiles: KeptTiles, *, size: int
) -> Sequence[Entry]:
    try:
        found = candidates(scope, unit, size=size)
    except MismatchError as lie:
        raise tiles.forgotten() from lie
    if len(found) >= MOST_LOOKED_AT:
        raise part_too_large(MOST_LOOKED_AT)
    return found


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


def _stamps(
    entries: Sequence[Entry], unit: LogReader, *, size: int
) -> Sequence[TimeStamp]:
    """When each leaf was there by an outside clock, as far as days tell."""
    if not entries:
        return ()
    numbers = [entry.seq for entry in entries]
    return covering(unit.stamps(after=numbers[0], up_to=size), numbers)


def _proofs(
    part: Part,
    checkpoint: StoredCheckpoint,
    since: Sequence[int],
    unit: LogReader,
    tiles: KeptTiles,
) -> list[ExportFile]:
    """Broken when the leaves are not those the checkpoint signs."""
    size = checkpoint.size
    leaves, roots = tiles.signed(checkpoint, unit), tiles.roots
    if any([leaf_hash(e.leaf)] != [*leaves(e.seq, e.seq + 1)] for e in part.shown):
        raise tiles.forgotten()
    proofs = {e.seq: roots.inclusion(e.seq, size, leaves=leaves) for e in part.shown}
    files = proof_files(part, proofs=proofs)
    files += stamp_files(part.stamps)
    for old in sorted({*since, *(stamp.size for stamp in part.stamps)}):
        if not 0 <= old <= size:
            raise no_such_leaf(size)
        path = roots.consistency(old, size, leaves=leaves)
        body = add_checkpoint_body(old, path, note=part.note)
        files.append(ExportFile(f"consistency/{old}", body))
    return files


def _refuse_uncovered(
    register: Register, disclosure_id: UUID, client_id: UUID | None
) -> bool:
    """An entry of the one client covers it, and so does one of the whole log."""
    if client_id is not None:
        try:
            return register.refuse_uncovered(disclosure_id, client_id)
        except Refused as refused:
            if refused.code != _NOT_COVERED:
                raise
    return register.refuse_uncovered(disclosure_id)


def _record(
    proved: _Proved, recipient: Recipient | None, *, taken_by: str, desk: Desk
) -> None:
    part = proved.part
    fields: dict[str, Json] = {
        "by": taken_by,
        "disclosure_id": str(part.disclosure_id),
        "leaves": len(part.entries),
        "scope": part.scope.words(),
        "size": part.size,
        **recorded(recipient),
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


def recipient_missing() -> Refused:
    """Names and ИИН are nobody's but the recipient's."""
    return Refused(
        "recipient_missing",
        "What holds names is given out encrypted to its recipient alone.",
        next_step="Give the recipient's certificate: --to FILE.",
    )


def names_untold() -> Refused:
    """Onboarding records the reading, and the client would see it."""
    return Refused(
        "names_untold",
        "The client must not know of this disclosure, and sees every look at names.",
        next_step="Leave the names out; the recipient knows whom they asked about.",
    )


def too_many_persons() -> Refused:
    """Each of them is told of the look."""
    return Refused(
        "too_many_persons",
        f"Names are given of at most {MOST_PERSONS} clients at once.",
        next_step="Narrow the part, or leave the names out.",
    )
