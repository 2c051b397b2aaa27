"""Kill tests: every process dies by SIGKILL at a random moment of the journey.

Between one step of the client and the next, and in the midst of them, processes are
killed, and broker and database are restarted once.  Afterwards the journey completes
without hands, the bank has one transfer, the chain verifies and no event is missing.
"""

import random
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.story import HOLD
from infra.demo.world import World
from infra.stack import SERVERS, StackError
from tests.faults.load import AMOUNT, STEP_S, Loan, in_state, registered
from tests.seeds import seed
from tests.sweep import Sweep

WITHIN_S = 0.6
MORTALS = (*(process.name for process in topology.runnable()), topology.WEB_TIER)


@dataclass
class Killer:
    """Kills the victims in turn, each at a random moment of some step."""

    world: World
    dice: random.Random
    victims: list[str] = field(default_factory=list)
    killed: list[str] = field(default_factory=list)

    def strike(self) -> threading.Thread:
        """Kill the next victim within the next moments, beside the step."""
        thread = threading.Thread(target=self._strike, daemon=True)
        thread.start()
        return thread

    def _strike(self) -> None:
        if not self.victims:
            return
        victim = self.victims.pop()
        time.sleep(self.dice.random() * WITHIN_S)
        try:
            self.world.stack.kill(victim)
        except StackError:
            self.victims.append(victim)  # it is just starting: another time
        else:
            self.killed.append(victim)


@pytest.fixture
def killer(world: World) -> Iterator[Killer]:
    dice = random.Random(seed())
    victims = list(MORTALS)
    dice.shuffle(victims)
    yield Killer(world, dice, victims)
    world.stack.wait_ready(*MORTALS)


@pytest.fixture
def client(world: World, killer: Killer) -> Iterator[Borrower]:
    person = world.borrower(killer.dice.randbytes(4).hex())
    yield person
    person.cabinet.close()


@pytest.mark.clause("1.3c")
@pytest.mark.catalogue("F01", "F17", "F32", "F38")
def test_the_journey_survives_the_death_of_every_process(
    world: World, killer: Killer, client: Borrower, sweep: Sweep
) -> None:
    client.appear()
    loan = Loan(client, world.move_clock)

    def step(
        act: Callable[[], object], done: Callable[[], bool] = lambda: False
    ) -> None:
        striking = killer.strike()
        loan.insist(act, done)
        striking.join()

    def log_in() -> None:
        step(client.log_in)

    step(client.start_registration)
    after = ("phone_confirmed", "data_complete", "photo_accepted", "identified")
    step(loan.begin, registered(client, *after))
    step(client.give_data, registered(client, *after[1:]))
    step(client.give_photo, registered(client, *after[2:]))
    step(client.identify, registered(client, "identified", "active"))
    step(loan.choose_password)
    log_in()
    step(lambda: client.apply(AMOUNT))
    for server in sorted(SERVERS):
        world.stack.restart(server)
    step(client.sign, in_state(client, "concluded"))
    step(client.consent, in_state(client, "consented"))
    step(lambda: client.payout_until("held"))
    world.move_clock(HOLD)
    log_in()
    released = ("released", "active")
    step(client.release, in_state(client, *released))
    step(lambda: client.payout_until("paid", within_s=STEP_S))
    step(lambda: client.contract_until("active", within_s=STEP_S))
    assert (sorted({*killer.killed}), killer.victims) == (sorted(MORTALS), [])
    mine = [
        line
        for line in client.control.ledger()
        if line["creditor_iban"] == client.person.iban
    ]
    assert len(mine) == 1
    sweep.run(people=[client])
