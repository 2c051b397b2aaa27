"""The staff's commands of appeals: who waits for an answer, what they write, answering.

Letters are read for a purpose the client sees.  An answer comes from a file or from
standard input: what stands on a command line stays in its history.
"""

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
    read_file,
    reason_argument,
)
from kernel.crypto import Json
from kernel.errors import Refused
from services.contracts.domain.appeals import AppealState
from services.contracts.domain.reading import ReadPurpose

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_appeal = identified("appeal_id", "see `appeals list`")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    states = [state.value for state in AppealState]
    parser.add_argument(
        "--state",
        choices=states,
        default=AppealState.WAITING.value,
        metavar="WORD",
        help=f"one of: {', '.join(states)}; else those that wait for the staff",
    )


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    _appeal(parser)
    purposes = [purpose.value for purpose in ReadPurpose]
    parser.add_argument(
        "--purpose",
        choices=purposes,
        required=True,
        metavar="WORD",
        help=f"what for, one of: {', '.join(purposes)}; the client sees it",
    )


def _answer_arguments(parser: argparse.ArgumentParser) -> None:
    _appeal(parser)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="the answer, UTF-8; - reads it"
    )


def _answer(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """Refused ``file_unreadable`` where the file is no text."""
    try:
        text = read_file(arguments.file).decode()
    except UnicodeDecodeError as error:
        raise Refused(
            "file_unreadable",
            f"{arguments.file} is no text in UTF-8.",
            next_step="Save it as text and try again.",
        ) from error
    return operator.ask("answer_appeal", appeal_id=arguments.appeal_id, text=text), 0


def _extend_arguments(parser: argparse.ArgumentParser) -> None:
    _appeal(parser)
    reason_argument(parser)


COMMANDS: Final[Mapping[str, Command]] = {
    "appeals list": Command(
        help="who waits for an answer, the one due first before the others",
        run=asking("appeals_list", "state"),
        arguments=_list_arguments,
        example="appeals list --state answered",
        listing=Listing(
            member="appeals",
            id_of="appeal_id",
            none="No appeal is in this state.",
            columns=("appeal_id", "about", "written_at", "answer_by", "overdue"),
        ),
    ),
    "appeals show": Command(
        help="an appeal with its letters; the client sees that, and what for",
        run=asking("read_appeal", "appeal_id", "purpose"),
        arguments=_show_arguments,
        example=f"appeals show {_ID} --purpose complaint",
        id_of="appeal_id",
    ),
    "appeals answer": Command(
        help="answer the client, who is told that there is an answer",
        run=_answer,
        arguments=_answer_arguments,
        example=f"appeals answer {_ID} answer.txt",
        effect=lambda _operator, arguments: (
            f"The client of appeal {arguments.appeal_id} reads this answer, for good."
        ),
        id_of="appeal_id",
    ),
    "appeals extend": Command(
        help="put the limit of an answer off, once; the client is told",
        run=asking("extend_appeal", "appeal_id", "reason"),
        arguments=_extend_arguments,
        example=f'appeals extend {_ID} --reason "the bank was asked"',
        effect=lambda _operator, arguments: (
            f"The answer to appeal {arguments.appeal_id} takes longer, as the law"
            " allows once; the client is told."
        ),
        id_of="appeal_id",
    ),
    "appeals close": Command(
        help="end an answered correspondence; the client is told",
        run=asking("close_appeal", "appeal_id"),
        arguments=_appeal,
        example=f"appeals close {_ID}",
        effect=lambda _operator, arguments: (
            f"Nobody writes on in appeal {arguments.appeal_id}; the client may open"
            " another."
        ),
        id_of="appeal_id",
    ),
}
