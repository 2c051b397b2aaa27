"""What the person before the terminal is asked and told while a command runs.

Questions and progress go to standard error: standard output is the answer's.  Where
there is no terminal, answers to questions are lines of standard input, progress is not
shown, and nothing is confirmed.
"""

import getpass
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Protocol

from kernel.cli.output import printable
from kernel.errors import Refused
from kernel.values import Secret

LONGEST_ANSWER: Final = 1_000
"""Characters of one line that is read as an answer."""
_REDRAW_S: Final = 0.1
_CLEAR_LINE: Final = "\r\x1b[K"


class Progress(Protocol):
    """Told how far a long work has come."""

    def __call__(self, told: str) -> None:
        """Show it in place of what was told before."""


def ask(question: str) -> str:
    """What the person types, shown as they type it.  Refused: ``no_answer``."""
    if sys.stdin.isatty():
        sys.stderr.write(f"{question}: ")
        sys.stderr.flush()
    return _line()


def ask_secret(question: str) -> Secret[str]:
    """`ask` for what no screen may show; it stands in no argument and no variable."""
    if not sys.stdin.isatty():
        return Secret(_line())
    try:
        return Secret(getpass.getpass(f"{question}: ", stream=sys.stderr))
    except EOFError as error:
        raise _no_answer() from error


def confirm(effect: str) -> None:
    """Show what will become of it and go on only after a yes.

    Refused: ``confirmation_needed`` where nobody can be asked, ``not_confirmed``.
    """
    for line in effect.splitlines():
        sys.stderr.write(printable(line) + "\n")
    if not sys.stdin.isatty():
        raise Refused(
            "confirmation_needed",
            "Nobody is there to confirm it, and nothing was changed.",
            next_step="Look at the effect, then say --yes.",
        )
    if ask("Go on? [y/N]").strip().lower() not in {"y", "yes"}:
        raise Refused(
            "not_confirmed",
            "Nothing was changed.",
            next_step="Answer y to go on.",
        )


@contextmanager
def progress() -> Iterator[Progress]:
    """Shows how far a work has come on one line, which disappears at its end."""
    shown = sys.stderr.isatty()
    last_at = 0.0

    def tell(told: str) -> None:
        nonlocal last_at
        if shown and time.monotonic() - last_at >= _REDRAW_S:
            last_at = time.monotonic()
            sys.stderr.write(_CLEAR_LINE + printable(told))
            sys.stderr.flush()

    try:
        yield tell
    finally:
        if shown:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()


def _line() -> str:
    line = sys.stdin.readline(LONGEST_ANSWER)
    if not line:
        raise _no_answer()
    return line.rstrip("\r\n")


def _no_answer() -> Refused:
    return Refused(
        "no_answer",
        "The question was not answered.",
        next_step="Answer at the terminal, or line by line on standard input.",
    )
