"""The staff's door: two factors, three attempts, a minute of work at a time."""

import pytest

from kernel.context import StaffMember
from kernel.errors import Refused
from kernel.tokens import STAFF_LIFETIME_S, staff_of
from services.auth.domain.factors import RECOVERY_CODES
from services.auth.domain.roles import permissions_of
from tests.integration.auth.employees import (
    Employee,
    at_work,
    code_of,
    first_two,
    taken_up,
)
from tests.integration.auth.stand import PASSWORD, PHONE, Stand, in_threads

WRONG = "not the password"


def seen(stand: Stand, token: str) -> StaffMember:
    """Whom a service sees behind a token, now."""
    platform = stand.auth_platform
    return staff_of(token, trust=platform.trust, clock=stand.clock)


def refusal(employee: Employee, **given: str) -> Refused:
    with pytest.raises(Refused) as refused:
        employee.log_in(**given)
    return refused.value


@pytest.mark.clause("6.1a")
@pytest.mark.seeded("staff_code_not_asked")
def test_password_and_code_open_a_session_and_nothing_less(stand: Stand) -> None:
    """The refusal does not say which of the two was wrong."""
    anna, _ = first_two(stand)
    wrong = [
        refusal(anna, password=WRONG),
        refusal(anna, code="000000"),
    ]
    assert len({(one.code, one.sentence, str(one.details)) for one in wrong}) == 1
    entered = anna.log_in()
    assert (entered.stay.staff_id, entered.roles) == (anna.staff_id, ["administrator"])
    assert [e["reason"] for e in stand.events("staff_login_failed")] == [
        "wrong_password",
        "wrong_code",
    ]
    assert stand.events("staff_logged_in") == [
        {
            "staff_id": str(anna.staff_id),
            "session_id": str(entered.stay.session_id),
        }
    ]


@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A01", "P04")
@pytest.mark.seeded("auth_attempts_pass_the_lock")
def test_of_many_guesses_at_once_three_are_verified(stand: Stand) -> None:
    """A hundred, the right one with the right code among them: nobody comes in."""
    anna, _ = first_two(stand)
    code = anna.code()
    stand.passwords.asked.clear()

    def guess(place: int) -> object:
        return stand.auth.staff.log_in(
            stand.context(),
            login="Anna" if place % 2 else " anna",
            password=PASSWORD if place == 50 else f"guess {place}",
            proof=code,
        )

    answers = in_threads(100, guess)
    assert {getattr(answer, "code", None) for answer in answers} == {"login_refused"}
    assert len(stand.passwords.asked) == 3
    assert len(stand.events("access_locked")) == 1
    assert stand.events("staff_logged_in") == []


@pytest.mark.clause("4.7")
@pytest.mark.seeded("auth_lock_in_seconds")
def test_a_lock_lasts_fifteen_minutes_whatever_is_typed(stand: Stand) -> None:
    """Password and code count together; at 14:59 even both right are refused."""
    anna, _ = first_two(stand)
    refusal(anna, password=WRONG)
    refusal(anna, code="000000")
    assert refusal(anna, code="000001").details["seconds_left"] == 900
    stand.clock.move(minutes=14, seconds=59)
    assert refusal(anna).details["seconds_left"] == 1
    stand.clock.move(seconds=1)
    anna.log_in()


@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A04")
@pytest.mark.seeded("staff_unknown_login_not_counted")
def test_a_login_nobody_has_is_locked_alike(stand: Stand) -> None:
    """The same work, the same words, the same time left."""
    anna, _ = first_two(stand)
    stand.passwords.asked.clear()
    told = []
    for login in ("anna", "nobody", "x"):
        employee = Employee(stand, login, anna.staff_id, anna.secret, [])
        refusals = [refusal(employee, password=WRONG) for _ in range(4)]
        told.append([(one.code, one.sentence, str(one.details)) for one in refusals])
    assert told[0] == told[1] == told[2]
    assert len(stand.passwords.asked) == 9


@pytest.mark.catalogue("A10")
@pytest.mark.seeded("auth_totp_step_used_twice")
def test_a_code_opens_once(stand: Stand) -> None:
    """Seen over a shoulder it is worth nothing (RFC 6238, section 5.2)."""
    anna, _ = first_two(stand)
    code = anna.code()
    anna.log_in(code)
    assert refusal(anna, code=code).code == "login_refused"
    paper = anna.recovery_codes[0]
    anna.log_in(paper.lower().replace("-", " "))
    assert refusal(anna, code=paper).code == "login_refused"
    assert len(anna.recovery_codes) == RECOVERY_CODES


@pytest.mark.clause("1.4")
@pytest.mark.seeded("staff_rules_not_asked")
def test_nothing_is_open_before_the_rules_are_acknowledged(stand: Stand) -> None:
    """A session, but no token; the acknowledgement is recorded, once."""
    anna, _ = first_two(stand)
    entered = anna.log_in()
    assert code_of(anna.token) == "rules_not_acknowledged"
    version, text = anna.door.rules(stand.context(), session=anna.session)
    assert entered.must_acknowledge == version
    assert "Порядк" in text
    older = {"session": anna.session, "version": "2020-01-01"}
    assert (
        code_of(lambda: anna.door.acknowledge(stand.context(), **older))
        == "rules_not_acknowledged"
    )
    anna.acknowledge()
    anna.acknowledge()
    assert seen(stand, anna.token()).id == anna.staff_id
    stand.clock.move(minutes=1)
    assert anna.log_in().must_acknowledge is None
    assert stand.events("staff_rules_acknowledged") == [
        {"staff_id": str(anna.staff_id), "version": version}
    ]


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("staff_token_lives_on")
def test_a_token_says_what_the_roles_allow_for_a_minute(stand: Stand) -> None:
    anna = at_work(stand)
    opened = anna.door.token(stand.context(), session=anna.session)
    assert seen(stand, opened.token).permissions == permissions_of(["administrator"])
    assert opened.permissions == permissions_of(["administrator"])
    stand.clock.move(seconds=STAFF_LIFETIME_S - 1)
    seen(stand, opened.token)
    stand.clock.move(seconds=1)
    assert code_of(lambda: seen(stand, opened.token)) == "staff_token_invalid"


@pytest.mark.seeded("staff_session_outlives_logout")
def test_a_session_that_ended_gives_no_more_tokens(stand: Stand) -> None:
    anna = at_work(stand)
    anna.token()
    anna.door.log_out(stand.context(), session=anna.session)
    assert code_of(anna.token) == "staff_session_required"
    assert [e["reason"] for e in stand.events("staff_session_ended")] == ["logout"]


@pytest.mark.clause("4.8")
@pytest.mark.seeded("staff_idle_session_lives_on")
def test_a_session_ends_after_ten_minutes_of_silence(stand: Stand) -> None:
    """10:00 lives, 10:01 is dead; the server says so by itself."""
    anna = at_work(stand)
    stand.clock.move(minutes=10)
    anna.token()
    stand.clock.move(minutes=10, seconds=1)
    assert code_of(anna.token) == "staff_session_required"
    stand.auth.sweep()
    assert [e["reason"] for e in stand.events("staff_session_ended")] == ["idle"]


@pytest.mark.clause("4.8")
@pytest.mark.seeded("staff_session_without_end")
def test_a_session_ends_after_a_working_day(stand: Stand) -> None:
    """However busy: eight hours from the login."""
    anna = at_work(stand)
    for _ in range(8 * 6):
        stand.clock.move(minutes=10)
        anna.token()
    stand.clock.move(seconds=1)
    assert code_of(anna.token) == "staff_session_required"
    stand.auth.sweep()
    assert [e["reason"] for e in stand.events("staff_session_ended")] == ["absolute"]


@pytest.mark.seeded("staff_bootstrap_twice")
def test_the_owner_invites_until_the_first_is_in(stand: Stand) -> None:
    """A lost invitation can be made anew; after that administrators invite."""
    door, logins = stand.auth.staff, ("anna", "boris")
    lost, _ = door.invite_first(stand.context(), logins)
    again, _ = door.invite_first(stand.context(), logins)
    assert code_of(lambda: taken_up(stand, "anna", lost)) == "invitation_invalid"
    taken_up(stand, "anna", again)
    assert code_of(lambda: door.invite_first(stand.context(), logins)) == "staff_exists"
    assert (
        code_of(lambda: door.invite_first(stand.context(), ("mallory", "eve")))
        == "staff_exists"
    )


@pytest.mark.seeded("staff_invitation_for_ever")
def test_an_invitation_is_good_once_and_for_three_days(stand: Stand) -> None:
    """A wrong first code does not use it up; a weak password is refused."""
    door = stand.auth.staff
    late, kept = door.invite_first(stand.context(), ("anna", "boris"))

    def activate(invitation: str, password: str = PASSWORD) -> object:
        return door.activate(stand.context(), invitation=invitation, password=password)

    assert code_of(lambda: activate(kept, "qwerty12345")) == "password_weak"
    activate(kept)
    assert (
        code_of(lambda: door.confirm(stand.context(), invitation=kept, code="000000"))
        == "code_wrong"
    )
    taken_up(stand, "boris", kept)
    assert code_of(lambda: activate(kept)) == "invitation_invalid"
    stand.clock.move(hours=72)
    assert code_of(lambda: activate(late)) == "invitation_invalid"


@pytest.mark.clause("6.1f")
@pytest.mark.seeded("gateway_reaches_the_staff")
def test_the_gateway_sees_nobody_of_the_staff(stand: Stand) -> None:
    """Nor their counts, nor their authenticators: two realms, two roles."""
    at_work(stand)
    tables = (
        "staff_members, staff_roles, staff_sessions, staff_acknowledgements,"
        " staff_attempts, staff_totps, staff_recovery_codes, approvals"
    )
    with stand.owner.begin() as connection:
        for table in tables.split(", "):
            rights = connection.exec_driver_sql(
                "SELECT bool_or(has_table_privilege('gateway', %(table)s, p))"
                " FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p",
                {"table": table.strip()},
            ).scalar_one()
            assert rights is False, table


@pytest.mark.clause("1.3a")
def test_no_event_has_a_login_a_name_or_a_password(stand: Stand) -> None:
    """Ids and keyed tokens: who it was, the list of the staff tells."""
    anna = at_work(stand)
    refusal(anna, password=WRONG)
    said = "".join(
        bytes(row.data).decode() for row in stand.rows("SELECT data FROM outbox")
    )
    for private in ("anna", "boris", PASSWORD, WRONG, PHONE.reveal(), anna.session):
        assert private not in said
