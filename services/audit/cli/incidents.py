"""The staff's commands of incidents.

Words come from a file or from standard input: what stands on a command line stays in
its history.
"""

import argparse
import base64
from collections.abc import Mapping
from datetime import datetime
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
from kernel.clock import parse_rfc3339
from kernel.crypto import Json
from kernel.errors import Refused
from services.audit.domain.incidents.incident import Kind, Severity

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_incident = identified("incident_id", "as `incidents list` names it")
_PARTS: Final = ("cause", "consequences", "measures", "lesson")


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


def _words(parser: argparse.ArgumentParser, help_: str) -> None:
    parser.add_argument(
        "file", type=Path, metavar="FILE", help=f"{help_}, UTF-8; - reads it"
    )


def instant(text: str) -> datetime:
    """An instant of the command line: RFC 3339, with its offset."""
    return parse_rfc3339(text)


def _when(parser: argparse.ArgumentParser, option: str, help_: str) -> None:
    parser.add_argument(option, type=instant, metavar="TIME", help=help_)


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", choices=("open", "closed"), default="open", help="else the open"
    )


def _open_arguments(parser: argparse.ArgumentParser) -> None:
    kinds = [kind.value for kind in Kind]
    parser.add_argument(
        "kind", choices=kinds, metavar="KIND", help=f"one of {', '.join(kinds)}"
    )
    parser.add_argument("severity", choices=[each.value for each in Severity])
    _words(parser, "what was seen")
    parser.add_argument(
        "--about", metavar="KIND:ID", help="whom or what, as events name it"
    )
    _when(parser, "--detected-at", "the first alert, if it was earlier; it stays")


def _open(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    answer = operator.ask(
        "open_incident",
        kind=arguments.kind,
        severity=arguments.severity,
        words=text_of(arguments.file),
        about=arguments.about,
        detected_at=arguments.detected_at,
    )
    return answer, 0


def _assign_arguments(parser: argparse.ArgumentParser) -> None:
    _incident(parser)
    parser.add_argument("to", type=UUID, metavar="STAFF", help="see `auth staff list`")


def _note_arguments(parser: argparse.ArgumentParser) -> None:
    _incident(parser)
    _words(parser, "the note")
    parser.add_argument(
        "--kind",
        choices=("note", "measure", "fact"),
        default="note",
        help="a measure taken; a fact: news that whoever was told is told too",
    )
    _when(parser, "--at", "when it came about, if not now")


def _note(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    answer = operator.ask(
        "note_incident",
        incident_id=arguments.incident_id,
        text=text_of(arguments.file),
        kind=arguments.kind,
        at=arguments.at,
    )
    return answer, 0


def _affect_arguments(parser: argparse.ArgumentParser) -> None:
    _incident(parser)
    parser.add_argument("client_id", type=UUID, metavar="CLIENT", help="their id")


def _contain_arguments(parser: argparse.ArgumentParser) -> None:
    _incident(parser)
    _words(parser, "the measures")


def _contain(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"incident_id": arguments.incident_id, "text": text_of(arguments.file)}
    return operator.ask("contain_incident", **given), 0


def _downgrade_arguments(parser: argparse.ArgumentParser) -> None:
    _incident(parser)
    _words(parser, "why nobody has to be told")


def _downgrade(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"incident_id": arguments.incident_id, "reason": text_of(arguments.file)}
    return operator.ask("ask_incident_downgrade", **given), 0


def _close_arguments(parser: argparse.ArgumentParser) -> None:
    _incident(parser)
    for part in _PARTS:
        parser.add_argument(
            f"--{part}", type=Path, required=True, metavar="FILE", help="UTF-8"
        )


def _close(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    said = {part: text_of(getattr(arguments, part)) for part in _PARTS}
    given = {"incident_id": arguments.incident_id, **said}
    return operator.ask("close_incident", **given), 0


def _evidence_arguments(parser: argparse.ArgumentParser) -> None:
    _incident(parser)
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--file", type=Path, metavar="FILE", help="at most 4 MiB")
    what.add_argument("--leaf", type=int, metavar="SEQ", help="with its proof")


def _evidence(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    incident_id = arguments.incident_id
    if arguments.file is None:
        return operator.ask(
            "add_leaf_evidence", incident_id=incident_id, leaf=arguments.leaf
        ), 0
    content = base64.b64encode(read_file(arguments.file)).decode("ascii")
    return operator.ask("add_evidence", incident_id=incident_id, content_b64=content), 0


def _fetch_arguments(parser: argparse.ArgumentParser) -> None:
    _incident(parser)
    parser.add_argument("evidence_id", type=UUID, metavar="EVIDENCE")
    parser.add_argument("to", type=Path, metavar="PATH", help="a new file of yours")


def _fetch(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    evidence_id = arguments.evidence_id
    answer = object_of(
        operator.ask(
            "read_evidence",
            incident_id=arguments.incident_id,
            evidence_id=evidence_id,
        )
    )
    write_private(arguments.to, str(answer["content_b64"]))
    return {"evidence_id": str(evidence_id), "written": str(arguments.to)}, 0


COMMANDS: Final[Mapping[str, Command]] = {
    "incidents list": Command(
        help="incidents that are open, what was detected first comes first",
        run=asking("incidents_list", "state"),
        arguments=_list_arguments,
        example="incidents list",
        listing=Listing(
            member="incidents",
            id_of="incident_id",
            none="there is no such incident",
            columns=(
                *("incident_id", "kind", "severity", "state"),
                *("detected_at", "reportable", "owner"),
            ),
        ),
    ),
    "incidents show": Command(
        help="an incident with its timeline and evidence; that you read it is told",
        run=asking("incidents_show", "incident_id"),
        arguments=_incident,
        example=f"incidents show {_ID}",
        id_of="incident_id",
    ),
    "incidents open": Command(
        help="enter an incident that no rule has found",
        run=_open,
        arguments=_open_arguments,
        example="incidents open unauthorised_access high seen.txt",
        effect=lambda _operator, arguments: (
            f"An incident of the kind {arguments.kind} is in the register for good;"
            " the time to tell the regulator runs."
        ),
        id_of="incident_id",
    ),
    "incidents assign": Command(
        help="give an incident to somebody of the staff",
        run=asking("assign_incident", "incident_id", "to"),
        arguments=_assign_arguments,
        example=f"incidents assign {_ID} {_ID}",
        effect=lambda _operator, arguments: (
            f"The incident {arguments.incident_id} is {arguments.to}'s from now on."
        ),
        id_of="incident_id",
    ),
    "incidents note": Command(
        help="add a line to the timeline; it stays, and holds no numbers of persons",
        run=_note,
        arguments=_note_arguments,
        example=f"incidents note {_ID} note.txt --kind fact",
        id_of="entry_id",
    ),
    "incidents evidence": Command(
        help="keep a file, or a leaf of the log with its proof",
        run=_evidence,
        arguments=_evidence_arguments,
        example=f"incidents evidence {_ID} --leaf 4711",
        id_of="evidence_id",
    ),
    "incidents fetch": Command(
        help="evidence, to a new file of yours; that you read it stands beside it",
        run=_fetch,
        arguments=_fetch_arguments,
        example=f"incidents fetch {_ID} {_ID} evidence.zip",
        id_of="evidence_id",
    ),
    "incidents affect": Command(
        help="say that a client is affected, who has to be told",
        run=asking("name_affected_client", "incident_id", "client_id"),
        arguments=_affect_arguments,
        example=f"incidents affect {_ID} {_ID}",
        effect=lambda _operator, arguments: (
            f"The client {arguments.client_id} has to be told of the incident."
        ),
        id_of="incident_id",
    ),
    "incidents contain": Command(
        help="say what was done that stops it from going on",
        run=_contain,
        arguments=_contain_arguments,
        example=f"incidents contain {_ID} measures.txt",
        effect=lambda _operator, arguments: (
            f"The incident {arguments.incident_id} counts as stopped from now on."
        ),
        id_of="incident_id",
    ),
    "incidents downgrade": Command(
        help="ask that an incident is not reported; another person decides",
        run=_downgrade,
        arguments=_downgrade_arguments,
        example=f"incidents downgrade {_ID} reason.txt",
        effect=lambda _operator, arguments: (
            f"If another person agrees, nobody is told of {arguments.incident_id}."
        ),
        id_of="approval_id",
    ),
    "incidents close": Command(
        help="end an incident for good; by whoever leads it",
        run=_close,
        arguments=_close_arguments,
        example=f"incidents close {_ID} --cause cause.txt --consequences harm.txt"
        " --measures done.txt --lesson lesson.txt",
        effect=lambda _operator, arguments: (
            f"The incident {arguments.incident_id} stays as it is from now on."
        ),
        id_of="incident_id",
    ),
}
