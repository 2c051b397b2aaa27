"""Clients who borrow while the platform is changed under them, and complain."""

import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import count
from typing import Final

from infra.demo.borrower import Borrower
from infra.demo.cabinet import ProblemError
from infra.demo.story import AMOUNT, HOLD
from infra.demo.world import World
from tests.rolling.doors import BalancedCabinet, Doors

CLIENTS: Final = 2
"""At once; each takes one loan after the other."""
PAUSE_S: Final = 2.0
"""Between two loans of a client: what is tried is change, not speed."""
PATIENCE_S: Final = 90.0


@dataclass(slots=True)
class Load:
    """Clients at work from `begin` to `end`; `money` brings their loans to an end.

    A request that fails is one too many: nothing is asked twice here, but what the
    gateway answers with 503, which is asked again as it says.
    """

    world: World
    doors: Doors
    seed: str
    people: list[Borrower] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _waiting: list[Borrower] = field(default_factory=list)
    _threads: list[threading.Thread] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _numbers: "count[int]" = field(default_factory=count)

    def begin(self) -> None:
        self._stop.clear()
        self._threads = [
            threading.Thread(target=self._lend, daemon=True) for _ in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def go_on(self) -> None:
        """Wait until everybody has begun another loan, and so ended the one before."""
        begun, end = len(self.people), time.monotonic() + CLIENTS * PATIENCE_S
        while len(self.people) < begun + CLIENTS and not self.complaints:
            assert time.monotonic() < end, "no loan comes to its end"
            time.sleep(PAUSE_S)

    def end(self) -> None:
        """Let everybody come to where they must wait for the hold to pass."""
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._threads = []

    def money(self) -> None:
        """A day later, all who wait release their loans and are paid."""
        self.world.move_clock(HOLD)
        waiting, self._waiting = self._waiting, []
        with ThreadPoolExecutor(CLIENTS) as pool:
            list(pool.map(lambda client: self._take(client, _paid(client)), waiting))

    def close(self) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        for client in self.people:
            client.cabinet.close()

    def _lend(self) -> None:
        while not self._stop.is_set():
            client = self.world.borrower(f"{self.seed}-{next(self._numbers)}")
            client.cabinet.close()
            ca = self.world.stack.layout.pki / "ca.crt"
            home = client.cabinet.address
            client.cabinet = BalancedCabinet(self.doors, ca, address=home)
            self.people.append(client)
            if not self._take(client, _held(client)):
                return
            self._waiting.append(client)
            self._stop.wait(PAUSE_S)

    def _take(self, client: Borrower, steps: Iterable[Callable[[], object]]) -> bool:
        """Whether every step went well; the first that does not is told."""
        for number, step in enumerate(steps):
            try:
                step()
            except Exception as failure:  # noqa: BLE001 - whatever it is, a client saw it
                name = getattr(step, "__name__", "step")
                self.complaints.append(f"{name} ({number}): {failure!r}")
                return False
        return True


def _held(client: Borrower) -> tuple[Callable[[], object], ...]:
    """From nobody to a contract whose payout is held."""
    return (
        client.appear,
        client.start_registration,
        client.confirm_phone,
        client.give_data,
        client.give_photo,
        client.identify,
        client.set_password,
        lambda: _mistype(client),
        client.log_in,
        lambda: client.apply(AMOUNT),
        client.sign,
        client.consent,
        lambda: client.payout_until("held", within_s=PATIENCE_S),
    )


def _paid(client: Borrower) -> tuple[Callable[[], object], ...]:
    return (
        lambda: client.next_message("подтверд", within_s=PATIENCE_S),
        client.log_in,
        client.release,
        lambda: client.payout_until("paid", within_s=PATIENCE_S),
        lambda: client.contract_until("active", within_s=PATIENCE_S),
    )


def _mistype(client: Borrower) -> None:
    try:
        client.log_in("не тот пароль")
    except ProblemError as refused:
        if refused.status != 401:
            raise
    else:
        raise AssertionError("a wrong password opened the cabinet")
