"""Frames on a stream socket: four bytes of length (big-endian), then so many bytes."""

import socket
import time
from typing import Final

HEAD: Final = 4


class FrameError(Exception):
    """The other side has gone, or announced more than it may send."""


def send(link: socket.socket, *frames: bytes) -> None:
    """Send frames in one go."""
    link.sendall(b"".join(len(f).to_bytes(HEAD) + f for f in frames))


def receive(
    link: socket.socket, *, at_most: int, deadline: float | None = None
) -> bytes:
    """The next frame of at most `at_most` bytes.

    `deadline` is an instant of `time.monotonic` for the whole frame, however slowly it
    drips in. Raises FrameError; TimeoutError when the deadline has passed.
    """
    size = int.from_bytes(_exactly(link, HEAD, deadline))
    if size > at_most:
        raise FrameError("a frame is too long")
    return _exactly(link, size, deadline)


def _exactly(link: socket.socket, size: int, deadline: float | None) -> bytes:
    taken = bytearray()
    while len(taken) < size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError("a frame did not come in time")
            link.settimeout(left)
        part = link.recv(min(size - len(taken), 1 << 16))
        if not part:
            raise FrameError("the other side has gone")
        taken += part
    return bytes(taken)
