"""The running platform, three clients at a time, and hands on its wires."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final

import pytest

from infra.demo.borrower import Borrower
from infra.demo.story import HOLD
from infra.demo.world import World
from infra.stack import Stack
from tests.e2e.test_from_registration_to_money import conclude
from tests.integration.kernel.conftest import clock, listener, publisher, tables
from tests.sweep import Sweep
from tests.wire import Wire

__all__ = ["clock", "listener", "publisher", "tables"]
PATIENCE_S: Final = 90.0


@pytest.fixture(scope="session")
def wire(platform: Stack) -> Wire:
    return Wire(platform)


@dataclass(slots=True)
class Loans:
    """Three loans at once: one is paid, one is refused, one loses its account."""

    world: World
    sweep: Sweep
    people: list[Borrower] = field(default_factory=list)

    def lend(self, seed: str) -> None:
        """From registration to the end of each; nothing is under way afterwards."""
        paid, refused, robbed = people = [
            self.world.borrower(f"{seed}-{number}") for number in range(3)
        ]
        self.people += people
        _together(conclude, people)
        refused.contract("POST", "/refusal")
        robbed.control.create_account(iban=robbed.person.iban, iin=paid.person.iin)
        self.world.move_clock(HOLD)
        _together(_release, (paid, robbed))
        paid.payout_until("paid", within_s=PATIENCE_S)
        robbed.payout_until("blocked", within_s=PATIENCE_S)
        paid.contract_until("active", within_s=PATIENCE_S)
        refused.log_in()
        assert refused.payout_until("cancelled")
        self.sweep.settled()

    def close(self) -> None:
        for person in self.people:
            person.cabinet.close()


def _release(client: Borrower) -> None:
    client.next_message("подтверд", within_s=PATIENCE_S)
    client.log_in()
    client.release()


def _together(act: Callable[[Borrower], None], people: Iterable[Borrower]) -> None:
    with ThreadPoolExecutor(len(list(people))) as pool:
        list(pool.map(act, people))
