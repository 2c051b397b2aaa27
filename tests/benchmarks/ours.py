"""Our party: nameko processes made as every service's process is made.

``listen N`` drains the inbox; ``relay`` lets the relay empty the outbox.
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
from kernel.entrypoints import answers, handles  # noqa: E402
from kernel.events import Envelope  # noqa: E402
from kernel.events.contracts import ContractSigned  # noqa: E402
from kernel.platform import Platform  # noqa: E402
from kernel.settings import PlatformSettings, read  # noqa: E402
from tests.benchmarks.party import WARM_UP, ready, say  # noqa: E402

LOOK_EVERY_S = 0.002
APPLIED = text("SELECT count(*) FROM inbox WHERE state = 'applied'")


class Listener:
    """Applies events and remembers when."""

    name = "disbursement"
    times: ClassVar[list[float]] = []

    @handles(ContractSigned)
    def when_contract_signed(
        self, tx: Transaction, event: ContractSigned, envelope: Envelope
    ) -> None:
        self.times.append(time.monotonic())


class Publisher:
    """Has a relay, as every service has, and answers."""

    name = "contracts"

    @answers(callers=("gateway",))
    def echo(self, call: Call, *, text: str) -> Json:
        return text


def listen(platform: Platform[Any], count: int) -> None:
    """Drain ``count`` events; the end is the commit of the last."""
    times = Listener.times
    while len(times) < count:
        time.sleep(LOOK_EVERY_S)
    with platform.database.engine.connect() as connection:
        while connection.execute(APPLIED).scalar_one() < count:
            connection.rollback()
            time.sleep(LOOK_EVERY_S)
    say(seconds=time.monotonic() - times[WARM_UP - 1], count=count - WARM_UP)


def main(role: str, *arguments: str) -> None:
    service = Listener if role == "listen" else Publisher
    settings = read(PlatformSettings, prefix=service.name)
    platform = Platform.open(settings)
    ready()
    container = entrypoints.serve(service, platform, platform)
    if role == "listen":
        listen(platform, int(arguments[0]))
    container.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
