"""One-time codes on the real database."""

from uuid import UUID

import pytest

from kernel.errors import Broken, Refused
from services.auth.domain.codes import Act, Challenge
from services.auth.domain.sessions import Session
from tests.integration.auth.stand import OTHER_PHONE, PHONE, Stand, in_threads


def refused_code(stand: Stand, challenge_id: UUID, code: str) -> str:
    with pytest.raises(Refused) as caught:
        stand.auth.check_code(stand.context(), challenge_id=challenge_id, code=code)
    return caught.value.code


def another(code: str, step: int = 1) -> str:
    return f"{(int(code) + step) % 10**6:06d}"


def sent(stand: Stand) -> tuple[Challenge, str]:
    challenge = stand.auth.send_code(
        stand.context(),
        phone=PHONE,
        purpose="registration",
        reference=stand.auth_platform.ids.new(),
    )
    return challenge, stand.code_for()


@pytest.mark.clause("4.1d")
@pytest.mark.seeded("auth_any_code_opens_the_cabinet")
def test_the_right_code_confirms_the_number_and_a_wrong_one_does_not(
    stand: Stand,
) -> None:
    challenge, code = sent(stand)

    assert refused_code(stand, challenge.challenge_id, another(code)) == "code_wrong"
    confirmed = stand.auth.check_code(
        stand.context(), challenge_id=challenge.challenge_id, code=code
    )
    assert challenge.phone_token == confirmed.phone_token


@pytest.mark.catalogue("A02")
@pytest.mark.seeded("auth_code_tries_are_not_counted")
def test_of_many_codes_at_once_three_are_compared(stand: Stand) -> None:
    """Sixty tries, the right code the last of them: it comes too late."""
    challenge, code = sent(stand)

    def attempt(place: int) -> object:
        if place < 59:
            tried = another(code, place + 1)
            return stand.auth.check_code(
                stand.context(), challenge_id=challenge.challenge_id, code=tried
            )
        return None

    answers = in_threads(60, attempt)
    wrong = [a for a in answers if isinstance(a, Refused) and a.code == "code_wrong"]

    assert len(wrong) == 3
    assert refused_code(stand, challenge.challenge_id, code) == "code_spent"


@pytest.mark.seeded("auth_codes_live_for_ever")
def test_a_code_lives_five_minutes(stand: Stand) -> None:
    challenge, code = sent(stand)
    stand.clock.move(minutes=5)

    assert refused_code(stand, challenge.challenge_id, code) == "code_expired"


def test_a_confirmed_code_is_spent(stand: Stand) -> None:
    challenge, code = sent(stand)
    stand.auth.check_code(
        stand.context(), challenge_id=challenge.challenge_id, code=code
    )

    assert refused_code(stand, challenge.challenge_id, code) == "code_spent"


def test_a_code_of_another_purpose_is_none_for_registration(stand: Stand) -> None:
    """A code sent for a login must not confirm a number (ASVS 6.6.2)."""
    stand.client()
    challenge = stand.first_factor()

    assert (
        refused_code(stand, challenge.challenge_id, stand.code_for())
        == "challenge_not_found"
    )


def test_five_codes_in_ten_minutes_are_enough(stand: Stand) -> None:
    for _ in range(5):
        sent(stand)
    with pytest.raises(Refused) as caught:
        sent(stand)
    stand.clock.move(minutes=10)
    sent(stand)

    assert caught.value.code == "code_too_often"


@pytest.mark.seeded("auth_sendings_are_not_counted")
def test_of_many_sendings_at_once_five_go_out(stand: Stand) -> None:
    in_threads(
        30,
        lambda _: stand.auth.send_code(
            stand.context(),
            phone=PHONE,
            purpose="registration",
            reference=stand.auth_platform.ids.new(),
        ),
    )

    assert len(stand.rows("SELECT message_id FROM messages")) == 5


def test_neither_number_nor_code_nor_text_stands_in_the_tables(stand: Stand) -> None:
    _, code = sent(stand)
    stand.auth.send_code(
        stand.context(),
        phone=OTHER_PHONE,
        purpose="registration",
        reference=stand.auth_platform.ids.new(),
    )
    tables = ("challenges", "messages", "code_sends", "outbox")
    stored = "".join(str(stand.rows(f"SELECT * FROM {name}")) for name in tables)  # noqa: S608 - names are ours

    assert PHONE.reveal() not in stored
    assert OTHER_PHONE.reveal()[2:] not in stored
    assert code not in stored


@pytest.mark.clause("4.4")
@pytest.mark.seeded("auth_login_for_an_unproved_number")
def test_only_a_number_proved_by_a_code_becomes_a_login(stand: Stand) -> None:
    challenge, _ = sent(stand)

    with pytest.raises(Broken):
        stand.activate(challenge.reference)
    assert stand.rows("SELECT login_id FROM logins") == []


@pytest.mark.clause("4.4")
def test_one_number_leads_to_one_account(stand: Stand) -> None:
    stand.client()
    second = stand.prove_phone()

    with pytest.raises(Broken):
        stand.activate(second)
    assert len(stand.rows("SELECT login_id FROM logins")) == 1


class TestActs:
    """The fresh second factor of consent and release."""

    def challenge(self, stand: Stand, session: Session, act: Act) -> tuple[UUID, str]:
        sent = stand.gateway.challenge_client(stand.context(), session=session, act=act)
        return sent.challenge_id, stand.code_for(purpose=act.purpose)

    @pytest.mark.seeded("auth_code_for_one_contract_opens_another")
    def test_a_code_opens_its_own_act_on_its_own_contract_only(
        self, stand: Stand
    ) -> None:
        stand.client()
        session, _ = stand.session()
        mine, other = stand.auth_platform.ids.new(), stand.auth_platform.ids.new()
        challenge_id, code = self.challenge(stand, session, Act("consent", mine))

        for act in (Act("consent", other), Act("release", mine)):
            with pytest.raises(Refused, match="challenge_not_found"):
                stand.gateway.confirm_act(
                    stand.context(),
                    session=session,
                    act=act,
                    challenge_id=challenge_id,
                    code=code,
                    idempotency_key=None,
                )

    @pytest.mark.catalogue("B02")
    def test_the_same_request_again_finds_its_confirmation(self, stand: Stand) -> None:
        """After a lost answer the same key finds the same instant; no new code."""
        stand.client()
        session, _ = stand.session()
        act = Act("release", stand.auth_platform.ids.new())
        challenge_id, code = self.challenge(stand, session, act)

        def confirm(key: str | None) -> object:
            at = stand.gateway.confirm_act(
                stand.context(),
                session=session,
                act=act,
                challenge_id=challenge_id,
                code=code,
                idempotency_key=key,
            )
            stand.clock.move(seconds=1)
            return at

        assert confirm("key-1") == confirm("key-1")
        for key in ("key-2", None):
            with pytest.raises(Refused, match="code_spent"):
                confirm(key)
