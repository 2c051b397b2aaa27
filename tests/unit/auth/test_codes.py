"""Codes: sent, tried, confirmed once, and bound to their act."""

from dataclasses import replace
from uuid import UUID

import pytest

from kernel.errors import Refused
from services.auth.domain.codes import Challenge, Claim
from services.auth.handlers.codes import check_code, send_code
from tests.unit.auth.builders import CLIENT, REFERENCE, RULES, order
from tests.unit.auth.fakes import (
    NOON,
    FakeChallenges,
    FakeCodes,
    FakeIds,
    FakeLanguages,
    FakeMessages,
    minutes,
)

RIGHT = "123456"


class Desk:
    """Sends and checks with everything at hand."""

    def __init__(self) -> None:
        self.challenges = FakeChallenges()
        self.languages = FakeLanguages()
        self.messages = FakeMessages()
        self.ids = FakeIds()
        self.now = NOON

    def send(self) -> Challenge | Refused:
        return send_code(
            order("consent", client_id=CLIENT),
            now=self.now,
            rules=RULES,
            site="creditplus.kz",
            ids=self.ids,
            codes=FakeCodes(),
            challenges=self.challenges,
            languages=self.languages,
            messages=self.messages,
        )

    def sent(self) -> Challenge:
        challenge = self.send()
        assert isinstance(challenge, Challenge)
        return challenge

    def check(self, claim: Claim, code: str = RIGHT) -> Challenge | Refused:
        return check_code(
            claim,
            code,
            now=self.now,
            rules=RULES,
            codes=FakeCodes(),
            challenges=self.challenges,
        )


@pytest.fixture
def desk() -> Desk:
    return Desk()


def claim_of(challenge: Challenge, *, used_for: str | None = None) -> Claim:
    return Claim(
        challenge_id=challenge.challenge_id,
        purpose="consent",
        reference=REFERENCE,
        client_id=CLIENT,
        used_for=used_for,
    )


def code_of(judged: Challenge | Refused) -> str:
    return judged.code if isinstance(judged, Refused) else judged.state


def test_the_message_carries_the_code_and_the_challenge_only_its_hash(
    desk: Desk,
) -> None:
    challenge = desk.sent()
    (message,) = desk.messages.waiting.values()

    assert RIGHT in message.text
    assert message.template == "code_consent"
    assert message.expires_at == challenge.expires_at == NOON + minutes(5)
    assert challenge.code_token == f"{challenge.challenge_id}/{RIGHT}"


def test_a_right_code_confirms_and_is_then_spent(desk: Desk) -> None:
    claim = claim_of(desk.sent())

    assert code_of(desk.check(claim)) == "confirmed"
    assert code_of(desk.check(claim)) == "code_spent"


def test_three_wrong_codes_spend_the_challenge(desk: Desk) -> None:
    claim = claim_of(desk.sent())
    answers = [desk.check(claim, "000000") for _ in range(3)]

    lefts = [a.details["tries_left"] for a in answers if isinstance(a, Refused)]
    assert lefts == [2, 1, 0]
    assert code_of(desk.check(claim)) == "code_spent"


def test_a_code_is_too_old_at_its_expiry(desk: Desk) -> None:
    claim = claim_of(desk.sent())
    desk.now = NOON + minutes(5)

    assert code_of(desk.check(claim)) == "code_expired"


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "release"},
        {"reference": UUID(int=1)},
        {"client_id": UUID(int=2)},
        {"challenge_id": UUID(int=3)},
    ],
)
def test_a_code_for_something_else_is_not_found(
    desk: Desk, change: dict[str, object]
) -> None:
    """And the try is not taken from its owner."""
    challenge = desk.sent()
    claim = replace(claim_of(challenge), **change)  # type: ignore[arg-type]

    assert code_of(desk.check(claim)) == "challenge_not_found"
    assert desk.challenges.kept[challenge.challenge_id].tries == 0


def test_the_same_request_finds_its_own_confirmation(desk: Desk) -> None:
    challenge = desk.sent()
    first = desk.check(claim_of(challenge, used_for="k"))
    desk.now = NOON + minutes(1)
    again = desk.check(claim_of(challenge, used_for="k"))

    assert isinstance(first, Challenge)
    assert isinstance(again, Challenge)
    assert again.confirmed_at == first.confirmed_at == NOON
    assert code_of(desk.check(claim_of(challenge, used_for="other"))) == "code_spent"


def test_the_sixth_code_within_ten_minutes_is_refused_with_the_time_left(
    desk: Desk,
) -> None:
    for _ in range(5):
        desk.sent()
    desk.now = NOON + minutes(9)
    refused = desk.send()
    desk.now = NOON + minutes(10)

    assert isinstance(refused, Refused)
    assert 60 <= int(refused.details["seconds_left"]) <= 61
    assert code_of(desk.send()) == "open"
