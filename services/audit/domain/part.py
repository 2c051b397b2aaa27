"""A part of the log that proves itself: its leaves, and what says that none is missing.

What can be proved of completeness differs. Of a time, every leaf stands there, with its
neighbours on both sides. Of a thing, its events are numbered without gaps by their
producer, up to a last number, which the manifest says. Of kinds, the manifest's word
is all there is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.crypto import Json, canonical, sha256_hex
from services.audit.domain.leaf import stamp
from services.audit.domain.proofs import inclusion_file
from services.audit.domain.scope import Entry, Scope, owned_subjects
from services.audit.domain.stamping import TimeStamp
from services.audit.domain.tiles import ExportFile

FORM = "kredit-audit-part-1"
MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Leaves of one scope, each with its way to the root of one checkpoint.

    ``neighbours``: of a time, the leaf before the first and the one behind the last.
    ``pages``: leaves whose proof is also printed on a page.
    ``stamps``: the time stamps that cover its leaves.
    """

    export_id: UUID
    scope: Scope
    made_at: datetime
    disclosure_id: UUID
    size: int
    note: bytes
    entries: Sequence[Entry]
    neighbours: Sequence[Entry] = ()
    pages: frozenset[int] = frozenset()
    stamps: Sequence[TimeStamp] = ()

    @property
    def shown(self) -> Sequence[Entry]:
        """All whose bytes are in the export, in the order of the log."""
        return sorted((*self.entries, *self.neighbours), key=lambda e: e.seq)


def proof_files(
    part: Part, *, proofs: Mapping[int, Sequence[bytes]]
) -> list[ExportFile]:
    """Checkpoint, and of each leaf its bytes and its proof (C2SP tlog-proof)."""
    files = [ExportFile("checkpoint", part.note)]
    for entry in part.shown:
        proof = inclusion_file(proofs[entry.seq], index=entry.seq, note=part.note)
        files += [
            ExportFile(f"proofs/{entry.seq}.leaf", entry.leaf),
            ExportFile(f"proofs/{entry.seq}.tlog-proof", proof),
        ]
    return files


def manifest(part: Part, files: Sequence[ExportFile]) -> ExportFile:
    """What the company says of the part: what it is, and the digest of every file."""
    said: dict[str, Json] = {
        "checkpoint": {"sha256": sha256_hex(part.note), "size": part.size},
        "disclosure_id": str(part.disclosure_id),
        "export_id": str(part.export_id),
        "files": {file.path: sha256_hex(file.content) for file in files},
        "form": FORM,
        "leaves": [entry.seq for entry in part.entries],
        "made_at": stamp(part.made_at),
        "neighbours": [entry.seq for entry in part.neighbours],
        "numbers": list(numbers(part)),
        "scope": part.scope.words(),
    }
    return ExportFile(MANIFEST, canonical(said))


def numbers(part: Part) -> Sequence[Mapping[str, Json]]:
    """How far the producers' numbers of each subject go, and which the log lacks.

    Only of a whole thing: a time or kinds cut the numbers.
    """
    if not part.scope.numbered or part.scope.subject is None:
        return ()
    thing = part.scope.subject
    owned = owned_subjects(thing, part.entries) | {thing}
    seen: dict[tuple[str, str], set[int]] = {}
    for entry in part.entries:
        number = entry.event.get("subjectversion")
        if isinstance(number, int) and entry.subject in owned:
            key = (str(entry.event["source"]), str(entry.subject))
            seen.setdefault(key, set()).add(number)
    return [
        {
            "last": max(found),
            "missing": tuple(sorted(set(range(1, max(found))) - found)),
            "source": source,
            "subject": subject,
        }
        for (source, subject), found in sorted(seen.items())
    ]
