"""The worker on the real broker: nothing is lost, nothing is written twice."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

import pytest

from infra.layout import ROOT
from infra.leash import leashed
from kernel.bus import DELIVERY_LIMIT, Consuming, Received
from kernel.errors import Transient
from services.audit.adapters import BATCH_MESSAGES
from services.audit.ports import WriterStore
from services.audit.wiring import Writer
from tests.integration.audit.conftest import LogStand, Working
from tests.ports import free_port
from tests.waiting import eventually

EVENTS = "SELECT count(*) FROM audit_log WHERE kind = 1"
EVERY_ROUND = 3 * BATCH_MESSAGES


def count(stand: LogStand, statement: str = EVENTS) -> int:
    [row] = stand.rows(statement)
    number: int = row.count
    return number


@pytest.mark.clause("7.1")
@pytest.mark.seeded("audit_hears_only_some")
def test_every_event_of_the_broker_becomes_one_leaf(
    stand: LogStand, working: Working
) -> None:
    speaker = stand.speaker()
    messages = speaker.messages(1_200)
    speaker.say(messages)
    speaker.say(messages[:300])
    speaker.say([("forged", b"{}", "contracts.events", "contract.x.v1")])
    refused = "SELECT count(*) FROM audit_log WHERE kind = 4"
    eventually(
        lambda: count(stand) == 1_200 and count(stand, refused) == 1, told=stand.told
    )
    working.end()
    verdict = stand.verify()
    assert (verdict.bad_seq, verdict.events) == (None, 1_200)
    [numbers] = stand.rows("SELECT last_sequence FROM audit_producer")
    assert numbers.last_sequence == 1_200
    assert count(stand, "SELECT count(*) FROM audit_hole") == 0


@pytest.mark.clause("7.1")
@pytest.mark.seeded("audit_acknowledges_before_commit")
def test_a_killed_worker_loses_nothing_and_repeats_nothing(stand: LogStand) -> None:
    """Attacks 19 and 25: SIGKILL at any moment, four times, while events come.

    So many come that a first batch of a round is written while others are not.
    """
    speaker = stand.speaker()
    said = 0
    for round_ in range(4):
        written = count(stand)
        with started(stand) as worker:
            speaker.say(speaker.messages(EVERY_ROUND))
            said += EVERY_ROUND
            eventually(partial(grown, stand, written), told=stand.told)
            time.sleep(0.03 * round_)
            os.kill(worker.pid, signal.SIGKILL)
    with started(stand) as worker:
        speaker.say(speaker.messages(1))  # it is up when it has written this
        said += 1
        eventually(lambda: count(stand) >= said, told=stand.told)
        worker.terminate()
        assert worker.wait(timeout=20) == 0
    verdict = stand.verify()
    assert (verdict.bad_seq, verdict.events) == (None, said)
    assert count(stand, "SELECT count(*) FROM audit_hole") == 0


@pytest.mark.clause("7.1")
@pytest.mark.seeded("audit_stand_by_gives_up")
def test_a_stand_by_takes_the_seat_of_who_was_killed(stand: LogStand) -> None:
    """It has kept up, and goes on with the same chain where the other ended."""
    speaker = stand.speaker()
    with started(stand) as first:
        speaker.say(speaker.messages(EVERY_ROUND))
        eventually(lambda: count(stand) == EVERY_ROUND, told=stand.told)
        rested = said(stand, "writer_rests")
        with started(stand, beside=True) as second:
            eventually(lambda: said(stand, "writer_rests") > rested, told=stand.told)
            speaker.say(speaker.messages(EVERY_ROUND))
            first.kill()
            eventually(lambda: count(stand) == 2 * EVERY_ROUND, told=stand.told)
            second.terminate()
            assert second.wait(timeout=20) == 0
    verdict = stand.verify()
    assert (verdict.bad_seq, verdict.events) == (None, 2 * EVERY_ROUND)


@pytest.mark.clause("7.1")
@pytest.mark.seeded("audit_stand_by_keeps_what_it_holds")
def test_who_lost_the_seat_gives_back_what_it_holds(
    stand: LogStand, working: Working
) -> None:
    """Its connection is cut, another takes the seat, and gets every message."""
    speaker, other = stand.speaker(), stand.writer()
    speaker.say(speaker.messages(10))
    eventually(lambda: count(stand) == 10, told=stand.told)
    with ExitStack() as seat:
        store = seat.enter_context(taken(stand, other))
        eventually(lambda: stand.listeners() == 0, told=stand.told)
        speaker.say(speaker.messages(EVERY_ROUND))
        queue, got = other.queue(), 0
        state = other.open_log(store)
        end = time.monotonic() + 60
        while got < EVERY_ROUND:
            assert time.monotonic() < end, got
            batch = queue.collect()
            state = other.write(batch, state=state, store=store)
            other.publish(state)
            if batch:
                queue.settle(batch)
            got += len(batch)
        queue.close()
    speaker.say(speaker.messages(1))
    eventually(lambda: count(stand) == 11 + EVERY_ROUND, told=stand.told)
    working.end()
    assert stand.verify().bad_seq is None


@pytest.mark.clause("7.1")
@pytest.mark.catalogue("F23", "P14")
@pytest.mark.seeded("audit_leaves_the_dead_letters")
def test_what_the_broker_gave_up_is_written_all_the_same(stand: LogStand) -> None:
    """A writer that dies often takes what it holds to the dead letters, not away."""
    speaker = stand.speaker()
    speaker.say(speaker.messages(3))
    deliveries: list[bytes] = []

    def refuse(message: Received) -> None:
        deliveries.append(message.body)
        raise RuntimeError("a defect")

    stop = threading.Event()
    broker = stand.platform("audit-worker").broker
    consuming = Consuming(broker, "audit.inbox", refuse)
    thread = threading.Thread(target=consuming.run, args=(stop,), daemon=True)
    thread.start()
    every = 3 * (DELIVERY_LIMIT + 1)
    eventually(
        lambda: len(deliveries) == every, told=lambda: (len(deliveries), stand.told())
    )
    stop.set()
    thread.join(timeout=20)
    with started(stand) as worker:
        eventually(lambda: count(stand) == 3, told=stand.told)
        worker.terminate()
        assert worker.wait(timeout=20) == 0


@contextmanager
def taken(stand: LogStand, other: Writer) -> Iterator[WriterStore]:
    """The seat, away from whoever has it."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        stand.cut_the_writer()
        with ExitStack() as seat:
            try:
                store = seat.enter_context(other.seat())
            except Transient:
                continue
            yield store
            return
    raise AssertionError("the seat was never free")


def said(stand: LogStand, event: str) -> int:
    """How often the workers have said so, in all tests."""
    return stand.log.read_text().count(f'"{event}"')


def grown(stand: LogStand, size: int) -> bool:
    return count(stand) > size


@contextmanager
def started(
    stand: LogStand, *, beside: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """The worker as its supervisor starts it; dead when the context is left.

    ``beside`` another it needs a port of its own.
    """
    env = stand.servers.env("audit-worker")
    if beside:
        env["AUDIT_METRICS_PORT"] = str(free_port())
    with stand.log.open("ab") as log:
        worker = subprocess.Popen(
            leashed([sys.executable, "-m", "services.audit", "work"]),
            cwd=ROOT,
            env=env,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield worker
    finally:
        worker.kill()
        worker.wait()
