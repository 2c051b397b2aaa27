"""The staff's commands of appeals; words come from files or from standard input."""

import argparse
from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from kernel.cli import (
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    identified,
    reason_argument,
)
from kernel.crypto import Json
from services.antifraud.cli.cases import file_argument, text_of
from services.antifraud.domain.appeals import AppealOutcome

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_appeal = identified("appeal_id", "as `appeals list` names it")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--answered", action="store_true", help="those that were answered instead"
    )


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    identified("client_id", "of the client")(parser)
    parser.add_argument(
        "against", metavar="WHAT", help="an operation, client:<id> or a suspended name"
    )
    file_argument(parser, "what the client says, UTF-8; - reads it")
    parser.add_argument(
        "--received",
        type=date.fromisoformat,
        required=True,
        metavar="DAY",
        help="the day it came, 2026-12-01: the limit is counted from it",
    )
    parser.add_argument(
        "--inquiry", type=UUID, metavar="ID", help="the letter in contracts, if any"
    )


def _record(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {
        "client_id": arguments.client_id,
        "against": arguments.against,
        "received_on": arguments.received.isoformat(),
        "words": text_of(arguments.file),
    }
    if arguments.inquiry is not None:
        given["inquiry_id"] = arguments.inquiry
    return operator.ask("record_appeal", **given), 0


def _extend_arguments(parser: argparse.ArgumentParser) -> None:
    _appeal(parser)
    reason_argument(parser)


def _answer_arguments(parser: argparse.ArgumentParser) -> None:
    _appeal(parser)
    words = [outcome.value for outcome in AppealOutcome]
    parser.add_argument("outcome", choices=words, help="what becomes of it")
    file_argument(parser, "the answer, UTF-8; - reads it")


def _answer(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    words = text_of(arguments.file)
    given = {"appeal_id": arguments.appeal_id, "outcome": arguments.outcome}
    return operator.ask("answer_appeal", **given, words=words), 0


COMMANDS: Final[Mapping[str, Command]] = {
    "appeals list": Command(
        help="the register of appeals, what is due first before the others",
        run=asking("appeals_list", "answered"),
        arguments=_list_arguments,
        example="appeals list --answered",
        listing=Listing(
            member="appeals",
            id_of="appeal_id",
            none="there is no such appeal",
            columns=("appeal_id", "number", "against", "answer_by", "overdue"),
        ),
    ),
    "appeals show": Command(
        help="an appeal with what was said on both sides; that you read it is told",
        run=asking("appeals_show", "appeal_id"),
        arguments=_appeal,
        example=f"appeals show {_ID}",
        id_of="appeal_id",
    ),
    "appeals record": Command(
        help="enter a client's appeal; it gets a number and a day",
        run=_record,
        arguments=_record_arguments,
        example=f"appeals record {_ID} client:{_ID} letter.txt --received 2026-12-01",
        effect=lambda _operator, arguments: (
            f"An appeal of client {arguments.client_id} against {arguments.against}"
            f" stands in the register, received on {arguments.received}."
        ),
        id_of="appeal_id",
    ),
    "appeals extend": Command(
        help="put the answer off, once, as the law allows",
        run=asking("extend_appeal", "appeal_id", "reason"),
        arguments=_extend_arguments,
        example=f'appeals extend {_ID} --reason "the bank was asked"',
        effect=lambda _operator, arguments: (
            f"The answer to appeal {arguments.appeal_id} takes longer, as the law"
            " allows once."
        ),
        id_of="appeal_id",
    ),
    "appeals answer": Command(
        help="decide and answer; by nobody who had a part in what it is against",
        run=_answer,
        arguments=_answer_arguments,
        example=f"appeals answer {_ID} upheld answer.txt",
        effect=lambda _operator, arguments: (
            f"The appeal {arguments.appeal_id} is {arguments.outcome}, for good; if it"
            " is upheld, what it is against is released."
        ),
        id_of="appeal_id",
    ),
}
