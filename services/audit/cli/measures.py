"""The staff's commands of first measures."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kernel.cli import Command, Namespace, Operator, asking, identified
from kernel.crypto import Json
from services.audit.cli.incidents import text_of
from services.audit.domain.incidents.measure import MEASURES

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_incident = identified("incident_id", "as `incidents list` names it")
_measure = identified("measure_id", "as `incidents show` names it")


def _order_arguments(parser: argparse.ArgumentParser) -> None:
    _incident(parser)
    parser.add_argument(
        "measure",
        choices=MEASURES,
        metavar="MEASURE",
        help=f"one of {', '.join(MEASURES)}",
    )
    parser.add_argument(
        "--about",
        metavar="KIND:ID",
        help="client:ID, login:ID, staff:ID, or process:NAME to cut off",
    )


def _undo_arguments(parser: argparse.ArgumentParser) -> None:
    _measure(parser)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="why, UTF-8; - reads it"
    )


def _undo(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {"measure_id": arguments.measure_id, "reason": text_of(arguments.file)}
    return operator.ask("ask_measure_undo", **given), 0


COMMANDS: Final[Mapping[str, Command]] = {
    "incidents order": Command(
        help="order a first measure that no rule has ordered",
        run=asking("take_measure", "incident_id", "measure", "about"),
        arguments=_order_arguments,
        example=f"incidents order {_ID} block_login --about client:{_ID}",
        effect=lambda _operator, arguments: (
            f"{arguments.measure} of {arguments.about or 'everybody'} within seconds."
        ),
        id_of="measure_id",
    ),
    "incidents undo": Command(
        help="ask that a first measure is undone; another person decides",
        run=_undo,
        arguments=_undo_arguments,
        example=f"incidents undo {_ID} reason.txt",
        effect=lambda _operator, arguments: (
            f"If another person agrees, {arguments.measure_id} is as if it never was."
        ),
        id_of="approval_id",
    ),
}
