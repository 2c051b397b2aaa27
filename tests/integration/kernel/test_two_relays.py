"""Two processes of one service: one relay speaks, the other stands by."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest
from typing_extensions import override

from kernel.events.contracts import ContractAnnulled
from kernel.outbox import UNPUBLISHED, Relay
from tests.integration.kernel.conftest import Service
from tests.waiting import eventually

BOUND_S: Final = 30.0


class Watched(threading.Event):
    """A stop signal that tells when somebody rests on it."""

    def __init__(self) -> None:
        super().__init__()
        self.rested = threading.Event()

    @override
    def wait(self, timeout: float | None = None) -> bool:
        self.rested.set()
        return super().wait(timeout)


@dataclass
class Process:
    """A process of `service`, as far as its relay goes."""

    service: Service
    stop: Watched = field(default_factory=Watched)
    relay: Relay = field(init=False)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        self.relay = self.service.relay()
        self.thread = threading.Thread(
            target=self.relay.run, args=(self.stop,), daemon=True
        )
        self.thread.start()

    def is_at_work(self) -> bool:
        return self.relay.connected

    def end(self) -> None:
        self.stop.set()
        self.thread.join(BOUND_S)
        assert not self.thread.is_alive()


@pytest.fixture
def processes() -> Iterator[list[Process]]:
    started: list[Process] = []
    yield started
    for process in started:
        process.end()


@pytest.mark.catalogue("F29")
@pytest.mark.seeded("relay_two_at_once")
def test_the_second_relay_takes_over_when_the_first_ends(
    publisher: Service, listener: Service, processes: list[Process]
) -> None:
    """Numbers would be given twice if both spoke."""
    first = Process(publisher)
    processes.append(first)
    eventually(first.is_at_work)
    second = Process(publisher)
    processes.append(second)
    assert second.stop.rested.wait(BOUND_S)
    assert not second.is_at_work()
    first.end()
    eventually(second.is_at_work)
    ids = publisher.platform.ids
    publisher.publish(
        ContractAnnulled(contract_id=ids.new(), client_id=ids.new(), reason="refused")
    )
    eventually(lambda: not publisher.rows(UNPUBLISHED))
