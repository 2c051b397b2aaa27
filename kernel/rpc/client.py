"""The caller's side: one kept connection out, one loop over the answers."""

import asyncio
import threading
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from datetime import timedelta
from typing import Any, Final

import amqp
from kombu import Connection, Queue

from kernel.bus import (
    BROKER_ERRORS,
    PREFETCH,
    REPLY_EXCHANGE,
    RPC_EXCHANGE,
    Broker,
    Consuming,
    Received,
    close_quietly,
)
from kernel.clock import Clock
from kernel.context import Context, jsonable
from kernel.crypto import Json, SigningKey, as_object
from kernel.errors import KernelError, Transient
from kernel.ids import Ids
from kernel.metrics import RPC_CLIENT_SECONDS
from kernel.rpc.wire import read_reply, sign_request

TIMEOUT_S: Final = 5.0
PUBLISH_TIMEOUT_S: Final = 5


class Publisher:
    """One kept connection for requests or replies, for any number of threads.

    Nothing is confirmed: a lost request or answer shows as a time-out of its caller.
    """

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._channel: Any = None

    def publish(
        self, body: bytes, exchange: str, routing_key: str, **properties: str
    ) -> None:
        """Send ``body``; a connection that died since the last use is renewed once.

        Raises Transient when the broker is away.
        """
        message = amqp.Message(
            body,
            content_type="application/json",
            content_encoding="utf-8",
            user_id=self._broker.principal,
            **properties,
        )
        with self._lock:
            for last_try in (False, True):
                try:
                    self._open_channel().basic_publish(
                        message, exchange, routing_key, timeout=PUBLISH_TIMEOUT_S
                    )
                except BROKER_ERRORS as error:
                    self._drop()
                    if last_try:
                        raise Transient("the message bus is away") from error
                else:
                    return

    def _open_channel(self) -> Any:  # noqa: ANN401 - a py-amqp channel
        if self._connection is None:
            self._connection = self._broker.connect()
            self._channel = self._connection.channel()
        return self._channel

    def beat(self) -> None:
        """Answer the broker's heartbeat, so that an idle connection lives."""
        with self._lock:
            if self._connection is None:
                return
            try:
                self._connection.heartbeat_check()
                self._connection.drain_events(timeout=0.001)
            except TimeoutError:
                return
            except BROKER_ERRORS:
                self._drop()

    def _drop(self) -> None:
        connection, self._connection, self._channel = self._connection, None, None
        if connection is not None:
            close_quietly(connection)

    def close(self) -> None:
        """Let the connection go."""
        with self._lock:
            self._drop()


class RpcClient:
    """Calls other services; safe for threads and, by `call_async`, for asyncio."""

    def __init__(
        self, broker: Broker, *, key: SigningKey, clock: Clock, ids: Ids
    ) -> None:
        self._broker = broker
        self._key = key
        self._clock = clock
        self._ids = ids
        self._reply_key = f"{broker.principal}.{ids.new()}"
        self._waiting: dict[str, tuple[str, Future[Json]]] = {}
        self._publisher = Publisher(broker)
        self._stop = threading.Event()
        self._listening = threading.Event()
        self._start = threading.Lock()
        self._answers: Consuming | None = None

    def call(
        self,
        service: str,
        method: str,
        *,
        context: Context,
        timeout_s: float = TIMEOUT_S,
        assertion: str | None = None,
        idempotency_key: str | None = None,
        **arguments: object,
    ) -> Json:
        """Call and wait.  Raises Refused, Transient (no answer in time) or Broken."""
        future = self._submit(
            service,
            method,
            context=context,
            timeout_s=timeout_s,
            assertion=assertion,
            idempotency_key=idempotency_key,
            arguments=arguments,
        )
        with RPC_CLIENT_SECONDS.labels(service, method).time():
            try:
                return future.result(timeout_s)
            except FutureTimeoutError as error:
                raise _no_answer(service) from error

    def call_async(
        self,
        service: str,
        method: str,
        *,
        context: Context,
        timeout_s: float = TIMEOUT_S,
        assertion: str | None = None,
        idempotency_key: str | None = None,
        **arguments: object,
    ) -> Awaitable[Json]:
        """`call` for asyncio: nothing here blocks the event loop but the bus is slow.

        The request is published from a thread, the answer arrives in another.
        """

        async def ask() -> Json:
            loop = asyncio.get_running_loop()
            future = await loop.run_in_executor(
                None,
                lambda: self._submit(
                    service,
                    method,
                    context=context,
                    timeout_s=timeout_s,
                    assertion=assertion,
                    idempotency_key=idempotency_key,
                    arguments=arguments,
                ),
            )
            with RPC_CLIENT_SECONDS.labels(service, method).time():
                try:
                    return await asyncio.wait_for(
                        asyncio.wrap_future(future), timeout_s
                    )
                except TimeoutError as error:
                    raise _no_answer(service) from error

        return ask()

    def _submit(
        self,
        service: str,
        method: str,
        *,
        context: Context,
        timeout_s: float,
        assertion: str | None,
        idempotency_key: str | None,
        arguments: Mapping[str, object],
    ) -> Future[Json]:
        self._ensure_listening(timeout_s)
        call_id = self._ids.new()
        plain = as_object(jsonable(arguments))
        body = sign_request(
            key=self._key,
            call_id=call_id,
            caller=self._broker.principal,
            callee=service,
            method=method,
            deadline=self._clock.now() + timedelta(seconds=timeout_s),
            context=context,
            assertion=assertion,
            idempotency_key=idempotency_key,
            arguments=plain,
        )
        future: Future[Json] = Future()
        self._waiting[str(call_id)] = (service, future)
        future.add_done_callback(lambda _: self._waiting.pop(str(call_id), None))
        try:
            self._publisher.publish(
                body,
                RPC_EXCHANGE,
                f"{service}.{method}",
                reply_to=self._reply_key,
                correlation_id=str(call_id),
                expiration=str(int(timeout_s * 1000)),
            )
        except Transient:
            future.cancel()
            raise
        return future

    def start(self) -> None:
        """Begin to listen for answers; the first call does it otherwise."""
        with self._start:
            if self._answers is not None:
                return
            self._answers = loop = Consuming(
                self._broker,
                f"reply.{self._reply_key}",
                self._on_reply,
                prefetch=PREFETCH,
                prepare=self._declare_reply_queue,
            )
            for name, target in (
                ("rpc-replies", lambda: loop.run(self._stop)),
                ("rpc-heartbeat", self._beat),
            ):
                threading.Thread(target=target, name=name, daemon=True).start()

    @property
    def connected(self) -> bool:
        """Whether answers can arrive right now."""
        return self._answers is not None and self._answers.connected

    def _ensure_listening(self, timeout_s: float) -> None:
        self.start()
        if not self._listening.wait(timeout_s):
            raise Transient("the message bus is away")

    def _declare_reply_queue(self, connection: Connection) -> None:
        queue = Queue(
            f"reply.{self._reply_key}", durable=False, exclusive=True, auto_delete=True
        )(connection.default_channel)
        queue.queue_declare()
        connection.default_channel.queue_bind(
            queue.name, REPLY_EXCHANGE, self._reply_key
        )
        self._listening.set()

    def _beat(self) -> None:
        while not self._stop.wait(1.0):
            self._publisher.beat()

    def _on_reply(self, message: Received) -> None:
        waiting = self._waiting.get(str(message.properties.get("correlation_id")))
        if waiting is None or waiting[0] != message.sender:
            return  # too late, or not from the service that was asked
        future = waiting[1]
        try:
            result = read_reply(message.body)
        except KernelError as error:
            failure = error
            _settle(future, lambda: future.set_exception(failure))
        else:
            _settle(future, lambda: future.set_result(result))

    def close(self) -> None:
        """Stop listening; waiting calls time out."""
        self._stop.set()
        self._publisher.close()


def _settle(future: Future[Json], act: Callable[[], None]) -> None:
    if future.set_running_or_notify_cancel():
        act()


def _no_answer(service: str) -> Transient:
    return Transient(f"{service} did not answer in time", retry_after_s=1)
