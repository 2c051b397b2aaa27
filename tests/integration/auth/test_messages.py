"""Messages leave with the commit, are tried again, and are forgotten once sent."""

from datetime import timedelta

import pytest

from kernel.errors import Transient
from kernel.events.disbursement import PayoutDue, PayoutSettled
from kernel.money import Money
from services.auth.domain.messages import Report
from services.auth.wiring.process import MESSAGES_FAILED
from tests.integration.auth.stand import OTHER_PHONE, PHONE, Stand


def payout_due(stand: Stand, *, confirm: bool = True) -> PayoutDue:
    ids = stand.auth_platform.ids
    (row,) = stand.rows("SELECT client_id FROM logins") or [None]
    return PayoutDue(
        payout_id=ids.new(),
        contract_id=ids.new(),
        client_id=row.client_id if row else ids.new(),
        confirmation_required=confirm,
    )


def react_to_due(stand: Stand, event: PayoutDue) -> None:
    with stand.auth_platform.database.begin(stand.context()) as tx:
        stand.auth.when_client_concerned(tx, event, happened_at=stand.clock.now())


def texts(stand: Stand) -> list[str]:
    stand.auth.deliver_messages()
    delivered = sorted(stand.phones.delivered.values(), key=lambda m: m.message_id)
    return [message.text for message in delivered]


@pytest.mark.clause("5.5")
@pytest.mark.seeded("auth_client_is_not_called_back")
def test_the_client_is_called_back_when_the_hold_ends(stand: Stand) -> None:
    """At `hold_until` a message says that the release may be confirmed."""
    stand.client()
    react_to_due(stand, payout_due(stand))
    react_to_due(stand, payout_due(stand, confirm=False))

    ask, tell = [text for text in texts(stand) if "период охлаждения" in text]
    assert "можете подтвердить" in ask
    assert "подтвердить" not in tell


def test_the_client_is_told_when_the_money_has_come(stand: Stand) -> None:
    client_id = stand.client()
    ids = stand.auth_platform.ids
    event = PayoutSettled(
        payout_id=ids.new(),
        contract_id=ids.new(),
        client_id=client_id,
        amount=Money.of("400000"),
        order_id="order-1",
        settled_at=stand.clock.now(),
    )
    with stand.auth_platform.database.begin(stand.context()) as tx:
        stand.auth.when_client_concerned(tx, event, happened_at=stand.clock.now())

    (told,) = [text for text in texts(stand) if "переведён на ваш счёт" in text]
    assert "400" not in told


def test_a_client_who_is_not_here_yet_is_waited_for(stand: Stand) -> None:
    """Events of different publishers have no common order."""
    with pytest.raises(Transient):
        react_to_due(stand, payout_due(stand))


def test_a_message_waits_out_the_provider_s_absence(stand: Stand) -> None:
    stand.phones.away = True
    stand.auth.send_code(
        stand.context(),
        phone=PHONE,
        purpose="registration",
        reference=stand.auth_platform.ids.new(),
    )
    assert texts(stand) == []
    stand.phones.away = False
    stand.clock.move(seconds=1)
    assert texts(stand) == []
    stand.clock.move(seconds=1)

    assert len(texts(stand)) == 1
    assert len(stand.events("message_sent")) == 1


def test_a_crash_while_sending_sends_the_same_message_id_again(stand: Stand) -> None:
    """The lease runs out; the provider delivers one id once."""
    stand.auth.send_code(
        stand.context(),
        phone=PHONE,
        purpose="registration",
        reference=stand.auth_platform.ids.new(),
    )
    stand.phones.crashes = True
    with pytest.raises(KeyboardInterrupt):
        stand.auth.deliver_messages()
    stand.phones.crashes = False
    assert texts(stand) == []
    stand.clock.move(seconds=60)

    assert len(texts(stand)) == 1


@pytest.mark.seeded("auth_dropped_messages_are_told_to_nobody")
def test_a_code_too_old_to_be_used_is_dropped_and_told_of(stand: Stand) -> None:
    stand.phones.away = True
    stand.auth.send_code(
        stand.context(),
        phone=PHONE,
        purpose="registration",
        reference=stand.auth_platform.ids.new(),
    )
    stand.clock.at += timedelta(minutes=5)
    stand.phones.away = False
    failures = MESSAGES_FAILED.labels("expired")._value.get()

    assert texts(stand) == []
    assert [row.state for row in stand.rows("SELECT state FROM messages")] == [
        "dropped"
    ]
    (failed,) = stand.events("message_failed")
    assert failed["reason"] == "expired"
    assert MESSAGES_FAILED.labels("expired")._value.get() == failures + 1


@pytest.mark.parametrize(
    ("says", "event"),
    [("delivered", "message_delivered"), ("undelivered", "message_failed")],
)
def test_it_is_known_what_became_of_a_message(
    stand: Stand, says: Report, event: str
) -> None:
    """Asked until it is said; an operator who is away is asked again."""
    stand.auth.send_code(
        stand.context(),
        phone=PHONE,
        purpose="registration",
        reference=stand.auth_platform.ids.new(),
    )
    texts(stand)
    assert stand.auth.follow_messages() == 0
    stand.phones.says, stand.phones.away = says, True
    stand.clock.move(seconds=10)
    assert stand.auth.follow_messages() == 0
    stand.phones.away = False
    stand.clock.move(seconds=20)

    assert [stand.auth.follow_messages() for _ in range(2)] == [1, 0]
    assert len(stand.events(event)) == 1


@pytest.mark.seeded("auth_everybody_is_written_to_in_russian")
def test_a_client_is_written_to_in_the_language_chosen(stand: Stand) -> None:
    """At registration by Accept-Language; later in the cabinet, and by nobody else."""
    stand.gateway.suggest_language(stand.context(), phone=PHONE, language="kk")
    stand.client()
    session, _ = stand.session()
    stand.gateway.suggest_language(stand.context(), phone=PHONE, language="ru")
    stand.gateway.choose_language(stand.context(), session=session, language="en")
    react_to_due(stand, payout_due(stand))
    found = "\n".join(texts(stand))

    for words in ("растау коды", "кіру коды", "кабинетке", "cooling period"):
        assert words in found
    assert stand.gateway.language_of(stand.context(), session=session) == "en"
    sent = stand.events("message_sent")
    assert {(one["template_version"], one["language"]) for one in sent} == {
        (1, "kk"),
        (1, "en"),
    }


def test_the_language_of_a_number_that_became_no_login_is_forgotten(
    stand: Stand,
) -> None:
    stand.client()
    for phone in (PHONE, OTHER_PHONE):
        stand.gateway.suggest_language(stand.context(), phone=phone, language="kk")
    session, _ = stand.session()
    stand.gateway.choose_language(stand.context(), session=session, language="en")
    stand.clock.move(days=31)
    stand.auth.forget()

    rows = stand.rows("SELECT language FROM languages")
    assert [row.language for row in rows] == ["en"]


def test_number_and_text_are_gone_once_sent(stand: Stand) -> None:
    stand.auth.send_code(
        stand.context(),
        phone=PHONE,
        purpose="registration",
        reference=stand.auth_platform.ids.new(),
    )
    texts(stand)

    (row,) = stand.rows("SELECT phone_sealed, text_sealed, state FROM messages")
    assert tuple(row) == (None, None, "sent")
