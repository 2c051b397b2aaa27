"""The only door to nameko: it adapts `kernel.bus`, `kernel.inbox` and `kernel.rpc`.

nameko gives the life cycle: a container per service, a worker per call with its
dependencies injected, orderly start and stop.  The wire is ours (ADR 0001), so none
of nameko's own AMQP classes is used: they lose messages, hang without a time-out and
die of a header that is missing (docs/adr/0001).
"""

import functools
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, ParamSpec, TypeVar

import nameko
from eventlet import Timeout, monkey_patch
from eventlet.event import Event as Promise
from nameko.containers import ServiceContainer, WorkerContext
from nameko.extensions import DependencyProvider, Entrypoint, SharedExtension
from typing_extensions import override

from kernel.bus import REPLY_EXCHANGE, Consuming, Interest, Received, supervised
from kernel.database import Transaction
from kernel.errors import Broken, KernelError, Refused, Transient
from kernel.events import Envelope, Event
from kernel.inbox import BATCH, Handler, Inbox
from kernel.logging import canonical, get_logger
from kernel.measures import Measures
from kernel.metrics import RPC_SERVER_SECONDS
from kernel.operations import CALLERS, Operations
from kernel.outbox import Relay, Signer
from kernel.platform import AnyPlatform
from kernel.rpc import (
    CallRejectedError,
    Method,
    Publisher,
    Request,
    open_request,
    reply_of,
    reply_of_error,
)

log = get_logger("entrypoints")

MAX_WORKERS: Final = 16
FINISH_S: Final = 5.0
"""How long an orderly stop waits for what is under way; the supervisor gives ten."""
_OPERATIONS: Final = {
    name: Method.of(getattr(Operations, name), callers=callers, client=False)
    for name, callers in CALLERS.items()
}
P = ParamSpec("P")
R = TypeVar("R")


class KernelContainer(ServiceContainer):
    """A nameko container that knows the platform and the use cases it serves."""

    def __init__(self, service: type, platform: AnyPlatform, use_cases: object) -> None:
        self.platform = platform
        self.use_cases = use_cases
        nameko.config.update({"max_workers": MAX_WORKERS})
        self.consuming: list[Consuming] = []
        self.inbox: Inbox | None = None
        super().__init__(service)

    def bus_connected(self) -> bool:
        """Whether every queue of the service is being consumed right now."""
        return all(consuming.connected for consuming in self.consuming)

    @override
    def stop(self) -> None:
        """Take nothing more from any queue, finish what was taken, end the rest."""
        self.subextensions.all.stop()
        super().stop()

    def has_died(self) -> bool:
        """Whether an extension ended the container: the process must not go on."""
        return bool(self._died.ready())

    def reaction(self, entrypoint: Entrypoint) -> Handler:
        """The method behind ``entrypoint``, of a service object of its own.

        nameko makes such an object, with its dependencies, for each worker.  Events
        come one after the other, thousands a second, and a worker for each would
        cost more than all else together.
        """
        worker = WorkerContext(self, self.service_cls(), entrypoint)
        self._inject_dependencies(worker)
        handler: Handler = getattr(worker.service, entrypoint.method_name)
        return handler


class UseCasesProvider(DependencyProvider):
    """Injects what the service's ``wiring.build`` returned."""

    def get_dependency(self, worker_ctx: object) -> object:  # noqa: ARG002 - nameko's signature
        """The one object of use cases, shared by all workers."""
        return self.container.use_cases


class _Background(SharedExtension):
    """Something that runs beside the workers until the container stops."""

    def __init__(self) -> None:
        self.stop_event = threading.Event()
        self._running: set[Any] = set()
        super().__init__()

    def loops(self) -> Iterable[Callable[[threading.Event], None]]:
        """The loops to run, each until its argument is set."""
        raise NotImplementedError

    def consume(
        self,
        queue: str,
        handle: Callable[..., object],
        *,
        read: Callable[[Received], object] | None = None,
        most: int = 1,
    ) -> Callable[[threading.Event], None]:
        """The loop over one queue, known to readiness."""
        broker = self.container.platform.broker
        consuming = Consuming(broker, queue, handle, read=read, most=most)
        self.container.consuming.append(consuming)
        return consuming.run

    def start(self) -> None:
        for loop in self.loops():
            self.run_beside(functools.partial(supervised, loop, self.stop_event))

    def run_beside(self, act: Callable[[], None]) -> None:
        """Run ``act`` in a thread of its own, which `stop` waits for."""
        thread = self.container.spawn_managed_thread(act)
        self._running.add(thread)
        thread.link(self._running.discard)

    def stop(self) -> None:
        if self.stop_event.is_set():
            return  # nameko stops everything again at the end: waited for already
        self.kill()
        with Timeout(FINISH_S, False):  # noqa: FBT003 - eventlet's "do not raise"
            while self._running:
                next(iter(self._running)).wait()

    def kill(self) -> None:
        self.stop_event.set()


class OutboxRelay(_Background):
    """Runs the service's relay, and measures beside it what it leaves."""

    @override
    def loops(self) -> Iterable[Callable[[threading.Event], None]]:
        platform = self.container.platform
        relay = Relay(
            platform.database.engine,
            platform.broker,
            Signer(self.container.service_name, platform.signing_key),
            clock=platform.clock,
        )
        yield relay.run
        yield Measures(platform.database, platform.clock, platform.ids).run


class EventDoor(_Background):
    """One inbox for all reactions of the service."""

    def __init__(self) -> None:
        self.reactions: dict[str, Entrypoint] = {}
        super().__init__()

    @override
    def loops(self) -> Iterable[Callable[[threading.Event], None]]:
        platform, service = self.container.platform, self.container.service_name
        inbox = Inbox(
            service=service,
            database=platform.database,
            handlers={
                event_type: functools.partial(
                    _told, self.container.reaction(entrypoint)
                )
                for event_type, entrypoint in self.reactions.items()
            },
            trust=platform.trust,
            field_keys=platform.field_keys,
            clock=platform.clock,
            ids=platform.ids,
            quarantine=platform.quarantine,
        )
        self.container.inbox = inbox
        for queue, receive in (
            (f"{service}.inbox", inbox.receive),
            (f"{service}.dead", inbox.receive_dead),
        ):
            yield self.consume(queue, receive, read=inbox.opened, most=BATCH)
        yield inbox.run_retries


def _told(react: Handler, tx: Transaction, event: Event, envelope: Envelope) -> None:
    """Run a reaction, and one line about it; its exception comes out here."""
    began, outcome = time.monotonic(), "broken"
    try:
        react(tx, event, envelope)
        outcome = "ok"
    except Transient:
        outcome = "transient"
        raise
    finally:
        canonical(
            log,
            "reaction",
            outcome=outcome,
            type=envelope.type,
            id=str(envelope.id),
            ms=_ms_since(began),
            trace_id=tx.context.trace_id,
            correlation_id=str(tx.context.correlation_id),
        )


def _ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _worker_result(
    container: KernelContainer,
    entrypoint: Entrypoint,
    args: tuple[object, ...],
    kwargs: dict[str, object],
) -> object:
    promise = Promise()

    def settle(_ctx: object, result: object, exc_info: Any) -> tuple[object, Any]:  # noqa: ANN401 - sys.exc_info()
        if exc_info is None:
            promise.send(result)
        else:
            promise.send_exception(exc_info[1])
        return result, None

    container.spawn_worker(entrypoint, args, kwargs, handle_result=settle)
    return promise.wait()


class RpcDoor(_Background):
    """One queue for all methods of the service."""

    def __init__(self) -> None:
        self.methods: dict[str, tuple[Method, Entrypoint]] = {}
        super().__init__()

    @override
    def loops(self) -> Iterable[Callable[[threading.Event], None]]:
        platform, service = self.container.platform, self.container.service_name
        self.replies = Publisher(platform.broker)
        yield self.consume(f"{service}.rpc", self.on_message)
        yield self.replies.run

    def on_message(self, message: Received) -> None:
        """Verify, then run beside the loop: the message is acknowledged meanwhile."""
        platform = self.container.platform
        reply_to = str(message.properties.get("reply_to", ""))
        try:
            request = open_request(
                message,
                service=self.container.service_name,
                trust=platform.trust,
                assertions=platform.assertions,
                clock=platform.clock,
            )
        except Refused as error:
            if message.sender and reply_to.startswith(f"{message.sender}."):
                self._answer(reply_to, message.properties, reply_of_error(error))
            return
        except CallRejectedError as error:
            self._reject(message, error)
            return
        self.run_beside(functools.partial(self._run, request, message))

    def _run(self, request: Request, message: Received) -> None:
        call, began = request.call, time.monotonic()
        known = call.method in self.methods or call.method in _OPERATIONS
        method = call.method if known else "unknown"
        with RPC_SERVER_SECONDS.labels(method).time():
            outcome, body = self._answered(request, message)
        self._answer(request.reply_to, message.properties, body)
        canonical(
            log,
            "call",
            outcome=outcome,
            method=method,
            caller=call.caller,
            ms=_ms_since(began),
            trace_id=call.context.trace_id,
            correlation_id=str(call.context.correlation_id),
        )

    def _answered(self, request: Request, message: Received) -> tuple[str, bytes]:
        """How the call went (ok, refused, transient, broken), and what to answer."""
        call = request.call
        try:
            return "ok", reply_of(self._result(request))
        except CallRejectedError as error:
            self._reject(message, error)
            return "refused", reply_of_error(Broken(error.code))
        except Broken as error:
            log.warning("call_broken", method=call.method, why=error.sentence)
            return "broken", reply_of_error(error)
        except KernelError as error:
            outcome = "refused" if isinstance(error, Refused) else "transient"
            return outcome, reply_of_error(error)
        except Exception:  # a defect must not become silence: the caller is told
            log.exception("call_defect", method=call.method)
            return "broken", reply_of_error(Broken("defect"))

    def _result(self, request: Request) -> object:
        name = request.call.method
        if name in self.methods:
            method, entrypoint = self.methods[name]
            arguments = method.arguments_for(request)
            return _worker_result(
                self.container, entrypoint, (request.call,), arguments
            )
        if name not in _OPERATIONS:
            raise CallRejectedError("unknown_method")
        arguments = _OPERATIONS[name].arguments_for(request)
        container = self.container
        operations = Operations(
            container.service_name, container.platform, container.inbox
        )
        return getattr(operations, name)(request.call, **arguments)

    def _reject(self, message: Received, error: CallRejectedError) -> None:
        if error.code == "late":
            log.warning("call_late", sender=message.sender)
            return
        try:
            self.container.platform.quarantine.record(
                message.body, message.sender, error.code
            )
        except Transient:
            log.exception("quarantine_unrecorded", code=error.code)

    def _answer(self, reply_to: str, properties: dict[str, Any], body: bytes) -> None:
        try:
            self.replies.publish(
                body,
                REPLY_EXCHANGE,
                reply_to,
                correlation_id=str(properties.get("correlation_id", "")),
            )
        except Transient:
            log.warning("answer_lost", reply_to=reply_to)


class _Answers(Entrypoint):
    door = RpcDoor()
    relay = OutboxRelay()

    def __init__(self, *, callers: Iterable[str], client: bool) -> None:
        self._callers = tuple(callers)
        self._client = client
        super().__init__(expected_exceptions=(KernelError,))

    def setup(self) -> None:
        function = getattr(self.container.service_cls, self.method_name)
        method = Method.of(function, callers=self._callers, client=self._client)
        self.door.methods[method.name] = (method, self)


class _Handles(Entrypoint):
    door = EventDoor()
    relay = OutboxRelay()

    def __init__(self, *, event_type: str) -> None:
        self._event_type = event_type
        super().__init__(expected_exceptions=(KernelError,))

    def setup(self) -> None:
        self.door.reactions[self._event_type] = self


class _Every(Entrypoint):
    """A beat by the machine's monotonic time; the truth is always a row (P11)."""

    relay = OutboxRelay()

    def __init__(self, *, seconds: float) -> None:
        self._seconds = seconds
        self._stopping = threading.Event()
        super().__init__(expected_exceptions=(KernelError,))

    def start(self) -> None:
        self.container.spawn_managed_thread(
            functools.partial(supervised, self._beat, self._stopping)
        )

    def _beat(self, stop: threading.Event) -> None:
        while not stop.wait(self._seconds):
            try:
                _worker_result(self.container, self, (), {})
            except Transient as error:
                log.warning("beat_rests", beat=self.method_name, why=error.sentence)
                stop.wait(error.retry_after_s)

    def stop(self) -> None:
        self._stopping.set()

    kill = stop


def answers(
    *, callers: Iterable[str], client: bool = False
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A method other principals may call; its signature is its schema.

    ``callers`` are principals; ``client=True`` demands a verified client assertion
    and gives ``call.client_id``.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _Answers.decorator(callers=tuple(callers), client=client)(function)
        return function

    return decorate


def handles(event: type[Event]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A reaction to ``event``, run once inside the inbox transaction."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _Handles.decorator(event_type=event.TYPE)(function)
        LISTENING.setdefault(function.__module__, []).append(event)
        return function

    return decorate


def every(*, seconds: float) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A method called again and again while the process lives."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _Every.decorator(seconds=seconds)(function)
        return function

    return decorate


LISTENING: Final[dict[str, list[type[Event]]]] = {}
"""Which events each service module handles, as the decorators saw it."""


def interests_of(module: str) -> set[Interest]:
    """The bindings a service's queue needs for its reactions."""
    return {
        Interest(event.TYPE.partition(".")[0], event.SUBJECT)
        for event in LISTENING.get(module, [])
    }


def patch() -> None:
    """Make the process green; the very first act of a nameko process."""
    monkey_patch()


def serve(service: type, platform: AnyPlatform, use_cases: object) -> KernelContainer:
    """Start the service; returns its running container."""
    container = KernelContainer(service, platform, use_cases)
    container.start()
    return container
