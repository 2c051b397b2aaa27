"""The staff's commands of the monitoring."""

import argparse
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from kernel.cli import Command, Listing, Namespace, Operator, asking, read_file
from kernel.crypto import Json
from kernel.errors import Refused
from services.audit.cli.incidents import instant, text_of


def _suppress_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rule", metavar="RULE", help="see `monitoring rules`")
    parser.add_argument("hours", type=int, metavar="HOURS", help="for how long")
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="why, UTF-8; - reads it"
    )
    parser.add_argument(
        "--group", metavar="GROUP", help="for this one alone, as alerts name it"
    )


def _suppress(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    answer = operator.ask(
        "suppress_alerts",
        rule=arguments.rule,
        hours=arguments.hours,
        reason=text_of(arguments.file),
        group=arguments.group,
    )
    return answer, 0


def _test_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("since", type=instant, metavar="FROM", help="RFC 3339")
    parser.add_argument("until", type=instant, metavar="UNTIL", help="RFC 3339")
    parser.add_argument(
        "--rules", type=Path, metavar="FILE", help="rules in TOML, not those in force"
    )


def _test(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    rules = None if arguments.rules is None else _rules_of(arguments.rules)
    answer = operator.ask(
        "test_monitoring", since=arguments.since, until=arguments.until, rules=rules
    )
    return answer, 0


def _rules_of(path: Path) -> list[Json]:
    """``[[rule]]`` records.  Refused ``rule_unfit``."""
    try:
        found: list[Json] = tomllib.loads(read_file(path).decode())["rule"]
    except (UnicodeDecodeError, tomllib.TOMLDecodeError, KeyError) as error:
        raise Refused(
            "rule_unfit",
            f"{path} holds no rules.",
            next_step="Write each as a record [[rule]] in TOML.",
        ) from error
    return found


COMMANDS: Final[Mapping[str, Command]] = {
    "monitoring rules": Command(
        help="what the log is watched for, and what calls nobody now",
        run=asking("monitoring_rules"),
        example="monitoring rules",
        listing=Listing(
            member="rules",
            id_of="code",
            none="No rule is in force.",
            columns=("code", "severity", "incident", "measures", "clause"),
        ),
    ),
    "monitoring alerts": Command(
        help="what rules have seen, the newest first",
        run=asking("monitoring_alerts"),
        example="monitoring alerts",
        listing=Listing(
            member="alerts",
            id_of="alert_id",
            none="Nothing was seen.",
            columns=(
                *("alert_id", "rule", "group", "severity"),
                *("count", "last_at", "incident_id"),
            ),
        ),
    ),
    "monitoring suppress": Command(
        help="let a rule count and call nobody for some hours",
        run=_suppress,
        arguments=_suppress_arguments,
        example="monitoring suppress odd_hours 8 reason.txt --group -",
        effect=lambda _operator, arguments: (
            f"For {arguments.hours} hours the rule {arguments.rule} calls nobody."
        ),
        id_of="suppression_id",
    ),
    "monitoring test": Command(
        help="how often rules would have fired in a time; nothing is raised",
        run=_test,
        arguments=_test_arguments,
        example="monitoring test 2026-11-01T00:00:00+05:00 2026-12-01T00:00:00+05:00",
        listing=Listing(
            member="fired",
            id_of="rule",
            none="No rule would have fired.",
            columns=("rule", "group", "times"),
        ),
    ),
}
