"""`python -m tests.help`: write tests/golden/help anew, every ``--help`` of the staff.

The words of the command line are an interface: people's hands know them, scripts depend
on them. A change is seen in a review as such.
"""

import argparse
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kernel.cli.__main__ import doors
from kernel.cli.parser import parser_of
from kernel.cli.person import PERSON
from tests.marks import ROOT

FOLDER: Final = ROOT / "tests" / "golden" / "help"
COLUMNS: Final = "90"
"""For lines of 88: argparse leaves two free."""


def pages() -> dict[str, str]:
    """The text of each file: one of the program itself, one of each service.

    As wide as the variable COLUMNS says.
    """
    found: dict[str, list[str]] = {}
    services = doors()
    for words, parser in _parsers(parser_of(PERSON, services)):
        first = words[1] if len(words) > 1 and words[1] in services else words[0]
        found.setdefault(f"{first}.txt", []).append(
            f"$ {' '.join(words)} --help\n\n{parser.format_help()}"
        )
    return {name: "\n".join(texts) for name, texts in found.items()}


def leaves() -> Iterator[tuple[str, ...]]:
    """The words of every command, the program's name first."""
    for words, parser in _parsers(parser_of(PERSON, doors())):
        if not _verbs(parser):
            yield words


def _parsers(
    parser: argparse.ArgumentParser, words: tuple[str, ...] = ("kredit",)
) -> Iterator[tuple[tuple[str, ...], argparse.ArgumentParser]]:
    yield words, parser
    for name, inner in _verbs(parser).items():
        yield from _parsers(inner, (*words, name))


def _verbs(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """What may stand next; argparse has no public word for it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def main(folder: Path = FOLDER) -> None:
    """Write the files."""
    os.environ["COLUMNS"] = COLUMNS
    for name, text in pages().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    main()
