"""The staff's commands of suspensions, and of rules that were tripped."""

import argparse
from collections.abc import Mapping
from typing import Final

from kernel.cli import Command, Listing, Namespace, Operator, ask, asking
from kernel.crypto import Json
from services.antifraud.domain.suspending import NAMES

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"


def _held(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("held", metavar="HELD", help="as `holds list` names it")
    ground_argument(parser)


def ground_argument(parser: argparse.ArgumentParser) -> None:
    """``--ground`` of what a person decides."""
    parser.add_argument(
        "--ground", required=True, metavar="WORD", help="why; stands in the decision"
    )


def _suspend_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("entity", choices=NAMES, help="what it is a name of")
    parser.add_argument(
        "--key", metavar="KEY", help="the keyed name; else its number is asked for"
    )
    ground_argument(parser)


def _suspend(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """A number in clear is no argument: those stand in lists of processes."""
    entity, key = arguments.entity, arguments.key
    if key is None:
        key = ask(f"number of the {entity}").strip()
    given = {"entity": entity, "value": key, "ground": arguments.ground}
    return operator.ask("suspend_name", **given), 0


def _suspend_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Whatever has to do with that {arguments.entity} is held until it is released,"
        f" on the ground “{arguments.ground}”."
    )


def _release_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"{arguments.held} may move again, on the ground “{arguments.ground}”; the"
        " rules that held it are set aside for it."
    )


def _keep_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"{arguments.held} stays suspended for another term, on the ground"
        f" “{arguments.ground}”."
    )


def _rearm_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("version", metavar="VERSION", help="as `rules tripped` has it")
    parser.add_argument("rule", metavar="RULE", help="its code")


COMMANDS: Final[Mapping[str, Command]] = {
    "holds list": Command(
        help="what is suspended, what ends first before the others",
        run=asking("holds_list"),
        example="holds list",
        listing=Listing(
            member="holds",
            id_of="held",
            none="nothing is suspended",
            columns=("held", "client_id", "held_at", "until_on", "reason"),
        ),
    ),
    "holds release": Command(
        help="let an operation, a client, an account or a device move again",
        run=asking("release", "held", "ground"),
        arguments=_held,
        example=f"holds release payout:{_ID} --ground checked",
        effect=_release_effect,
        id_of="decision_id",
    ),
    "holds keep": Command(
        help="a suspension near its end was reviewed, and goes on for a term",
        run=asking("keep_suspended", "held", "ground"),
        arguments=_held,
        example=f"holds keep client:{_ID} --ground investigated",
        effect=_keep_effect,
        id_of="hold_id",
    ),
    "names suspend": Command(
        help="suspend an account or a device, whoever's it is",
        run=_suspend,
        arguments=_suspend_arguments,
        example="names suspend device --key device:01932f6e --ground stolen",
        effect=_suspend_effect,
        id_of="held",
    ),
    "rules tripped": Command(
        help="which rules stopped too much and ask for a look only",
        run=asking("rules_tripped"),
        example="rules tripped",
        listing=Listing(
            member="rules",
            id_of="rule",
            none="no rule is tripped",
            columns=("version", "rule", "tripped_at", "judged", "stopped"),
        ),
    ),
    "rules rearm": Command(
        help="ask that a tripped rule stop operations again; another person decides",
        run=asking("ask_rearm", "version", "rule"),
        arguments=_rearm_arguments,
        example="rules rearm 2026-12-15 applications_burst",
        id_of="approval_id",
    ),
}
