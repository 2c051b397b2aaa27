"""A program before a terminal of its own, and the person who types there."""

import os
import pty
import select
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

PATIENCE_S: Final = 60.0
"""For one question to appear; a bound, not a measurement."""
_CHUNK: Final = 4096


@dataclass
class Terminal:
    """What stands on the screen, all of it, and the keyboard below."""

    process: "subprocess.Popen[bytes]"
    keyboard: int
    screen: str = ""
    _seen: int = field(default=0)

    def type(self, line: str) -> None:
        """Type a line and press enter."""
        os.write(self.keyboard, line.encode() + b"\n")

    def answer(self, question: str, line: str) -> None:
        """Wait for a question, then type."""
        self.expect(question)
        self.type(line)

    def expect(self, question: str) -> None:
        """Wait for a question that was not seen yet."""
        end = time.monotonic() + PATIENCE_S
        while question not in self.screen[self._seen :]:
            assert time.monotonic() < end, self.screen
            assert self._read(), self.screen
        self._seen = len(self.screen)

    def end(self) -> int:
        """Read to the end; the exit code."""
        end = time.monotonic() + PATIENCE_S
        while self._read():
            assert time.monotonic() < end, self.screen
        return self.process.wait(PATIENCE_S)

    def _read(self) -> bool:
        """Take what was written; False when nobody can write any more."""
        if not select.select([self.keyboard], [], [], 1)[0]:
            return self.process.poll() is None
        try:
            told = os.read(self.keyboard, _CHUNK)
        except OSError:  # the last writer is gone
            return False
        self.screen += told.decode()
        return bool(told)


@contextmanager
def at_a_terminal(
    words: Sequence[str], *, env: Mapping[str, str], cwd: Path
) -> Iterator[Terminal]:
    """Start a program in a session of its own before a fresh terminal."""
    keyboard, screen = pty.openpty()
    process = subprocess.Popen(
        words,
        stdin=screen,
        stdout=screen,
        stderr=screen,
        env=dict(env),
        cwd=cwd,
        start_new_session=True,
    )
    os.close(screen)
    try:
        yield Terminal(process, keyboard)
    finally:
        process.kill()
        process.wait()
        os.close(keyboard)
