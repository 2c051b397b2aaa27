"""Who answers `antifraud.decide`: the shipped process, or one that judges nothing.

``shipped`` looks, judges by the starting set, keeps what it saw and says so. ``keeps``
is asked the same by the same call, writes a decision's row and its event in one commit,
and says yes: what any answer with a durable word costs.
"""

from kernel import entrypoints

entrypoints.patch()

import sys  # noqa: E402 - nothing may open a socket before the patch
import time  # noqa: E402
from uuid import UUID  # noqa: E402

from kernel.context import Call  # noqa: E402
from kernel.crypto import Json, canonical  # noqa: E402
from kernel.database import bound_waiting  # noqa: E402
from kernel.entrypoints import UseCasesProvider, answers  # noqa: E402
from kernel.events import WireMoney  # noqa: E402
from kernel.events.antifraud import DecisionMade  # noqa: E402
from kernel.logging import configure  # noqa: E402
from kernel.platform import Platform  # noqa: E402
from kernel.settings import read  # noqa: E402
from services.antifraud.service import AntifraudService  # noqa: E402
from services.antifraud.settings import Settings  # noqa: E402
from services.antifraud.storage.tables import decision  # noqa: E402
from services.antifraud.wiring import build  # noqa: E402
from tests.benchmarks.party import ready  # noqa: E402

LOOK_EVERY_S = 0.002


class Keeper:
    """Keeps and says, without a look at anything."""

    name = "antifraud"
    platform: Platform[Settings] = UseCasesProvider()

    @answers(callers=("contracts",))
    def decide(
        self,
        call: Call,
        *,
        operation: str,
        client_id: UUID,
        amount: WireMoney,
        facts: dict[str, str | int],
    ) -> Json:
        decision_id = self.platform.ids.new()
        with self.platform.database.begin(call.context) as tx:
            tx.connection.execute(
                decision.insert(),
                {
                    "id": decision_id,
                    "operation": operation,
                    "client_id": client_id,
                    "inputs": canonical({**facts, "amount": amount.amount_minor}),
                    "fired": b"[]",
                    "outcome": "allow",
                    "score": 0,
                    "rule_set": "none",
                    "decided_at": self.platform.clock.now(),
                    "asked_by": call.caller,
                },
            )
            tx.publish(
                DecisionMade(
                    decision_id=decision_id,
                    operation=operation,
                    client_id=client_id,
                    outcome="allow",
                    score=0,
                    rules=(),
                )
            )
        return {"decision_id": str(decision_id), "outcome": "allow"}


def main(who: str) -> None:
    settings = read(Settings, prefix="antifraud")
    configure(settings.principal, settings.log_level)
    platform = Platform.open(settings)
    bound_waiting()
    if who == "shipped":
        container = entrypoints.serve(AntifraudService, platform, build(platform))
    else:
        container = entrypoints.serve(Keeper, platform, platform)
    while not container.bus_connected():
        time.sleep(LOOK_EVERY_S)
    ready()
    container.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
