"""The staff's commands of cases.

Words come from a file or from standard input: what stands on a command line stays in
its history.
"""

import argparse
import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

from kernel.cli import (
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    identified,
    object_of,
    read_file,
    write_private,
)
from kernel.crypto import Json
from kernel.errors import Refused
from services.antifraud.domain.cases import CaseOutcome

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_case = identified("case_id", "as `cases list` names it")


def text_of(path: Path) -> str:
    """The text of a file.  Refused ``file_unreadable``."""
    try:
        return read_file(path).decode()
    except UnicodeDecodeError as error:
        raise Refused(
            "file_unreadable",
            f"{path} is no text in UTF-8.",
            next_step="Save it as text and try again.",
        ) from error


def file_argument(parser: argparse.ArgumentParser, help_: str) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help=help_)


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state",
        choices=("open", "mine", "closed"),
        default="open",
        help="all that are open (else), one's own, or the closed ones",
    )


def _assign_arguments(parser: argparse.ArgumentParser) -> None:
    _case(parser)
    parser.add_argument("to", type=UUID, metavar="STAFF", help="see `auth staff list`")


def _note_arguments(parser: argparse.ArgumentParser) -> None:
    _case(parser)
    file_argument(parser, "the note, UTF-8; - reads it")


def _note(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    text = text_of(arguments.file)
    return operator.ask("note_case", case_id=arguments.case_id, text=text), 0


def _attach_arguments(parser: argparse.ArgumentParser) -> None:
    _case(parser)
    file_argument(parser, "a PNG or JPEG of at most 4 MiB; of a document, a page")


def _attach(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    content = base64.b64encode(read_file(arguments.file)).decode("ascii")
    given = {"case_id": arguments.case_id, "content_b64": content}
    return operator.ask("add_case_file", **given), 0


def _fetch_arguments(parser: argparse.ArgumentParser) -> None:
    _case(parser)
    parser.add_argument("file_id", type=UUID, metavar="FILE", help="see `cases show`")
    parser.add_argument("to", type=Path, metavar="PATH", help="a new file of yours")


def _fetch(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"case_id": arguments.case_id, "file_id": arguments.file_id}
    answer = object_of(operator.ask("read_case_file", **given))
    write_private(arguments.to, str(answer["content_b64"]))
    return {"file_id": str(arguments.file_id), "written": str(arguments.to)}, 0


def _close_arguments(parser: argparse.ArgumentParser) -> None:
    _case(parser)
    words = [outcome.value for outcome in CaseOutcome]
    parser.add_argument("outcome", choices=words, help="what it was")
    file_argument(parser, "the conclusion, UTF-8; - reads it")


def _close(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    conclusion = text_of(arguments.file)
    given = {"case_id": arguments.case_id, "outcome": arguments.outcome}
    return operator.ask("close_case", **given, conclusion=conclusion), 0


_CLOSED: Final = {
    "fraud": "what is suspended stays so, and its names go on the lists",
    "not_fraud": "the decisions on it count as mistakes of the rules",
    "unclear": "nothing follows of it",
}


COMMANDS: Final[Mapping[str, Command]] = {
    "cases list": Command(
        help="what persons have to look at, the most pressing first",
        run=asking("cases_list", "state"),
        arguments=_list_arguments,
        example="cases list --state mine",
        listing=Listing(
            member="cases",
            id_of="case_id",
            none="there is no such case",
            columns=("case_id", "priority", "due_on", "score", "amount", "assigned_to"),
        ),
    ),
    "cases show": Command(
        help="a case with its decisions, notes and files; that you read it is told",
        run=asking("cases_show", "case_id"),
        arguments=_case,
        example=f"cases show {_ID}",
        id_of="case_id",
    ),
    "cases take": Command(
        help="take a case nobody has",
        run=asking("take_case", "case_id"),
        arguments=_case,
        example=f"cases take {_ID}",
        id_of="case_id",
    ),
    "cases assign": Command(
        help="hand a case to somebody of the staff",
        run=asking("assign_case", "case_id", "to"),
        arguments=_assign_arguments,
        example=f"cases assign {_ID} {_ID}",
        effect=lambda _operator, arguments: (
            f"The case {arguments.case_id} is {arguments.to}'s from now on."
        ),
        id_of="case_id",
    ),
    "cases note": Command(
        help="add words to a case; they stay, and hold no numbers of persons",
        run=_note,
        arguments=_note_arguments,
        example=f"cases note {_ID} note.txt",
        id_of="note_id",
    ),
    "cases attach": Command(
        help="add a picture to a case; it is made anew, and stays, sealed",
        run=_attach,
        arguments=_attach_arguments,
        example=f"cases attach {_ID} letter.jpg",
        id_of="file_id",
    ),
    "cases fetch": Command(
        help="a file of a case, to a new file of yours; that you read it is told",
        run=_fetch,
        arguments=_fetch_arguments,
        example=f"cases fetch {_ID} {_ID} letter.jpg",
        id_of="file_id",
    ),
    "cases close": Command(
        help="say what it was, and why; by whoever has the case",
        run=_close,
        arguments=_close_arguments,
        example=f"cases close {_ID} not_fraud conclusion.txt",
        effect=lambda _operator, arguments: (
            f"The case {arguments.case_id} is closed as {arguments.outcome}:"
            f" {_CLOSED[arguments.outcome]}."
        ),
        id_of="case_id",
    ),
}
