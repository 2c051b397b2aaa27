"""The staff's commands of onboarding alone: clients and registrations.

What is personal is masked, unless somebody who may read it says what for: that is
recorded, and the client sees it.
"""

import argparse
from typing import Final

from kernel.cli import Command, Listing, Namespace, Operator, asking, identified
from kernel.crypto import Json
from services.onboarding.domain.reading import StaffPurpose

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_registration = identified("registration_id", "of the registration")


def _show_arguments(parser: argparse.ArgumentParser) -> None:
    identified("client_id", "of the client")(parser)
    purposes = [purpose.value for purpose in StaffPurpose]
    parser.add_argument(
        "--purpose",
        choices=purposes,
        metavar="WORD",
        help=f"show in clear, for one of: {', '.join(purposes)}; the client sees it",
    )


def _show(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """Masked, unless a purpose is named."""
    if arguments.purpose is None:
        return operator.ask("clients_show", client_id=arguments.client_id), 0
    answer = operator.ask(
        "clients_read", client_id=arguments.client_id, purpose=arguments.purpose
    )
    return answer, 0


COMMANDS: Final = {
    "clients show": Command(
        help="a client, masked; with a purpose in clear, which the client sees",
        run=_show,
        arguments=_show_arguments,
        example=f"clients show {_ID} --purpose client_request",
        id_of="client_id",
    ),
    "registrations refused": Command(
        help="the newest refusals, with the reasons the persons are not told",
        run=asking("registrations_refused"),
        listing=Listing(
            member="refusals",
            id_of="refusal_id",
            none="Nobody was refused.",
            columns=("registration_id", "outcome", "code", "reason", "at"),
        ),
    ),
    "registrations show": Command(
        help="where a registration stands, and what it was refused for",
        run=asking("registrations_show", "registration_id"),
        arguments=_registration,
        example=f"registrations show {_ID}",
        id_of="registration_id",
    ),
}
