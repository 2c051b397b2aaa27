"""The first factor, decided over in-memory stores."""

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.errors import Broken, Refused, Transient
from kernel.events.onboarding import ClientActivated
from services.auth.domain.passwords import Attempt, Login, unknown_login_id
from services.auth.handlers.logins import (
    NewPassword,
    conclude_attempt,
    login_without_password,
    reopen_access,
    reserve_attempt,
    set_first_password,
    tell_locks,
    when_client_activated,
)
from tests.unit.auth.builders import (
    CLIENT,
    LOGIN,
    PHONE,
    REFERENCE,
    RULES,
    TOKEN,
    challenge,
    login,
)
from tests.unit.auth.fakes import (
    NOON,
    FakeAttempts,
    FakeBlocks,
    FakeChallenges,
    FakeIds,
    FakeLogins,
    Published,
    minutes,
)


class Desk:
    def __init__(self, *logins: Login) -> None:
        self.logins = FakeLogins(list(logins))
        self.attempts = FakeAttempts()
        self.published = Published()
        self.now = NOON

    def reserve(self) -> Attempt | Refused:
        return reserve_attempt(
            TOKEN,
            now=self.now,
            rules=RULES,
            logins=self.logins,
            attempts=self.attempts,
            publish=self.published,
        )

    def conclude(self, attempt: Attempt, *, right: bool) -> Login | Refused:
        return conclude_attempt(
            attempt,
            right=right,
            now=self.now,
            attempts=self.attempts,
            blocks=FakeBlocks(),
            publish=self.published,
        )

    def try_once(self, *, right: bool) -> Login | Refused:
        attempt = self.reserve()
        if isinstance(attempt, Refused):
            return attempt
        return self.conclude(attempt, right=right)


def left(answer: Login | Refused) -> object:
    assert isinstance(answer, Refused)
    return answer.details.get("seconds_left")


def test_the_third_wrong_password_locks() -> None:
    desk = Desk(login())

    assert [left(desk.try_once(right=False)) for _ in range(4)] == [
        None,
        None,
        900,
        900,
    ]
    assert desk.published.types == [
        *["LoginFailed"] * 3,
        "AccessLocked",
        "LoginFailed",
    ]


def test_unknown_numbers_are_counted_under_an_id_of_their_own() -> None:
    """Their answers are those of known ones."""
    known, unknown = Desk(login()), Desk()
    answers = [
        [str(desk.try_once(right=False)) for _ in range(4)] for desk in (known, unknown)
    ]
    recorded = [getattr(event, "login_id", None) for event in unknown.published.events]

    assert answers[0] == answers[1]
    assert set(recorded) == {unknown_login_id(TOKEN)}


def test_a_login_without_a_password_opens_to_nobody() -> None:
    """The verifier says no for None; this is the second line."""
    desk = Desk()

    assert left(desk.try_once(right=True)) is None


def test_a_right_password_does_not_clear_a_lock_others_have_caused() -> None:
    """Reserved first, judged last: the guesses in between stay counted."""
    desk = Desk(login())
    mine = desk.reserve()
    desk.try_once(right=False)
    desk.try_once(right=False)

    assert isinstance(mine, Attempt)
    assert isinstance(desk.conclude(mine, right=True), Login)
    assert left(desk.try_once(right=True)) == 900


def test_the_end_of_a_lock_is_told_once_whoever_sees_it_first() -> None:
    desk = Desk(login())
    for _ in range(3):
        desk.try_once(right=False)
    desk.now = NOON + minutes(15)
    ended = [
        reopen_access(now=desk.now, attempts=desk.attempts, publish=desk.published)
        for _ in range(2)
    ]
    desk.reserve()

    assert ended == [1, 0]
    assert desk.published.types.count("AccessUnlocked") == 1


@pytest.mark.clause("4.7")
@pytest.mark.seeded("auth_lock_of_a_dead_gateway_is_silent")
def test_a_lock_is_told_of_though_its_gateway_died_while_verifying() -> None:
    """Once, a minute later, by the sweep; a lock that was told of is not told again."""
    desk = Desk(login())
    for _ in range(3):
        desk.reserve()
    for _ in range(2):
        tell_locks(now=desk.now, attempts=desk.attempts, publish=desk.published)
        desk.now += minutes(1.1)
    assert desk.published.types == ["AccessLocked"]

    other = Desk(login())
    for _ in range(3):
        other.try_once(right=False)
    tell_locks(now=NOON + minutes(2), attempts=other.attempts, publish=other.published)
    assert other.published.types.count("AccessLocked") == 1


def test_a_neighbour_is_no_login() -> None:
    """Its hash only lends its cost to the look at a number nobody has."""
    desk = Desk(replace(login(), phone_token=f"{TOKEN}-next"))
    attempt = desk.reserve()

    assert isinstance(attempt, Attempt)
    assert (attempt.login, attempt.like) == (None, login().password_hash)
    assert left(desk.conclude(attempt, right=True)) is None


def test_a_stricter_limit_of_one_attempt_locks_every_time() -> None:
    """Clause 6.3: the company may tighten."""
    desk = Desk(login())
    strict = replace(RULES, attempts=1)
    for _ in range(2):
        attempt = desk.attempts.reserve(
            TOKEN, login_id=LOGIN, rules=strict, now=desk.now
        )
        assert attempt is not None
        assert attempt.locked_until is not None
        desk.now = attempt.locked_until


def activated(**changed: object) -> ClientActivated:
    fields: dict[str, object] = {
        "client_id": CLIENT,
        "registration_id": REFERENCE,
        "iin_token": "t",
        "phone_token": TOKEN,
    }
    return ClientActivated.model_validate({**fields, **changed})


@pytest.fixture
def proved() -> FakeChallenges:
    found = replace(challenge("registration", client_id=None), reference=REFERENCE)
    return FakeChallenges({found.challenge_id: found})


def test_an_activated_client_gets_the_number_that_was_proved(
    proved: FakeChallenges,
) -> None:
    logins = FakeLogins()
    when_client_activated(activated(), ids=FakeIds(), logins=logins, challenges=proved)

    (made,) = logins.kept
    assert (made.client_id, made.phone, made.password_hash) == (CLIENT, PHONE, None)


@pytest.mark.parametrize(
    "changed", [{"registration_id": UUID(int=9)}, {"phone_token": "another"}]
)
def test_nobody_gets_a_login_for_a_number_that_was_not_proved(
    proved: FakeChallenges, changed: dict[str, object]
) -> None:
    with pytest.raises(Broken):
        when_client_activated(
            activated(**changed),
            ids=FakeIds(),
            logins=FakeLogins(),
            challenges=proved,
        )


def test_a_number_is_one_client_s_login(proved: FakeChallenges) -> None:
    with pytest.raises(Broken):
        when_client_activated(
            activated(client_id=UUID(int=7)),
            ids=FakeIds(),
            logins=FakeLogins([login()]),
            challenges=proved,
        )


def test_the_first_password_is_set_once() -> None:
    logins, published = FakeLogins([login(password_hash=None)]), Published()
    new = NewPassword(login=logins.kept[0], password_hash="hash")  # noqa: S106 - a fake
    set_first_password(new, now=NOON, logins=logins, publish=published)

    assert published.types == ["PasswordChanged"]
    with pytest.raises(Refused, match="password_already_set"):
        set_first_password(new, now=NOON, logins=logins, publish=published)
    with pytest.raises(Refused, match="password_already_set"):
        login_without_password(logins.kept[0])


def test_a_login_that_is_not_here_yet_is_waited_for() -> None:
    with pytest.raises(Transient):
        login_without_password(None)
