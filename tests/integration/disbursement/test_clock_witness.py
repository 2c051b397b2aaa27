"""P10 on the real database: the wall clock alone ends no hold, here or anywhere."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import Engine, text

from infra.leash import leashed
from infra.stack import Stack
from services.disbursement.domain.payout import State
from services.disbursement.handlers.paying import pay_next
from services.disbursement.handlers.preparing import prepare_next
from tests.integration.disbursement.conftest import Office
from tests.integration.disbursement.test_payments import (
    CONSENT_AT,
    HOLD_ENDS,
    Journey,
    run,
)
from tests.marks import ROOT
from tests.unit.disbursement.builders import BELOW_LIMIT, elapsed_ns
from tests.unit.disbursement.fakes import FakeOuterClock
from tests.waiting import eventually

WITNESS = "disbursement-witness"
LOANS = 3
MOMENT = timedelta(microseconds=1)


def consented(office: Office, number: int) -> Journey:
    journey = Journey(office, UUID(int=number))
    journey.sign(BELOW_LIMIT)
    journey.consent()
    return journey


@pytest.mark.clause("5.5")
@pytest.mark.catalogue("F13", "F14")
@pytest.mark.seeded("disbursement_hold_ends_by_the_wall_clock")
def test_a_clock_set_forward_ends_no_hold(office: Office) -> None:
    """25 hours in one step: nothing is paid and somebody is called.

    Each is paid once when the time has really passed, though the clock is never put
    right.
    """
    loans = [consented(office, number) for number in range(1, LOANS + 1)]
    while prepare_next(office.till):
        pass
    office.clock.step(hours=25)
    run(office, office.clock.now())
    assert office.bank.ledger == []
    assert {loan.state() for loan in loans} == {State.HELD}
    assert office.alarms.codes == []  # every payout says so itself
    codes = office.rows("SELECT DISTINCT held_code FROM payouts")
    assert codes == [("hold_unwitnessed",)]
    office.clock.move(hours=23, minutes=50)
    run(office, office.clock.now())
    assert office.bank.ledger == []
    office.clock.move(minutes=10)
    run(office, office.clock.now())
    assert {loan.state() for loan in loans} == {State.PAID}
    assert len(office.bank.ledger) == LOANS


@pytest.mark.clause("5.5")
@pytest.mark.catalogue("F13")
@pytest.mark.seeded("disbursement_gate_asks_only_the_wall_clock")
def test_the_gate_asks_the_witness_itself(office: Office) -> None:
    """A payout that came to be ready in any other way is not sent."""
    loan = consented(office, 1)
    while prepare_next(office.till):
        pass
    office.clock.instant = HOLD_ENDS
    with office.platform.database.engine.begin() as connection:
        connection.execute(text("UPDATE payouts SET state = 'ready'"))
        connection.execute(
            text("UPDATE payouts SET witnessed_from_ns = witnessed_from_ns + 1000000")
        )
        connection.execute(text("UPDATE payouts SET release_required = false"))
    assert pay_next(office.till)
    assert (office.bank.ledger, loan.state()) == ([], State.READY)
    office.clock.instant = HOLD_ENDS + timedelta(minutes=10)
    assert pay_next(office.till)
    assert loan.state() is State.PAID


@pytest.mark.clause("5.5")
@pytest.mark.catalogue("F14")
@pytest.mark.seeded("disbursement_gap_is_counted_unseen")
def test_a_machine_started_anew_counts_nothing_nobody_confirmed(
    office: Office,
) -> None:
    """Its own clock may have been set meanwhile; the bank's word ends the wait."""
    outer = FakeOuterClock(CONSENT_AT)
    office.witness.outer = outer
    loan = consented(office, 1)
    while prepare_next(office.till):
        pass
    outer.instant = None
    office.clock.boot_id, office.clock.elapsed_ns = "boot-2", 0
    office.clock.step(hours=25)
    for _ in range(12):  # until the other boot's silence has lasted long enough
        office.witness.beat()
        office.clock.move(seconds=1)
    run(office, office.clock.now())
    assert (office.bank.ledger, loan.state()) == ([], State.HELD)
    outer.instant = office.clock.now()
    office.clock.move(minutes=2)
    assert office.witness.beat()
    office.clock.move(minutes=10)
    run(office, office.clock.now())
    assert loan.state() is State.PAID


def test_a_hold_the_witness_saw_a_moment_late_is_over_a_moment_late(
    office: Office,
) -> None:
    """And nobody is called for it."""
    journey = Journey(office)
    journey.sign(BELOW_LIMIT)
    journey.consent(seen_after=timedelta(milliseconds=800))
    while prepare_next(office.till):
        pass
    run(office, HOLD_ENDS)
    assert journey.state() is State.HELD
    assert office.rows("SELECT held_code FROM payouts") == [(None,)]
    run(office, HOLD_ENDS + timedelta(milliseconds=800) - MOMENT)
    assert journey.state() is State.HELD
    run(office, HOLD_ENDS + timedelta(milliseconds=800))
    assert journey.state() is State.PAID


@pytest.mark.clause("5.5")
@pytest.mark.seeded("disbursement_hold_counts_from_the_last_beat")
def test_where_the_witness_counts_a_hold_begins_with_the_consent(
    office: Office,
) -> None:
    """Not a beat later nor earlier: what passed since the last is counted."""
    office.platform.__dict__["uptime"] = office.clock
    journey = Journey(office)
    journey.sign(BELOW_LIMIT)
    assert office.witness.beat()
    journey.hear_consent()
    (row,) = office.rows("SELECT witnessed_from_ns FROM payouts")
    assert row.witnessed_from_ns == elapsed_ns(CONSENT_AT)
    run(office, HOLD_ENDS - MOMENT)
    assert journey.state() is State.HELD
    run(office, HOLD_ENDS)
    assert journey.state() is State.PAID


@contextmanager
def counting(servers: Stack) -> Iterator["subprocess.Popen[bytes]"]:
    """The process as it is shipped."""
    process = subprocess.Popen(
        leashed([sys.executable, "-m", "services.disbursement", "witness"]),
        cwd=ROOT,
        env=servers.env(WITNESS),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def counted_ns(owner: Engine) -> int:
    with owner.connect() as connection:
        found = connection.execute(text("SELECT counted_ns FROM clock_witness"))
        return int(found.scalar() or 0)


@pytest.mark.catalogue("F14")
def test_a_witness_that_died_has_missed_nothing(servers: Stack, owner: Engine) -> None:
    """The process is killed and started again: the time between is counted."""
    with owner.begin() as connection:
        connection.execute(text("DELETE FROM clock_witness"))
    with counting(servers) as process:
        eventually(lambda: counted_ns(owner) > 0, within_s=60)
        began, before = time.monotonic_ns(), counted_ns(owner)
        os.kill(process.pid, signal.SIGKILL)
    time.sleep(3)
    with counting(servers):
        eventually(lambda: counted_ns(owner) > before + 3_000_000_000, within_s=60)
        passed = counted_ns(owner) - before
    assert passed <= time.monotonic_ns() - began + 2_000_000_000
