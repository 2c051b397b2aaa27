"""`kredit audit verify | prove | archive | witnesses`: what shows the log is whole."""

import argparse
import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from kernel.cli import FINDING, Command, Listing, Operator, object_of, progress
from kernel.crypto import Json
from kernel.errors import Broken
from services.audit.cli.parts import refuse_used


def verify(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    """Have the service re-hash the whole log, page by page; 3 when it finds something.

    Where it was stands in the file of ``--resume`` after each page, until the end.
    """
    if arguments.cold:
        return _verify_cold(operator, begin=arguments.start)
    state: Path | None = arguments.resume
    keys = {"vkey": "\n".join(arguments.vkey)} if arguments.vkey else {}
    held = [_read(path) for path in arguments.held]
    sealed: Json = _read(state) if state is not None and state.exists() else None
    with progress() as tell:
        while True:
            more: dict[str, Any] = {"sealed": sealed} if sealed else {"held": held}
            answer = operator.ask("verify_some", **keys, **more)
            tell(f"{answer['leaves']} of {answer['of']} leaves")
            sealed = answer["sealed"]
            if answer["verdict"] is not None:
                break
            if state is not None:
                state.write_text(str(sealed))
    if state is not None:
        state.unlink(missing_ok=True)
    verdict = object_of(answer["verdict"])
    return verdict, 0 if verdict["ok"] is True else FINDING


def _verify_cold(operator: Operator, *, begin: int) -> tuple[Json, int]:
    """Cold storage read again, tile by tile; ``--from`` goes on where one stopped."""
    with progress() as tell:
        while True:
            answer = operator.ask("verify_archive", begin=begin)
            begin = int(str(answer["verified"]))
            tell(f"{begin} of {answer['tiles']} tiles")
            if answer["ok"] is not True:
                return answer, FINDING
            if begin == answer["tiles"]:
                return answer, 0


def prove(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    """Write a leaf and its proof into a directory of their own."""
    folder: Path = arguments.directory
    refuse_used(folder)
    answer = operator.ask("prove_leaf", seq=arguments.seq)
    leaf = base64.b64decode(str(answer["leaf"]), validate=True)
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{arguments.seq}.{end}" for end in ("leaf", "tlog-proof")]
    for path, content in zip(paths, (leaf, str(answer["proof"]).encode()), strict=True):
        path.write_bytes(content)
    return {"leaf": str(paths[0]), "proof": str(paths[1])}, 0


def archive(operator: Operator, _arguments: argparse.Namespace) -> tuple[Json, int]:
    """How far cold storage has come."""
    return operator.ask("archive_status"), 0


def witnesses(operator: Operator, _arguments: argparse.Namespace) -> tuple[Json, int]:
    """Who cosigned what; 3 when it is not enough."""
    answer = operator.ask("witnesses")
    return answer, 0 if answer["enough"] is True else FINDING


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        raise Broken(f"{path} cannot be read") from cause


def _verify_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--vkey",
        action="append",
        default=[],
        help="the log's key as you know it; repeated, if it was rotated",
    )
    parser.add_argument(
        "--held",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="a checkpoint kept from earlier; may be repeated",
    )
    parser.add_argument(
        "--resume",
        type=Path,
        metavar="FILE",
        help="keep there how far it is, and go on from it if it is there",
    )
    parser.add_argument(
        "--cold", action="store_true", help="not the database, but cold storage"
    )
    parser.add_argument(
        "--from",
        dest="start",
        type=int,
        default=0,
        metavar="TILE",
        help="of cold storage: go on from this tile",
    )


def _prove_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("seq", type=int, metavar="SEQ", help="the leaf's number")
    parser.add_argument("directory", type=Path, help="new or empty")


PROVING: Final[Mapping[str, Command]] = {
    "verify": Command(
        help="re-hash the whole log (exit 3 when something is found)",
        run=verify,
        arguments=_verify_arguments,
        example="verify --resume ./verification",
    ),
    "prove": Command(
        help="write a leaf with its proof, for a stranger to verify",
        run=prove,
        arguments=_prove_arguments,
        example="prove 4711 ./leaf-4711",
    ),
    "archive": Command(help="how far cold storage has come", run=archive),
    "witnesses": Command(
        help="who cosigned the log, and when (exit 3 when it is not enough)",
        run=witnesses,
        listing=Listing(
            member="witnesses",
            id_of="witness",
            none="No witness is asked: AUDIT_POLICY names none.",
            columns=("witness", "cosigned_at"),
        ),
    ),
}
