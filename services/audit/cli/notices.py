"""The staff's commands of notices of incidents."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kernel.cli import (
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    identified,
    object_of,
    write_private,
)
from kernel.crypto import Json, as_object

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_notice = identified("notice_id", "as `notices list` names it")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state",
        choices=("waiting", "all"),
        default="waiting",
        help="what is not sent yet (else), or all",
    )


def _preview_arguments(parser: argparse.ArgumentParser) -> None:
    _notice(parser)
    parser.add_argument("directory", type=Path, metavar="DIRECTORY", help="yours")


def _preview(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    notice_id = arguments.notice_id
    answer = object_of(operator.ask("preview_notice", notice_id=notice_id))
    written: list[Json] = []
    for language, paper in as_object(answer["papers"]).items():
        path = arguments.directory / f"{notice_id}.{language}.pdf"
        write_private(path, str(paper))
        written.append(str(path))
    seen = answer["sha256"]
    return {"notice_id": str(notice_id), "sha256": seen, "written": written}, 0


def _approve_arguments(parser: argparse.ArgumentParser) -> None:
    _notice(parser)
    parser.add_argument(
        "--seen", metavar="SHA256", help="of a body's notice, as `preview` told it"
    )


def _approve(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """Every paper is signed and stamped by others: it takes its time."""
    given = {"notice_id": arguments.notice_id, "seen": arguments.seen}
    return object_of(operator.call("approve_notice", **given)), 0


COMMANDS: Final[Mapping[str, Command]] = {
    "notices list": Command(
        help="who has yet to be told of incidents, what ends first comes first",
        run=asking("notices_list", "state"),
        arguments=_list_arguments,
        example="notices list",
        listing=Listing(
            member="notices",
            id_of="notice_id",
            none="everybody was told",
            columns=(
                *("notice_id", "incident_id", "addressee", "round"),
                *("due_at", "state", "stage"),
            ),
        ),
    ),
    "notices preview": Command(
        help="a notice as it would go out now, as PDF in both languages",
        run=_preview,
        arguments=_preview_arguments,
        example=f"notices preview {_ID} .",
        id_of="sha256",
    ),
    "notices approve": Command(
        help="let a notice go out; the company signs it, the addressee gets it",
        run=_approve,
        arguments=_approve_arguments,
        example=f"notices approve {_ID}",
        effect=lambda _operator, arguments: (
            f"The notice {arguments.notice_id} is signed and sent; it cannot be"
            " taken back."
        ),
        id_of="notice_id",
    ),
    "notices resend": Command(
        help="the same bytes once more, to a body that did not take them",
        run=asking("resend_notice", "notice_id"),
        arguments=_notice,
        example=f"notices resend {_ID}",
        effect=lambda _operator, arguments: (
            f"The notice {arguments.notice_id} goes to its body once more."
        ),
        id_of="notice_id",
    ),
}
