"""The worker's loop: it sleeps little, survives everything, and stops when told."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from kernel.errors import Broken, Transient
from services.disbursement.adapters.partner import LONGEST_WORD_S
from services.disbursement.domain.payout import State
from services.disbursement.settings import Settings
from services.disbursement.wiring import PAYING_BESIDE, Beat, Payer, rules_of
from services.disbursement.wiring.rails import LONGEST_TURN_S
from services.disbursement.worker import (
    LONGEST_SLEEP_S,
    SHORTEST_SLEEP_S,
    Bell,
    listen,
    measure,
    run,
    run_beat,
    sleep_s,
)
from tests.unit.disbursement.builders import COMPANY_IBAN, DUE, payout
from tests.unit.disbursement.fakes import Stage

DUE_BEAT, PAY_BEAT = (
    Beat(lambda: False, frozenset({state})) for state in (State.HELD, State.READY)
)


@pytest.mark.parametrize(
    ("ahead", "expected"),
    [
        (None, LONGEST_SLEEP_S),
        (timedelta(hours=24), LONGEST_SLEEP_S),
        (timedelta(seconds=0.5), 0.5),
        (timedelta(0), SHORTEST_SLEEP_S),
        (timedelta(hours=-1), SHORTEST_SLEEP_S),
    ],
)
def test_a_beat_wakes_at_the_next_instant_or_within_a_second(
    ahead: timedelta | None, expected: float
) -> None:
    """So that a clock that is moved, or a new row, is noticed."""
    due_at = None if ahead is None else DUE + ahead
    assert expected == sleep_s(DUE, due_at)


class Quick(threading.Event):
    """An event on which nobody really waits."""

    @override
    def wait(self, timeout: float | None = None) -> bool:
        del timeout
        return self.is_set()


def test_no_failure_ends_the_loop_and_a_stop_does() -> None:
    """Transient, Broken and defects alike."""
    stop, bell = Quick(), Bell()
    stage = Stage()
    failures = [Transient("away"), Broken("mismatch"), RuntimeError("defect")]
    calls: list[str] = []

    def beat() -> bool:
        calls.append("called")
        if failures:
            raise failures.pop(0)
        stop.set()
        bell.ring()
        return False

    paying = Beat(beat, frozenset({State.READY}))
    run_beat("pay", paying, payer=payer_on(stage), bell=bell, stop=stop)
    assert calls == ["called"] * 4


def test_payouts_of_a_slow_bank_hold_up_no_others() -> None:
    """While one thread waits for its bank, another of the same beat goes on."""
    stop, met = threading.Event(), threading.Barrier(2, timeout=10)

    def wait_for_the_other() -> bool:
        met.wait()
        stop.set()
        return False

    stage = Stage()
    beat = Beat(wait_for_the_other, frozenset({State.READY}), threads=2)
    payer = replace(payer_on(stage), beats={"pay": beat}, listen=until_stopped)
    run(payer, stop)
    assert not met.broken


def until_stopped(heard: Callable[[str], None], *, stop: threading.Event) -> None:
    """Nobody says anything."""
    del heard
    stop.wait()


def payer_on(stage: Stage, *, said: tuple[str, ...] = ()) -> Payer:
    """A payer whose listener hears these words and is then told to stop."""

    def listening(heard: Callable[[str], None], *, stop: threading.Event) -> None:
        for word in said:
            heard(word)
        stop.set()

    return Payer(
        beats={"due": DUE_BEAT, "pay": PAY_BEAT},
        clock=stage.clock,
        desk=stage.desk,
        listen=listening,
        meters=stage.meters,
        close=lambda: None,
    )


def test_a_beat_wakes_for_the_earliest_of_its_own_rows() -> None:
    """Whatever others wait for."""
    stage = Stage()
    stage.desk.put(payout(state=State.HELD, next_at=DUE + timedelta(minutes=5)))
    payer = payer_on(stage)
    assert DUE + timedelta(minutes=5) == payer.next_instant(DUE_BEAT)
    assert payer.next_instant(PAY_BEAT) is None


def test_a_ring_between_the_look_and_the_sleep_is_not_slept_through() -> None:
    """The beat looks, the row comes, the bell rings, the beat does not sleep."""
    bell, stop = Bell(), Quick()
    looks: list[int] = []

    def look() -> bool:
        looks.append(bell.rung)
        if len(looks) == 1:
            bell.ring()  # after the look, before the sleep
        else:
            stop.set()
            bell.ring()
        return False

    stage = Stage()
    far = stage.clock.now() + timedelta(hours=1)
    stage.desk.put(payout(state=State.READY, next_at=far))
    beat = Beat(look, frozenset({State.READY}))
    run_beat("pay", beat, payer=payer_on(stage), bell=bell, stop=stop)
    assert looks == [0, 1]


def test_a_commit_rings_for_the_beat_of_its_state_and_a_new_ear_for_all() -> None:
    """What was said before anybody listened is looked for by everybody."""
    bells = {"due": Bell(), "pay": Bell()}
    for said, rung in ((("ready",), (0, 1)), (("",), (1, 2)), (("held",), (2, 2))):
        listen(payer_on(Stage(), said=said), bells, threading.Event())
        assert rung == (bells["due"].rung, bells["pay"].rung)


def test_the_monitoring_is_told_how_far_behind_the_payouts_are() -> None:
    """The oldest that is due, the oldest unknown, and what is held."""
    stage = Stage()
    row = payout(next_at=DUE - timedelta(seconds=7), held_code="day_limit")
    stage.desk.put(row)
    stop = Quick()
    stage.meters.told = stop.set
    measure(payer_on(stage), stop)
    backlog = stage.meters.backlogs[-1]
    assert (backlog.due_age_s, backlog.unknown_age_s) == (7, 0)
    assert backlog.held == {"day_limit": 1}


def settings(tmp_path: Path, **changes: Any) -> Settings:  # noqa: ANN401 - any setting
    plain: dict[str, Any] = {
        "stage": "test",
        "principal": "disbursement-worker",
        "database_url": "postgresql+psycopg2://x@127.0.0.1/x",
        "broker_url": "amqps://127.0.0.1/kredit",
        **dict.fromkeys(
            ("tls_ca", "tls_cert", "tls_key", "signing_key", "trust", "field_keys"),
            tmp_path,
        ),
        "metrics_port": 0,
        "company_iban": COMPANY_IBAN,
        "company_bin": "240140001238",
    }
    return Settings(**(plain | changes))


def test_a_lease_outlasts_all_that_follows_the_commit_of_a_sending(
    tmp_path: Path,
) -> None:
    """The status is asked and the order sent: two words to the bank, at their slowest,
    each after the longest wait for its turn.

    What is slower before the commit costs the passage, and nothing else: the commit
    names the fence.
    """
    assert settings(tmp_path).lease_s > 2 * (LONGEST_TURN_S + LONGEST_WORD_S)


def test_no_more_go_together_than_the_bank_lets_through(tmp_path: Path) -> None:
    """Each of them waits for its turn, and none is turned away."""
    slow = rules_of(settings(tmp_path, requests_per_s=5))
    assert slow.work.at_once == 5 * LONGEST_TURN_S // PAYING_BESIDE
    assert rules_of(settings(tmp_path, requests_per_s=1_000)).work.at_once == 256


@pytest.mark.parametrize(
    "changes",
    [
        {"payouts_at_once": 0},
        {"resend_window_s": 1_501},
        {"resend_window_s": 0},
        {"lease_s": 0},
        {"agreeing_answers": 0},
        {"visible_after_s": -1},
    ],
)
def test_settings_that_endanger_money_are_refused(
    tmp_path: Path,
    changes: dict[str, int],
) -> None:
    """The process does not start."""
    settings(tmp_path)
    with pytest.raises(Broken):
        settings(tmp_path, **changes)
