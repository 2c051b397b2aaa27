"""Processes that end with whoever started them, however that one ended."""

from collections.abc import Sequence
from typing import Literal

from infra.layout import find_program

Ending = Literal["TERM", "KILL"]


def leashed(command: Sequence[str], *, by: Ending = "TERM") -> list[str]:
    """`command`; the kernel ends it when the thread that started it is no more."""
    return [find_program("usr/bin/setpriv"), "--pdeathsig", by, "--", *command]
