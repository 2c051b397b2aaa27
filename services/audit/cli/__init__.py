"""The staff's commands of audit alone: ``kredit audit verify | export DIR | gaps``.

An export is built here, from pages asked over RPC, and written only if its root is
the one the checkpoint signs. Whoever receives it verifies it with
`tools/verify_export.py` or with any tool that knows C2SP tlog-tiles.
"""

import argparse
import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from uuid import UUID
from zipfile import ZipFile

from kernel.cli import (
    FINDING,
    Command,
    Listing,
    Operator,
    object_of,
    progress,
    read_file,
    rows_of,
)
from kernel.clock import parse_rfc3339
from kernel.crypto import Json, Recipient, as_object
from kernel.errors import Broken, Refused
from services.audit.cli.governing import COMMANDS as GOVERNING
from services.audit.cli.incidents import COMMANDS as INCIDENTS
from services.audit.cli.looking import LOOKING, row_of
from services.audit.cli.matrix import MATRIX
from services.audit.cli.measures import COMMANDS as MEASURES
from services.audit.cli.monitoring import COMMANDS as MONITORING
from services.audit.cli.notices import COMMANDS as NOTICES
from services.audit.cli.parts import ENVELOPE, EXTRACT, refuse_used
from services.audit.cli.proving import PROVING
from services.audit.domain.note import Checkpoint, NoteError, parse_text
from services.audit.domain.proofs import add_checkpoint, tlog_proof
from services.audit.domain.stamping import TimeStamp, stamp_files
from services.audit.domain.tiles import ExportFile, Tiler, zipped
from services.audit.domain.tree import leaf_hash

PAGE_LEAVES: Final = 1_000


def export(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    """Write the whole log as one directory, or encrypted to its recipient."""
    folder: Path = arguments.directory
    refuse_used(folder)
    to: Path | None = arguments.to
    if to is None:
        told = _exported(operator, arguments, folder, {})
        if told["ok"] is True and arguments.zip:
            told["archive"] = str(_archived(folder))
        return told, 0 if told["ok"] is True else FINDING
    pem = read_file(to)
    with TemporaryDirectory(prefix="kredit-export-", dir=folder.parent) as made:
        wish = {"recipient_pem": pem.decode("ascii", "replace")}
        told = _exported(operator, arguments, Path(made), wish)
        if told["ok"] is not True:
            return told, FINDING
        closed = Recipient.load(pem).enveloped(_zipped(Path(made)))
    archive = folder.with_name(f"{folder.name}.zip{ENVELOPE}")
    archive.write_bytes(closed)
    return {**told, "archive": str(archive)}, 0


def _exported(
    operator: Operator,
    arguments: argparse.Namespace,
    folder: Path,
    wish: Mapping[str, Any],
) -> dict[str, Json]:
    started = object_of(
        operator.call("start_export", disclosure_id=arguments.disclosure, **wish)
    )
    note = str(started["checkpoint"])
    checkpoint = checkpoint_of(note)
    tiler = Tiler()
    export_id = str(started["export_id"])
    hashes: list[bytes] = []
    for leaf in _leaves(operator, export_id=export_id, size=checkpoint.size):
        _write(folder, tiler.add(leaf))
        if len(hashes) in arguments.proof:
            _write(folder, [ExportFile(f"proofs/{len(hashes)}.leaf", leaf)])
        hashes.append(leaf_hash(leaf))
    _write(folder, tiler.finish())
    if tiler.frontier.root() != checkpoint.root:
        return {"ok": False, "why": "the root is not the signed one"}
    vkey = str(operator.ask("log_status")["vkey"])
    stamps = stamps_of(operator, export_id=export_id)
    _write(folder, stamp_files(stamps))
    policy = ExportFile("policy", f"log {vkey}\nquorum none\n".encode())
    _write(folder, proofs_of(hashes, note=note.encode(), arguments=arguments))
    _write(folder, [policy, ExportFile("checkpoint", note.encode())])
    sealed = object_of(operator.call("seal_export", export_id=export_id))
    raw = base64.b64decode(str(sealed["archive_b64"]), validate=True)
    with ZipFile(BytesIO(raw)) as given:
        given.extractall(folder)
    return {
        "ok": True,
        "export_id": export_id,
        "leaves": checkpoint.size,
        "stamps": len(stamps),
    }


def stamps_of(operator: Operator, *, export_id: str) -> list[TimeStamp]:
    """Every time stamp of the export, as the service gives them page by page."""
    found: list[TimeStamp] = []
    while True:
        after = found[-1].size if found else 0
        page = operator.ask("export_stamps", export_id=export_id, after=after)["stamps"]
        if not isinstance(page, list):
            raise Broken("audit gave no time stamps")
        if not page:
            return found
        found += [_stamp(as_object(said)) for said in page]


def _stamp(said: Mapping[str, Json]) -> TimeStamp:
    return TimeStamp(
        size=int(str(said["size"])),
        checkpoint=base64.b64decode(str(said["checkpoint_b64"]), validate=True),
        reply=base64.b64decode(str(said["reply_b64"]), validate=True),
        stamped_at=parse_rfc3339(str(said["stamped_at"])),
    )


def _archived(folder: Path) -> Path:
    """The same files in one, beside the folder."""
    archive = folder.with_name(f"{folder.name}.zip")
    fresh = folder.with_name(f".{folder.name}.zip.new")
    fresh.write_bytes(_zipped(folder))
    fresh.replace(archive)
    return archive


def _zipped(folder: Path) -> bytes:
    return zipped(
        ExportFile(path.relative_to(folder).as_posix(), path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    )


def proofs_of(
    hashes: Sequence[bytes], *, note: bytes, arguments: argparse.Namespace
) -> Iterator[ExportFile]:
    """The proofs asked for by name: of single leaves, and from older sizes."""
    try:
        for index in arguments.proof:
            proof = tlog_proof(hashes, index=index, note=note)
            yield ExportFile(f"proofs/{index}.tlog-proof", proof)
        for size in arguments.since:
            body = add_checkpoint(hashes, old_size=size, note=note)
            yield ExportFile(f"consistency/{size}", body)
    except IndexError as cause:
        raise Refused(
            "no_such_leaf",
            "The log is shorter than what was asked for.",
            next_step="Ask for leaves and sizes within it.",
            size=len(hashes),
        ) from cause


def tail(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    """The last leaves, or those from a number on."""
    size = operator.ask("log_status")["size"]
    if not isinstance(size, int):
        raise Broken("audit told no size")
    last = max(0, size - arguments.leaves)
    begin = last if arguments.start is None else arguments.start
    answer = operator.ask("read_leaves", from_seq=begin, limit=arguments.leaves)
    leaves = answer["leaves"]
    if not isinstance(leaves, list):
        raise Broken("audit gave no leaves")
    return {"leaves": [row_of({"leaf": leaf}) for leaf in leaves]}, 0


def gaps(operator: Operator, _arguments: argparse.Namespace) -> tuple[Json, int]:
    """Whose events are missing; 3 when any are, or counts differ."""
    answer = operator.ask("producers")
    rows: list[Json] = [
        {**row, "missing": _ranges(row["missing"]), "differences": _codes(row)}
        for row in rows_of(answer["producers"])
    ]
    return {**answer, "producers": rows}, 0 if answer["ok"] is True else FINDING


def _ranges(holes: Json) -> str:
    return ", ".join(
        str(hole["first"])
        if hole["first"] == hole["last"]
        else f"{hole['first']}-{hole['last']}"
        for hole in rows_of(holes)
    )


def _codes(row: Mapping[str, Json]) -> str:
    codes = row["differences"]
    return ", ".join(map(str, codes)) if isinstance(codes, list) else ""


def status(operator: Operator, _arguments: argparse.Namespace) -> tuple[Json, int]:
    """What the kernel counts, and where the log stands."""
    return {**operator.ask("status"), **operator.ask("log_status")}, 0


def checkpoint_of(note: str) -> Checkpoint:
    """The checkpoint of a note; whoever receives the export checks its signature."""
    text, _, _ = note.partition("\n\n")
    try:
        return parse_text(f"{text}\n".encode())
    except NoteError as cause:
        raise Broken("audit gave no checkpoint") from cause


def _leaves(operator: Operator, *, export_id: str, size: int) -> Iterator[bytes]:
    taken = 0
    with progress() as tell:
        while taken < size:
            leaves = operator.ask(
                "export_page", export_id=export_id, from_seq=taken, limit=PAGE_LEAVES
            )["leaves"]
            if not isinstance(leaves, list) or not leaves:
                raise Broken(f"the log ends at {taken}, its checkpoint says {size}")
            for leaf in leaves:
                yield base64.b64decode(str(leaf), validate=True)
            taken += len(leaves)
            tell(f"{taken} of {size} leaves")


def _write(folder: Path, files: Iterable[ExportFile]) -> None:
    for file in files:
        path = folder / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


def _tail_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-n", dest="leaves", type=int, default=10, help="how many; 10, at most 100"
    )
    parser.add_argument(
        "--from", dest="start", type=int, metavar="SEQ", help="not the last, but these"
    )


def _export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, help="new or empty")
    parser.add_argument(
        "--zip", action="store_true", help="and the same in DIRECTORY.zip beside it"
    )
    parser.add_argument(
        "--disclosure",
        type=UUID,
        required=True,
        metavar="ID",
        help="see `contracts disclosures list`: what lets you take the log",
    )
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="encrypt to this certificate (PEM, RSA): DIRECTORY.zip.p7m, no folder",
    )
    for option, meaning in (
        ("--proof", "add an inclusion proof of this leaf; may be repeated"),
        ("--since", "add a consistency proof from this size; may be repeated"),
    ):
        parser.add_argument(
            option, type=int, action="append", default=[], metavar="N", help=meaning
        )


def _export_effect(_operator: Operator, arguments: argparse.Namespace) -> str:
    return (
        f"The whole log is written to {arguments.directory}; that you took it"
        " stands in the log from then on."
    )


COMMANDS: Final[Mapping[str, Command]] = {
    **PROVING,
    "export": Command(
        help="write the whole log as a directory, for a stranger to verify",
        run=export,
        arguments=_export_arguments,
        example="export ./log-of-november"
        " --disclosure 01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11",
        effect=_export_effect,
        id_of="export_id",
    ),
    "extract": EXTRACT,
    "matrix": MATRIX,
    **GOVERNING,
    **INCIDENTS,
    **MEASURES,
    **NOTICES,
    **MONITORING,
    "tail": Command(
        help="look at a few leaves; that you looked stands in the log from then on",
        run=tail,
        arguments=_tail_arguments,
        example="tail -n 20",
        listing=Listing(
            member="leaves",
            id_of="seq",
            none="No leaf is there.",
            columns=("seq", "received_at", "kind", "type", "subject"),
        ),
    ),
    **LOOKING,
    "gaps": Command(
        help="whose events are missing, beside what outboxes counted (exit 3 if any)",
        run=gaps,
        listing=Listing(
            member="producers",
            id_of="producer",
            none="Nobody has published anything.",
            columns=(
                *("producer", "last_sequence", "missing", "leaves", "counted"),
                *("counted_at", "waiting", "differences"),
            ),
        ),
    ),
    "status": Command(
        help="size, checkpoint, key, producers",
        run=status,
        listing=Listing(
            member="producers",
            id_of="producer",
            none="Nobody has published anything.",
            columns=("producer", "last_sequence", "missing"),
        ),
    ),
}
