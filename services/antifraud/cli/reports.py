"""The staff's commands of reports of a quarter."""

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
from kernel.crypto import Json

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_report = identified("report_id", "as `reports list` names it")


def _make_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("quarter", metavar="QUARTER", help="one that is over: 2026Q4")


def _fetch_arguments(parser: argparse.ArgumentParser) -> None:
    _report(parser)
    parser.add_argument("to", type=Path, metavar="PATH", help="a new file of yours")
    parser.add_argument(
        "--language", choices=("ru", "kk"), default="ru", help="ru, else"
    )
    parser.add_argument(
        "--form", choices=("pdf", "html"), default="pdf", help="pdf, else"
    )


def _fetch(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {
        "report_id": arguments.report_id,
        "language": arguments.language,
        "form": arguments.form,
    }
    answer = object_of(operator.ask("read_risk_report", **given))
    write_private(arguments.to, str(answer["content_b64"]))
    return {"report_id": str(arguments.report_id), "written": str(arguments.to)}, 0


COMMANDS: Final[Mapping[str, Command]] = {
    "reports list": Command(
        help="reports of a quarter that were made, with the digests of their files",
        run=asking("risk_reports"),
        example="reports list --json",
        listing=Listing(
            member="reports",
            id_of="report_id",
            none="there is none",
            columns=("report_id", "quarter", "made_at", "made_by"),
        ),
    ),
    "reports make": Command(
        help="make the report of a quarter that is over, with plots, in both languages",
        run=asking("make_risk_report", "quarter"),
        arguments=_make_arguments,
        example="reports make 2026Q4",
        id_of="report_id",
    ),
    "reports fetch": Command(
        help="a report as it was made, to a new file of yours",
        run=_fetch,
        arguments=_fetch_arguments,
        example=f"reports fetch {_ID} report.pdf --language kk",
        id_of="report_id",
    ),
}
