"""The container of a service, and what runs in it beside nameko's workers."""

import functools
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

import nameko
from eventlet import Timeout, patcher
from eventlet.event import Event as Promise
from nameko.containers import ServiceContainer, WorkerContext
from nameko.extensions import DependencyProvider, Entrypoint, SharedExtension
from typing_extensions import override

from kernel.beside import in_two_threads
from kernel.bus import Consuming, Received, supervised
from kernel.counting import Counting
from kernel.inbox import Handler, Inbox
from kernel.measures import Measures
from kernel.outbox import Relay, Signer
from kernel.platform import AnyPlatform

MAX_WORKERS: Final = 16
FINISH_S: Final = 5.0
"""How long an orderly stop waits for what is under way; the supervisor gives ten."""
EACH: Final = in_two_threads(patcher.original("_thread"))
"""Signatures by two threads of the system's, which may wait for one another: neither
does anything else meanwhile."""


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


class Background(SharedExtension):
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
        read: Callable[[Sequence[Received]], Sequence[object]] | None = None,
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


class OutboxRelay(Background):
    """Runs the service's relay, and measures beside it what it leaves."""

    @override
    def loops(self) -> Iterable[Callable[[threading.Event], None]]:
        platform = self.container.platform
        relay = Relay(
            platform.database.engine,
            platform.broker,
            Signer(self.container.service_name, platform.signing_key),
        )
        yield relay.run
        about = (platform.database, platform.clock, platform.ids)
        yield Measures(*about).run
        yield Counting(*about, platform.policy).run


def worker_result(
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


def ms_since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)
