"""Two factors open a session; silence, age, logout or a newer one ends it."""

import ast
import threading

import pytest
from sqlalchemy import text

from kernel.errors import Refused, Transient
from tests.integration.auth.stand import OTHER_PHONE, PHONE, Stand, in_threads
from tests.marks import ROOT


def is_alive(stand: Stand, token: str, *, activity: bool = True) -> bool:
    try:
        stand.authenticate(token, activity=activity)
    except Refused:
        return False
    return True


@pytest.mark.clause("4.3")
@pytest.mark.seeded("auth_any_code_opens_the_cabinet")
def test_a_wrong_second_factor_opens_nothing(stand: Stand) -> None:
    stand.client()
    challenge = stand.first_factor()
    code = stand.code_for(purpose="login")
    wrong = f"{(int(code) + 1) % 10**6:06d}"

    with pytest.raises(Refused) as caught:
        stand.gateway.open_session(
            stand.context(), challenge_id=challenge.challenge_id, code=wrong
        )

    assert caught.value.code == "code_wrong"
    assert stand.rows("SELECT session_id FROM sessions") == []
    assert [e["reason"] for e in stand.events("login_failed")] == ["wrong_code"]


@pytest.mark.clause("4.8")
@pytest.mark.seeded("auth_session_outlives_ten_minutes")
def test_ten_minutes_of_silence_live_and_one_second_more_is_the_end(
    stand: Stand,
) -> None:
    """10:00 works and restarts the count; 10:01 does not."""
    stand.client()
    _, token = stand.session()
    stand.clock.move(minutes=10)
    assert is_alive(stand, token)
    stand.clock.move(minutes=10)
    assert is_alive(stand, token)
    stand.clock.move(minutes=10, seconds=1)

    assert not is_alive(stand, token)


@pytest.mark.clause("4.8")
@pytest.mark.catalogue("A07")
def test_a_microsecond_beyond_ten_minutes_is_beyond(stand: Stand) -> None:
    stand.client()
    _, token = stand.session()
    stand.clock.move(minutes=10, microseconds=1)

    assert not is_alive(stand, token)


@pytest.mark.clause("4.8")
@pytest.mark.catalogue("A08")
@pytest.mark.seeded("auth_polling_keeps_the_session")
def test_asking_in_the_background_keeps_no_session_alive(stand: Stand) -> None:
    stand.client()
    _, token = stand.session()
    for _ in range(10):
        stand.clock.move(minutes=1)
        assert is_alive(stand, token, activity=False)
    stand.clock.move(minutes=1)

    assert not is_alive(stand, token, activity=False)


@pytest.mark.catalogue("A07")
@pytest.mark.seeded("auth_session_without_absolute_end")
def test_no_session_outlives_twelve_hours(stand: Stand) -> None:
    """However busy it is."""
    stand.client()
    _, token = stand.session()
    for _ in range(12 * 6):
        stand.clock.move(minutes=10)
        assert is_alive(stand, token)
    stand.clock.move(seconds=1)

    assert not is_alive(stand, token)


@pytest.mark.clause("4.8")
@pytest.mark.seeded("auth_ended_sessions_stay_open")
def test_the_sweep_ends_stale_sessions_once_and_says_so(stand: Stand) -> None:
    """The session is gone on the server, not only refused."""
    client_id = stand.client()
    session, _ = stand.session()
    stand.clock.move(minutes=10, seconds=1)
    stand.auth.sweep()
    stand.auth.sweep()

    assert [
        {
            "client_id": str(client_id),
            "session_id": str(session.session_id),
            "reason": "idle",
            "ended_by": None,
            "ground": None,
        }
    ] == stand.events("session_ended")


@pytest.mark.clause("4.8")
@pytest.mark.seeded("auth_sweep_comes_late")
def test_the_end_is_told_within_five_seconds(stand: Stand) -> None:
    """By the server itself, with no request: the first beat after the end."""
    seconds = _beat_of("sweep")
    stand.client()
    stand.session()
    stand.clock.move(minutes=10, seconds=seconds)
    stand.auth.sweep()

    assert 0 < seconds <= 5
    assert [event["reason"] for event in stand.events("session_ended")] == ["idle"]


def _beat_of(name: str) -> float:
    """How often the process calls it; read, because importing it would patch us."""
    tree = ast.parse((ROOT / "services" / "auth" / "service.py").read_text())
    (found,) = (
        float(ast.literal_eval(decorator.keywords[0].value))
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name == name
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call)
    )
    return found


def test_a_living_session_is_not_swept(stand: Stand) -> None:
    stand.client()
    _, token = stand.session()
    stand.clock.move(minutes=10)
    stand.auth.sweep()

    assert is_alive(stand, token)


@pytest.mark.catalogue("A07")
@pytest.mark.seeded("auth_logout_leaves_the_session")
def test_after_logout_the_token_opens_nothing(stand: Stand) -> None:
    stand.client()
    session, token = stand.session()
    stand.gateway.end_session(stand.context(), session=session)

    assert not is_alive(stand, token)
    assert [event["reason"] for event in stand.events("session_ended")] == ["logout"]


@pytest.mark.seeded("auth_sessions_without_number")
def test_the_fourth_session_ends_the_one_silent_longest_and_nobody_else_s(
    stand: Stand,
) -> None:
    """Three at once are the rule (`auth.parallel_sessions`, ASVS 7.1.2)."""
    stand.client()
    stand.client(OTHER_PHONE)
    _, others = stand.session(OTHER_PHONE)
    tokens = []
    for _ in range(3):
        tokens.append(stand.session()[1])
        stand.clock.move(seconds=1)
    stand.authenticate(tokens[0])
    tokens.append(stand.session()[1])

    assert [is_alive(stand, t) for t in tokens] == [True, False, True, True]
    assert is_alive(stand, others)
    assert [event["reason"] for event in stand.events("session_ended")] == ["replaced"]


def test_logins_at_once_leave_as_many_sessions_as_the_rule_allows(stand: Stand) -> None:
    """Five browsers finish at the same moment."""
    stand.client()
    waiting = []
    for _ in range(5):
        challenge_id = stand.first_factor().challenge_id
        waiting.append((challenge_id, stand.code_for(purpose="login")))
    in_threads(
        5,
        lambda n: stand.gateway.open_session(
            stand.context(), challenge_id=waiting[n][0], code=waiting[n][1]
        ),
    )

    assert len(stand.rows("SELECT 1 FROM sessions WHERE ended_at IS NULL")) == 3


@pytest.mark.seeded("auth_code_opens_twice")
def test_one_code_opens_one_session(stand: Stand) -> None:
    """Twenty browsers with the same code: one gets in (ASVS 6.5.1)."""
    stand.client()
    challenge = stand.first_factor()
    code = stand.code_for(purpose="login")

    answers = in_threads(
        20,
        lambda _: stand.gateway.open_session(
            stand.context(), challenge_id=challenge.challenge_id, code=code
        ),
    )

    assert sum(isinstance(answer, tuple) for answer in answers) == 1
    assert len(stand.rows("SELECT session_id FROM sessions")) == 1


def test_the_token_is_stored_as_a_digest_only(stand: Stand) -> None:
    stand.client()
    _, token = stand.session()
    (row,) = stand.rows("SELECT * FROM sessions")

    assert token.encode() not in bytes(row.token_sha256)
    assert token not in str(row)


def test_the_client_is_told_of_every_login(stand: Stand) -> None:
    """Russian rules of 11.2025: each login is notified."""
    stand.client()
    stand.session()
    stand.auth.deliver_messages()

    assert "выполнен вход" in [m.text for m in stand.phones.delivered.values()][-1]


@pytest.mark.clause("4.8")
def test_activity_of_many_is_noted_together_and_of_the_dead_for_nobody(
    stand: Stand,
) -> None:
    """One statement for all of them; polling keeps nobody alive there either."""
    tokens = []
    for phone in (PHONE, OTHER_PHONE):
        stand.client(phone)
        tokens.append(stand.session(phone)[1])
    busy = [stand.gateway.knock(token, activity=True) for token in tokens]
    polling = stand.gateway.knock(tokens[1], activity=False)
    stranger = stand.gateway.knock("of nobody", activity=True)
    stand.clock.move(minutes=10)

    assert set(stand.gateway.living([busy[0], polling, stranger])) == {busy[0], polling}
    stand.clock.move(minutes=10)
    assert set(stand.gateway.living([*busy, polling])) == {busy[0]}


@pytest.mark.clause("4.8")
@pytest.mark.seeded("auth_clients_wait_for_one_another")
def test_who_changes_one_session_holds_nobody_else_up(stand: Stand) -> None:
    """The changed one is judged alone, when the change is done: it has ended."""
    tokens = []
    for phone in (PHONE, OTHER_PHONE):
        stand.client(phone)
        tokens.append(stand.session(phone)[1])
    held, other = (stand.gateway.knock(token, activity=True) for token in tokens)
    found: list[object] = []
    together = threading.Event()

    def ask() -> None:
        try:
            found.append(set(stand.gateway.living([held, other])))
        except Transient:
            found.append("held up")
        together.set()
        found.append(is_alive(stand, tokens[0]))

    asking = threading.Thread(target=ask)
    with stand.owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE sessions SET ended_at = :now, end_reason = 'logout'"
                " WHERE token_sha256 = :digest"
            ),
            {"now": stand.clock.now(), "digest": held.digest},
        )
        asking.start()
        together.wait()
        asking.join(timeout=0.2)
        meanwhile = list(found)
    asking.join()

    assert meanwhile == [{other}]
    assert found == [{other}, False]
