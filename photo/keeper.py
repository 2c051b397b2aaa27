"""The process that holds the socket.

It does nothing with a picture but pass it on to `photo.judge`, which it starts, times,
ends and replaces.

One picture at a time: two cores are better spent on two judges in two containers than
on two pictures that wait for each other's memory. Whoever asks waits in the socket's
queue, and gives up by a time limit of their own.
"""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from photo import frames
from photo.judge import READY

MAX_BYTES: Final = 8 * 1024 * 1024
MAX_ANSWER: Final = 16 * 1024 * 1024
START_LIMIT_S: Final = 60
ASKING_LIMIT_S: Final = 5
"""How long a request may take to arrive, and its answer to be taken."""
QUEUE: Final = 16
_NO_GPU: Final = {
    "MEDIAPIPE_DISABLE_GPU": "1",
    # No driver of the machine either: the package looks for one all the same.
    "__EGL_VENDOR_LIBRARY_FILENAMES": "/dev/null",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "GLOG_minloglevel": "3",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one judge may take."""

    time_s: float
    """Per picture, wall clock."""
    memory_mib: int
    """Address space."""
    pictures: int
    """After so many a fresh judge takes over: what leaks, leaks so long only."""


class BeyondLimitsError(Exception):
    """A picture took too long, or too much memory, or killed its judge."""


def say(event: str) -> None:
    """One line of the log; never a word about a picture."""
    sys.stdout.write(json.dumps({"event": event}) + "\n")
    sys.stdout.flush()


class Judge:
    """One confined process."""

    def __init__(self, limits: Limits, folder: Path) -> None:
        """Start it and wait until it is ready; raises BeyondLimitsError if it is not.

        It inherits nothing but its end of the pair.  A library of its own insists on
        a ``folder``, and a user in a container has no home.
        """
        self._link, theirs = socket.socketpair()
        with theirs:
            command = [sys.executable, "-m", "photo.judge", str(theirs.fileno())]
            self._process = subprocess.Popen(  # noqa: S603 - no shell, no words of others
                [*command, str(limits.memory_mib)],
                env={
                    "PATH": os.defpath,
                    "PYTHONUNBUFFERED": "1",
                    "MPLCONFIGDIR": str(folder),
                    **_NO_GPU,
                },
                stdin=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
            )
        self.left = limits.pictures
        self._limit_s = limits.time_s
        try:
            said = self._next(len(READY), time.monotonic() + START_LIMIT_S)
        except BeyondLimitsError:
            self.end()
            raise
        assert said == READY  # noqa: S101 - our own process

    def look(self, raw: bytes) -> tuple[bytes, bytes]:
        """What it says of an upload: JSON, and the cleaned picture.

        Raises BeyondLimitsError; the judge is of no use after it.
        """
        self.left -= 1
        deadline = time.monotonic() + self._limit_s
        try:
            self._link.settimeout(self._limit_s)
            frames.send(self._link, raw)
        except OSError as error:
            raise BeyondLimitsError("it does not listen") from error
        said = self._next(MAX_ANSWER, deadline)
        return said, self._next(MAX_ANSWER, deadline)

    def end(self) -> None:
        """Nothing of it is left afterwards."""
        self._link.close()
        self._process.kill()
        self._process.wait()

    def _next(self, at_most: int, deadline: float) -> bytes:
        try:
            return frames.receive(self._link, at_most=at_most, deadline=deadline)
        except (OSError, frames.FrameError) as error:
            raise BeyondLimitsError("no answer") from error


class Keeper:
    """Answers on a Unix socket that only its own user can reach."""

    def __init__(self, path: Path, limits: Limits) -> None:
        self._limits = limits
        self._folder = path.parent
        self._judge = Judge(limits, self._folder)
        self._door = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        path.unlink(missing_ok=True)
        before = os.umask(0o177)
        try:
            self._door.bind(str(path))
        finally:
            os.umask(before)
        self._door.listen(QUEUE)

    def serve(self) -> None:
        """Answer one after another, without end.

        A judge that is spent is replaced between two pictures, so that no sender waits
        for it; one that cannot be started ends this process too.
        """
        while True:
            link, _ = self._door.accept()
            with link, contextlib.suppress(OSError, frames.FrameError):
                self._answer(link)
            if self._judge.left <= 0:
                self._judge.end()
                self._judge = Judge(self._limits, self._folder)

    def _answer(self, link: socket.socket) -> None:
        """An empty request asks whether a judge is ready."""
        deadline = time.monotonic() + ASKING_LIMIT_S
        raw = frames.receive(link, at_most=MAX_BYTES, deadline=deadline)
        said = self._judged(raw) if raw else (b'{"ready":true}', b"")
        link.settimeout(ASKING_LIMIT_S)
        frames.send(link, *said)

    def _judged(self, raw: bytes) -> tuple[bytes, bytes]:
        try:
            return self._judge.look(raw)
        except BeyondLimitsError:
            self._judge.left = 0
            say("photo_beyond_limits")
            return json.dumps({"refused": "photo_not_readable"}).encode(), b""
