"""Two processes of one service: one relay speaks, the other stands by."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import pytest
from typing_extensions import override

from kernel.events.contracts import ContractAnnulled
from tests.integration.kernel.conftest import Service

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
    at_work: threading.Event = field(default_factory=threading.Event)
    thread: threading.Thread = field(init=False)

    def __post_init__(self) -> None:
        relay = self.service.relay(reached=lambda _step: self.at_work.set())
        self.thread = threading.Thread(target=relay.run, args=(self.stop,), daemon=True)
        self.thread.start()

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
    say(publisher)
    assert first.at_work.wait(BOUND_S)
    second = Process(publisher)
    processes.append(second)
    assert second.stop.rested.wait(BOUND_S)
    say(publisher)
    until_said(publisher)
    assert not second.at_work.is_set()
    first.end()
    say(publisher)
    assert second.at_work.wait(BOUND_S)
    until_said(publisher)


def say(publisher: Service) -> None:
    ids = publisher.platform.ids
    publisher.publish(
        ContractAnnulled(contract_id=ids.new(), client_id=ids.new(), reason="refused")
    )


def until_said(publisher: Service) -> None:
    end = time.monotonic() + BOUND_S
    while publisher.rows("SELECT 1 FROM outbox WHERE published_at IS NULL"):
        assert time.monotonic() < end
        time.sleep(0.1)
