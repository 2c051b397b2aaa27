"""The login moves to the new number in one commit (clauses 4.4, 4.10)."""

import threading
from dataclasses import replace
from uuid import UUID

import pytest

from kernel.errors import Broken, Refused, Transient
from kernel.events.onboarding import BankAccountChanged
from kernel.values import Phone
from services.auth.domain.codes import Act, Challenge
from services.auth.domain.factors import CodeProof
from services.auth.wiring import CheckDue
from tests.golden.examples import example
from tests.integration.auth.changing import change_phone, phone_changed, react
from tests.integration.auth.stand import (
    BROWSER,
    OTHER_PHONE,
    PASSWORD,
    PHONE,
    Stand,
)

NOBODY = UUID("01a2130e-4a68-713f-b993-5feed469ea37")


def refused(act: object, *args: object) -> Refused:
    assert callable(act)
    with pytest.raises(Refused) as caught:
        act(*args)
    return caught.value


def open_by(stand: Stand, challenge: Challenge, code: str) -> object:
    return stand.gateway.open_session(
        stand.context(), challenge_id=challenge.challenge_id, code=code
    )


@pytest.mark.clause("4.4")
@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_old_number_stays_the_login")
def test_the_new_number_is_the_login_and_the_old_one_is_nobody(stand: Stand) -> None:
    client_id = stand.client()
    session, token = stand.session()
    change_phone(stand, client_id)

    opened, _ = stand.session(OTHER_PHONE)
    assert (opened.client_id, opened.login_id) == (client_id, session.login_id)
    unknown = refused(stand.first_factor, Phone("+77070000000"))
    old = refused(stand.first_factor, PHONE)
    assert (old.code, old.details) == (unknown.code, unknown.details)
    assert refused(stand.authenticate, token).code == "session_required"
    assert [e["reason"] for e in stand.events("session_ended")] == ["phone_changed"]
    (moved,) = stand.events("login_phone_changed")
    assert (moved["client_id"], moved["login_id"]) == (
        str(client_id),
        str(session.login_id),
    )


@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_one_number_is_told")
def test_both_numbers_are_told_in_the_client_s_language(stand: Stand) -> None:
    client_id = stand.client()
    session, _ = stand.session()
    stand.gateway.choose_language(stand.context(), session=session, language="kk")
    change_phone(stand, client_id)
    stand.auth.deliver_messages()
    told = {(m.phone, m.template): m.language for m in stand.phones.delivered.values()}
    assert told[PHONE, "phone_given_up_notice"] == "kk"
    assert told[OTHER_PHONE, "phone_taken_notice"] == "kk"
    stand.first_factor(OTHER_PHONE)
    stand.auth.deliver_messages()
    assert any(
        m.language == "kk" and m.template == "code_login"
        for m in stand.phones.delivered.values()
    )


@pytest.mark.clause("4.10")
def test_news_of_accounts_reach_the_number_left_for_a_month(stand: Stand) -> None:
    """Then nobody remembers it."""
    client_id = stand.client()
    change_phone(stand, client_id)

    def told() -> set[Phone]:
        stand.phones.delivered.clear()
        changed = example(BankAccountChanged).model_copy(
            update={"client_id": client_id}
        )
        with stand.auth_platform.database.begin(stand.context()) as tx:
            now = stand.clock.now()
            stand.auth.when_client_concerned(tx, changed, happened_at=now)
        stand.auth.deliver_messages()
        return {
            message.phone
            for message in stand.phones.delivered.values()
            if message.template == "account_changed"
        }

    assert told() == {PHONE, OTHER_PHONE}
    stand.clock.move(days=30)
    assert told() == {OTHER_PHONE}
    stand.auth.forget()
    (row,) = stand.rows("SELECT former_token, former_sealed FROM logins")
    assert tuple(row) == (None, None)


@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_codes_of_the_old_number_live")
def test_a_code_on_its_way_to_the_old_number_opens_nothing(stand: Stand) -> None:
    client_id = stand.client()
    session, _ = stand.session()
    act = Act("consent", NOBODY)
    waiting = stand.first_factor()
    login_code = stand.code_for(PHONE, "login")
    consent = stand.gateway.challenge_client(stand.context(), session=session, act=act)
    consent_code = stand.code_for(PHONE, "consent")
    step, _ = stand.gateway.factors.begin_step_up(stand.context(), session=session)
    step_code = stand.code_for(PHONE, "step_up")
    change_phone(stand, client_id)

    assert refused(open_by, stand, waiting, login_code).code == "code_expired"
    assert (
        refused(
            lambda: stand.gateway.confirm_act(
                stand.context(),
                session=session,
                act=act,
                challenge_id=consent.challenge_id,
                code=consent_code,
                idempotency_key=None,
            )
        ).code
        == "code_expired"
    )
    assert (
        refused(
            lambda: stand.gateway.factors.step_up(
                stand.context(),
                session=session,
                challenge_id=step.challenge_id,
                proof=CodeProof("sms", step_code),
            )
        ).code
        == "code_expired"
    )
    fresh = [s for s in stand.rows("SELECT ended_at FROM sessions") if not s.ended_at]
    assert fresh == []


@pytest.mark.clause("4.10")
def test_a_new_browser_s_check_from_before_the_change_is_over(stand: Stand) -> None:
    client_id = stand.client()
    challenge = stand.first_factor()
    due = stand.gateway.entry.open_session(
        stand.context(),
        challenge_id=challenge.challenge_id,
        proof=CodeProof("sms", stand.code_for(PHONE, "login")),
        browser=replace(BROWSER, mark=None),
    )
    assert isinstance(due, CheckDue)
    change_phone(stand, client_id)
    gone = refused(
        lambda: stand.gateway.entry.find_check(
            stand.context(), check_id=due.check.check_id, token=due.token
        )
    )
    assert gone.code == "device_check_not_found"


@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_login_moves_under_a_login")
def test_a_login_that_meets_the_change_ends_on_one_side_of_it(stand: Stand) -> None:
    """The code was sent while the change was under way, and had not been seen by it."""
    client_id = stand.client()
    event = phone_changed(stand, client_id)
    database = stand.auth_platform.database
    asked = threading.Event()
    outcome: list[object] = []

    def log_in() -> None:
        challenge = stand.first_factor()
        asked.set()
        try:
            outcome.append(open_by(stand, challenge, stand.code_for(PHONE, "login")))
        except Refused as refusal:
            outcome.append(refusal.code)

    with database.begin(stand.context()) as tx:
        stand.auth.when_phone_changed(tx, event, happened_at=stand.clock.now())
        thread = threading.Thread(target=log_in)
        thread.start()
        assert asked.wait(10)
    thread.join(20)

    living = stand.rows("SELECT 1 FROM sessions WHERE ended_at IS NULL")
    assert (outcome, living) == (["challenge_not_found"], [])


@pytest.mark.clause("4.7")
@pytest.mark.seeded("auth_change_of_number_unlocks")
def test_a_change_of_number_unlocks_neither_number(stand: Stand) -> None:
    """A lock of the old number lasts at the new one; one of the new number stays."""
    client_id = stand.client()
    for _ in range(3):
        refused(stand.first_factor, PHONE, "wrong words")
    stand.clock.move(minutes=5)
    change_phone(stand, client_id)
    locked = refused(stand.first_factor, OTHER_PHONE)
    assert locked.details["seconds_left"] == 600
    stand.clock.move(minutes=10)
    stand.first_factor(OTHER_PHONE)


@pytest.mark.clause("4.7")
def test_guesses_at_the_new_number_from_before_count(stand: Stand) -> None:
    client_id = stand.client()
    for _ in range(3):
        refused(stand.first_factor, OTHER_PHONE, PASSWORD)
    change_phone(stand, client_id)
    assert "seconds_left" in refused(stand.first_factor, OTHER_PHONE).details
    stand.clock.move(minutes=15)
    stand.auth.sweep()
    (login_id,) = {e["login_id"] for e in stand.events("login_phone_changed")}
    assert login_id in {e["login_id"] for e in stand.events("access_unlocked")}
    stand.first_factor(OTHER_PHONE)


@pytest.mark.clause("4.10")
@pytest.mark.seeded("auth_login_moves_to_an_unproved_number")
def test_a_number_no_code_of_this_change_has_proved_is_no_login(stand: Stand) -> None:
    """A forged word alone moves nothing; the code of a registration neither."""
    client_id = stand.client()
    stand.prove_phone(OTHER_PHONE)
    with pytest.raises(Broken):
        react(stand, phone_changed(stand, client_id, proved=False))
    stand.first_factor()


def test_a_number_that_is_another_s_login_is_not_taken(stand: Stand) -> None:
    client_id, other = stand.client(), stand.client(OTHER_PHONE)
    with pytest.raises(Broken):
        change_phone(stand, client_id)
    assert stand.first_factor(OTHER_PHONE).client_id == other


def test_the_change_waits_for_the_activation_and_is_done_once(stand: Stand) -> None:
    with pytest.raises(Transient):
        react(stand, phone_changed(stand, NOBODY, proved=False))
    client_id = stand.client()
    event = phone_changed(stand, client_id)
    react(stand, event)
    react(stand, event)
    assert len(stand.events("login_phone_changed")) == 1


@pytest.mark.seeded("auth_gateway_may_move_logins")
def test_the_gateway_s_role_can_move_no_login(stand: Stand) -> None:
    stand.client()
    with (
        pytest.raises(Exception, match="permission denied"),
        stand.gateway_platform.database.begin(stand.context()) as tx,
    ):
        tx.connection.exec_driver_sql("UPDATE logins SET phone_token = 'k1.mine'")
