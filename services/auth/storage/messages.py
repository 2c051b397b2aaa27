"""Messages on their way out; number and text are sealed, and gone once sent."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, select

from kernel.crypto import FieldKeys
from kernel.values import Phone
from services.auth.domain.messages import Message
from services.auth.storage.tables import messages

_TAKEN_AT_ONCE: Final = 10
"""With five seconds for each, all of them fit into the lease."""


class SqlMessages:
    """The port `Messages` over one open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys) -> None:
        self._connection = connection
        self._fields = fields

    def queue(self, message: Message) -> None:
        self._connection.execute(
            messages.insert(),
            {
                "message_id": message.message_id,
                "client_id": message.client_id,
                "template": message.template,
                "phone_sealed": self._seal(message, "phone", message.phone.reveal()),
                "text_sealed": self._seal(message, "text", message.text),
                "state": "waiting",
                "attempts": 0,
                "queued_at": message.queued_at,
                "next_at": message.queued_at,
                "expires_at": message.expires_at,
            },
        )

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
                messages.c.phone_sealed,
                messages.c.text_sealed,
                messages.c.queued_at,
                messages.c.expires_at,
                messages.c.attempts,
            )
        )
        taken = [self._message(row) for row in self._connection.execute(statement)]
        return sorted(taken, key=lambda message: message.message_id)

    def sent(self, message_id: UUID, *, now: datetime) -> bool:
        statement = (
            messages.update()
            .where(messages.c.message_id == message_id)
            .where(messages.c.state == "waiting")
            .values(state="sent", sent_at=now, phone_sealed=None, text_sealed=None)
        )
        return self._connection.execute(statement).rowcount == 1

    def postpone(self, message_id: UUID, *, until: datetime) -> None:
        self._connection.execute(
            messages.update()
            .where(messages.c.message_id == message_id)
            .where(messages.c.state == "waiting")
            .values(next_at=until)
        )

    def drop_expired(self, *, now: datetime) -> int:
        statement = (
            messages.update()
            .where(messages.c.state == "waiting")
            .where(messages.c.expires_at <= now)
            .values(state="dropped", phone_sealed=None, text_sealed=None)
        )
        return self._connection.execute(statement).rowcount

    def _message(self, row: Row[*tuple[Any, ...]]) -> Message:
        return Message(
            message_id=row.message_id,
            client_id=row.client_id,
            template=row.template,
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
