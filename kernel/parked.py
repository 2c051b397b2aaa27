"""What persons do with messages that could not be handled: look, replay, drop.

A parked message holds up its subject.  *Replayed*, it is handled once more.
*Dropped*, it will never be applied: its row stays, its subject advances, and what
waited behind it is applied.  Dropping loses a fact somebody published, so it takes
four eyes (kernel.approvals).

Quarantined messages are not here: what must not be believed is neither replayed nor
dropped (clause 3.4), and no method of this module can reach it.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Select, func, select

from kernel import approvals
from kernel.approvals import Approval
from kernel.clock import Clock, rfc3339
from kernel.context import Call, StaffMember, jsonable, trace_id_of
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.errors import Refused
from kernel.events.platform import MessageDropped
from kernel.inbox import Inbox, Outcome
from kernel.places import give_turn
from kernel.policy import Policy
from kernel.tables import inbox, inbox_subject, parked_drop
from kernel.values import refuse_unfit_reason

DROP: Final = "parked_drop"
"""The operation that takes four eyes."""


@dataclass(frozen=True, slots=True)
class Parking:
    """The parked messages of one service; its inbox applies them."""

    inbox: Inbox

    def listed(self, call: Call) -> list[Json]:
        """What waits for a person, oldest first."""
        with self.inbox.database.begin(call.context) as tx:
            rows = tx.connection.execute(_parked().order_by(inbox.c.parked_at)).all()
            return [_summary(row, clock=self.inbox.clock) for row in rows]

    def shown(self, call: Call, message_id: UUID) -> Json:
        """One message with its data and what it holds up.  Refused: ``not_parked``.

        The data are the published event's: ids and keyed tokens, no personal data.
        """
        with self.inbox.database.begin(call.context) as tx:
            row = _required(tx.connection, message_id)
            behind = _waiting_behind(tx.connection, row)
            asked = _former_request(tx.connection, message_id)
        found = self.inbox.load(*_place(row), states=("parked",))
        if found is None:  # somebody was faster
            raise _not_parked()
        envelope = found.envelope
        return {
            **_summary(row, clock=self.inbox.clock),
            "source": envelope.source,
            "version": envelope.subjectversion,
            "sequence": envelope.sequence,
            "published_at": rfc3339(envelope.time),
            "received_at": rfc3339(row.received_at),
            "parked_at": rfc3339(row.parked_at),
            "correlation_id": str(envelope.correlation_id),
            "causation_id": jsonable(envelope.causation_id),
            "trace_id": trace_id_of(envelope.traceparent),
            "waiting_behind": behind,
            "data": envelope.data,
            "drop": _told(asked) if asked is not None else None,
        }

    def replayed(self, message_id: UUID) -> Outcome:
        """Handle a parked message once more.  Refused: ``not_parked``."""
        outcome = self.inbox.replay(message_id)
        if outcome is None:
            raise _not_parked()
        return outcome

    def ask_drop(
        self, call: Call, message_id: UUID, reason: str, *, policy: Policy
    ) -> Json:
        """Ask that a message be dropped; the same question again changes nothing.

        Refused: ``not_parked``, ``reason_unfit``, ``approval_already_asked``.
        """
        refuse_unfit_reason(reason)
        with self.inbox.database.begin(call.context) as tx:
            row = _required(tx.connection, message_id)
            behind = _waiting_behind(tx.connection, row)
            asked = approvals.request(
                tx,
                operation=DROP,
                arguments={"message_id": str(message_id), "reason": reason},
                effect=f"{row.type} about {row.subject} is never applied;"
                f" {behind} messages behind it go on",
                by=call.by,
                policy=policy,
                ids=self.inbox.ids,
            )
            return approvals.shown(tx, asked.approval_id)

    def drop(self, tx: Transaction, approval: Approval, by: StaffMember) -> None:
        """Drop the message of a request both persons agree on; its subject goes on.

        Refused ``not_parked`` when it was applied or dropped meanwhile.
        """
        row = _required(tx.connection, UUID(str(approval.arguments["message_id"])))
        _skip(tx.connection, row, at=tx.now)
        tx.publish(
            MessageDropped(
                drop_id=approval.approval_id,
                event_type=row.type,
                event_id=row.message_id,
                asked_by=str(approval.requested_by),
                approved_by=str(by.id),
                reason=str(approval.arguments["reason"]),
            )
        )


def _parked() -> "Select[Any]":
    return select(inbox).where(inbox.c.state == "parked")


def _required(connection: Connection, message_id: UUID) -> "Row[Any]":
    statement = _parked().where(inbox.c.message_id == message_id)
    row = connection.execute(statement).one_or_none()
    if row is None:
        raise _not_parked()
    return row


def _not_parked() -> Refused:
    return Refused(
        "not_parked",
        "No such message is parked here.",
        next_step="List the parked messages.",
    )


def _place(row: "Row[Any]") -> tuple[str, str, int]:
    return row.source, row.subject, row.subject_version


def _summary(row: "Row[Any]", *, clock: Clock) -> dict[str, Json]:
    return {
        "message_id": str(row.message_id),
        "type": row.type,
        "subject": row.subject,
        "attempts": row.attempts,
        "reason": row.reason,
        "age_s": int((clock.now() - row.parked_at).total_seconds()),
    }


def _waiting_behind(connection: Connection, row: "Row[Any]") -> int:
    return connection.execute(
        select(func.count()).where(
            inbox.c.source == row.source,
            inbox.c.subject == row.subject,
            inbox.c.subject_version > row.subject_version,
        )
    ).scalar_one()


def _former_request(connection: Connection, message_id: UUID) -> "Row[Any] | None":
    """The newest request of the time when dropping had a protocol of its own."""
    return connection.execute(
        select(parked_drop)
        .where(parked_drop.c.message_id == message_id)
        .order_by(parked_drop.c.id.desc())
        .limit(1)
    ).one_or_none()


def _skip(connection: Connection, row: "Row[Any]", *, at: datetime) -> None:
    """Advance the subject past a parked message, which stays as evidence.

    What waits right behind it is due in the same commit.
    """
    source, subject, version = _place(row)
    moved = connection.execute(
        inbox_subject.update()
        .where(
            inbox_subject.c.source == source,
            inbox_subject.c.subject == subject,
            inbox_subject.c.last_version == version - 1,
        )
        .values(last_version=version)
    )
    dropped = connection.execute(
        inbox.update()
        .where(inbox.c.message_id == row.message_id, inbox.c.state == "parked")
        .values(state="dropped")
    )
    if (moved.rowcount, dropped.rowcount) != (1, 1):
        raise _not_parked()  # it was applied meanwhile
    give_turn(connection, [(source, subject, version + 1)], at=at)


def _told(asked: "Row[Any]") -> Json:
    return {
        "drop_id": str(asked.id),
        "message_id": str(asked.message_id),
        "state": asked.state,
        "reason": asked.reason,
        "asked_by": asked.asked_by,
        "asked_at": rfc3339(asked.asked_at),
        "decided_by": asked.decided_by,
    }
