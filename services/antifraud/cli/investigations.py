"""The staff's commands of investigations; words and files come from files."""

import argparse
import base64
from collections.abc import Mapping
from datetime import date
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
from kernel.cli.command import Run
from kernel.crypto import Json
from services.antifraud.cli.cases import file_argument, text_of
from services.antifraud.domain.investigations import Finding
from services.antifraud.domain.losses import Cause

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_one = identified("investigation_id", "as `investigations list` names it")


def _words(parser: argparse.ArgumentParser, help_: str = "the words") -> None:
    file_argument(parser, f"{help_}, UTF-8; - reads it")


def _day(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "due_on", type=date.fromisoformat, metavar="DAY", help="the last day for it"
    )


def _entry(parser: argparse.ArgumentParser, name: str, of: str) -> None:
    parser.add_argument(name, type=UUID, metavar=of, help="see `investigations show`")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", choices=("open", "closed"), default="open", help="open, if left out"
    )


def _open_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "ground", metavar="GROUND", help="case:ID, appeal:ID, risk:ID, incident:ID …"
    )
    parser.add_argument("lead", type=UUID, metavar="STAFF", help="who leads it")
    _words(parser, "what is to be found out")
    parser.add_argument(
        "--about",
        type=UUID,
        action="append",
        default=[],
        metavar="STAFF",
        help="who of the staff is investigated; may be repeated",
    )


def _open(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"ground": arguments.ground, "lead": arguments.lead}
    words, subjects = text_of(arguments.file), list(arguments.about)
    answer = operator.ask("open_investigation", **given, words=words, subjects=subjects)
    return answer, 0


def _assign_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("to", type=UUID, metavar="STAFF", help="see `auth staff list`")


def _subject_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("who", type=UUID, metavar="STAFF", help="see `auth staff list`")


def _note_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    _words(parser)


def _plan_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    _day(parser)
    _words(parser, "what is to be done")


def _done_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    _entry(parser, "step_id", "STEP")
    _words(parser, "what it showed")


def _attach_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    file_argument(parser, "any file of at most 4 MiB; nothing of ours opens it")


def _fetch_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    _entry(parser, "entry_id", "ENTRY")
    parser.add_argument("to", type=Path, metavar="PATH", help="a new file of yours")


def _measure_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    parser.add_argument("owner", type=UUID, metavar="STAFF", help="who has to take it")
    _day(parser)
    _words(parser, "what is to be done")
    parser.add_argument("--risk", type=UUID, metavar="ID", help="which risk it lowers")


def _taken_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    _entry(parser, "measure_id", "MEASURE")
    _words(parser, "how you saw it")


def _conclude_arguments(parser: argparse.ArgumentParser) -> None:
    _one(parser)
    findings = [finding.value for finding in Finding]
    parser.add_argument("finding", choices=findings, help="what it came to")
    causes = [cause.value for cause in Cause]
    parser.add_argument(
        "cause", choices=causes, metavar="CAUSE", help=", ".join(causes)
    )
    _words(parser, "the conclusion")


def _saying(method: str, *names: str) -> Run:
    """A command that sends the words of a file with these of its arguments."""

    def run(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
        given = {name: getattr(arguments, name) for name in names}
        return operator.ask(method, **given, words=text_of(arguments.file)), 0

    return run


def _attach(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    content = base64.b64encode(read_file(arguments.file)).decode("ascii")
    given = {"investigation_id": arguments.investigation_id, "content_b64": content}
    return operator.ask("add_investigation_file", **given), 0


def _fetch(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {
        "investigation_id": arguments.investigation_id,
        "entry_id": arguments.entry_id,
    }
    answer = object_of(operator.ask("read_investigation_file", **given))
    write_private(arguments.to, str(answer["content_b64"]))
    return {"entry_id": str(arguments.entry_id), "written": str(arguments.to)}, 0


def _measure(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {
        "investigation_id": arguments.investigation_id,
        "owner": arguments.owner,
        "due_on": arguments.due_on,
        "risk_id": arguments.risk,
    }
    return operator.ask("order_measure", **given, words=text_of(arguments.file)), 0


COMMANDS: Final[Mapping[str, Command]] = {
    "investigations list": Command(
        help="internal investigations, the newest first; not those about you",
        run=asking("investigations_list", "state"),
        arguments=_list_arguments,
        example="investigations list --state closed",
        listing=Listing(
            member="investigations",
            id_of="investigation_id",
            none="there is none",
            columns=(
                *("investigation_id", "number", "ground", "lead"),
                *("unfinished", "finding"),
            ),
        ),
    ),
    "investigations show": Command(
        help="an investigation with all its words; that you read it is told",
        run=asking("investigations_show", "investigation_id"),
        arguments=_one,
        example=f"investigations show {_ID} --json",
        id_of="investigation_id",
    ),
    "investigations open": Command(
        help="begin to find out, of a ground, under a lead",
        run=_open,
        arguments=_open_arguments,
        example=f"investigations open case:{_ID} {_ID} what.txt --about {_ID}",
        effect=lambda _operator, arguments: (
            f"An investigation of {arguments.ground} begins, led by {arguments.lead};"
            " whoever it is about sees nothing of it."
        ),
        id_of="investigation_id",
    ),
    "investigations assign": Command(
        help="let somebody else lead",
        run=asking("assign_investigation", "investigation_id", "to"),
        arguments=_assign_arguments,
        example=f"investigations assign {_ID} {_ID}",
        effect=lambda _operator, arguments: (
            f"The investigation {arguments.investigation_id} is led by {arguments.to}"
            " from now on."
        ),
        id_of="entry_id",
    ),
    "investigations subject": Command(
        help="name who of the staff is investigated: they see nothing of it",
        run=asking("name_subject", "investigation_id", "who"),
        arguments=_subject_arguments,
        example=f"investigations subject {_ID} {_ID}",
        id_of="entry_id",
    ),
    "investigations plan": Command(
        help="add a step to the plan, to be done by a day",
        run=_saying("plan_step", "investigation_id", "due_on"),
        arguments=_plan_arguments,
        example=f"investigations plan {_ID} 2026-12-15 step.txt",
        id_of="entry_id",
    ),
    "investigations done": Command(
        help="a step was done, with what it showed",
        run=_saying("finish_step", "investigation_id", "step_id"),
        arguments=_done_arguments,
        example=f"investigations done {_ID} {_ID} showed.txt",
        id_of="entry_id",
    ),
    "investigations note": Command(
        help="add words; they stay, and hold no numbers of persons",
        run=_saying("note_investigation", "investigation_id"),
        arguments=_note_arguments,
        example=f"investigations note {_ID} note.txt",
        id_of="entry_id",
    ),
    "investigations attach": Command(
        help="keep a piece of evidence, sealed, with its SHA-256",
        run=_attach,
        arguments=_attach_arguments,
        example=f"investigations attach {_ID} mail.eml",
        id_of="entry_id",
    ),
    "investigations fetch": Command(
        help="a piece of evidence, to a new file of yours; that you read it is told",
        run=_fetch,
        arguments=_fetch_arguments,
        example=f"investigations fetch {_ID} {_ID} mail.eml",
        id_of="entry_id",
    ),
    "investigations measure": Command(
        help="order a measure: somebody has to see to it by a day",
        run=_measure,
        arguments=_measure_arguments,
        example=f"investigations measure {_ID} {_ID} 2027-01-15 what.txt --risk {_ID}",
        id_of="entry_id",
    ),
    "investigations taken": Command(
        help="attest that a measure was taken; not by whoever had to take it",
        run=_saying("finish_measure", "investigation_id", "measure_id"),
        arguments=_taken_arguments,
        example=f"investigations taken {_ID} {_ID} seen.txt",
        id_of="entry_id",
    ),
    "investigations conclude": Command(
        help="say what it came to, by its lead; another person decides",
        run=_saying("ask_conclusion", "investigation_id", "finding", "cause"),
        arguments=_conclude_arguments,
        example=f"investigations conclude {_ID} confirmed collusion conclusion.txt",
        id_of="approval_id",
    ),
    "measures list": Command(
        help="measures nobody has attested yet, what is due first comes first",
        run=asking("measures_list"),
        example="measures list",
        listing=Listing(
            member="measures",
            id_of="measure_id",
            none="nothing waits",
            columns=("measure_id", "number", "owner", "due_on", "risk_id"),
        ),
    ),
}
