"""Contracts asks antifraud about applications.  ``N F C``: N questions, F at once.

They are about clients of the town of C (`tests.benchmarks.deciding`), in no order.
"""

import asyncio
import sys
import time
from random import Random
from typing import Any
from uuid import UUID

from kernel.platform import Platform
from kernel.settings import PlatformSettings, read
from tests.benchmarks.party import ready, say

WARM_UP = 100
SEED = 101


async def ask(platform: Platform[Any], client: int) -> float:
    """Seconds until the answer."""
    began = time.monotonic()
    answer: Any = await platform.rpc.call_async(
        "antifraud",
        "decide",
        context=platform.context(),
        operation=f"application:{platform.ids.new()}",
        client_id=UUID(int=client),
        amount={"amount_minor": 15_000_000, "currency": "KZT"},
        facts={"term_days": 30, "device_token": f"d{client}"},
    )
    assert answer["decision_id"]
    return time.monotonic() - began


async def measure(
    platform: Platform[Any], count: int, in_flight: int, clients: int
) -> None:
    random = Random(SEED)
    asked = iter([random.randrange(clients) for _ in range(WARM_UP + count)])

    async def each(those: int) -> list[float]:
        return [await ask(platform, next(asked)) for _ in range(those)]

    async def all_of(those: int) -> list[float]:
        shares = [each(those // in_flight) for _ in range(in_flight)]
        return [took for share in await asyncio.gather(*shares) for took in share]

    await all_of(WARM_UP)
    began = time.monotonic()
    took = await all_of(count)
    say(seconds=time.monotonic() - began, took=took)


def main(count: str, in_flight: str, clients: str) -> None:
    settings = read(PlatformSettings, prefix="contracts")
    platform = Platform.open(settings)
    platform.rpc.start()
    ready()
    asyncio.run(measure(platform, int(count), int(in_flight), int(clients)))
    platform.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
