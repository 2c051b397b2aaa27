"""What a command is: its words, what it does, and how its answer is shown."""

import argparse
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from kernel.cli.operator import Operator
from kernel.cli.output import Listing, rows_of
from kernel.crypto import Json

Namespace = argparse.Namespace
Run = Callable[[Operator, Namespace], tuple[Json, int]]

FINDING: Final = 3
"""The command did what it was asked, and what it found needs a person."""


def _nothing(_parser: argparse.ArgumentParser) -> None:
    """A command without arguments of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command: its help, what it does, its arguments, an example of them.

    ``run`` returns the answer and the exit code.  ``effect`` says what will become of
    it before anything is changed; a command that has one asks first.  ``listing`` says
    how a list is shown; ``id_of`` names the member of any other answer that ``-q``
    prints.
    """

    help: str
    run: Run
    arguments: Callable[[argparse.ArgumentParser], object] = _nothing
    example: str = ""
    effect: Callable[[Operator, Namespace], str] | None = None
    listing: Listing | None = None
    id_of: str = ""


def asking(method: str, *names: str) -> Run:
    """A command that asks one method, with these of its arguments."""

    def run(operator: Operator, arguments: Namespace) -> tuple[Json, int]:
        given = {name: getattr(arguments, name) for name in names}
        return operator.ask(method, **given), 0

    return run


def identified(name: str, help_: str) -> Callable[[argparse.ArgumentParser], object]:
    """The one argument of a command about one thing: its id."""

    def add(parser: argparse.ArgumentParser) -> None:
        parser.add_argument(name, type=UUID, metavar="ID", help=help_)

    return add


def reason_argument(parser: argparse.ArgumentParser) -> None:
    """``--reason`` of what is kept for ever."""
    parser.add_argument(
        "--reason",
        required=True,
        metavar="WORDS",
        help="kept for ever: lower-case Latin words, no names, no numbers of persons",
    )


def verdict(report: Mapping[str, Json]) -> int:
    """The exit code of a report of parts."""
    well = all(part["well"] is True for part in rows_of(report["parts"]))
    return 0 if well else FINDING
