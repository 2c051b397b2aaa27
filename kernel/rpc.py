"""Commands over the bus: nameko's wire, with a deadline, an identity and a signature.

A request is nameko's ``{"args": [], "kwargs": {…}}`` with signed members beside it:
who calls which method, until when, in which context and in whose name.  It goes to
the exchange ``rpc`` under ``<callee>.<method>``, where the broker's topic permissions
enforce the call matrix; the answer comes through the exchange ``reply`` under a key
that begins with the caller's principal, as the *broker* saw it.

A command is at most once: it is acknowledged when it has been verified, before it
runs.  A caller that hears nothing raises Transient and may ask again under the same
idempotency key.
"""

import asyncio
import inspect
import threading
from collections.abc import Awaitable, Callable, Iterable, Mapping
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final, Self, get_type_hints
from uuid import UUID

import amqp
import orjson
from kombu import Connection, Queue
from pydantic import BaseModel, ConfigDict, ValidationError, create_model

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
from kernel.clock import Clock, parse_rfc3339, rfc3339
from kernel.context import Call, Context, jsonable
from kernel.crypto import (
    CanonicalError,
    Json,
    SignatureInvalidError,
    SigningKey,
    TrustStore,
    as_object,
    b64url,
    canonical,
    parse_canonical,
    sha256,
    unb64url,
)
from kernel.errors import Broken, KernelError, Refused, Transient
from kernel.ids import Ids
from kernel.logging import get_logger
from kernel.metrics import RPC_SECONDS
from kernel.tokens import Assertions

log = get_logger("rpc")

TIMEOUT_S: Final = 5.0
MAX_REQUEST_BYTES: Final = 12 * 1024 * 1024
"""A photo of 8 MiB in base64 and its company."""
PUBLISH_TIMEOUT_S: Final = 5


class CallRejectedError(ValueError):
    """A request that must not run; ``code`` says why (a security event)."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Request:
    """A verified request with its arguments."""

    call: Call
    arguments: Mapping[str, Json]
    reply_to: str


@dataclass(frozen=True, slots=True)
class Method:
    """One callable method: its name, who may call it, and its arguments' schema.

    The schema is the function's own signature: every argument is named and typed,
    none may be left out without a default, none may be added.
    """

    name: str
    callers: frozenset[str]
    client: bool
    schema: type[BaseModel]

    @classmethod
    def of(
        cls, function: Callable[..., object], *, callers: Iterable[str], client: bool
    ) -> Self:
        """Read the signature of a service's method (``self, call, *, …``)."""
        hints = get_type_hints(function, include_extras=True)
        _, _, *parameters = inspect.signature(function).parameters.values()
        members: Any = {
            p.name: (hints[p.name], ... if p.default is p.empty else p.default)
            for p in parameters
        }
        schema = create_model(
            function.__name__,
            __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True),
            **members,
        )
        return cls(function.__name__, frozenset(callers), client, schema)

    def arguments_for(self, request: Request) -> dict[str, Any]:
        """The typed arguments, if this caller may call with them.

        Raises CallRejectedError: ``not_permitted``, ``no_client``, ``misshapen``.
        """
        if request.call.caller not in self.callers:
            raise CallRejectedError("not_permitted")
        if self.client and request.call.client_id is None:
            raise CallRejectedError("no_client")
        try:
            model = self.schema.model_validate_json(
                orjson.dumps(request.arguments), strict=True
            )
        except ValidationError:
            raise CallRejectedError("misshapen") from None
        return {name: getattr(model, name) for name in self.schema.model_fields}


def sign_request(
    *,
    key: SigningKey,
    call_id: UUID,
    caller: str,
    callee: str,
    method: str,
    deadline: datetime,
    context: Context,
    assertion: str | None,
    idempotency_key: str | None,
    arguments: Mapping[str, Json],
) -> bytes:
    """The canonical, signed bytes of a request."""
    body: dict[str, Json] = {
        "args": [],
        "kwargs": arguments,
        "id": str(call_id),
        "caller": caller,
        "callee": callee,
        "method": method,
        "deadline": rfc3339(deadline),
        "correlationid": str(context.correlation_id),
        "traceparent": context.traceparent,
        "assertion": assertion,
        "idempotencykey": idempotency_key,
        "keyid": key.keyid,
    }
    return canonical({**body, "signature": b64url(key.sign(canonical(body)))})


def open_request(
    message: Received,
    *,
    service: str,
    trust: TrustStore,
    assertions: Assertions,
    clock: Clock,
) -> Request:
    """Believe a request only after these checks, in this order.

    1. A bounded size, canonical JSON, a reply key of the caller's own.
    2. The signature is of a trusted key, and the broker saw that principal send it.
    3. It is meant for this service.
    4. Its deadline has not passed (CallRejectedError ``late``: nobody waits for it).
    5. If it speaks for a client, the assertion verifies.

    Raises CallRejectedError, or Refused for a bad assertion.
    """
    if len(message.body) > MAX_REQUEST_BYTES:  # step 1
        raise CallRejectedError("too_large")
    try:
        fields = dict(as_object(parse_canonical(message.body)))
        signature = unb64url(str(fields.pop("signature")))
        principal = trust.verify(  # step 2
            str(fields["keyid"]), canonical(fields), signature
        )
        call, arguments, assertion = _read_request(fields)
    except SignatureInvalidError as error:
        raise CallRejectedError("bad_signature") from error
    except (CanonicalError, ValueError, TypeError, KeyError, Broken) as error:
        raise CallRejectedError("misshapen") from error
    reply_to = str(message.properties.get("reply_to", ""))
    if message.sender != principal or call.caller != principal:
        raise CallRejectedError("wrong_sender")
    if not reply_to.startswith(f"{principal}."):
        raise CallRejectedError("wrong_reply_key")
    if fields["callee"] != service:  # step 3
        raise CallRejectedError("wrong_callee")
    if call.deadline <= clock.now():  # step 4
        raise CallRejectedError("late")
    if assertion is not None:  # step 5
        client_id = assertions.verify(assertion, audience=service)
        call = replace(call, client_id=client_id)
    return Request(call, arguments, reply_to)


def _read_request(
    fields: Mapping[str, Json],
) -> tuple[Call, Mapping[str, Json], str | None]:
    arguments = fields["kwargs"]
    if not isinstance(arguments, dict) or fields["args"] != []:
        raise TypeError("arguments are named")
    call_id = UUID(str(fields["id"]))
    call = Call(
        id=call_id,
        caller=str(fields["caller"]),
        method=str(fields["method"]),
        deadline=parse_rfc3339(str(fields["deadline"])),
        context=Context(
            UUID(str(fields["correlationid"])), call_id, str(fields["traceparent"])
        ),
        client_id=None,
        idempotency_key=_optional_text(fields["idempotencykey"]),
        arguments_digest=sha256(canonical(arguments)),
    )
    return call, arguments, _optional_text(fields["assertion"])


def _optional_text(value: Json) -> str | None:
    if value is None or isinstance(value, str):
        return value
    raise TypeError("text or null expected")


def reply_of(result: object) -> bytes:
    """The bytes of a good answer."""
    return canonical({"result": jsonable(result), "error": None})


def reply_of_error(error: KernelError) -> bytes:
    """The bytes of a failure; a Broken tells the caller nothing but that it is."""
    match error:
        case Refused():
            told: dict[str, Json] = {
                "kind": "refused",
                "code": error.code,
                "sentence": error.sentence,
                "next_step": error.next_step,
                "details": dict(error.details),
            }
        case Transient():
            told = {
                "kind": "transient",
                "sentence": error.sentence,
                "retry_after_s": error.retry_after_s,
            }
        case _:
            told = {"kind": "broken"}
    return canonical({"result": None, "error": told})


def read_reply(body: bytes) -> Json:
    """The result of an answer, or the failure it tells, raised here."""
    answer = orjson.loads(body)
    error = answer["error"]
    if error is None:
        result: Json = answer["result"]
        return result
    match error["kind"]:
        case "refused":
            raise Refused(
                error["code"],
                error["sentence"],
                next_step=error["next_step"],
                **error["details"],
            )
        case "transient":
            raise Transient(error["sentence"], retry_after_s=error["retry_after_s"])
    raise Broken("the callee failed; its own log says why")


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
        self._started = False

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
        with RPC_SECONDS.labels(f"{service}.{method}").time():
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
            with RPC_SECONDS.labels(f"{service}.{method}").time():
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

    def _ensure_listening(self, timeout_s: float) -> None:
        with self._start:
            if not self._started:
                self._started = True
                loop = Consuming(
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
