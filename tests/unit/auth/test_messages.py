"""What is written to phones, and how often it is tried."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from kernel.errors import Transient
from kernel.events.disbursement import PayoutDue
from services.auth.domain.codes import PURPOSES
from services.auth.domain.messages import code_text, notice_text, retry_after
from services.auth.handlers.messages import (
    message_failed,
    message_sent,
    when_payout_due,
)
from tests.unit.auth.builders import CLIENT, login, message
from tests.unit.auth.fakes import NOON, FakeIds, FakeLogins, FakeMessages, Published

LONGEST_SMS = 3 * 67
"""Three parts of a Cyrillic SMS."""


@pytest.mark.parametrize("purpose", PURPOSES)
def test_a_code_s_message_says_what_for_and_how_long(purpose: str) -> None:
    text = code_text(
        purpose,  # type: ignore[arg-type] # one of PURPOSES
        site="creditplus.kz",
        code="012345",
        lifetime=timedelta(minutes=5),
    )

    assert "012345" in text
    assert "5 мин" in text
    assert text.startswith("creditplus.kz: ")
    assert len(text) <= LONGEST_SMS


def test_the_hour_in_a_notice_is_almaty_s() -> None:
    at = datetime(2026, 11, 22, 20, 30, tzinfo=UTC)

    assert "23.11.2026 01:30" in notice_text("login_notice", site="s", at=at)


def test_waiting_grows_to_five_minutes_and_no_further() -> None:
    waits = [int(retry_after(n).total_seconds()) for n in (1, 2, 3, 8, 9, 10_000)]

    assert waits == [2, 4, 8, 256, 300, 300]


def test_a_message_is_told_of_once() -> None:
    messages, published = FakeMessages(), Published()
    messages.queue(message())
    for _ in range(2):
        message_sent(message(), now=NOON, messages=messages, publish=published)

    assert published.types == ["MessageSent"]


def test_a_failed_message_waits_its_turn() -> None:
    messages = FakeMessages()
    messages.queue(message())
    message_failed(message(), now=NOON, messages=messages)

    assert messages.take_due(now=NOON + timedelta(seconds=1), until=NOON) == []
    assert len(messages.take_due(now=NOON + timedelta(seconds=2), until=NOON)) == 1


@pytest.mark.parametrize(
    ("confirm", "template"), [(True, "payout_due_confirm"), (False, "payout_due")]
)
def test_the_end_of_the_hold_is_told_to_the_login_s_number(
    template: str, *, confirm: bool
) -> None:
    messages = FakeMessages()
    event = PayoutDue(
        payout_id=UUID(int=1),
        contract_id=UUID(int=2),
        client_id=CLIENT,
        confirmation_required=confirm,
    )
    when_payout_due(
        event,
        site="creditplus.kz",
        now=NOON,
        ids=FakeIds(),
        logins=FakeLogins([login()]),
        messages=messages,
    )
    (queued,) = messages.waiting.values()

    assert (queued.template, queued.phone) == (template, login().phone)
    with pytest.raises(Transient):
        when_payout_due(
            event,
            site="s",
            now=NOON,
            ids=FakeIds(),
            logins=FakeLogins(),
            messages=messages,
        )
