"""A small service in a process of its own, to see the doors of nameko work.

Run as ``python -m tests.integration.kernel.probe <service> [--log]``, with the
environment of that service's process; with ``--log`` it writes a service's log.
"""

from kernel import entrypoints

entrypoints.patch()

import os  # noqa: E402 - nothing may open a socket before the patch
import signal  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from typing import Any  # noqa: E402
from uuid import UUID  # noqa: E402

from kernel.context import Call  # noqa: E402
from kernel.crypto import Json  # noqa: E402
from kernel.database import Transaction  # noqa: E402
from kernel.entrypoints import UseCasesProvider, answers, handles  # noqa: E402
from kernel.errors import Broken, Refused, Transient  # noqa: E402
from kernel.events import Envelope, WireMoney  # noqa: E402
from kernel.events.contracts import ContractAnnulled  # noqa: E402
from kernel.logging import configure  # noqa: E402
from kernel.platform import Platform  # noqa: E402
from kernel.settings import PlatformSettings, read  # noqa: E402


class Probe:
    """Echoes, refuses and breaks on demand."""

    name = sys.argv[1]
    platform = UseCasesProvider()

    @answers(callers=("gateway",))
    def echo(self, call: Call, *, amount: WireMoney, days: int = 1) -> Json:
        return {
            "caller": call.caller,
            "amount": amount.to_wire(),
            "days": days,
            "correlation": str(call.context.correlation_id),
        }

    @answers(callers=("gateway",), client=True)
    def who(self, call: Call) -> Json:
        return str(call.client_id)

    @answers(callers=("gateway",), client=True)
    def once(self, call: Call, *, reason: str) -> Json:
        """Publish an event once per idempotency key."""
        platform: Platform[Any] = self.platform
        with platform.database.begin(call.context) as tx:

            def act() -> Json:
                contract = UUID(int=7)
                event = ContractAnnulled(
                    contract_id=contract, client_id=contract, reason=reason
                )
                return str(tx.publish(event))

            return tx.once(call, act)

    @answers(callers=("gateway",))
    def fail(self, call: Call, *, kind: str) -> Json:
        match kind:
            case "refused":
                raise Refused("too_late", "No.", next_step="Wait.", seconds_left=30)
            case "transient":
                raise Transient("away", retry_after_s=7)
            case "broken":
                raise Broken("a secret detail")
            case "slow":
                time.sleep(3)
                return "too late"
        raise RuntimeError("a secret detail: postgresql://user:password@host")

    @answers(permission="probe.look")
    def staff_only(self, call: Call) -> Json:
        return str(call.by.id)

    @handles(ContractAnnulled)
    def when_contract_annulled(
        self, tx: Transaction, event: ContractAnnulled, envelope: Envelope
    ) -> None:
        if event.reason == "die":
            raise RuntimeError("a defect of the handler")
        if event.reason == "kill":
            print("killed", flush=True)  # noqa: T201 - the test counts
            os.kill(os.getpid(), signal.SIGKILL)
        tx.publish(event)


def main() -> None:
    """Serve until the container dies."""
    settings = read(PlatformSettings, prefix=sys.argv[1])
    if "--log" in sys.argv:
        configure(settings.principal, settings.log_level)
    opened = Platform.open(settings)
    container = entrypoints.serve(Probe, opened, opened)
    while not container.bus_connected():
        time.sleep(0.02)
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    while not container.has_died():
        time.sleep(0.2)
    sys.exit(1)


if __name__ == "__main__":
    main()
