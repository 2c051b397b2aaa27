"""What clients are told, and how it reaches their phones."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.errors import Transient
from kernel.events.auth import MessageSent
from kernel.events.disbursement import PayoutDue, PayoutSettled
from kernel.ids import Ids
from kernel.values import Phone
from services.auth.domain.messages import (
    NOTICE_LIFETIME,
    Message,
    Template,
    notice_text,
    retry_after,
)
from services.auth.ports import Logins, Messages, Publish

LEASE: Final = timedelta(seconds=60)
"""How long a message stays with the process that took it; longer than a sending."""


def notify(
    template: Template,
    *,
    phone: Phone,
    client_id: UUID,
    site: str,
    now: datetime,
    ids: Ids,
    messages: Messages,
) -> None:
    """Queue a notice for a phone; it leaves with the commit, not before."""
    messages.queue(
        Message(
            message_id=ids.new(),
            client_id=client_id,
            template=template,
            phone=phone,
            text=notice_text(template, site=site, at=now),
            queued_at=now,
            expires_at=now + NOTICE_LIFETIME,
        )
    )


def when_payout_due(
    event: PayoutDue,
    *,
    site: str,
    now: datetime,
    ids: Ids,
    logins: Logins,
    messages: Messages,
) -> None:
    """Call the client back when the cooling period is over (clause 5.5)."""
    template: Template = (
        "payout_due_confirm" if event.confirmation_required else "payout_due"
    )
    notify(
        template,
        phone=_phone_of(event.client_id, logins),
        client_id=event.client_id,
        site=site,
        now=now,
        ids=ids,
        messages=messages,
    )


def when_payout_settled(
    event: PayoutSettled,
    *,
    site: str,
    now: datetime,
    ids: Ids,
    logins: Logins,
    messages: Messages,
) -> None:
    """Tell the client that the money is on the account."""
    notify(
        "payout_settled",
        phone=_phone_of(event.client_id, logins),
        client_id=event.client_id,
        site=site,
        now=now,
        ids=ids,
        messages=messages,
    )


def _phone_of(client_id: UUID, logins: Logins) -> Phone:
    """The client's number; Transient while the activation has not reached us."""
    login = logins.by_client(client_id)
    if login is None:
        raise Transient("the client's login is not here yet")
    return login.phone


def message_sent(
    message: Message, *, now: datetime, messages: Messages, publish: Publish
) -> None:
    """Record, once, that a message has left."""
    if messages.sent(message.message_id, now=now):
        publish(
            MessageSent(
                message_id=message.message_id,
                client_id=message.client_id,
                template=message.template,
            )
        )


def message_failed(message: Message, *, now: datetime, messages: Messages) -> None:
    """Try a message again later, less and less often, until it expires."""
    messages.postpone(message.message_id, until=now + retry_after(message.attempts))
