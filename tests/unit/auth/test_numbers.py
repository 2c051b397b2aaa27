"""The login moves to the new number: what follows, in one unit of work (4.10)."""

from dataclasses import dataclass, field, replace
from uuid import UUID

import pytest

from kernel.errors import Broken, Transient
from kernel.events.onboarding import PhoneChanged
from kernel.values import Phone
from services.auth.domain.codes import Challenge
from services.auth.domain.devices import DeviceCheck
from services.auth.handlers.numbers import Moving, when_phone_changed
from tests.unit.auth.builders import (
    CLIENT,
    LOGIN,
    PHONE,
    TOKEN,
    challenge,
    login,
    session,
)
from tests.unit.auth.fakes import (
    NOON,
    FakeAttempts,
    FakeChallenges,
    FakeDevices,
    FakeIds,
    FakeLanguages,
    FakeLogins,
    FakeMessages,
    FakeSessions,
    Published,
    minutes,
)

NEW_PHONE = Phone("+77029876543")
NEW_TOKEN = "k1.new-token"  # noqa: S105 - a blind token
CHANGE = UUID(int=0xC4)


@dataclass
class World:
    """A client at `TOKEN`, whose code for `NEW_TOKEN` was right."""

    logins: FakeLogins = field(default_factory=lambda: FakeLogins([login()]))
    attempts: FakeAttempts = field(default_factory=FakeAttempts)
    challenges: FakeChallenges = field(default_factory=FakeChallenges)
    devices: FakeDevices = field(default_factory=FakeDevices)
    sessions: FakeSessions = field(default_factory=FakeSessions)
    languages: FakeLanguages = field(default_factory=FakeLanguages)
    messages: FakeMessages = field(default_factory=FakeMessages)
    published: Published = field(default_factory=Published)

    def __post_init__(self) -> None:
        self.challenges.add(proved())

    def react(self, event: PhoneChanged) -> None:
        when_phone_changed(
            event,
            happened_at=NOON,
            by=Moving(
                now=NOON,
                site="creditplus.kz",
                ids=FakeIds(),
                logins=self.logins,
                attempts=self.attempts,
                challenges=self.challenges,
                devices=self.devices,
                sessions=self.sessions,
                languages=self.languages,
                messages=self.messages,
                publish=self.published,
            ),
        )


def proved() -> Challenge:
    return replace(
        challenge("phone_change", client_id=None),
        challenge_id=UUID(int=0xA1),
        reference=CHANGE,
        phone=NEW_PHONE,
        phone_token=NEW_TOKEN,
    )


def changed(**other: object) -> PhoneChanged:
    return PhoneChanged(
        client_id=CLIENT,
        change_id=CHANGE,
        ceremony_id=UUID(int=0xCE),
        old_phone_token=TOKEN,
        phone_token=NEW_TOKEN,
    ).model_copy(update=other)


@pytest.mark.clause("4.10")
def test_the_login_is_the_new_number_and_both_are_told() -> None:
    world = World()
    world.languages.chosen[TOKEN] = "en"
    world.react(changed())
    moved = world.logins.by_client(CLIENT)
    assert moved == replace(login(), phone=NEW_PHONE, phone_token=NEW_TOKEN)
    told = {(m.phone, m.template, m.language) for m in world.messages.waiting.values()}
    assert told == {
        (PHONE, "phone_given_up_notice", "en"),
        (NEW_PHONE, "phone_taken_notice", "en"),
    }
    assert world.published.types == ["LoginPhoneChanged"]


@pytest.mark.clause("4.10")
def test_whatever_the_old_number_had_opened_is_over() -> None:
    world = World()
    waiting = replace(challenge(), state="open", confirmed_at=None)
    world.challenges.add(waiting)
    world.sessions.add(session(), b"digest")
    check = DeviceCheck(
        check_id=UUID(int=1),
        login_id=LOGIN,
        client_id=CLIENT,
        opened_at=NOON,
        expires_at=NOON + minutes(30),
    )
    world.devices.add_check(check, b"token")
    world.react(changed())
    assert world.challenges.kept[waiting.challenge_id].expires_at == NOON
    assert world.devices.checks[b"token"].expires_at == NOON
    assert list(world.sessions.ended.values()) == ["phone_changed"]
    assert world.published.types == ["SessionEnded", "LoginPhoneChanged"]


@pytest.mark.clause("4.7")
@pytest.mark.parametrize(
    ("old", "new", "becomes"),
    [
        ((3, NOON + minutes(9)), (0, None), (3, NOON + minutes(9))),
        ((1, None), (3, NOON + minutes(2)), (3, NOON + minutes(2))),
        ((3, NOON + minutes(9)), (3, NOON + minutes(2)), (3, NOON + minutes(9))),
        ((2, None), (1, None), (2, None)),
    ],
)
def test_the_stricter_count_of_the_two_numbers_holds(
    old: tuple[int, object], new: tuple[int, object], becomes: tuple[int, object]
) -> None:
    world = World()
    world.attempts.kept = {TOKEN: old, NEW_TOKEN: new}  # type: ignore[dict-item] # instants
    world.react(changed())
    assert world.attempts.kept[NEW_TOKEN] == becomes
    assert world.attempts.owners[NEW_TOKEN] == LOGIN


@pytest.mark.parametrize(
    "event",
    [changed(change_id=UUID(int=9)), changed(phone_token="k1.third")],  # noqa: S106 - a blind token
    ids=["another change", "another number"],
)
def test_a_number_that_no_code_of_the_change_has_proved_is_refused(
    event: PhoneChanged,
) -> None:
    world = World()
    with pytest.raises(Broken):
        world.react(event)
    assert world.logins.kept == [login()]


def test_a_login_at_another_number_than_the_one_left_is_refused() -> None:
    world = World()
    with pytest.raises(Broken):
        world.react(changed(old_phone_token="k1.third"))  # noqa: S106 - a blind token


def test_the_change_waits_for_the_activation() -> None:
    world = World(logins=FakeLogins([]))
    with pytest.raises(Transient):
        world.react(changed())


def test_heard_again_it_changes_and_tells_nothing() -> None:
    world = World()
    world.react(changed())
    world.react(changed())
    assert world.published.types == ["LoginPhoneChanged"]
    assert len(world.messages.waiting) == 2
