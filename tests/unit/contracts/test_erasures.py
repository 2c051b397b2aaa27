"""When a client whom onboarding has erased is erased here."""

from datetime import UTC, datetime, timedelta

import pytest

from kernel.erasure import ASKED_AGAIN
from kernel.events.onboarding import PersonalDataErased
from services.contracts.domain.erasure import Kept
from services.contracts.handlers import erasures
from tests.unit.contracts.builders import CLIENT, POLICY
from tests.unit.contracts.fakes import Bench

NOW = datetime(2026, 11, 2, 6, tzinfo=UTC)
LAST = NOW - timedelta(days=30)


@pytest.fixture
def heard(bench: Bench) -> Bench:
    """Onboarding has erased the client at this instant."""
    bench.clock.at = NOW
    with bench.work.begin() as unit:
        erasures.when_personal_data_erased(
            PersonalDataErased(client_id=CLIENT), unit=unit, clock=bench.clock
        )
    return bench


def beat(bench: Bench) -> int:
    return erasures.erase_heard(work=bench.work, policy=POLICY, clock=bench.clock)


def test_a_client_with_nothing_to_keep_goes_at_the_next_beat(heard: Bench) -> None:
    assert (beat(heard), beat(heard)) == (1, 0)
    assert heard.work.ends.erased == [CLIENT]
    assert heard.work.said_types() == ["client_records_erased"]
    assert heard.work.keys.made == {CLIENT}


def test_an_open_contract_puts_it_off_a_day(heard: Bench) -> None:
    heard.work.ends.kept_of = Kept(is_open=True, last_at=LAST)
    assert beat(heard) == 0
    assert heard.work.ends.look_at == {CLIENT: NOW + ASKED_AGAIN}
    assert heard.work.said_types() == []


def test_a_term_puts_it_off_to_its_end(heard: Bench) -> None:
    heard.work.ends.kept_of = Kept(is_open=False, last_at=LAST)
    assert beat(heard) == 0
    assert heard.work.ends.look_at == {CLIENT: LAST.replace(year=LAST.year + 5)}


def test_whom_another_process_looks_at_is_passed_over(heard: Bench) -> None:
    heard.work.ends.taken_by_another = True
    assert beat(heard) == 0
    assert heard.work.ends.look_at == {CLIENT: NOW}
