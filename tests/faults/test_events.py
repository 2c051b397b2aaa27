"""No committed event is lost, none is applied twice, none appears from nowhere.

The short part of the campaign: `python -m tests.faults` is the long one.
"""

import pytest

from tests.faults.campaign import ALL_POINTS, Case, Ground
from tests.faults.conftest import Prove

KILLS = Case(
    ground="events",
    size=2_000,
    blows={
        "broker killed": 1,
        "database killed": 2,
        "process killed": 4,
        "memory alarm": 1,
    },
)
CRASHES = Case(ground="events", size=2_000, crashes=ALL_POINTS)


@pytest.mark.catalogue("F17", "F26", "F27", "F32")
@pytest.mark.seeded("outbox_publishes_outside_the_commit")
@pytest.mark.seeded("postgres_acknowledges_early")
def test_events_survive_kills_and_an_alarm(event_load: Ground, prove: Prove) -> None:
    """Broker, database, writers, relay and listener die while events are committed."""
    prove("events-kills", KILLS, event_load)


@pytest.mark.catalogue("F27")
@pytest.mark.seeded("outbox_marks_before_confirm")
@pytest.mark.seeded("bus_acknowledges_before_commit")
@pytest.mark.seeded("inbox_forgets_what_it_applied")
def test_events_survive_a_death_at_every_crash_point(
    event_load: Ground, prove: Prove
) -> None:
    prove("events-crashes", CRASHES, event_load)
