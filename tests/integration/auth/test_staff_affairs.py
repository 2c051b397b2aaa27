"""Who is on the staff and what they may do: nobody decides on themselves."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, ProgrammingError

from kernel.clock import rfc3339
from kernel.errors import Refused
from tests.integration.auth.employees import (
    Employee,
    agree,
    code_of,
    first_two,
    hired,
)
from tests.integration.auth.stand import PHONE, Stand


@pytest.fixture
def two(stand: Stand) -> tuple[Employee, Employee]:
    return first_two(stand)


Two = tuple[Employee, Employee]


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("staff_role_without_a_second_person")
def test_a_new_member_has_no_role_until_another_person_agrees(
    stand: Stand, two: Two
) -> None:
    """Who was invited as an auditor is let in and may do nothing at first."""
    anna, boris = two
    invited = stand.auth.staff.invite(
        stand.context(),
        login="carla",
        name="Carla",
        roles=("auditor",),
        by=anna.me,
    )
    carla_id = invited.member.staff_id
    door = stand.auth.staff
    assert list(door.show(stand.context(), carla_id)[1]) == []
    (approval_id,) = invited.approvals
    assert code_of(lambda: agree(stand, approval_id, anna)) == "own_request"
    agree(stand, approval_id, boris)
    (held,) = door.show(stand.context(), carla_id)[1]
    assert (held.role, held.granted_by, held.approved_by) == (
        "auditor",
        anna.staff_id,
        boris.staff_id,
    )
    granted = [e for e in stand.events("staff_role_granted") if e["granted_by"]]
    assert granted == [
        {
            "staff_id": str(carla_id),
            "role": "auditor",
            "granted_by": str(anna.staff_id),
            "approved_by": str(boris.staff_id),
        }
    ]


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("staff_decides_on_themselves")
def test_nobody_decides_on_themselves(stand: Stand, two: Two) -> None:
    """Neither asks for a role, nor agrees to one, nor takes one away, nor suspends."""
    anna, boris = two
    door, context = stand.auth.staff, stand.context()
    acts = (
        lambda: door.ask_role(
            context, staff_id=anna.staff_id, role="auditor", by=anna.me
        ),
        lambda: door.revoke_role(
            context, staff_id=anna.staff_id, role="administrator", by=anna.me
        ),
        lambda: door.suspend(context, staff_id=anna.staff_id, by=anna.me),
    )
    assert [code_of(act) for act in acts] == ["concerns_yourself"] * 3
    asked = door.ask_role(context, staff_id=boris.staff_id, role="auditor", by=anna.me)
    assert code_of(lambda: agree(stand, asked.approval_id, boris)) == (
        "concerns_yourself"
    )


@pytest.mark.seeded("staff_one_person_in_the_database")
def test_the_database_knows_it_too(stand: Stand, two: Two) -> None:
    """A grant by one person, or to oneself, cannot be written at all."""
    anna, boris = two
    wrong = (
        (anna.staff_id, boris.staff_id, boris.staff_id),
        (anna.staff_id, anna.staff_id, boris.staff_id),
        (anna.staff_id, boris.staff_id, anna.staff_id),
    )
    for staff_id, granted_by, approved_by in wrong:
        with pytest.raises(IntegrityError), stand.owner.begin() as connection:
            connection.execute(
                text(
                    "INSERT INTO staff_roles (grant_id, staff_id, role, granted_at,"
                    " granted_by, approved_by, confirmed_at) VALUES (:id, :staff,"
                    " 'auditor', :now, :by, :other, :now)"
                ),
                {
                    "id": UUID(int=1),
                    "staff": staff_id,
                    "by": granted_by,
                    "other": approved_by,
                    "now": rfc3339(stand.clock.now()),
                },
            )


@pytest.mark.clause("6.1e")
@pytest.mark.seeded("approvals_may_be_rewritten")
def test_what_was_asked_cannot_be_rewritten(stand: Stand, two: Two) -> None:
    """By the service itself, whatever takes it over: it may write a decision alone."""
    anna, boris = two
    stand.auth.staff.ask_role(
        stand.context(), staff_id=boris.staff_id, role="auditor", by=anna.me
    )
    database = stand.auth_platform.database
    for change in (
        "UPDATE approvals SET arguments = ''",
        "UPDATE approvals SET requested_by = decided_by",
        "DELETE FROM approvals",
        "DELETE FROM staff_roles",
        "UPDATE staff_roles SET role = 'administrator'",
        "UPDATE staff_acknowledgements SET version = '2030'",
    ):
        with (
            pytest.raises(ProgrammingError),
            database.begin(stand.context()) as tx,
        ):
            tx.connection.execute(text(change))


@pytest.mark.seeded("staff_suspended_goes_on")
def test_a_suspended_member_is_out_at_once(stand: Stand, two: Two) -> None:
    """No login, no token, no role; a new invitation begins from nothing."""
    anna, boris = two
    carla = hired(stand, anna, boris, "carla", "auditor")
    carla.log_in()
    carla.acknowledge()
    carla.token()
    stand.clock.move(seconds=30)
    stand.auth.staff.suspend(stand.context(), staff_id=carla.staff_id, by=anna.me)
    assert code_of(carla.token) == "staff_session_required"
    assert code_of(carla.log_in) == "login_refused"
    assert carla.me.permissions == frozenset()
    assert [e["reason"] for e in stand.events("staff_session_ended")] == ["suspended"]
    again = hired(stand, anna, boris, "carla")
    assert again.staff_id == carla.staff_id
    stand.clock.move(minutes=15)
    again.log_in()
    assert again.me.permissions == frozenset()


@pytest.mark.seeded("staff_suspended_asks_on")
def test_what_a_suspended_member_asked_for_is_not_carried_out(
    stand: Stand, two: Two
) -> None:
    """There are no longer two who want it."""
    anna, boris = two
    carla = hired(stand, anna, boris, "carla", "auditor")
    asked = stand.auth.staff.ask_role(
        stand.context(), staff_id=carla.staff_id, role="treasurer", by=anna.me
    )
    stand.auth.staff.suspend(stand.context(), staff_id=anna.staff_id, by=boris.me)
    assert code_of(lambda: agree(stand, asked.approval_id, boris)) == "asker_suspended"
    roles = stand.auth.staff.show(stand.context(), carla.staff_id)[1]
    assert [held.role for held in roles] == ["auditor"]


def test_logins_are_unique_and_have_one_form(stand: Stand, two: Two) -> None:
    anna, _ = two

    def invite(login: str) -> str:
        return code_of(
            lambda: stand.auth.staff.invite(
                stand.context(), login=login, name="X", roles=(), by=anna.me
            )
        )

    assert invite("boris") == "login_taken"
    for unfit in ("Boris", "b", "бор", "a b c", "x" * 33, "+77011234567"):
        assert invite(unfit) == "login_unfit"


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("staff_recertification_never_due")
def test_a_role_falls_due_and_is_confirmed_by_four_eyes(stand: Stand, two: Two) -> None:
    """The report says who has what since when by whose yes, and when they came last."""
    anna, boris = two
    carla = hired(stand, anna, boris, "carla", "auditor")
    since = stand.clock.now()
    carla.log_in()

    def line() -> tuple[bool, object, object]:
        report = stand.auth.staff.certified(stand.context())
        (found,) = [one for one in report if one.member.login == "carla"]
        return found.due, found.held.granted_by, found.member.last_login_at

    assert line() == (False, anna.staff_id, since)
    stand.clock.move(days=90, seconds=1)
    assert line()[0] is True
    asked = stand.auth.staff.ask_role(
        stand.context(), staff_id=carla.staff_id, role="auditor", by=boris.me
    )
    agree(stand, asked.approval_id, anna)
    assert line()[:2] == (False, boris.staff_id)
    stand.auth.staff.revoke_role(
        stand.context(), staff_id=carla.staff_id, role="auditor", by=anna.me
    )
    assert carla.me.permissions == frozenset()


@pytest.mark.clause("4.7")
@pytest.mark.seeded("staff_sees_no_locks")
def test_locks_are_seen_and_not_lifted(stand: Stand, two: Two) -> None:
    """Of clients and of staff; there is no use case that ends one."""
    anna, _ = two
    client_id = stand.client()
    for _ in range(3):
        with pytest.raises(Refused):
            stand.first_factor(PHONE, "wrong")
        code_of(lambda: anna.log_in(password="wrong"))  # noqa: S106 - a wrong one
    locks = stand.auth.care.locks(stand.context())
    until = stand.clock.now() + timedelta(minutes=15)
    assert sorted((lock.what, lock.until) for lock in locks) == [
        ("password", until),
        ("staff", until),
    ]
    user = stand.auth.care.show(stand.context(), client_id)
    assert (user.locked_until, user.has_password) == (until, True)
    stand.clock.move(minutes=15)
    assert list(stand.auth.care.locks(stand.context())) == []


@pytest.mark.seeded("staff_ends_a_session_silently")
def test_a_clients_session_is_ended_with_who_and_why(stand: Stand, two: Two) -> None:
    anna, _ = two
    client_id = stand.client()
    session, _token = stand.session()
    care = stand.auth.care
    (shown,) = care.sessions_of(stand.context(), client_id)
    assert shown.session_id == session.session_id

    def end(ground: str) -> None:
        care.end_session(
            stand.context(),
            client_id=client_id,
            session_id=session.session_id,
            ground=ground,
            by=anna.me,
        )

    assert code_of(lambda: end("Звонил Иванов")) == "reason_unfit"
    end("phone reported stolen, ticket 12")
    assert code_of(lambda: end("phone reported stolen, ticket 12")) == (
        "session_not_found"
    )
    assert stand.events("session_ended") == [
        {
            "client_id": str(client_id),
            "session_id": str(session.session_id),
            "reason": "revoked",
            "ended_by": str(anna.staff_id),
            "ground": "phone reported stolen, ticket 12",
        }
    ]
    assert list(care.sessions_of(stand.context(), client_id)) == []
