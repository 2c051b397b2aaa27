"""Messages on their way out; number and text are sealed, and gone once sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Update, select
from sqlalchemy.sql.dml import ReturningUpdate

from kernel.crypto import FieldKeys
from kernel.values import Phone
from services.auth.domain.languages import DEFAULT
from services.auth.domain.messages import Message, Told
from services.auth.storage.tables import messages

_TAKEN_AT_ONCE: Final = 10
"""With five seconds for each, all of them fit into the lease."""


class SqlMessages:
    """The port `Messages` over one open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys) -> None:
        self._connection = connection
        self._fields = fields

    def queue(self, message: Message) -> None:
        self._connection.execute(messages.insert(), self._waiting(message))

    def drop(self, message: Message) -> None:
        """Sealed as if it were to leave, so that it costs the same; kept is nothing."""
        nothing = {"phone_sealed": None, "text_sealed": None, "state": "dropped"}
        self._connection.execute(messages.insert(), self._waiting(message) | nothing)

    def _waiting(self, message: Message) -> dict[str, object]:
        return {
            "message_id": message.message_id,
            "client_id": message.client_id,
            "template": message.template,
            "template_version": message.version,
            "language": message.language,
            "phone_sealed": self._seal(message, "phone", message.phone.reveal()),
            "text_sealed": self._seal(message, "text", message.text),
            "state": "waiting",
            "attempts": 0,
            "queued_at": message.queued_at,
            "next_at": message.queued_at,
            "expires_at": message.expires_at,
        }

    def take_due(self, *, now: datetime, until: datetime) -> Sequence[Message]:
        """A crash while sending lets the lease run out, and they are due again."""
        due = (
            select(messages.c.message_id)
            .where(messages.c.state == "waiting")
            .where(messages.c.next_at <= now)
            .where(messages.c.expires_at > now)
            .order_by(messages.c.next_at)
            .limit(_TAKEN_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        statement = (
            messages.update()
            .where(messages.c.message_id.in_(due.scalar_subquery()))
            .values(next_at=until, attempts=messages.c.attempts + 1)
            .returning(
                messages.c.message_id,
                messages.c.client_id,
                messages.c.template,
                messages.c.template_version,
                messages.c.language,
                messages.c.phone_sealed,
                messages.c.text_sealed,
                messages.c.queued_at,
                messages.c.expires_at,
                messages.c.attempts,
            )
        )
        taken = [self._message(row) for row in self._connection.execute(statement)]
        return sorted(taken, key=lambda message: message.message_id)

    def sent(self, message_id: UUID, *, now: datetime, ask_at: datetime) -> bool:
        statement = (
            messages.update()
            .where(messages.c.message_id == message_id)
            .where(messages.c.state == "waiting")
            .values(
                state="sent",
                sent_at=now,
                ask_at=ask_at,
                asked=0,
                phone_sealed=None,
                text_sealed=None,
            )
        )
        return self._connection.execute(statement).rowcount == 1

    def postpone(self, message_id: UUID, *, until: datetime) -> None:
        self._connection.execute(
            messages.update()
            .where(messages.c.message_id == message_id)
            .where(messages.c.state == "waiting")
            .values(next_at=until)
        )

    def take_expired(self, *, now: datetime) -> Sequence[Told]:
        statement = _dropped(now).where(messages.c.expires_at <= now)
        return self._told(statement.returning(*_TOLD))

    def give_up(self, message_id: UUID, *, now: datetime) -> bool:
        statement = _dropped(now).where(messages.c.message_id == message_id)
        return self._connection.execute(statement).rowcount == 1

    def take_unreported(self, *, now: datetime, until: datetime) -> Sequence[Told]:
        due = (
            select(messages.c.message_id)
            .where(messages.c.ask_at <= now)
            .order_by(messages.c.ask_at)
            .limit(_TAKEN_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        statement = (
            messages.update()
            .where(messages.c.message_id.in_(due.scalar_subquery()))
            .values(ask_at=until, asked=messages.c.asked + 1)
            .returning(*_TOLD)
        )
        return self._told(statement)

    def ask_again(self, message_id: UUID, *, at: datetime | None) -> None:
        self._connection.execute(
            messages.update()
            .where(messages.c.message_id == message_id)
            .where(messages.c.ask_at.is_not(None))
            .values(ask_at=at)
        )

    def reported(self, message_id: UUID, *, delivered: bool, now: datetime) -> bool:
        when = {"delivered_at": now} if delivered else {"failed_at": now}
        statement = (
            messages.update()
            .where(messages.c.message_id == message_id)
            .where(messages.c.delivered_at.is_(None))
            .where(messages.c.failed_at.is_(None))
            .values(ask_at=None, **when)
        )
        return self._connection.execute(statement).rowcount == 1

    def _told(self, statement: ReturningUpdate[Any]) -> Sequence[Told]:
        return [
            Told(
                message_id=row.message_id,
                client_id=row.client_id,
                template=row.template,
                sent_at=row.sent_at or row.queued_at,
                asked=row.asked or 0,
            )
            for row in self._connection.execute(statement)
        ]

    def _message(self, row: Row[*tuple[Any, ...]]) -> Message:
        return Message(
            message_id=row.message_id,
            client_id=row.client_id,
            template=row.template,
            # Older code has written one version, in Russian.
            version=row.template_version or 1,
            language=row.language or DEFAULT,
            phone=Phone(self._unseal(row.message_id, "phone", row.phone_sealed)),
            text=self._unseal(row.message_id, "text", row.text_sealed),
            queued_at=row.queued_at,
            expires_at=row.expires_at,
            attempts=row.attempts,
        )

    def _seal(self, message: Message, column: str, text: str) -> bytes:
        return self._fields.seal(
            text.encode(), table="messages", column=column, row=message.message_id
        )

    def _unseal(self, message_id: UUID, column: str, sealed: bytes) -> str:
        return self._fields.unseal(
            bytes(sealed), table="messages", column=column, row=message_id
        ).decode()


_TOLD: Final = (
    messages.c.message_id,
    messages.c.client_id,
    messages.c.template,
    messages.c.queued_at,
    messages.c.sent_at,
    messages.c.asked,
)


def _dropped(now: datetime) -> Update:
    """Waiting messages as given up; of whom they were is forgotten."""
    return (
        messages.update()
        .where(messages.c.state == "waiting")
        .values(state="dropped", failed_at=now, phone_sealed=None, text_sealed=None)
    )
