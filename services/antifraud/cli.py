"""The staff's commands of antifraud alone: what is held, and letting it move."""

import argparse
from typing import Final

from kernel.cli import Command, Namespace, Operator, asking, identified

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"


def _release_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"{arguments.held} may move again, on the ground “{arguments.ground}”; the"
        " rules that held it are set aside for it."
    )


def _suspend_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Every operation of client {arguments.client_id} is held until it is"
        f" released, on the ground “{arguments.ground}”."
    )


def _release_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "held", metavar="HELD", help="application:<id>, payout:<id> or client:<id>"
    )
    _ground(parser)


def _suspend_arguments(parser: argparse.ArgumentParser) -> None:
    identified("client_id", "of the client")(parser)
    _ground(parser)


def _ground(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--ground", required=True, metavar="WORD", help="why; stands in the decision"
    )


COMMANDS: Final = {
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
    "holds release": Command(
        help="let an operation or a client move again",
        run=asking("release", "held", "ground"),
        arguments=_release_arguments,
        example=f"holds release payout:{_ID} --ground checked",
        effect=_release_effect,
        id_of="decision_id",
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
