"""The staff's commands of the register of risks.

An assessment is a file of JSON: `risks show ID --json` has it under `says`.
"""

import argparse
import json
from collections.abc import Mapping
from datetime import date
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
)
from kernel.crypto import Json
from kernel.errors import Refused
from services.antifraud.cli.cases import file_argument, text_of

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_risk = identified("risk_id", "as `risks list` names it")


def said_in(path: Path) -> Json:
    """An assessment in a file, alone or as `risks show --json` has it.

    Refused ``assessment_malformed``, and as `read_file`.
    """
    try:
        said = json.loads(read_file(path))
    except ValueError as error:
        raise Refused(
            "assessment_malformed",
            "The file is not JSON.",
            next_step="Begin with what `kredit antifraud risks show … --json` prints.",
        ) from error
    inner = said.get("says", said) if isinstance(said, dict) else said
    found: Json = inner
    return found


def _file_arguments(parser: argparse.ArgumentParser) -> None:
    file_argument(parser, "the assessment, JSON; - reads it")


def _revise_arguments(parser: argparse.ArgumentParser) -> None:
    _risk(parser)
    _file_arguments(parser)


def _words_arguments(parser: argparse.ArgumentParser) -> None:
    _risk(parser)
    file_argument(parser, "why, UTF-8; - reads it")


def _review_arguments(parser: argparse.ArgumentParser) -> None:
    _risk(parser)
    parser.add_argument(
        "review_on", type=date.fromisoformat, metavar="DAY", help="of the next review"
    )
    file_argument(parser, "what was found, UTF-8; - reads it")


def _accept_arguments(parser: argparse.ArgumentParser) -> None:
    _risk(parser)
    parser.add_argument(
        "until_on", type=date.fromisoformat, metavar="DAY", help="the last day"
    )
    file_argument(parser, "why it is borne, UTF-8; - reads it")


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state",
        choices=("all", "open", "accepted", "closed"),
        default="all",
        help="those that stand so today; all, if left out",
    )


def _open(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    return operator.ask("open_risk", says=said_in(arguments.file)), 0


def _revise(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    said = said_in(arguments.file)
    return operator.ask("revise_risk", risk_id=arguments.risk_id, says=said), 0


def _review(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"risk_id": arguments.risk_id, "review_on": arguments.review_on}
    return operator.ask("review_risk", **given, words=text_of(arguments.file)), 0


def _accept(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"risk_id": arguments.risk_id, "until_on": arguments.until_on}
    return operator.ask("ask_acceptance", **given, reason=text_of(arguments.file)), 0


def _close(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    words = text_of(arguments.file)
    return operator.ask("close_risk", risk_id=arguments.risk_id, words=words), 0


COMMANDS: Final[Mapping[str, Command]] = {
    "risks list": Command(
        help="the register of risks, what is left the most first",
        run=asking("risks_list", "state"),
        arguments=_list_arguments,
        example="risks list --state open",
        listing=Listing(
            member="risks",
            id_of="risk_id",
            none="there is no such risk",
            columns=(
                *("risk_id", "number", "state", "title", "inherent", "residual"),
                *("treatment", "review_on", "overdue"),
            ),
        ),
    ),
    "risks show": Command(
        help="a risk with its controls, every revision and acceptance",
        run=asking("risks_show", "risk_id"),
        arguments=_risk,
        example=f"risks show {_ID} --json",
        id_of="risk_id",
    ),
    "risks open": Command(
        help="put a risk on the register, as a file assesses it",
        run=_open,
        arguments=_file_arguments,
        example="risks open risk.json",
        effect=lambda _operator, arguments: (
            f"What {arguments.file} says stands in the register of risks for good."
        ),
        id_of="risk_id",
    ),
    "risks revise": Command(
        help="assess a risk anew; what was said before stays, its acceptance ends",
        run=_revise,
        arguments=_revise_arguments,
        example=f"risks revise {_ID} risk.json",
        effect=lambda _operator, arguments: (
            f"The risk {arguments.risk_id} is assessed as {arguments.file} says; an"
            " acceptance of what was said before ends."
        ),
        id_of="risk_id",
    ),
    "risks review": Command(
        help="you looked, and it stands: with words, and the day of the next review",
        run=_review,
        arguments=_review_arguments,
        example=f"risks review {_ID} 2027-03-01 found.txt",
        id_of="risk_id",
    ),
    "risks accept": Command(
        help="ask that a risk be borne until a day; another person decides",
        run=_accept,
        arguments=_accept_arguments,
        example=f"risks accept {_ID} 2027-03-01 why.txt",
        id_of="approval_id",
    ),
    "risks close": Command(
        help="a risk is none any more; it stays in the register as it is",
        run=_close,
        arguments=_words_arguments,
        example=f"risks close {_ID} why.txt",
        effect=lambda _operator, arguments: (
            f"The risk {arguments.risk_id} is closed for good: nobody is told of its"
            " reviews any more."
        ),
        id_of="risk_id",
    ),
}
