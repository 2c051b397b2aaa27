"""Sessions: the limits of clause 4.8, and who is told of an end."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from services.auth.domain.sessions import Knock, lives, time_left
from services.auth.handlers.sessions import (
    authenticate,
    end_other_sessions,
    end_session,
    end_stale_sessions,
    open_session,
    revoke_session,
)
from tests.unit.auth.builders import CLIENT, RULES, login, session
from tests.unit.auth.fakes import (
    NOON,
    FakeBlocks,
    FakeIds,
    FakeSessions,
    Published,
    minutes,
)

HOURS_12 = timedelta(hours=12)


@pytest.mark.parametrize(
    ("silence", "alive"),
    [
        (timedelta(0), True),
        (minutes(10) - timedelta(seconds=1), True),
        (minutes(10), True),
        (minutes(10) + timedelta(microseconds=1), False),
        (minutes(10) + timedelta(seconds=1), False),
    ],
)
def test_exactly_ten_minutes_live(silence: timedelta, *, alive: bool) -> None:
    assert lives(session(), RULES, now=NOON + silence) is alive


@given(age=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=1)))
def test_the_time_left_is_negative_exactly_when_it_is_dead(age: timedelta) -> None:
    """Domain, store and the number shown agree."""
    now = NOON + age
    busy = replace(session(), active_at=max(NOON, now - minutes(1)))
    left = time_left(busy, RULES, now=now)

    assert lives(busy, RULES, now=now) == (left >= timedelta(0))
    assert lives(busy, RULES, now=now) == (age <= HOURS_12)


def test_only_activity_restarts_the_count() -> None:
    sessions = FakeSessions({b"d": session()})

    def come(after: float, *, activity: bool) -> None:
        authenticate(
            Knock(b"d", activity),
            now=NOON + minutes(after),
            rules=RULES,
            sessions=sessions,
        )

    come(9, activity=True)
    come(18, activity=False)
    with pytest.raises(Refused, match="session_required"):
        come(19.5, activity=False)


def test_one_session_too_many_ends_the_one_silent_longest() -> None:
    """Three at once is the rule (`auth.parallel_sessions`)."""
    older = [replace(session(n), active_at=NOON + minutes(n)) for n in (3, 1, 2)]
    sessions = FakeSessions({bytes([n]): one for n, one in enumerate(older)})
    published = Published()
    opened = open_session(
        login(),
        digest=b"new",
        browser="Firefox, Linux",
        now=NOON + minutes(4),
        rules=RULES,
        ids=FakeIds(),
        sessions=sessions,
        blocks=FakeBlocks(),
        publish=published,
    )

    assert opened.client_id == CLIENT
    assert published.types == ["SessionEnded", "LoginSucceeded"]
    assert sessions.ended == {session(1).session_id: "replaced"}


def test_a_stricter_rule_of_one_session_ends_all_others() -> None:
    sessions = FakeSessions({b"a": session(1), b"b": session(2)})
    open_session(
        login(),
        digest=b"new",
        browser=None,
        now=NOON,
        rules=replace(RULES, parallel_sessions=1),
        ids=FakeIds(),
        sessions=sessions,
        blocks=FakeBlocks(),
        publish=Published(),
    )

    assert set(sessions.ended.values()) == {"replaced"}
    assert len(sessions.ended) == 2


def test_nobody_ends_a_session_of_somebody_else() -> None:
    """Another's session and one that is not there are the same answer."""
    foreign = replace(session(2), client_id=UUID(int=0xD0))
    sessions = FakeSessions({b"mine": session(1), b"theirs": foreign})
    published = Published()
    for wanted in (foreign.session_id, UUID(int=7)):
        with pytest.raises(Refused, match="session_not_found"):
            revoke_session(
                wanted,
                by=session(1),
                now=NOON,
                rules=RULES,
                sessions=sessions,
                publish=published,
            )

    assert published.events == []


def test_all_other_sessions_end_and_this_one_lives() -> None:
    sessions = FakeSessions({b"a": session(1), b"b": session(2), b"c": session(3)})
    published = Published()
    ended = end_other_sessions(
        session(2), "revoked", now=NOON, sessions=sessions, publish=published
    )

    assert ended == 2
    assert set(sessions.ended) == {session(1).session_id, session(3).session_id}
    assert published.types == ["SessionEnded", "SessionEnded"]


def test_an_end_is_told_once() -> None:
    sessions, published = FakeSessions({b"d": session()}), Published()
    for _ in range(2):
        end_session(session(), now=NOON, sessions=sessions, publish=published)
        end_stale_sessions(
            now=NOON + minutes(11), rules=RULES, sessions=sessions, publish=published
        )

    assert published.types == ["SessionEnded"]
