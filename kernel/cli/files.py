"""Files of whoever sits before the command line: what is read, what is written once."""

import base64
import sys
from pathlib import Path

from kernel.errors import Refused


def read_file(path: Path) -> bytes:
    """What a file holds; ``-`` is standard input.  Refused ``file_unreadable``."""
    if path == Path("-"):
        return sys.stdin.buffer.read()
    try:
        return path.read_bytes()
    except OSError as error:
        raise Refused(
            "file_unreadable",
            f"{path} cannot be read.",
            next_step="Look at the name, and at who may read it.",
        ) from error


def write_private(path: Path, content_b64: str) -> None:
    """An answer's bytes, to a new file only its owner can read; an old one stays.

    Refused ``file_not_made``.
    """
    try:
        path.touch(mode=0o600, exist_ok=False)
        path.write_bytes(base64.b64decode(content_b64))
    except OSError as error:
        raise Refused(
            "file_not_made",
            f"{path} is there already, or cannot be made.",
            next_step="Name a new file in a folder of yours.",
        ) from error
