"""Three attempts, then fifteen minutes; the same for every number (clause 4.7)."""

import itertools
from datetime import timedelta

import pytest

from kernel.errors import Refused
from kernel.values import Phone
from services.auth.domain.codes import Challenge
from services.auth.domain.sources import Source
from tests.integration.auth.stand import (
    OTHER_PHONE,
    PASSWORD,
    PHONE,
    Stand,
    in_threads,
)

WRONG = "not the password"


def refusal(stand: Stand, phone: Phone = PHONE, password: str = WRONG) -> Refused:
    with pytest.raises(Refused) as caught:
        stand.first_factor(phone, password)
    assert caught.value.code == "login_refused"
    return caught.value


@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A01")
@pytest.mark.catalogue("P04")
@pytest.mark.seeded("auth_attempts_pass_the_lock")
def test_of_many_guesses_at_once_three_are_verified(stand: Stand) -> None:
    """200 guesses over two gateways, the right one among them: no login."""
    stand.client()
    gateways = (stand.gateway, stand.another_gateway())
    stand.passwords.asked.clear()

    def guess(place: int) -> object:
        return gateways[place % 2].log_in(
            stand.context(),
            phone=PHONE,
            password=PASSWORD if place == 100 else f"guess {place}",
            source=Source.of(f"198.51.{place}.1"),
        )

    answers = in_threads(200, guess)

    assert len(stand.passwords.asked) == 3
    assert {"login_refused"} == {
        getattr(answer, "code", type(answer).__name__) for answer in answers
    }
    assert len(stand.events("access_locked")) == 1


@pytest.mark.clause("4.7")
@pytest.mark.seeded("auth_lock_in_seconds")
def test_a_lock_refuses_even_the_right_password_for_fifteen_minutes(
    stand: Stand,
) -> None:
    """At 14:59 it is refused unverified; at 15:00 it is accepted."""
    stand.client()
    for _ in range(3):
        refusal(stand)
    stand.passwords.asked.clear()
    stand.clock.move(minutes=14, seconds=59)

    assert refusal(stand, password=PASSWORD).details["seconds_left"] == 1
    assert stand.passwords.asked == []
    stand.clock.move(seconds=1)
    assert isinstance(stand.first_factor(), Challenge)


@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A03")
@pytest.mark.seeded("auth_refused_attempts_prolong_the_lock")
def test_attempts_during_a_lock_neither_prolong_nor_shorten_it(stand: Stand) -> None:
    """Whoever keeps trying does not keep the client out."""
    stand.client()
    for _ in range(3):
        refusal(stand)
    for _ in range(5):
        stand.clock.move(minutes=2, seconds=59)
        refusal(stand)
    stand.clock.move(seconds=5)

    assert isinstance(stand.first_factor(), Challenge)


@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A03")
@pytest.mark.seeded("auth_everybody_passes_at_the_unlock")
def test_a_crowd_at_the_end_of_a_lock_gets_three_attempts(stand: Stand) -> None:
    """A hundred at 15:00 ± 5 ms, each by a clock of its own: three verified."""
    stand.client()
    for _ in range(3):
        refusal(stand)
    stand.passwords.asked.clear()
    unlocked = stand.clock.now() + timedelta(minutes=15)
    ticks = itertools.count()
    stand.clock.now = lambda: (  # type: ignore[method-assign]
        unlocked + timedelta(milliseconds=next(ticks) * 7 % 11 - 5)
    )

    def guess(place: int) -> object:
        source = Source.of(f"198.51.{place}.1")
        return stand.gateway.log_in(
            stand.context(), phone=PHONE, password=WRONG, source=source
        )

    answers = in_threads(100, guess)

    assert {getattr(answer, "code", None) for answer in answers} == {"login_refused"}
    assert len(stand.passwords.asked) == 3
    assert len(stand.events("access_locked")) == 2


@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A03")
def test_a_clock_set_back_makes_a_lock_neither_shorter_nor_eternal(
    stand: Stand,
) -> None:
    """It ends when the clock shows the instant it was to end at, come what may."""
    stand.client()
    for _ in range(3):
        refusal(stand)
    stand.passwords.asked.clear()
    stand.clock.move(hours=-1)
    for _ in range(7):
        refusal(stand, password=PASSWORD)
        stand.clock.move(minutes=10)
    assert stand.passwords.asked == []
    stand.clock.move(minutes=5)

    assert isinstance(stand.first_factor(), Challenge)


@pytest.mark.clause("4.7")
def test_after_a_lock_there_are_three_attempts_again(stand: Stand) -> None:
    stand.client()
    for _ in range(3):
        refusal(stand)
    stand.clock.move(minutes=15)
    stand.passwords.asked.clear()

    lefts = [refusal(stand).details.get("seconds_left") for _ in range(4)]

    assert lefts == [None, None, 900, 900]
    assert len(stand.passwords.asked) == 3


@pytest.mark.catalogue("A04")
@pytest.mark.seeded("auth_unknown_numbers_are_not_counted")
def test_a_number_nobody_has_is_refused_like_a_client_s(stand: Stand) -> None:
    """Same words, same lock, and the same work: one call of the slow hash each."""
    stand.client()
    stand.passwords.asked.clear()

    def answers(phone: Phone) -> list[tuple[object, ...]]:
        refused = [refusal(stand, phone) for _ in range(4)]
        return [(r.code, r.sentence, r.next_step, r.details) for r in refused]

    assert answers(PHONE) == answers(OTHER_PHONE)
    assert stand.passwords.asked == [True] * 3 + [False] * 3


def test_a_right_password_ends_the_run_of_attempts(stand: Stand) -> None:
    stand.client()
    for _ in range(3):
        refusal(stand)
        refusal(stand)
        stand.first_factor()

    assert stand.events("access_locked") == []


@pytest.mark.clause("4.4")
@pytest.mark.seeded("auth_login_compared_as_typed")
def test_every_notation_of_the_number_is_one_login_and_one_count(stand: Stand) -> None:
    """8…, 7…, spaces, hyphens, other digits: they neither miss nor multiply."""
    stand.client()
    refusal(stand, Phone("8 (701) 123-45-67"))
    refusal(stand, Phone("77011234567"))

    assert refusal(stand, Phone("+7 ٧٠١ 123 45 67")).details["seconds_left"] == 900


@pytest.mark.clause("4.7")
@pytest.mark.clause("6.1e")
@pytest.mark.seeded("auth_lock_is_not_recorded")
def test_attempts_lock_and_unlock_leave_events_without_the_number(
    stand: Stand,
) -> None:
    """What happened can be told afterwards, and from nobody's number in clear."""
    stand.client()
    for _ in range(4):
        refusal(stand)
    stand.clock.move(minutes=15)
    stand.auth.sweep()
    stand.auth.sweep()

    failed = stand.events("login_failed")
    assert [event["reason"] for event in failed] == ["wrong_password"] * 3 + ["locked"]
    assert [event["attempts"] for event in failed] == [1, 2, 3, 3]
    assert len(stand.events("access_locked")) == 1
    assert len(stand.events("access_unlocked")) == 1
    assert PHONE.reveal() not in str(failed)


def test_a_lock_that_ran_out_is_recorded_by_the_next_attempt_too(stand: Stand) -> None:
    """The sweep and an attempt may both see the end of a lock: one event."""
    stand.client()
    for _ in range(3):
        refusal(stand)
    stand.clock.move(minutes=15)
    stand.first_factor()
    stand.auth.sweep()

    assert len(stand.events("access_unlocked")) == 1
