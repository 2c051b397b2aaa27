"""First measures of incidents: done at once, and undone by persons (clause 7.2)."""

from uuid import UUID

import pytest

from kernel.errors import Refused
from kernel.events.audit import MeasureLifted, MeasureOrdered
from services.auth.domain.factors import TOTP_STEP_S
from tests.integration.auth.employees import code_of, first_two, hired
from tests.integration.auth.stand import Stand

INCIDENT = UUID(int=0x1C)
ANOTHER = UUID(int=0x1D)


def order(
    stand: Stand, measure: str, about: str | None, incident_id: UUID = INCIDENT
) -> None:
    event = MeasureOrdered.model_construct(
        measure_id=UUID(int=1), incident_id=incident_id, measure=measure, about=about
    )
    with stand.auth_platform.database.begin(stand.context()) as tx:
        stand.auth.when_measure_ordered(tx, event)


def lift(
    stand: Stand, measure: str, about: str | None, incident_id: UUID = INCIDENT
) -> None:
    event = MeasureLifted.model_construct(
        measure_id=UUID(int=1),
        incident_id=incident_id,
        measure=measure,
        about=about,
        asked_by=UUID(int=2),
        approved_by=UUID(int=3),
    )
    with stand.auth_platform.database.begin(stand.context()) as tx:
        stand.auth.when_measure_lifted(tx, event)


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


@pytest.mark.parametrize("by", ["client", "login"])
@pytest.mark.clause("7.2a")
@pytest.mark.seeded("measure_lets_a_blocked_login_in")
def test_nobody_logs_in_as_a_client_who_is_blocked_until_every_measure_is_undone(
    stand: Stand, by: str
) -> None:
    """Whatever was right before; a session that waits for its code opens nothing."""
    client_id = stand.client()
    [row] = stand.rows("SELECT login_id FROM logins")
    about = {"client": f"client:{client_id}", "login": f"login:{row.login_id}"}[by]
    _, token = stand.session()
    waiting = stand.first_factor()
    code = stand.code_for(purpose="login")
    for incident in (INCIDENT, ANOTHER, INCIDENT):
        order(stand, "block_login", about, incident)
    assert code_of(lambda: stand.authenticate(token)) == "session_required"

    def finish() -> object:
        challenge_id = waiting.challenge_id
        return stand.gateway.open_session(
            stand.context(), challenge_id=challenge_id, code=code
        )

    assert code_of(finish) == "login_refused"
    assert code_of(stand.first_factor) == "login_refused"
    assert stand.events("login_failed")[-1]["reason"] == "blocked"
    assert len(stand.events("access_blocked")) == 2
    lift(stand, "block_login", about, ANOTHER)
    assert code_of(stand.first_factor) == "login_refused"
    assert stand.events("access_unblocked") == []
    lift(stand, "block_login", about)
    stand.clock.move(minutes=15)
    _, token = stand.session()
    assert stand.authenticate(token).client_id == client_id
    assert len(stand.events("access_unblocked")) == 1


@pytest.mark.clause("7.2a")
@pytest.mark.seeded("measure_lets_staff_in")
def test_a_member_of_the_staff_is_out_until_the_measure_is_undone(
    stand: Stand,
) -> None:
    """No invitation goes round it; then roles and factors are those they had."""
    anna, boris = first_two(stand)
    carla = hired(stand, anna, boris, "carla", "auditor")
    carla.log_in()
    carla.acknowledge()
    about = f"staff:{carla.staff_id}"
    order(stand, "suspend_staff", about)
    order(stand, "suspend_staff", about)
    assert code_of(carla.token) == "staff_session_required"
    stand.clock.move(seconds=TOTP_STEP_S)  # by a code that was never used
    assert code_of(carla.log_in) == "login_refused"
    assert code_of(lambda: hired(stand, anna, boris, "carla")) == "login_taken"
    [told] = stand.events("staff_suspended")
    assert told["suspended_by"] == str(INCIDENT)
    lift(stand, "suspend_staff", about)
    lift(stand, "suspend_staff", about)
    assert len(stand.events("staff_restored")) == 1
    stand.clock.move(minutes=15)
    carla.log_in()
    assert carla.token()
    assert "audit.verify" in carla.me.permissions


@pytest.mark.parametrize(
    ("measure", "about"),
    [
        ("suspend_staff", f"staff:{UUID(int=404)}"),
        ("end_sessions", f"client:{UUID(int=404)}"),
        ("suspend_staff", None),
        ("end_sessions", "source:x"),
        ("block_login", f"client:{UUID(int=404)}"),
        ("block_login", f"login:{UUID(int=404)}"),
        ("block_login", None),
        ("cut_off_the_moon", None),
    ],
)
def test_what_concerns_nobody_here_changes_nothing(
    stand: Stand, measure: str, about: str | None
) -> None:
    order(stand, measure, about)
    lift(stand, measure, about)
    for untold in ("session_ended", "staff_suspended", "staff_restored"):
        assert stand.events(untold) == []
    assert stand.rows("SELECT 1 FROM access_blocks") == []
