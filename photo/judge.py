"""The confined process: one picture after another, until it is told to end or dies.

Run by `photo.keeper` with one end of a socket pair. It limits itself before the native
libraries are loaded: memory, files it may write (none), dumps of its memory (none: they
would hold the picture).
"""

import json
import resource
import socket
import sys
from typing import Final

from photo import frames

READY: Final = b"ready"
_MIB: Final = 1024 * 1024


def confine(memory_mib: int) -> None:
    """Bound address space and files; for good, also for whatever this starts."""
    for kind, limit in (
        (resource.RLIMIT_AS, memory_mib * _MIB),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


def serve(link: socket.socket) -> None:
    """Answer requests until the keeper closes its end."""
    # Here and not above: native code is loaded only after the limits stand.
    import numpy as np  # noqa: PLC0415

    from photo.measures import Meter  # noqa: PLC0415
    from photo.picture import MAX_BYTES, MIN_SIDE, PictureError, clean  # noqa: PLC0415

    meter = Meter()
    # The first look of each model costs a second; nobody's picture waits for it.
    meter.measure(np.full((MIN_SIDE, MIN_SIDE, 3), 255, np.uint8))
    frames.send(link, READY)
    while True:
        try:
            raw = frames.receive(link, at_most=MAX_BYTES + 1)
        except frames.FrameError:
            return
        try:
            cleaned = clean(raw)
            measures = meter.measure(np.asarray(cleaned.image))
        except PictureError as error:
            frames.send(link, _told({"refused": error.code}), b"")
            continue
        measures["bytes_per_pixel"] = round(cleaned.bytes_per_pixel, 4)
        width, height = cleaned.image.size
        answer = {"measures": measures, "width": width, "height": height}
        frames.send(link, _told(answer), cleaned.jpeg)


def _told(answer: dict[str, object]) -> bytes:
    return json.dumps(answer, separators=(",", ":"), allow_nan=False).encode()


if __name__ == "__main__":
    confine(int(sys.argv[2]))
    serve(socket.socket(fileno=int(sys.argv[1])))
