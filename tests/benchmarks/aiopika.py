"""The asyncio peer: aio-pika as its manual shows it, verifying the same signatures.

It keeps nothing: no database, no order, no duplicates.  What it does per message is
what cannot be left out: parse, check the signature, acknowledge (fifty at a time).
"""

import asyncio
import base64
import sys
import time
from collections.abc import Mapping

import aio_pika
import orjson
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustConnection
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kernel.bus import PREFETCH
from kernel.crypto import TrustStore
from kernel.settings import PlatformSettings, read
from kernel.tls import client_context
from tests.benchmarks.party import WARM_UP, ready, say

ACK_EVERY = PREFETCH // 2
"""Acknowledged together; half the window, so that the broker never waits."""


def verified(
    body: bytes, keys: Mapping[str, tuple[str, Ed25519PublicKey]]
) -> dict[str, object]:
    """The members of a signed message; InvalidSignature if it is not."""
    members: dict[str, object] = orjson.loads(body)
    signature = base64.urlsafe_b64decode(f"{members.pop('signature')}==")
    signed = orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
    keys[str(members["keyid"])][1].verify(signature, signed)
    return members


async def connect(settings: PlatformSettings) -> AbstractRobustConnection:
    """The same TLS, the same certificate, the same login as ours."""
    return await aio_pika.connect_robust(
        f"{settings.broker_url}?auth=EXTERNAL",
        ssl_context=client_context(
            settings.tls_ca, settings.tls_cert, settings.tls_key
        ),
    )


async def listen(settings: PlatformSettings, queue_name: str, count: int) -> None:
    """Drain ``count`` events; the end is the last acknowledgement."""
    keys = TrustStore.load(settings.trust).keys
    connection = await connect(settings)
    channel = await connection.channel()
    await channel.set_qos(prefetch_count=PREFETCH)
    queue = await channel.get_queue(queue_name, ensure=False)
    times: list[float] = []
    done = asyncio.Event()

    async def handle(message: AbstractIncomingMessage) -> None:
        verified(message.body, keys)
        times.append(time.monotonic())
        if len(times) % ACK_EVERY == 0 or len(times) == count:
            await message.ack(multiple=True)
        if len(times) == count:
            done.set()

    await queue.consume(handle)
    await done.wait()
    say(seconds=time.monotonic() - times[WARM_UP - 1], count=count - WARM_UP)
    await connection.close()


def main(role: str, prefix: str, *arguments: str) -> None:
    settings = read(PlatformSettings, prefix=prefix)
    ready()
    queue_name, count = arguments
    asyncio.run(listen(settings, queue_name, int(count)))


if __name__ == "__main__":
    main(*sys.argv[1:])
