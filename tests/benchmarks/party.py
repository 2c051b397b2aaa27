"""What every measured process shares: it says ready, waits for go, says figures.

Nothing here opens a socket or imports the kernel: a party decides first what to patch.
"""

import json
import sys
from pathlib import Path
from typing import Final

WARM_UP: Final = 400
"""Messages handled before the clock starts: as many as anybody has under way."""


def ready() -> None:
    """All that can be done beforehand is done; returns when the bench says go."""
    print(json.dumps({"ready": True}), flush=True)  # noqa: T201 - the bench reads it
    sys.stdin.readline()


def say(**figures: float | list[float]) -> None:
    """One line of figures for the bench."""
    print(json.dumps(figures), flush=True)  # noqa: T201 - the bench reads it


def bodies(path: str) -> list[bytes]:
    """The prepared messages, in order: canonical JSON has no line breaks."""
    return Path(path).read_bytes().splitlines()
