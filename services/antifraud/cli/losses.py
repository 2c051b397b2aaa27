"""The staff's commands of the base of losses.

What a loss is of is a file of JSON: `losses show ID --json` has it under `facts`.
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
from kernel.money import Money
from services.antifraud.cli.cases import file_argument, text_of
from services.antifraud.domain.losses import Side

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_loss = identified("loss_id", "as `losses list` names it")
_day = date.fromisoformat


def _facts_in(path: Path) -> Json:
    """What a loss is of.  Refused ``loss_malformed``, and as `read_file`."""
    try:
        said = json.loads(read_file(path))
    except ValueError as error:
        raise Refused(
            "loss_malformed",
            "The file is not JSON.",
            next_step="Begin with what `kredit antifraud losses show … --json` prints.",
        ) from error
    inner: Json = said.get("facts", said) if isinstance(said, dict) else said
    return inner


def _list_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", type=_day, metavar="DAY", help="found then or later")
    parser.add_argument("--until", type=_day, metavar="DAY", help="found by then")


def _amount(parser: argparse.ArgumentParser, help_: str) -> None:
    parser.add_argument("amount", metavar="TENGE", help=help_)


def _record_arguments(parser: argparse.ArgumentParser) -> None:
    _amount(parser, "what was lost; 0 where it was stopped")
    file_argument(parser, "what it is of, JSON; - reads it")


def _recover_arguments(parser: argparse.ArgumentParser) -> None:
    _loss(parser)
    _amount(parser, "what came back")
    parser.add_argument("on", type=_day, metavar="DAY", help="the day it is booked for")
    file_argument(parser, "from where, UTF-8; - reads it")


def _correct_arguments(parser: argparse.ArgumentParser) -> None:
    _loss(parser)
    parser.add_argument("side", choices=[side.value for side in Side], help="which sum")
    _amount(parser, "how much it is to be")
    file_argument(parser, "why, UTF-8; - reads it")


def _amend_arguments(parser: argparse.ArgumentParser) -> None:
    _loss(parser)
    file_argument(parser, "what it is of, JSON; - reads it")


def _wire(amount: str) -> str:
    return Money.of(amount).to_wire()


def _record(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"facts": _facts_in(arguments.file), "gross": _wire(arguments.amount)}
    return operator.ask("record_loss", **given), 0


def _recover(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"loss_id": arguments.loss_id, "on": arguments.on}
    amount, words = _wire(arguments.amount), text_of(arguments.file)
    return operator.ask("recover_loss", **given, amount=amount, words=words), 0


def _correct(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"loss_id": arguments.loss_id, "side": arguments.side}
    amount, words = _wire(arguments.amount), text_of(arguments.file)
    return operator.ask("correct_loss", **given, amount=amount, words=words), 0


def _amend(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    facts = _facts_in(arguments.file)
    return operator.ask("amend_loss", loss_id=arguments.loss_id, facts=facts), 0


COMMANDS: Final[Mapping[str, Command]] = {
    "losses list": Command(
        help="what frauds have cost, with sums by cause and by risk",
        run=asking("losses_list", "since", "until"),
        arguments=_list_arguments,
        example="losses list --since 2026-10-01 --until 2026-12-31",
        listing=Listing(
            member="losses",
            id_of="loss_id",
            none="nothing was lost",
            columns=(
                *("loss_id", "number", "cause", "found_on"),
                *("gross", "recovered", "net", "case_id"),
            ),
        ),
    ),
    "losses show": Command(
        help="a loss with all that was told of it and every entry",
        run=asking("losses_show", "loss_id"),
        arguments=_loss,
        example=f"losses show {_ID} --json",
        id_of="loss_id",
    ),
    "losses record": Command(
        help="put on record what a fraud has cost, as a file tells it",
        run=_record,
        arguments=_record_arguments,
        example="losses record 250000 loss.json",
        effect=lambda _operator, arguments: (
            f"A loss of {Money.of(arguments.amount)} stands in the base for good, as"
            f" {arguments.file} tells it."
        ),
        id_of="loss_id",
    ),
    "losses recover": Command(
        help="some of a loss came back; as often as it does",
        run=_recover,
        arguments=_recover_arguments,
        example=f"losses recover {_ID} 40000.50 2026-12-01 from.txt",
        effect=lambda _operator, arguments: (
            f"{Money.of(arguments.amount)} of the loss {arguments.loss_id} came back."
        ),
        id_of="loss_id",
    ),
    "losses correct": Command(
        help="a sum of a loss is to be another: the difference is an entry, with words",
        run=_correct,
        arguments=_correct_arguments,
        example=f"losses correct {_ID} gross 200000 why.txt",
        effect=lambda _operator, arguments: (
            f"The {arguments.side} sum of the loss {arguments.loss_id} is"
            f" {Money.of(arguments.amount)} from now on; what was entered stays."
        ),
        id_of="loss_id",
    ),
    "losses amend": Command(
        help="tell anew what a loss is of; what was told before stays",
        run=_amend,
        arguments=_amend_arguments,
        example=f"losses amend {_ID} loss.json",
        effect=lambda _operator, arguments: (
            f"The loss {arguments.loss_id} is of what {arguments.file} tells."
        ),
        id_of="loss_id",
    ),
}
