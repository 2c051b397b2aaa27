"""The staff's commands of onboarding alone: clients, registrations, photos.

What is personal is masked, unless somebody who may read it says what for: that is
recorded, and the client sees it.
"""

import argparse
import base64
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
    reason_argument,
)
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


def _photo_arguments(parser: argparse.ArgumentParser) -> None:
    _photo(parser)
    parser.add_argument(
        "file", type=Path, metavar="FILE", help="a new file for the picture, JPEG"
    )


def _show_photo(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """The picture goes to a file only its owner can read; an old one stays as it is."""
    answer = object_of(operator.ask("photos_show", photo_id=arguments.photo_id))
    picture = base64.b64decode(str(answer["jpeg_b64"]))
    arguments.file.touch(mode=0o600, exist_ok=False)
    arguments.file.write_bytes(picture)
    told = {name: value for name, value in answer.items() if name != "jpeg_b64"}
    return told | {"file": str(arguments.file)}, 0


def _decision(*, accepts: bool) -> Command:
    word = "approve" if accepts else "reject"
    becomes = (
        "the client goes on to the identification"
        if accepts
        else "the client is asked for another; if it was held for showing somebody"
        " else, the registration ends"
    )

    def run(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
        given = {"photo_id": arguments.photo_id, "reason": arguments.reason}
        return operator.ask("decide_photo", accepts=accepts, **given), 0

    def add(parser: argparse.ArgumentParser) -> None:
        _photo(parser)
        reason_argument(parser)

    def effect(_operator: Operator, arguments: Namespace) -> str:
        return f"Photo {arguments.photo_id} is decided for good: {becomes}."

    return Command(
        help=f"{word} a photo that waits",
        run=run,
        arguments=add,
        example=f'photos {word} {_ID} --reason "seen by eye"',
        effect=effect,
        id_of="photo_id",
    )


_photo = identified("photo_id", "see `photos list`")

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
    "photos list": Command(
        help="photos in doubt, or held because ЦОИД does not find the person on them",
        run=asking("photos_list"),
        listing=Listing(
            member="photos",
            id_of="photo_id",
            none="No photo waits.",
            columns=("photo_id", "verdict", "faults", "judged_at"),
        ),
    ),
    "photos show": Command(
        help="write one of them to a file and say what is doubted; that is recorded",
        run=_show_photo,
        arguments=_photo_arguments,
        example=f"photos show {_ID} /tmp/photo.jpg",
        id_of="photo_id",
    ),
    "photos approve": _decision(accepts=True),
    "photos reject": _decision(accepts=False),
}
