"""The staff's commands about the National Bank's centre."""

import argparse
from datetime import date
from typing import Final
from uuid import UUID

from kernel.cli import FINDING, Command, Listing, Namespace, Operator, asking, object_of
from kernel.crypto import Json

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
_STATES: Final = (
    *("pending", "sent", "parked", "rejected", "applied", "repeated", "closed"),
)
_TO_A_PERSON: Final = ("parked", "rejected")


def _status(operator: Operator, _arguments: Namespace) -> tuple[Json, int]:
    """What waits for a person is a finding."""
    found = object_of(operator.ask("centre_status"))
    reports, items = object_of(found["reports"]), object_of(found["items"])
    waits = any(said.get(state) for said in (reports, items) for state in _TO_A_PERSON)
    return found, FINDING if waits or found["differing"] else 0


def _name(text: str) -> str | int:
    """The id of a message, or the number of a change."""
    return int(text) if text.isascii() and text.isdigit() else str(UUID(text))


def _messages(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    given = {} if arguments.state is None else {"state": arguments.state}
    return operator.ask("centre_messages", **given), 0


def _completeness(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    """A day on which something is missing is a finding."""
    given = {} if arguments.day is None else {"day": arguments.day.isoformat()}
    found = object_of(operator.ask("centre_completeness", **given))
    days = found["days"]
    differ = isinstance(days, list) and any(object_of(day)["differs"] for day in days)
    return found, FINDING if differ else 0


def _state_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--state", choices=_STATES, metavar="STATE", help=", ".join(_STATES)
    )


def _day_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--day",
        type=date.fromisoformat,
        metavar="DAY",
        help="hold this day against the centre anew",
    )


def _name_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "name", type=_name, metavar="NAME", help="as `centre messages` names it"
    )


def _close_arguments(parser: argparse.ArgumentParser) -> None:
    _name_argument(parser)
    parser.add_argument("--ground", required=True, metavar="WORD", help="why; is kept")


def _replay_effect(_operator: Operator, arguments: Namespace) -> str:
    if isinstance(arguments.name, int):
        return f"The centre is asked anew for change {arguments.name}; it counts then."
    return f"Message {arguments.name} goes to the centre once more, byte by byte."


def _close_effect(_operator: Operator, arguments: Namespace) -> str:
    return (
        f"Nothing more is done about {arguments.name}, on the ground"
        f" “{arguments.ground}”; its alarm ends."
    )


CENTRE: Final = {
    "centre status": Command(
        help="how far the centre was heard, what waits, what needs a person",
        run=_status,
    ),
    "centre messages": Command(
        help="messages to the centre and changes it told; parked ones need a person",
        run=_messages,
        arguments=_state_argument,
        example="centre messages --state parked",
        listing=Listing(
            member="messages",
            id_of="name",
            none="nothing was said",
            columns=("name", "way", "kind", "state", "says", "at"),
        ),
    ),
    "centre replay": Command(
        help="send a message once more, or hear a parked change anew",
        run=asking("centre_replay", "name"),
        arguments=_name_argument,
        example=f"centre replay {_ID}",
        effect=_replay_effect,
        id_of="name",
    ),
    "centre close": Command(
        help="end the alarm about a message or a change that was looked at",
        run=asking("centre_close", "name", "ground"),
        arguments=_close_arguments,
        example="centre close 17 --ground withdrawn",
        effect=_close_effect,
        id_of="name",
    ),
    "centre completeness": Command(
        help="what was suspended and reported, day by day, and what the centre has",
        run=_completeness,
        arguments=_day_argument,
        example="centre completeness --day 2026-11-30",
        listing=Listing(
            member="days",
            id_of="day",
            none="no day is over yet",
            columns=(
                *("day", "suspended", "reported", "acknowledged", "pending"),
                *("there", "differs"),
            ),
        ),
    ),
}
