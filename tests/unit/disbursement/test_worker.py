"""The worker's loop: it sleeps little, survives everything, and stops when told."""

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typing_extensions import override

from kernel.errors import Broken, Transient
from services.disbursement.domain.payout import State
from services.disbursement.settings import Settings
from services.disbursement.wiring import Payer
from services.disbursement.worker import (
    LONGEST_SLEEP_S,
    SHORTEST_SLEEP_S,
    run_beat,
    sleep_s,
)
from tests.unit.disbursement.builders import COMPANY_IBAN, DUE, payout
from tests.unit.disbursement.fakes import Stage


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
    stop = Quick()
    stage = Stage()
    failures = [Transient("away"), Broken("mismatch"), RuntimeError("defect")]
    calls: list[str] = []

    def beat() -> bool:
        calls.append("called")
        if failures:
            raise failures.pop(0)
        stop.set()
        return False

    payer = Payer(
        beats={}, clock=stage.clock, desk=stage.desk, close=lambda: calls.append("x")
    )
    run_beat("pay", beat, payer=payer, stop=stop)
    assert calls == ["called"] * 4


def test_the_next_instant_is_the_earliest_that_waits() -> None:
    """Of all rows, whatever they wait for."""
    stage = Stage()
    stage.desk.put(payout(state=State.HELD, next_at=DUE + timedelta(minutes=5)))
    payer = Payer(beats={}, clock=stage.clock, desk=stage.desk, close=lambda: None)
    assert DUE + timedelta(minutes=5) == payer.next_instant()


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


@pytest.mark.parametrize(
    "changes",
    [
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
