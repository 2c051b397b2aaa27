"""``python -m photo``: the photo judge on a Unix socket, until it is stopped.

The environment says where and how much: PHOTO_SOCKET, PHOTO_TIME_LIMIT_S,
PHOTO_MEMORY_MIB, PHOTO_PICTURES. It holds no secret.
"""

import os
from pathlib import Path

from photo.keeper import Keeper, Limits, say


def main() -> None:
    told = os.environ  # noqa: TID251 - this process shares no code with the kernel
    limits = Limits(
        time_s=float(told["PHOTO_TIME_LIMIT_S"]),
        memory_mib=int(told["PHOTO_MEMORY_MIB"]),
        pictures=int(told["PHOTO_PICTURES"]),
    )
    keeper = Keeper(Path(told["PHOTO_SOCKET"]), limits)
    say("ready")
    keeper.serve()


if __name__ == "__main__":
    main()
