"""The staff's commands of inquiries: who waits, what they write, answering.

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
from services.contracts.domain.inquiries import InquiryState
from services.contracts.domain.reading import ReadPurpose

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_inquiry = identified("inquiry_id", "see `inquiries list`")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    states = [state.value for state in InquiryState]
    parser.add_argument(
        "--state",
        choices=states,
        default=InquiryState.WAITING.value,
        metavar="WORD",
        help=f"one of: {', '.join(states)}; else those that wait for the staff",
    )


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    _inquiry(parser)
    purposes = [purpose.value for purpose in ReadPurpose]
    parser.add_argument(
        "--purpose",
        choices=purposes,
        required=True,
        metavar="WORD",
        help=f"what for, one of: {', '.join(purposes)}; the client sees it",
    )


def _answer_arguments(parser: argparse.ArgumentParser) -> None:
    _inquiry(parser)
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
    return operator.ask("answer_inquiry", inquiry_id=arguments.inquiry_id, text=text), 0


def _extend_arguments(parser: argparse.ArgumentParser) -> None:
    _inquiry(parser)
    reason_argument(parser)


COMMANDS: Final[Mapping[str, Command]] = {
    "inquiries list": Command(
        help="who waits for an answer, the one due first before the others",
        run=asking("inquiries_list", "state"),
        arguments=_list_arguments,
        example="inquiries list --state answered",
        listing=Listing(
            member="inquiries",
            id_of="inquiry_id",
            none="No inquiry is in this state.",
            columns=("inquiry_id", "about", "written_at", "answer_by", "overdue"),
        ),
    ),
    "inquiries show": Command(
        help="an inquiry with its letters; the client sees that, and what for",
        run=asking("read_inquiry", "inquiry_id", "purpose"),
        arguments=_show_arguments,
        example=f"inquiries show {_ID} --purpose complaint",
        id_of="inquiry_id",
    ),
    "inquiries answer": Command(
        help="answer the client, who is told that there is an answer",
        run=_answer,
        arguments=_answer_arguments,
        example=f"inquiries answer {_ID} answer.txt",
        effect=lambda _operator, arguments: (
            f"The client of inquiry {arguments.inquiry_id} reads this answer, for good."
        ),
        id_of="inquiry_id",
    ),
    "inquiries extend": Command(
        help="put the limit of an answer off, once; the client is told",
        run=asking("extend_inquiry", "inquiry_id", "reason"),
        arguments=_extend_arguments,
        example=f'inquiries extend {_ID} --reason "the bank was asked"',
        effect=lambda _operator, arguments: (
            f"The answer to inquiry {arguments.inquiry_id} takes longer, as the law"
            " allows once; the client is told."
        ),
        id_of="inquiry_id",
    ),
    "inquiries close": Command(
        help="end an answered correspondence; the client is told",
        run=asking("close_inquiry", "inquiry_id"),
        arguments=_inquiry,
        example=f"inquiries close {_ID}",
        effect=lambda _operator, arguments: (
            f"Nobody writes on in inquiry {arguments.inquiry_id}; the client may open"
            " another."
        ),
        id_of="inquiry_id",
    ),
}
