"""First measures of incidents: done at once, and undone by persons (clause 7.2)."""

from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.events.audit import MeasureOrdered
from tests.integration.auth.employees import code_of, first_two, hired
from tests.integration.auth.stand import Stand

INCIDENT = UUID(int=0x1C)


def order(stand: Stand, measure: str, about: str | None) -> None:
    event = MeasureOrdered.model_construct(
        measure_id=UUID(int=1), incident_id=INCIDENT, measure=measure, about=about
    )
    with stand.auth_platform.database.begin(stand.context()) as tx:
        stand.auth.when_measure_ordered(tx, event)


@pytest.mark.clause("7.2a")
@pytest.mark.seeded("measure_leaves_sessions_open")
def test_every_session_of_the_client_ends_and_a_login_begins_another(
    stand: Stand,
) -> None:
    client_id = stand.client()
    _, token = stand.session()
    order(stand, "end_sessions", f"client:{client_id}")
    with pytest.raises(Refused):
        stand.authenticate(token)
    [ended] = stand.events("session_ended")
    assert (ended["reason"], ended["ground"]) == ("revoked", f"incident {INCIDENT}")
    order(stand, "end_sessions", f"client:{client_id}")
    assert len(stand.events("session_ended")) == 1
    stand.clock.move(minutes=1)
    _, token = stand.session()
    assert stand.authenticate(token).client_id == client_id


@pytest.mark.clause("7.2a")
@pytest.mark.seeded("measure_lets_staff_in")
def test_a_member_of_the_staff_is_out_until_invited_again(stand: Stand) -> None:
    anna, boris = first_two(stand)
    carla = hired(stand, anna, boris, "carla", "auditor")
    carla.log_in()
    carla.acknowledge()
    order(stand, "suspend_staff", f"staff:{carla.staff_id}")
    order(stand, "suspend_staff", f"staff:{carla.staff_id}")
    assert code_of(carla.token) == "staff_session_required"
    assert code_of(carla.log_in) == "login_refused"
    [told] = stand.events("staff_suspended")
    assert told["suspended_by"] == str(INCIDENT)
    again = hired(stand, anna, boris, "carla", "auditor")
    stand.clock.move(minutes=15)
    again.log_in()
    assert again.staff_id == carla.staff_id


@pytest.mark.parametrize(
    ("measure", "about"),
    [
        ("suspend_staff", f"staff:{UUID(int=404)}"),
        ("end_sessions", f"client:{UUID(int=404)}"),
        ("suspend_staff", None),
        ("end_sessions", "source:x"),
        ("cut_off_the_moon", None),
    ],
)
def test_what_concerns_nobody_here_changes_nothing(
    stand: Stand, measure: str, about: str | None
) -> None:
    order(stand, measure, about)
    assert stand.events("session_ended") == []
    assert stand.events("staff_suspended") == []
