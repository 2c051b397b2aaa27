"""Frames on a stream socket between two processes of one machine.

Four bytes of length, big-endian, then so many bytes.
"""

import socket
from typing import Final

from kernel.errors import Broken

_HEAD: Final = 4
_PART: Final = 1 << 16


def send(link: socket.socket, *frames: bytes) -> None:
    """Send frames in one go. Raises OSError."""
    link.sendall(b"".join(len(each).to_bytes(_HEAD) + each for each in frames))


def receive(link: socket.socket, *, at_most: int) -> bytes:
    """The next frame. OSError when the other side has gone; Broken: it is too long."""
    size = int.from_bytes(_exactly(link, _HEAD))
    if size > at_most:
        raise Broken("a process beside us sent more than it may")
    return _exactly(link, size)


def _exactly(link: socket.socket, size: int) -> bytes:
    taken = bytearray()
    while len(taken) < size:
        part = link.recv(min(size - len(taken), _PART))
        if not part:
            raise ConnectionResetError
        taken += part
    return bytes(taken)
