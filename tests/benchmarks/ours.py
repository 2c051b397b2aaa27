"""Our party: nameko processes made as every service's process is made.

``drain N`` empties the inbox; ``relay N`` lets the relay empty the outbox; ``pace`` and
``hear`` are the two ends of the latency; ``answer`` answers calls.
"""

from kernel import entrypoints

entrypoints.patch()

import sys  # noqa: E402 - nothing may open a socket before the patch
import time  # noqa: E402
from typing import Any, ClassVar  # noqa: E402

from sqlalchemy import text  # noqa: E402

from kernel.context import Call  # noqa: E402
from kernel.crypto import Json  # noqa: E402
from kernel.database import Transaction  # noqa: E402
from kernel.entrypoints import KernelContainer, answers, handles  # noqa: E402
from kernel.events import Envelope  # noqa: E402
from kernel.events.contracts import ContractSigned  # noqa: E402
from kernel.logging import configure  # noqa: E402
from kernel.metrics import OUTBOX_PUBLISHED  # noqa: E402
from kernel.outbox import standing  # noqa: E402
from kernel.platform import Platform  # noqa: E402
from kernel.settings import PlatformSettings, read  # noqa: E402
from tests.benchmarks.facts import fact  # noqa: E402
from tests.benchmarks.party import WARM_UP, ready, say  # noqa: E402

LOOK_EVERY_S = 0.002
APPLIED = text("SELECT count(*) FROM inbox WHERE state = 'applied'")


class Listener:
    """Applies events and remembers when, by their number."""

    name = "disbursement"
    times: ClassVar[dict[int, float]] = {}

    @handles(ContractSigned)
    def when_contract_signed(
        self, tx: Transaction, event: ContractSigned, envelope: Envelope
    ) -> None:
        self.times[int(event.document_sha256, 16)] = time.monotonic()


class Publisher:
    """Has a relay, as every service has, and answers."""

    name = "contracts"

    @answers(callers=("gateway",))
    def echo(self, call: Call, *, text: str) -> Json:
        return text


def drain(platform: Platform[Any], count: int) -> None:
    """Apply ``count`` events; the end is the commit of the last."""
    times = Listener.times
    while len(times) < count:
        time.sleep(LOOK_EVERY_S)
    with platform.database.engine.connect() as connection:
        while connection.execute(APPLIED).scalar_one() < count:
            connection.rollback()
            time.sleep(LOOK_EVERY_S)
    end = time.monotonic()
    began = sorted(times.values())[WARM_UP - 1]
    say(seconds=end - began, count=count - WARM_UP)


def relay(platform: Platform[Any], count: int) -> None:
    """Let ``count`` events leave: from the first confirmed batch to the last mark."""
    while not (first := _confirmed()):
        time.sleep(LOOK_EVERY_S)
    began = time.monotonic()
    while _confirmed() < count:
        time.sleep(LOOK_EVERY_S)
    with platform.database.engine.connect() as connection:
        while standing(connection).unpublished:
            connection.rollback()
            time.sleep(LOOK_EVERY_S)
    say(seconds=time.monotonic() - began, count=count - first)


def _confirmed() -> int:
    """By the one counter: to collect all of them takes a tenth of the process."""
    (family,) = OUTBOX_PUBLISHED.collect()
    return int(family.samples[0].value)


def hear(count: int) -> None:
    """When each of ``count`` events reached its handler."""
    times = Listener.times
    while len(times) < count:
        time.sleep(LOOK_EVERY_S)
    say(at=[times[index] for index in range(count)])


def pace(platform: Platform[Any], count: int, rate: int) -> None:
    """Commit ``count`` events, ``rate`` a second, and say when each was committed."""
    at = []
    began = time.monotonic()
    for index in range(count):
        time.sleep(max(0.0, began + index / rate - time.monotonic()))
        with platform.database.begin(platform.context()) as tx:
            tx.publish(fact(index, subjects=count))
        at.append(time.monotonic())
    say(at=at)


def connected(container: KernelContainer) -> None:
    while not container.bus_connected():
        time.sleep(LOOK_EVERY_S)


def main(role: str, *arguments: str) -> None:
    numbers = [int(argument) for argument in arguments]
    service = Listener if role in {"drain", "hear"} else Publisher
    settings = read(PlatformSettings, prefix=service.name)
    configure(settings.principal, settings.log_level)
    platform = Platform.open(settings)
    if role in {"drain", "relay"}:  # what waits is there already
        ready()
    container = entrypoints.serve(service, platform, platform)
    if role in {"hear", "pace", "answer"}:
        connected(container)
        ready()
    match role:
        case "drain":
            drain(platform, *numbers)
        case "relay":
            relay(platform, *numbers)
        case "hear":
            hear(*numbers)
        case "pace":
            pace(platform, *numbers)
    container.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
