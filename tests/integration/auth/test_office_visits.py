"""Number and password lost: two of the staff, a pass, a face; never less."""

from functools import partial
from uuid import UUID

import pytest

from services.auth.wiring import CheckDue
from tests.integration.auth.changing import allow_change, found, right_of
from tests.integration.auth.employees import Employee, agree, code_of, first_two, hired
from tests.integration.auth.stand import HOME, PHONE, Stand, in_threads

SEEN = "passport seen, sim card stolen"


@pytest.fixture
def carers(stand: Stand) -> tuple[Employee, Employee]:
    """Two members of client care."""
    anna, boris = first_two(stand)
    first, second = (
        hired(stand, anna, boris, login, "client-care") for login in ("carla", "dan")
    )
    return first, second


def recorded(stand: Stand, client_id: UUID, by: Employee) -> tuple[UUID, str]:
    """A visit that waits for another's yes: the request, and the pass."""
    visited = stand.auth.care.record_visit(
        stand.context(), client_id=client_id, reason=SEEN, by=by.me
    )
    return visited.approval.approval_id, visited.office_pass


def agreed(stand: Stand, client_id: UUID, carers: tuple[Employee, Employee]) -> str:
    """A pass that is good."""
    approval_id, office_pass = recorded(stand, client_id, carers[0])
    agree(stand, approval_id, carers[1])
    return office_pass


def shown(stand: Stand, office_pass: str) -> CheckDue:
    return stand.gateway.recovery.prove_visit(
        stand.context(), office_pass=office_pass, source=HOME
    )


@pytest.mark.clause("4.10")
@pytest.mark.clause("6.1f")
@pytest.mark.seeded("auth_office_pass_before_the_yes", "auth_office_visit_untold")
def test_a_visit_two_agree_on_and_a_face_open_the_change_of_number(
    stand: Stand, carers: tuple[Employee, Employee]
) -> None:
    """Nothing before the yes; the number there is hears of the visit and of its use."""
    client_id = stand.client()
    stand.auth.deliver_messages()
    told = len(stand.phones.delivered)
    approval_id, office_pass = recorded(stand, client_id, carers[0])
    assert code_of(lambda: shown(stand, office_pass)) == "pass_not_valid"
    assert code_of(lambda: agree(stand, approval_id, carers[0])) == "own_request"
    agree(stand, approval_id, carers[1])
    due = shown(stand, office_pass)
    assert code_of(lambda: right_of(stand, due.token)) == "session_required"
    allow_change(stand, due)
    assert right_of(stand, due.token) == client_id
    stand.auth.deliver_messages()
    words = [m.template for m in stand.phones.delivered.values() if m.phone == PHONE]
    assert words[told:] == ["recovery_notice", "recovery_notice"]
    assert stand.events("office_visit_recorded") == [
        {
            "client_id": str(client_id),
            "reason": SEEN,
            "recorded_by": str(carers[0].staff_id),
            "approved_by": str(carers[1].staff_id),
        }
    ]


@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_office_pass_opens_a_password")
def test_a_pass_opens_no_password_and_no_cabinet(
    stand: Stand, carers: tuple[Employee, Employee]
) -> None:
    """The change of number alone: after it, the new number and the face."""
    due = shown(stand, agreed(stand, stand.client(), carers))
    assert code_of(lambda: found(stand, due, "password")) == "recovery_not_found"
    assert code_of(lambda: found(stand, due, "device")) == "device_check_not_found"
    assert stand.rows("SELECT 1 FROM sessions") == []


@pytest.mark.catalogue("B02")
@pytest.mark.seeded("auth_office_pass_used_twice")
def test_a_pass_is_good_once(stand: Stand, carers: tuple[Employee, Employee]) -> None:
    """However many show it at once."""
    office_pass = agreed(stand, stand.client(), carers)
    answers = in_threads(8, lambda _: shown(stand, office_pass))
    opened = [answer for answer in answers if isinstance(answer, CheckDue)]
    assert len(opened) == 1
    assert code_of(lambda: shown(stand, office_pass)) == "pass_not_valid"


@pytest.mark.seeded("auth_office_pass_for_ever")
def test_a_pass_is_good_for_a_day(
    stand: Stand, carers: tuple[Employee, Employee]
) -> None:
    office_pass = agreed(stand, stand.client(), carers)
    stand.clock.move(hours=24)
    assert code_of(lambda: shown(stand, office_pass)) == "pass_not_valid"
    stand.clock.move(seconds=1)
    stand.auth.forget()
    assert stand.rows("SELECT 1 FROM office_passes") == []


def test_a_visit_of_nobody_and_a_pass_of_nobody_open_nothing(
    stand: Stand, carers: tuple[Employee, Employee]
) -> None:
    """The office errs in the id; somebody guesses."""
    nobody = stand.auth_platform.ids.new()
    approval_id, office_pass = recorded(stand, nobody, carers[0])
    assert code_of(lambda: agree(stand, approval_id, carers[1])) == "client_not_found"
    for guess in (office_pass, "k" * 43):
        assert code_of(partial(shown, stand, guess)) == "pass_not_valid"
