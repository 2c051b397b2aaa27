"""The asyncio peer: aio-pika as its manual shows it, checking the same signatures.

It keeps nothing: no database, no order, no duplicates.  What it does with a message is
what cannot be left out: parse, check the signature, acknowledge (many at a time).
Roles: ``drain``, ``hear``, ``pace``, ``answer``, ``call``; see `ours` and `caller`.
"""

import asyncio
import base64
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any, Final

import aio_pika
import orjson
from aio_pika.abc import AbstractChannel, AbstractIncomingMessage
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.signing import VerifyKey

from kernel.bus import REPLY_EXCHANGE, RPC_EXCHANGE
from kernel.platform import Platform
from kernel.rpc import sign_request
from kernel.settings import PlatformSettings, read
from kernel.tls import client_context
from tests.benchmarks.caller import TEXT, WARM_UP_CALLS
from tests.benchmarks.party import WARM_UP, bodies, ready, say

WINDOW: Final = 200
"""Messages under way; it is slower with as many as we have."""
ACK_EVERY: Final = WINDOW // 2
"""Acknowledged together; half the window, so that the broker never waits."""

Check = Callable[[bytes, bytes], object]
"""Raises unless the first argument is the signature of the second."""


def verified(body: bytes, checks: Mapping[str, Check]) -> dict[str, Any]:
    """The members of a signed message; the library's own exception if it is not."""
    members: dict[str, Any] = orjson.loads(body)
    signature = base64.urlsafe_b64decode(f"{members.pop('signature')}==")
    signed = orjson.dumps(members, option=orjson.OPT_SORT_KEYS)
    checks[members["keyid"]](signature, signed)
    return members


def _verify_by_nacl(key: VerifyKey, signature: bytes, signed: bytes) -> None:
    key.verify(signed, signature)


class Peer:
    """One connection with our TLS, our certificate and our login."""

    def __init__(self, prefix: str) -> None:
        self.settings = read(PlatformSettings, prefix=prefix)
        self.platform: Platform[Any] = Platform.open(self.settings)
        self.checks: Mapping[str, Check] = {
            keyid: Ed25519PublicKey.from_public_bytes(bytes(key)).verify
            for keyid, (_, key) in self.platform.trust.keys.items()
        }

    async def channel(self, *, confirms: bool) -> AbstractChannel:
        settings = self.settings
        connection = await aio_pika.connect_robust(
            f"{settings.broker_url}?auth=EXTERNAL",
            ssl_context=client_context(
                settings.tls_ca, settings.tls_cert, settings.tls_key
            ),
        )
        channel = await connection.channel(publisher_confirms=confirms)
        await channel.set_qos(prefetch_count=WINDOW)
        return channel

    def message(self, body: bytes, **properties: Any) -> aio_pika.Message:  # noqa: ANN401 - passed on
        return aio_pika.Message(
            body,
            content_type="application/json",
            user_id=self.settings.principal,
            **properties,
        )

    async def drain(self, queue_name: str, count: str, library: str) -> None:
        """Empty the queue; the end is the last acknowledgement."""
        if library == "nacl":
            trust = self.platform.trust
            self.checks = {
                keyid: partial(_verify_by_nacl, key)
                for keyid, (_, key) in trust.keys.items()
            }
        await asyncio.to_thread(ready)
        times = await self._receive(queue_name, int(count))
        end = time.monotonic()
        say(seconds=end - times[WARM_UP - 1], count=int(count) - WARM_UP)

    async def hear(self, queue_name: str, count: str) -> None:
        say(at=await self._receive(queue_name, int(count), then=ready))

    async def _receive(
        self, queue_name: str, count: int, then: Callable[[], None] = lambda: None
    ) -> list[float]:
        channel = await self.channel(confirms=False)
        queue = await channel.get_queue(queue_name, ensure=False)
        times: list[float] = []
        done = asyncio.Event()

        async def handle(message: AbstractIncomingMessage) -> None:
            verified(message.body, self.checks)
            times.append(time.monotonic())
            if len(times) % ACK_EVERY == 0 or len(times) == count:
                await message.ack(multiple=True)
            if len(times) == count:
                done.set()

        await queue.consume(handle)
        await asyncio.to_thread(then)
        await done.wait()
        return times

    async def pace(
        self, path: str, exchange_name: str, routing_key: str, rate: str
    ) -> None:
        channel = await self.channel(confirms=True)
        exchange = await channel.get_exchange(exchange_name, ensure=False)
        await asyncio.to_thread(ready)
        at, tasks = [], []
        began = time.monotonic()
        for index, body in enumerate(bodies(path)):
            await asyncio.sleep(max(0.0, began + index / int(rate) - time.monotonic()))
            message = self.message(body, delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
            at.append(time.monotonic())
            tasks.append(asyncio.create_task(exchange.publish(message, routing_key)))
        await asyncio.gather(*tasks)
        say(at=at)

    async def answer(self, queue_name: str) -> None:
        """Verify a request, send its text back."""
        channel = await self.channel(confirms=False)
        queue = await channel.get_queue(queue_name, ensure=False)
        replies = await channel.get_exchange(REPLY_EXCHANGE, ensure=False)

        async def handle(message: AbstractIncomingMessage) -> None:
            request = verified(message.body, self.checks)
            body = orjson.dumps({"result": request["kwargs"]["text"], "error": None})
            answer = self.message(body, correlation_id=message.correlation_id)
            await replies.publish(answer, str(message.reply_to))
            await message.ack()

        await queue.consume(handle)
        await asyncio.to_thread(ready)
        await asyncio.Event().wait()

    async def call(self, calls: str, in_flight: str) -> None:
        channel = await self.channel(confirms=False)
        reply_key = f"{self.settings.principal}.{self.platform.ids.new()}"
        queue = await channel.declare_queue(f"reply.{reply_key}", exclusive=True)
        await queue.bind(REPLY_EXCHANGE, reply_key)
        requests = await channel.get_exchange(RPC_EXCHANGE, ensure=False)
        waiting: dict[str, asyncio.Future[Any]] = {}

        async def on_reply(message: AbstractIncomingMessage) -> None:
            future = waiting.pop(str(message.correlation_id))
            future.set_result(orjson.loads(message.body)["result"])

        await queue.consume(on_reply, no_ack=True)

        async def one() -> None:
            call_id = self.platform.ids.new()
            future = asyncio.get_running_loop().create_future()
            waiting[str(call_id)] = future
            message = self.message(
                self._request(call_id), reply_to=reply_key, correlation_id=str(call_id)
            )
            await requests.publish(message, "contracts.echo")
            assert await future == TEXT

        await asyncio.to_thread(ready)
        await _many(one, WARM_UP_CALLS)
        share = int(calls) // int(in_flight)
        began = time.monotonic()
        await asyncio.gather(*(_many(one, share) for _ in range(int(in_flight))))
        say(seconds=time.monotonic() - began, count=share * int(in_flight))

    def _request(self, call_id: Any) -> bytes:  # noqa: ANN401 - a UUID
        return sign_request(
            key=self.platform.signing_key,
            call_id=call_id,
            caller=self.settings.principal,
            callee="contracts",
            method="echo",
            deadline=self.platform.clock.now() + timedelta(seconds=5),
            context=self.platform.context(),
            assertion=None,
            idempotency_key=None,
            arguments={"text": TEXT},
        )


async def _many(act: Callable[[], Awaitable[None]], times: int) -> None:
    for _ in range(times):
        await act()


if __name__ == "__main__":
    asyncio.run(getattr(Peer(sys.argv[2]), sys.argv[1])(*sys.argv[3:]))
