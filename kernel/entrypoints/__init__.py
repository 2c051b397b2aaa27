"""The only door to nameko: it adapts `kernel.bus`, `kernel.inbox` and `kernel.rpc`.

nameko gives the life cycle: a container per service, a worker per call with its
dependencies injected, orderly start and stop.  The wire is ours (ADR 0001), so none
of nameko's own AMQP classes is used: they lose messages, hang without a time-out and
die of a header that is missing (docs/adr/0001).
"""

from eventlet import monkey_patch

from kernel.entrypoints.beats import every
from kernel.entrypoints.calls import answers, executes
from kernel.entrypoints.container import (
    MAX_WORKERS,
    KernelContainer,
    UseCasesProvider,
)
from kernel.entrypoints.reactions import handles, interests_of
from kernel.platform import AnyPlatform

__all__ = [
    "MAX_WORKERS",
    "KernelContainer",
    "UseCasesProvider",
    "answers",
    "every",
    "executes",
    "handles",
    "interests_of",
    "patch",
    "serve",
]


def patch() -> None:
    """Make the process green; the very first act of a nameko process."""
    monkey_patch()


def serve(service: type, platform: AnyPlatform, use_cases: object) -> KernelContainer:
    """Start the service; returns its running container."""
    container = KernelContainer(service, platform, use_cases)
    container.start()
    return container
