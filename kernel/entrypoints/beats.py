"""Beats: what a service does again and again while it lives."""

import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from nameko.extensions import Entrypoint

from kernel.bus import supervised
from kernel.entrypoints.container import OutboxRelay, worker_result
from kernel.errors import KernelError, Transient
from kernel.logging import get_logger

log = get_logger("entrypoints")

P = ParamSpec("P")
R = TypeVar("R")


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
                worker_result(self.container, self, (), {})
            except Transient as error:
                log.warning("beat_rests", beat=self.method_name, why=error.sentence)
                stop.wait(error.retry_after_s)

    def stop(self) -> None:
        self._stopping.set()

    kill = stop


def every(*, seconds: float) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A method called again and again while the process lives."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _Every.decorator(seconds=seconds)(function)
        return function

    return decorate
