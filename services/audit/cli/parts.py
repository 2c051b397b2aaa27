"""`kredit audit extract`: a part of the log with its proofs, as the service gave it."""

import argparse
import base64
from datetime import date, datetime, time, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final
from uuid import UUID
from zipfile import ZipFile

from kernel.cli import Command, Operator, object_of, read_file
from kernel.clock import ALMATY, rfc3339
from kernel.crypto import Json
from kernel.errors import Refused

A_DAY: Final = timedelta(days=1)
ENVELOPE: Final = ".p7m"
"""CMS EnvelopedData: `openssl cms -decrypt -inform DER -in X.zip.p7m -inkey KEY`."""


def extract(operator: Operator, arguments: argparse.Namespace) -> tuple[Json, int]:
    """Have a part made, and write it as a folder and as one archive."""
    folder: Path = arguments.directory
    refuse_used(folder)
    to: Path | None = arguments.to
    wishes: dict[str, Any] = {
        "since": arguments.since,
        "pages": arguments.page,
        "names": arguments.names,
        "recipient_pem": read_file(to).decode("ascii", "replace") if to else None,
    }
    answer = object_of(
        operator.call(
            "export_part",
            scope=scope_of(arguments),
            disclosure_id=arguments.disclosure,
            **{wish: value for wish, value in wishes.items() if value},
        )
    )
    raw = base64.b64decode(str(answer["archive_b64"]), validate=True)
    archive = folder.with_name(f"{folder.name}.zip{ENVELOPE if to else ''}")
    archive.write_bytes(raw)
    if to is None:
        with ZipFile(BytesIO(raw)) as made:
            made.extractall(folder)
    told = {name: answer[name] for name in ("export_id", "leaves", "size")}
    return {**told, "archive": str(archive)}, 0


def refuse_used(folder: Path) -> None:
    """Refused ``directory_not_empty``."""
    if folder.exists() and any(folder.iterdir()):
        raise Refused(
            "directory_not_empty",
            "The directory is not empty.",
            next_step="Name a new one: an export stands alone.",
        )


def scope_of(arguments: argparse.Namespace) -> dict[str, str | list[str]]:
    """What was said, as the service reads it; days are those of Almaty."""
    said: dict[str, str | list[str] | None] = {
        "subject": arguments.subject,
        "incident": str(arguments.incident) if arguments.incident else None,
        "kinds": arguments.kind,
        "from": _midnight(arguments.first) if arguments.first else None,
        "until": _midnight(arguments.last + A_DAY) if arguments.last else None,
    }
    return {word: value for word, value in said.items() if value}


def _midnight(day: date) -> str:
    return rfc3339(datetime.combine(day, time(), tzinfo=ALMATY))


def client_of(text: str) -> str:
    """The subject an id of a client stands for."""
    return f"client:{UUID(text)}"


def contract_of(text: str) -> str:
    """The subject an id of a contract stands for."""
    return f"contract:{UUID(text)}"


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("directory", type=Path, help="new or empty")
    parser.add_argument(
        "--disclosure",
        type=UUID,
        required=True,
        metavar="ID",
        help="see `contracts disclosures list`: of the client, or of the whole log",
    )
    scope_arguments(parser)
    parser.add_argument(
        "--to",
        type=Path,
        metavar="FILE",
        help="encrypt to this certificate (PEM, RSA): DIRECTORY.zip.p7m, no folder",
    )
    parser.add_argument(
        "--names", action="store_true", help="with names and ИИН; needs --to"
    )
    for option, meaning in (
        ("--since", "add a consistency proof from this size; may be repeated"),
        ("--page", "print the proof of this leaf on a page; may be repeated"),
    ):
        parser.add_argument(
            option, type=int, action="append", default=[], metavar="N", help=meaning
        )


def scope_arguments(parser: argparse.ArgumentParser) -> None:
    """What part of the log is meant; `scope_of` reads it."""
    thing = parser.add_mutually_exclusive_group()
    for option, kind, meaning in (
        ("--client", client_of, "what is about this client"),
        ("--contract", contract_of, "what is about this contract"),
        ("--subject", str, "what is about this, as KIND:ID"),
    ):
        thing.add_argument(
            option, dest="subject", type=kind, metavar="ID", help=meaning
        )
    thing.add_argument(
        "--incident", type=UUID, metavar="ID", help="what came of one cause"
    )
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        metavar="TYPE",
        help="of this type of event or kind of leaf alone; may be repeated",
    )
    for option, dest, meaning in (
        ("--from", "first", "received on this day (Almaty) or later"),
        ("--until", "last", "received on this day at the latest"),
    ):
        parser.add_argument(
            option, dest=dest, type=date.fromisoformat, metavar="DAY", help=meaning
        )


def _effect(_operator: Operator, arguments: argparse.Namespace) -> str:
    return (
        f"A part of the log is written to {arguments.directory}; that you took it, and"
        " which, stands in the log from then on."
    )


EXTRACT: Final = Command(
    help="write a part of the log with its proofs, for a stranger to verify",
    run=extract,
    arguments=_arguments,
    example="extract ./for-the-court --contract 01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d22"
    " --disclosure 01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11",
    effect=_effect,
    id_of="export_id",
)
