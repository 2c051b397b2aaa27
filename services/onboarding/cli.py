"""The staff's commands of onboarding alone: clients, registrations, reviews.

What is personal is masked, unless somebody who may read it says what for: that is
recorded, and the client sees it.
"""

import argparse
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
    write_private,
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


def _review_arguments(parser: argparse.ArgumentParser) -> None:
    _review(parser)
    parser.add_argument(
        "--picture", type=Path, metavar="FILE", help="a new file for the photo, JPEG"
    )


def _show_review(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """A picture goes to a file only its owner can read; an old one stays as it is."""
    answer = object_of(operator.ask("reviews_show", review_id=arguments.review_id))
    told = {name: value for name, value in answer.items() if name != "jpeg_b64"}
    if arguments.picture is not None and "jpeg_b64" in answer:
        write_private(arguments.picture, str(answer["jpeg_b64"]))
        told["picture"] = str(arguments.picture)
    return told, 0


def _decision(*, approves: bool) -> Command:
    word = "approve" if approves else "reject"
    becomes = (
        "the client goes on, or the account is taken to be the client's; a held photo"
        " and an account need another person's yes first"
        if approves
        else "a photo in doubt is asked for anew, an account stays unproved, and any"
        " other registration ends"
    )

    def run(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
        given = {"review_id": arguments.review_id, "reason": arguments.reason}
        return operator.ask("decide_review", approves=approves, **given), 0

    def add(parser: argparse.ArgumentParser) -> None:
        _review(parser)
        reason_argument(parser)

    def effect(_operator: Operator, arguments: Namespace) -> str:
        return f"Review {arguments.review_id} is decided for good: {becomes}."

    return Command(
        help=f"{word} what waits",
        run=run,
        arguments=add,
        example=f'reviews {word} {_ID} --reason "seen by eye"',
        effect=effect,
        id_of="review_id",
    )


_review = identified("review_id", "see `reviews list`")

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
    "reviews list": Command(
        help="photos, numbers and accounts a machine could not decide about",
        run=asking("reviews_list"),
        listing=Listing(
            member="reviews",
            id_of="review_id",
            none="Nothing waits.",
            columns=("review_id", "kind", "opened_at", "until"),
        ),
    ),
    "reviews show": Command(
        help="one of them with what it takes to decide; that you looked is recorded",
        run=_show_review,
        arguments=_review_arguments,
        example=f"reviews show {_ID} --picture /tmp/photo.jpg",
        id_of="review_id",
    ),
    "reviews approve": _decision(approves=True),
    "reviews reject": _decision(approves=False),
}
