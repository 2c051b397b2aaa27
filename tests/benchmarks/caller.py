"""Our caller: asyncio, as the gateway is.  ``N F``: N calls with F in flight."""

import asyncio
import sys
import time
from typing import Any

from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from tests.benchmarks.party import ready, say

TEXT = "x" * 300
WARM_UP_CALLS = 20


async def call(platform: Platform[Any], calls: int) -> None:
    for _ in range(calls):
        answer = await platform.rpc.call_async(
            "contracts", "echo", context=platform.context(), text=TEXT
        )
        assert answer == TEXT


async def measure(platform: Platform[Any], calls: int, in_flight: int) -> None:
    await call(platform, WARM_UP_CALLS)
    began = time.monotonic()
    await asyncio.gather(
        *(call(platform, calls // in_flight) for _ in range(in_flight))
    )
    say(seconds=time.monotonic() - began, count=calls // in_flight * in_flight)


def main(calls: str, in_flight: str) -> None:
    settings = read(PlatformSettings, prefix="auth")
    platform = Platform.open(settings)
    platform.rpc.start()
    ready()
    asyncio.run(measure(platform, int(calls), int(in_flight)))
    platform.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
