"""The staff's commands for looking back: search, and a contract's timeline.

ИИН and phone numbers are asked for, or are a line of standard input: what stands on a
command line stays in its history and in the list of processes (CWE-214).
"""

import argparse
from collections.abc import Mapping
from datetime import date
from typing import Final
from uuid import UUID

from kernel.cli import (
    Command,
    Listing,
    Namespace,
    Operator,
    ask,
    asking,
    identified,
)
from kernel.crypto import Json
from services.contracts.domain.states import ContractState

_ID: Final = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"


def _search_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--number", metavar="NUMBER", help="the contract's own")
    parser.add_argument(
        "--client", type=UUID, dest="client_id", metavar="ID", help="of this client"
    )
    person = parser.add_mutually_exclusive_group()
    person.add_argument(
        "--iin",
        action="store_true",
        help="of whom, by an ИИН that is asked for; the client sees that you looked",
    )
    person.add_argument(
        "--phone",
        action="store_true",
        help="of whom, by a number that is asked for; the client sees that you looked",
    )
    states = [state.value for state in ContractState]
    parser.add_argument(
        "--state", choices=states, metavar="WORD", help=f"one of: {', '.join(states)}"
    )
    for name, words in (("since", "made on that day or later"), ("until", "or before")):
        parser.add_argument(
            f"--{name}", type=date.fromisoformat, metavar="DAY", help=f"{words}"
        )


def _search(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
    named = ("number", "client_id", "state", "since", "until")
    given = {name: getattr(arguments, name) for name in named}
    if arguments.iin:
        given["iin"] = ask("ИИН").strip()
    if arguments.phone:
        given["phone"] = ask("phone").strip()
    return operator.ask("search_contracts", **given), 0


COMMANDS: Final[Mapping[str, Command]] = {
    "search": Command(
        help="contracts by number, person, state or period, the newest first",
        run=_search,
        arguments=_search_arguments,
        example="search --iin --state active",
        listing=Listing(
            member="contracts",
            id_of="contract_id",
            none="No contract fits.",
            columns=("number", "state", "amount", "contract_on", "contract_id"),
        ),
    ),
    "timeline": Command(
        help="one contract from the application on: when, what, who, which evidence",
        run=asking("contract_timeline", "contract_id"),
        arguments=identified("contract_id", "see `search`"),
        example=f"timeline {_ID}",
        listing=Listing(
            member="timeline",
            id_of="at",
            none="Nothing happened.",
            columns=("at", "what", "who", "evidence"),
        ),
    ),
}
