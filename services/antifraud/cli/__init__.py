"""The staff's commands of antifraud: decisions, what is held, and lists."""

import argparse
import csv
import io
import json
from pathlib import Path
from typing import Final

from kernel.cli import (
    FINDING,
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    identified,
    object_of,
    read_file,
)
from kernel.crypto import Json
from kernel.errors import Refused
from services.antifraud.cli.appeals import COMMANDS as APPEALS
from services.antifraud.cli.cases import COMMANDS as CASES
from services.antifraud.cli.centre import CENTRE
from services.antifraud.cli.indicators import COMMANDS as INDICATORS
from services.antifraud.cli.investigations import COMMANDS as INVESTIGATIONS
from services.antifraud.cli.losses import COMMANDS as LOSSES
from services.antifraud.cli.reports import COMMANDS as REPORTS
from services.antifraud.cli.risks import COMMANDS as RISKS
from services.antifraud.cli.suspensions import COMMANDS as SUSPENSIONS
from services.antifraud.domain.lists import COLUMNS, MAX_AT_ONCE

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"


def _suspend_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Every operation of client {arguments.client_id} is held until it is"
        f" released, on the ground “{arguments.ground}”."
    )


def _explain(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """A decision that does not come out again is a finding."""
    found = object_of(operator.ask("explain", decision_id=arguments.decision_id))
    return found, 0 if found["comes_out_again"] is True else FINDING


def _import(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """Send a file in parts; a part is put on the list whole or not at all."""
    lines = _lines_of(arguments.file)
    added = 0
    for first in range(0, len(lines), MAX_AT_ONCE):
        part = lines[first : first + MAX_AT_ONCE]
        answer = object_of(operator.ask("put_on_list", of=arguments.of, lines=part))
        added += int(str(answer["added"]))
    return {"of": arguments.of, "lines": len(lines), "added": added}, 0


def _lines_of(file: Path) -> list[dict[str, str]]:
    """The lines of a file in the form of `lists show`, or with values in clear."""
    try:
        text = read_file(file).decode()
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _unfit_file() from error
    if not rows or any(
        set(row) != set(COLUMNS) or None in row.values() for row in rows
    ):
        raise _unfit_file()
    return rows


def _unfit_file() -> Refused:
    return Refused(
        "list_file_unfit",
        "The file is not a list.",
        next_step=f"A CSV file in UTF-8 whose first line is {','.join(COLUMNS)}.",
    )


def _import_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Every line of {arguments.file} stands on the list “{arguments.of}” from"
        " now on, and rules that ask about it speak of whoever is named."
    )


def _remove_effect(_operator: Operator, arguments: Namespace) -> str:
    return f"{len(arguments.keys)} names stand on the list “{arguments.of}” no more."


def _label(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    fraud = arguments.word == "fraud"
    return (
        operator.ask("label_decision", decision_id=arguments.decision_id, fraud=fraud),
        0,
    )


def _label_arguments(parser: argparse.ArgumentParser) -> None:
    identified("decision_id", "as an event or an answer names it")(parser)
    parser.add_argument("word", choices=("fraud", "honest"), help="what it was")


def _draft(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    try:
        rules = json.loads(read_file(arguments.file))
    except ValueError as error:
        raise Refused(
            "rules_malformed",
            "The file is not JSON.",
            next_step="Begin with what `kredit antifraud rules show … --json` prints.",
        ) from error
    if isinstance(rules, dict):
        rules = {name: rules[name] for name in ("rules", "typologies") if name in rules}
    return (
        operator.ask(
            "draft_rules", version=arguments.version, rules=rules, note=arguments.note
        ),
        0,
    )


def _calendar(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    """An analysis that is overdue is a finding."""
    found = object_of(operator.ask("rules_calendar"))
    return found, FINDING if found["overdue"] is True else 0


def _version_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", metavar="VERSION", help="as `rules list` names it")


def _diff_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("old", metavar="OLD", help="a version")
    parser.add_argument("new", metavar="NEW", help="another version")


def _draft_arguments(parser: argparse.ArgumentParser) -> None:
    _version_argument(parser)
    parser.add_argument("file", type=Path, metavar="FILE", help="JSON; - for input")
    parser.add_argument("--note", required=True, metavar="WORDS", help="what for")


def _test_arguments(parser: argparse.ArgumentParser) -> None:
    _version_argument(parser)
    parser.add_argument("--days", type=int, default=90, help="how far back (90)")


def _rollback_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, metavar="WORDS", help="why")


def _rollback_effect(operator: Operator, _arguments: Namespace) -> str:
    live = object_of(operator.ask("rules_list"))["live"]
    return f"The rules {live} judge no more; those that were live before do, at once."


def _list_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "of", metavar="LIST", help="refused, watched, trusted or centre"
    )


def _import_arguments(parser: argparse.ArgumentParser) -> None:
    _list_argument(parser)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="CSV; - for standard input"
    )


def _remove_arguments(parser: argparse.ArgumentParser) -> None:
    _list_argument(parser)
    parser.add_argument(
        "keys", nargs="+", metavar="KEY", help="keyed names as `lists show` has them"
    )


def _suspend_arguments(parser: argparse.ArgumentParser) -> None:
    identified("client_id", "of the client")(parser)
    _ground(parser)


def _ground(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ground", required=True, metavar="WORD", help="why; stands in the decision"
    )


COMMANDS: Final = {
    **SUSPENSIONS,
    **CASES,
    **APPEALS,
    **CENTRE,
    **RISKS,
    **INDICATORS,
    **INVESTIGATIONS,
    **REPORTS,
    **LOSSES,
    "counts": Command(
        help="how many decisions, holds and messages to the centre there are",
        run=asking("get_counts"),
    ),
    "decisions show": Command(
        help="a decision with its inputs and the rules that fired",
        run=asking("get_decision", "decision_id"),
        arguments=identified("decision_id", "as an event or an answer names it"),
        example=f"decisions show {_ID}",
        id_of="decision_id",
    ),
    "decisions explain": Command(
        help="make a decision again: what spoke, what it saw, why the rule is there",
        run=_explain,
        arguments=identified("decision_id", "as an event or an answer names it"),
        example=f"decisions explain {_ID}",
        id_of="decision_id",
    ),
    "lists show": Command(
        help="what stands on a list now, by keyed names",
        run=asking("show_list", "of"),
        arguments=_list_argument,
        example="lists show refused",
        listing=Listing(
            member="entries",
            id_of="value",
            none="nobody stands on it",
            columns=(*COLUMNS, "added_by"),
        ),
    ),
    "lists import": Command(
        help="put the lines of a CSV file on a list",
        run=_import,
        arguments=_import_arguments,
        example="lists import refused droppers.csv",
        effect=_import_effect,
    ),
    "lists remove": Command(
        help="take keyed names off a list",
        run=asking("take_from_list", "of", "keys"),
        arguments=_remove_arguments,
        example="lists remove watched device:01932f6e",
        effect=_remove_effect,
    ),
    "decisions label": Command(
        help="say whether what was decided on was fraud; tests of rules count by it",
        run=_label,
        arguments=_label_arguments,
        example=f"decisions label {_ID} fraud",
        id_of="decision_id",
    ),
    "rules list": Command(
        help="every version of the rules, and what judges now",
        run=asking("rules_list"),
    ),
    "rules show": Command(
        help="what a version says, and what was done with it",
        run=asking("rules_show", "version"),
        arguments=_version_argument,
        example="rules show 2026-11-30 --json",
    ),
    "rules diff": Command(
        help="what one version changes of another",
        run=asking("rules_diff", "old", "new"),
        arguments=_diff_arguments,
        example="rules diff 2026-11-30 2026-12-15",
    ),
    "rules draft": Command(
        help="save a version from a file, if the checker takes it",
        run=_draft,
        arguments=_draft_arguments,
        example="rules draft 2026-12-15 rules.json --note cards",
        id_of="version",
    ),
    "rules test": Command(
        help="judge the decisions of the last days anew, and keep the report",
        run=asking("test_rules", "version", "days"),
        arguments=_test_arguments,
        example="rules test 2026-12-15 --days 90",
    ),
    "rules shadow": Command(
        help="let a tested version judge beside the live one",
        run=asking("shadow_rules", "version"),
        arguments=_version_argument,
        example="rules shadow 2026-12-15",
        id_of="version",
    ),
    "rules promote": Command(
        help="ask that a version become live; another person decides",
        run=asking("ask_promotion", "version"),
        arguments=_version_argument,
        example="rules promote 2026-12-15",
        id_of="approval_id",
    ),
    "rules rollback": Command(
        help="back to what was live before, at once",
        run=asking("rollback_rules", "reason"),
        arguments=_rollback_arguments,
        example="rules rollback --reason alarms",
        effect=_rollback_effect,
        id_of="version",
    ),
    "rules calendar": Command(
        help="when the live rules were tested, and until when they have to be again",
        run=_calendar,
    ),
    "clients suspend": Command(
        help="hold every operation of a client until released",
        run=asking("suspend_client", "client_id", "ground"),
        arguments=_suspend_arguments,
        example=f"clients suspend {_ID} --ground police",
        effect=_suspend_effect,
        id_of="decision_id",
    ),
}
