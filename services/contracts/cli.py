"""The staff's commands of contracts alone: held applications, visits to an office."""

import argparse
from collections.abc import Mapping
from datetime import date
from typing import Final

from kernel.cli import (
    Command,
    Listing,
    Namespace,
    Operator,
    asking,
    identified,
    reason_argument,
)

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_application = identified("application_id", "see `applications held`")


def _ask_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Application {arguments.application_id}: bureau, state, АФМ and antifraud are"
        " asked anew for what they have not answered."
    )


def _refuse_arguments(parser: argparse.ArgumentParser) -> None:
    _application(parser)
    reason_argument(parser)


def _refuse_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Application {arguments.application_id} is refused for good, because what has"
        " to be known of the client could not be established; the client is told so."
    )


def _visit_arguments(parser: argparse.ArgumentParser) -> None:
    identified("client_id", "of the client")(parser)
    parser.add_argument(
        "visited_on", type=date.fromisoformat, metavar="DAY", help="YYYY-MM-DD"
    )


def _visit_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Client {arguments.client_id} is taken to have come in person on"
        f" {arguments.visited_on}, once another of the staff confirms it; a first"
        " online microcredit above the limit may then be given."
    )


COMMANDS: Final[Mapping[str, Command]] = {
    "applications held": Command(
        help="applications nobody could answer about, which wait for a person",
        run=asking("applications_held"),
        listing=Listing(
            member="applications",
            id_of="application_id",
            none="No application waits for a person.",
            columns=("application_id", "for_person_since", "unanswered", "tries"),
        ),
    ),
    "applications show": Command(
        help="one application: every check, answer, source, time and setting in force",
        run=asking("applications_show", "application_id"),
        arguments=_application,
        example=f"applications show {_ID}",
        id_of="application_id",
    ),
    "applications ask": Command(
        help="have everybody asked anew who has not answered about one of them",
        run=asking("ask_again", "application_id"),
        arguments=_application,
        example=f"applications ask {_ID}",
        effect=_ask_effect,
        id_of="application_id",
    ),
    "applications refuse": Command(
        help="refuse one of them, because it could not be established what must be",
        run=asking("refuse_application", "application_id", "reason"),
        arguments=_refuse_arguments,
        example=f'applications refuse {_ID} --reason "the bureau knows no income"',
        effect=_refuse_effect,
        id_of="application_id",
    ),
    "visits record": Command(
        help="say that a client came in person; another of the staff confirms it",
        run=asking("ask_visit", "client_id", "visited_on"),
        arguments=_visit_arguments,
        example=f"visits record {_ID} 2026-11-02",
        effect=_visit_effect,
        id_of="approval_id",
    ),
}
