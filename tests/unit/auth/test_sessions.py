"""Sessions: the limits of clause 4.8, and who is told of an end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import Refused
from services.auth.domain.sessions import lives, time_left
from services.auth.handlers.sessions import (
    Opened,
    authenticate,
    end_session,
    end_stale_sessions,
    open_session,
)
from tests.unit.auth.builders import CLIENT, RULES, challenge, session
from tests.unit.auth.fakes import NOON, FakeIds, FakeSessions, Published, minutes

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
            b"d",
            activity=activity,
            now=NOON + minutes(after),
            rules=RULES,
            sessions=sessions,
        )

    come(9, activity=True)
    come(18, activity=False)
    with pytest.raises(Refused, match="session_required"):
        come(19.5, activity=False)


def test_a_new_session_ends_the_old_ones_and_tells_of_both() -> None:
    sessions, published = FakeSessions({b"old": session()}), Published()
    opened = open_session(
        challenge(),
        digest=b"new",
        now=NOON,
        ids=FakeIds(),
        sessions=sessions,
        publish=published,
    )

    assert isinstance(opened, Opened)
    assert opened.session.client_id == CLIENT
    assert published.types == ["SessionEnded", "LoginSucceeded"]
    assert list(sessions.ended.values()) == ["replaced"]


def test_a_challenge_without_a_client_opens_nothing() -> None:
    opened = open_session(
        challenge(client_id=None),
        digest=b"new",
        now=NOON,
        ids=FakeIds(),
        sessions=FakeSessions(),
        publish=Published(),
    )

    assert isinstance(opened, Refused)


def test_an_end_is_told_once() -> None:
    sessions, published = FakeSessions({b"d": session()}), Published()
    for _ in range(2):
        end_session(session(), now=NOON, sessions=sessions, publish=published)
        end_stale_sessions(
            now=NOON + minutes(11), rules=RULES, sessions=sessions, publish=published
        )

    assert published.types == ["SessionEnded"]
