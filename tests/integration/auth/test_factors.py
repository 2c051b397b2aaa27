"""Second factors over the real database: counted, used once, changed with care."""

from datetime import timedelta

import pytest

from kernel.errors import Refused
from services.auth.domain.factors import CodeProof, PasskeyProof
from services.auth.wiring import Entered
from tests.integration.auth.factors import Member, enter, passkey_proof, refusal
from tests.integration.auth.stand import BROWSER, PHONE, Stand, in_threads
from tests.unit.auth.authenticator import Authenticator


@pytest.fixture
def member(stand: Stand) -> Member:
    return Member.of(stand)


def methods(stand: Stand) -> tuple[str, ...]:
    return stand.waiting()[1]


@pytest.mark.clause("4.3")
def test_an_enrolled_authenticator_opens_the_cabinet_and_no_message_is_sent(
    member: Member,
) -> None:
    stand = member.stand
    secret = member.enrol_totp()
    sent = len(stand.rows("SELECT 1 FROM messages"))
    challenge = stand.first_factor()
    after = len(stand.rows("SELECT 1 FROM messages"))
    opened = enter(
        stand,
        CodeProof("totp", member.totp(secret)),
        challenge_id=challenge.challenge_id,
    )

    assert sent == after
    assert opened.session.client_id == member.session.client_id
    assert methods(stand) == ("totp", "sms")


def test_the_secret_stands_sealed_and_the_codes_hashed(member: Member) -> None:
    """Neither a secret, nor a code, nor a passkey's name is in the tables."""
    secret = member.enrol_totp()
    codes = member.recovery_codes()
    member.add_passkey(Authenticator())
    tables = ("totp_factors", "recovery_codes", "passkeys", "outbox")
    stored = "".join(
        repr([bytes(c) if isinstance(c, memoryview) else c for c in row])
        for name in tables
        for row in member.stand.rows(f"SELECT * FROM {name}")  # noqa: S608 - names are ours
    )

    assert repr(secret)[2:-1] not in stored
    assert not any(code.replace("-", "") in stored for code in codes)
    assert "phone" not in stored.replace("phone_token", "")


@pytest.mark.catalogue("A02")
@pytest.mark.seeded("auth_totp_step_used_twice")
def test_one_totp_code_opens_one_session(member: Member) -> None:
    """Three browsers, each with the right password and the same code (ASVS 6.5.1)."""
    stand = member.stand
    code = member.totp(member.enrol_totp())
    waiting = [stand.first_factor().challenge_id for _ in range(3)]
    answers = in_threads(
        3,
        lambda n: enter(stand, CodeProof("totp", code), challenge_id=waiting[n]),
    )

    assert sum(isinstance(answer, Entered) for answer in answers) == 1


@pytest.mark.catalogue("A01")
@pytest.mark.catalogue("A02")
@pytest.mark.seeded("auth_factor_attempts_are_not_counted")
def test_of_many_guesses_at_a_second_factor_three_are_judged(member: Member) -> None:
    """Over two gateways and many logins that wait; the right code is among them."""
    stand = member.stand
    secret = member.enrol_totp()
    gateways = (stand.gateway, stand.another_gateway())
    waiting = [stand.first_factor().challenge_id for _ in range(5)]
    right = member.totp(secret)

    def guess(place: int) -> object:
        wrong = f"{(int(right) + 1 + place) % 10**6:06d}"
        return gateways[place % 2].entry.open_session(
            stand.context(),
            challenge_id=waiting[place % 5],
            proof=CodeProof("totp", wrong),
            browser=BROWSER,
        )

    answers = in_threads(60, guess)
    codes = [answer.code for answer in answers if isinstance(answer, Refused)]

    assert len(codes) == 60
    assert codes.count("code_wrong") == 2
    assert codes.count("factor_locked") == 58
    judged = [e["reason"] for e in stand.events("second_factor_refused")]
    assert judged.count("wrong") == 3
    assert refusal(stand, CodeProof("totp", right)) == "factor_locked"


@pytest.mark.clause("4.7")
def test_a_locked_factor_opens_again_after_fifteen_minutes_and_others_stay_open(
    member: Member,
) -> None:
    """The lock of one kind locks neither another kind nor the password."""
    stand = member.stand
    secret = member.enrol_totp()
    paper = member.recovery_codes()
    challenge_id = stand.first_factor().challenge_id
    wrong = CodeProof("totp", f"{(int(member.totp(secret)) + 7) % 10**6:06d}")
    for _ in range(3):
        refusal(stand, wrong, challenge_id=challenge_id)
    locked_at = stand.clock.now()
    enter(stand, CodeProof("recovery_code", paper[0]), challenge_id=challenge_id)
    stand.clock.at = locked_at + timedelta(minutes=15) - timedelta(microseconds=1)
    still = refusal(stand, CodeProof("totp", member.totp(secret)))
    stand.clock.at = locked_at + timedelta(minutes=15)
    stand.auth.sweep()
    opened = enter(stand, CodeProof("totp", member.totp(secret)))

    assert still == "factor_locked"
    assert opened.session.client_id == member.session.client_id
    assert [e["method"] for e in stand.events("second_factor_locked")] == ["totp"]
    assert [e["method"] for e in stand.events("second_factor_unlocked")] == ["totp"]


@pytest.mark.catalogue("A02")
@pytest.mark.seeded("auth_new_message_new_tries")
def test_new_messages_give_no_new_tries(stand: Stand) -> None:
    """Three wrong codes of messages in all, however many messages were sent."""
    stand.client()
    for _ in range(3):
        refusal(stand, CodeProof("sms", "00000x"))

    challenge = stand.first_factor()
    right = CodeProof("sms", stand.code_for(PHONE, "login"))
    assert refusal(stand, right, challenge_id=challenge.challenge_id) == "factor_locked"


@pytest.mark.seeded("auth_message_prolongs_the_login")
def test_a_message_asked_for_is_a_way_in_and_prolongs_nothing(member: Member) -> None:
    """The right password counts for five minutes, whatever is sent meanwhile."""
    stand = member.stand
    member.enrol_totp()
    begun = stand.first_factor()
    stand.clock.move(minutes=4)
    sent = [
        stand.gateway.entry.send_message(
            stand.context(), challenge_id=begun.challenge_id
        )
        for _ in range(2)
    ]
    code = CodeProof("sms", stand.code_for(PHONE, "login"))
    enter(stand, code, challenge_id=sent[1].challenge_id)
    stand.clock.move(minutes=1)
    late = refusal(stand, CodeProof("sms", "000000"), challenge_id=sent[0].challenge_id)

    assert {one.expires_at for one in sent} == {begun.expires_at}
    assert late == "code_expired"


@pytest.mark.seeded("auth_recovery_code_used_twice")
def test_each_recovery_code_opens_once_and_a_new_set_ends_the_old(
    member: Member,
) -> None:
    stand = member.stand
    first = member.recovery_codes()
    enter(stand, CodeProof("recovery_code", first[0].lower().replace("-", " ")))
    again = refusal(stand, CodeProof("recovery_code", first[0]))
    shown = stand.gateway.factors.show(stand.context(), session=member.session)
    second = member.recovery_codes()
    old = refusal(stand, CodeProof("recovery_code", first[1]))

    assert len(set(first)) == len(second) == 10
    assert (again, old) == ("code_wrong", "code_wrong")
    assert shown.standing.recovery_left == 9


@pytest.mark.clause("4.3")
@pytest.mark.seeded("auth_factors_change_without_step_up")
def test_no_factor_is_changed_without_a_second_factor_given_just_now(
    member: Member,
) -> None:
    """A session alone, a step-up used already, and one of six minutes ago: refused."""
    stand, own = member.stand, member.session
    act = stand.gateway.factors
    passkey = member.add_passkey(Authenticator())
    changes = (
        lambda: act.begin_totp(stand.context(), session=own),
        lambda: act.replace_recovery_codes(stand.context(), session=own),
        lambda: act.begin_passkey(stand.context(), session=own),
        lambda: act.remove_passkey(
            stand.context(), session=own, passkey_id=passkey.passkey_id
        ),
    )
    for change in changes:
        with pytest.raises(Refused, match="step_up_required"):
            change()
    member.step_up()
    stand.clock.move(minutes=5, seconds=1)
    with pytest.raises(Refused, match="step_up_required"):
        changes[0]()
    member.step_up()
    changes[0]()
    with pytest.raises(Refused, match="step_up_required"):
        changes[3]()


def test_a_step_up_opens_nothing_in_another_session(member: Member) -> None:
    """Nor does its code open a cabinet (ASVS 6.6.2)."""
    stand = member.stand
    other, _ = stand.session()
    challenge, _ = stand.gateway.factors.begin_step_up(
        stand.context(), session=member.session
    )
    proof = CodeProof("sms", stand.code_for(PHONE, "step_up"))
    with pytest.raises(Refused, match="challenge_not_found"):
        stand.gateway.factors.step_up(
            stand.context(),
            session=other,
            challenge_id=challenge.challenge_id,
            proof=proof,
        )

    code = refusal(stand, proof, challenge_id=challenge.challenge_id)
    assert code == "challenge_not_found"


@pytest.mark.catalogue("A07")
@pytest.mark.seeded("auth_token_outlives_a_change_of_factors")
def test_a_change_of_factors_changes_the_token_ends_other_sessions_and_is_told(
    member: Member,
) -> None:
    """ASVS 6.3.7, 7.2.4 and 7.4.3; the step-up before it changes the token as well."""
    stand = member.stand
    _, elsewhere = stand.session()

    def is_dead(token: str) -> bool:
        try:
            stand.authenticate(token)
        except Refused as refused:
            return refused.code == "session_required"
        return False

    at_login = member.token
    member.step_up()
    after_step_up = member.token
    stepped_up = [is_dead(token) for token in (at_login, after_step_up, elsewhere)]
    _, member.token = stand.gateway.factors.replace_recovery_codes(
        stand.context(), session=member.session
    )
    stand.auth.deliver_messages()

    assert stepped_up == [True, False, False]
    assert [is_dead(token) for token in (after_step_up, elsewhere)] == [True, True]
    assert stand.authenticate(member.token).session_id == member.session.session_id
    assert "factor_changed" in [e["reason"] for e in stand.events("session_ended")]
    assert "factor_notice" in [m.template for m in stand.phones.delivered.values()]


@pytest.mark.clause("4.3")
def test_without_any_other_factor_the_message_still_is_one(member: Member) -> None:
    """An account is never left without a second factor."""
    stand = member.stand
    member.enrol_totp()
    passkey = member.add_passkey(Authenticator())
    member.step_up()
    member.token = stand.gateway.factors.remove_totp(
        stand.context(), session=member.session
    )
    member.step_up()
    member.token = stand.gateway.factors.remove_passkey(
        stand.context(), session=member.session, passkey_id=passkey.passkey_id
    )

    assert methods(stand) == ("sms",)
    stand.session()
    removed = [e["factor"] for e in stand.events("factor_removed")]
    assert removed == ["totp", "passkey"]


def test_a_secret_that_was_not_confirmed_opens_nothing(member: Member) -> None:
    """Nor is it confirmed by a wrong code, or later than a quarter of an hour."""
    stand = member.stand
    member.step_up()
    stand.gateway.factors.begin_totp(stand.context(), session=member.session)
    with pytest.raises(Refused, match="code_wrong"):
        stand.gateway.factors.confirm_totp(
            stand.context(), session=member.session, code="00000x"
        )
    offered = methods(stand)
    stand.clock.move(minutes=15)
    with pytest.raises(Refused, match="factor_not_found"):
        stand.gateway.factors.confirm_totp(
            stand.context(), session=member.session, code="000000"
        )

    assert offered == ("sms",)
    assert stand.events("factor_added") == []


class TestPasskeys:
    """WebAuthn as the second factor."""

    def test_a_passkey_opens_the_cabinet_and_is_counted(self, member: Member) -> None:
        stand, authenticator = member.stand, Authenticator()
        member.add_passkey(authenticator)
        challenge_id = stand.first_factor().challenge_id
        proof = passkey_proof(stand, authenticator, challenge_id, counts=True)
        opened = enter(stand, proof, challenge_id=challenge_id)

        assert opened.session.client_id == member.session.client_id
        assert [r.sign_count for r in stand.rows("SELECT * FROM passkeys")] == [1]

    @pytest.mark.catalogue("A10")
    @pytest.mark.seeded("auth_passkey_challenge_answered_twice")
    def test_an_answer_is_judged_once(self, member: Member) -> None:
        """After a first answer, even a wrong one, the right one comes too late."""
        stand, authenticator = member.stand, Authenticator()
        member.add_passkey(authenticator)
        challenge_id = stand.first_factor().challenge_id
        proof = passkey_proof(stand, authenticator, challenge_id, counts=True)
        thief = Authenticator(credential_id=b"of somebody else").answer(
            {"challenge": "A" * 43}
        )
        first = refusal(stand, PasskeyProof(thief), challenge_id=challenge_id)
        second = refusal(stand, proof, challenge_id=challenge_id)

        assert (first, second) == ("passkey_wrong", "passkey_wrong")

    @pytest.mark.seeded("auth_copied_passkey_stays_open")
    def test_a_copied_key_is_suspended_recorded_and_told(self, member: Member) -> None:
        """The copy's count does not grow beyond the original's."""
        stand, authenticator = member.stand, Authenticator()
        member.add_passkey(authenticator)
        for _ in range(2):
            challenge_id = stand.first_factor().challenge_id
            proof = passkey_proof(stand, authenticator, challenge_id, counts=True)
            enter(stand, proof, challenge_id=challenge_id)
        challenge_id = stand.first_factor().challenge_id
        copied = passkey_proof(stand, authenticator, challenge_id, counts=False)
        code = refusal(stand, copied, challenge_id=challenge_id)
        stand.auth.deliver_messages()

        assert code == "passkey_wrong"
        refused = [e["reason"] for e in stand.events("second_factor_refused")]
        assert refused == ["cloned"]
        assert methods(stand) == ("sms",)
        told = [m.template for m in stand.phones.delivered.values()]
        assert "passkey_suspended_notice" in told

    def test_a_passkey_can_be_renamed_and_nobody_else_s_touched(
        self, member: Member
    ) -> None:
        stand = member.stand
        passkey = member.add_passkey(Authenticator())
        stand.gateway.factors.rename_passkey(
            stand.context(),
            session=member.session,
            passkey_id=passkey.passkey_id,
            name="ключ на связке",
        )
        shown = stand.gateway.factors.show(stand.context(), session=member.session)
        with pytest.raises(Refused, match="factor_not_found"):
            stand.gateway.factors.rename_passkey(
                stand.context(),
                session=member.session,
                passkey_id=member.session.session_id,
                name="x",
            )

        assert [key.name for key in shown.passkeys] == ["ключ на связке"]
