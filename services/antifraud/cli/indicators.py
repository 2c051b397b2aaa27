"""The staff's commands of indicators."""

import argparse
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from kernel.cli import (
    FINDING,
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    identified,
    object_of,
    rows_of,
)
from kernel.crypto import Json
from services.antifraud.cli.cases import file_argument, text_of

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_item = identified("item_id", "as `indicators items` names it")


def _list(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    """One that is red is a finding."""
    found = object_of(operator.ask("indicators_list"))
    red = any(row["colour"] == "red" for row in rows_of(found["indicators"]))
    return found, FINDING if red else 0


def _series_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("code", metavar="CODE", help="as `indicators list` names it")
    parser.add_argument("--days", type=int, default=30, help="how far back (30)")


def _items_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--all", action="store_true", help="also those that were answered"
    )


def _items(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    return operator.ask("indicators_items", waiting=not arguments.all), 0


def _answer_arguments(parser: argparse.ArgumentParser) -> None:
    _item(parser)
    file_argument(parser, "what it was, UTF-8; - reads it")
    parser.add_argument(
        "--risk", type=UUID, metavar="ID", help="of which risk it is a sign"
    )


def _answer(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"item_id": arguments.item_id, "risk_id": arguments.risk}
    return operator.ask("answer_indicator", **given, words=text_of(arguments.file)), 0


COMMANDS: Final[Mapping[str, Command]] = {
    "indicators list": Command(
        help="by what risks are seen early, as it stands; ends with 3 if one is red",
        run=_list,
        example="indicators list",
        listing=Listing(
            member="indicators",
            id_of="code",
            none="nothing is measured",
            columns=("code", "colour", "value", "amber", "red", "days", "words"),
        ),
    ),
    "indicators series": Command(
        help="the readings of one indicator, the oldest first",
        run=asking("indicators_series", "code", "days"),
        arguments=_series_arguments,
        example="indicators series stopped --days 90",
        listing=Listing(member="readings", id_of="at", none="there are none"),
    ),
    "indicators items": Command(
        help="what turned red and waits for an answer",
        run=_items,
        arguments=_items_arguments,
        example="indicators items",
        listing=Listing(
            member="items",
            id_of="item_id",
            none="nothing waits",
            columns=("item_id", "code", "value", "opened_at", "due_on", "answered_by"),
        ),
    ),
    "indicators answer": Command(
        help="say what a red indicator was, and of which risk it is a sign",
        run=_answer,
        arguments=_answer_arguments,
        example=f"indicators answer {_ID} found.txt --risk {_ID}",
        effect=lambda _operator, arguments: (
            f"What turned red as {arguments.item_id} is answered for good; if it stays"
            " red for long, it waits anew."
        ),
        id_of="item_id",
    ),
}
