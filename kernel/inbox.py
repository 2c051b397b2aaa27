"""The other end of the wire: every event is applied once, in its subject's order.

One rule carries it all.  For each (source, subject) the inbox knows the last version
it applied; the next message may be applied only if its version is exactly one more.

- A lower version was applied before: a *duplicate*, dropped.  The same version under
  another id is a *conflict*: quarantined, and the subject stays where it is.
- A higher version *waits*, sealed, until the gap before it is closed.
- A message whose handler fails does not advance the subject, so all that follows it
  waits by the same rule.  It is tried again with back-off and *parked*, with an
  alarm, when its attempts are used up.

Handler, inbox row and whatever the handler publishes are one transaction: a crash at
any point leaves either all of it or nothing, and the broker delivers again.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.dialects.postgresql import insert

from kernel.bus import Received
from kernel.clock import Clock
from kernel.context import Context, fresh_context
from kernel.crypto import FieldKeys, TrustStore
from kernel.database import Database, DatabaseAwayError, Transaction
from kernel.errors import Transient
from kernel.events import Envelope, EnvelopeError, Event, EventSchemaError
from kernel.events.platform import MessageParked
from kernel.ids import Ids
from kernel.logging import get_logger
from kernel.metrics import HANDLER_SECONDS, INBOX_DUPLICATES
from kernel.quarantine import Quarantine
from kernel.tables import inbox, inbox_subject

log = get_logger("inbox")

RETRY_AFTER_S: Final = (0.2, 1.0, 3.0, 10.0, 30.0, 120.0, 600.0)
"""Back-off before each further attempt; after the last the message is parked."""
RETRY_BEAT_S: Final = 0.5
RETRY_BATCH: Final = 50

Handler = Callable[[Transaction, Event, Envelope], None]


class Outcome(Enum):
    """What became of one received message."""

    APPLIED = "applied"
    PASSED = "passed"  # nobody here listens to its type
    DUPLICATE = "duplicate"
    WAITING = "waiting"
    FAILED = "failed"
    PARKED = "parked"
    QUARANTINED = "quarantined"


_MOVED_ON: Final = frozenset({Outcome.APPLIED, Outcome.PASSED})
"""The subject advanced, so what waits behind it may now apply."""


class _ConflictError(Exception):
    """Two messages claim the same place in the order of a subject."""


class _SchemaError(Exception):
    """A trusted producer sent data its own schema forbids."""


@dataclass(frozen=True, slots=True)
class Inbox:
    """The door of one listening service."""

    service: str
    database: Database
    handlers: Mapping[str, Handler]
    trust: TrustStore
    field_keys: FieldKeys
    clock: Clock
    ids: Ids
    quarantine: Quarantine
    reached: Callable[[str], None] = lambda _step: None

    def receive(self, message: Received) -> Outcome:
        """Verify, dedupe, handle; returns when the message may be acknowledged.

        Raises Transient when the database is away: nothing is settled then.
        """
        try:
            envelope = Envelope.opened(
                message.body, trust=self.trust, sender=message.sender
            )
        except EnvelopeError as error:
            self.quarantine.record(message.body, message.sender, error.code)
            return Outcome.QUARANTINED
        outcome = self._place(envelope, message.body, message.sender)
        if outcome in _MOVED_ON:
            self.drain(envelope.source, envelope.subject)
        return outcome

    def _place(self, envelope: Envelope, body: bytes, sender: str | None) -> Outcome:
        """Decide by the version whether to apply, to wait or to drop."""

        def decide(tx: Transaction) -> Outcome:
            last = _last_version(tx.connection, envelope)
            if envelope.subjectversion > last + 1:
                return self._wait(tx.connection, envelope, body)
            seen = envelope.subjectversion <= last
            if seen or _stored(tx.connection, envelope) is not None:
                return self._seen_before(tx.connection, envelope)
            return self._apply(tx, envelope)

        return self._guarded(decide, envelope, body, sender)

    def _place_stored(self, envelope: Envelope, body: bytes) -> Outcome:
        """Apply a message the inbox already holds, if its turn has come."""

        def decide(tx: Transaction) -> Outcome:
            if envelope.subjectversion != _last_version(tx.connection, envelope) + 1:
                return Outcome.DUPLICATE
            return self._apply(tx, envelope)

        return self._guarded(decide, envelope, body, envelope.source)

    def _guarded(
        self,
        decide: Callable[[Transaction], Outcome],
        envelope: Envelope,
        body: bytes,
        sender: str | None,
    ) -> Outcome:
        """One transaction, and what each way of failing in it means."""
        try:
            with self.database.begin(_context(envelope)) as tx:
                outcome = decide(tx)
            self.reached("applied")
        except DatabaseAwayError:
            raise  # says nothing of the message: not an attempt
        except _ConflictError:
            self.quarantine.record(body, sender, "conflict")
            return Outcome.QUARANTINED
        except _SchemaError:
            self.quarantine.record(body, sender, "schema")
            return Outcome.QUARANTINED
        except Exception as error:  # noqa: BLE001 - whatever a handler raises ends in retry or parking
            return self._failed(envelope, body, error)
        return outcome

    def _apply(self, tx: Transaction, envelope: Envelope) -> Outcome:
        """The handler and the advance of the subject, in the transaction ``tx``."""
        _advance(tx.connection, envelope)
        handler = self.handlers.get(envelope.type)
        if handler is None:
            tx.connection.execute(inbox.delete().where(*_at(envelope)))
            return Outcome.PASSED
        event = _decode(envelope)
        with HANDLER_SECONDS.labels(envelope.type).time():
            handler(tx, event, envelope)
        tx.connection.execute(
            insert(inbox)
            .values(
                **_key(envelope),
                message_id=envelope.id,
                type=envelope.type,
                state="applied",
                received_at=self.clock.now(),
                applied_at=self.clock.now(),
            )
            .on_conflict_do_update(
                index_elements=["source", "subject", "subject_version"],
                set_={
                    "state": "applied",
                    "sealed": None,
                    "next_at": None,
                    "applied_at": self.clock.now(),
                },
            )
        )
        return Outcome.APPLIED

    def _seen_before(self, connection: Connection, envelope: Envelope) -> Outcome:
        known = _stored(connection, envelope)
        if known is not None and known != envelope.id:
            raise _ConflictError
        INBOX_DUPLICATES.inc()
        return Outcome.DUPLICATE

    def _wait(self, connection: Connection, envelope: Envelope, body: bytes) -> Outcome:
        if _stored(connection, envelope) is not None:
            return self._seen_before(connection, envelope)
        connection.execute(
            inbox.insert().values(
                **_key(envelope),
                message_id=envelope.id,
                type=envelope.type,
                state="waiting",
                sealed=self._seal(envelope, body),
                received_at=self.clock.now(),
            )
        )
        log.info("waiting_for_predecessor", type=envelope.type, id=str(envelope.id))
        return Outcome.WAITING

    def _failed(self, envelope: Envelope, body: bytes, error: Exception) -> Outcome:
        """Store the message for another attempt, or park it after the last."""
        with self.database.begin(_context(envelope)) as tx:
            last = _last_version(tx.connection, envelope)
            if envelope.subjectversion != last + 1:
                return Outcome.DUPLICATE  # somebody else applied it meanwhile
            attempts = 1 + (_attempts(tx.connection, envelope) or 0)
            parked = attempts > len(RETRY_AFTER_S)
            state = "parked" if parked else "failed"
            values = {
                "state": state,
                "attempts": attempts,
                "next_at": None if parked else self._next_at(attempts),
                "parked_at": self.clock.now() if parked else None,
                "reason": type(error).__name__,
                "sealed": self._seal(envelope, body),
            }
            tx.connection.execute(
                insert(inbox)
                .values(
                    **_key(envelope),
                    message_id=envelope.id,
                    type=envelope.type,
                    received_at=self.clock.now(),
                    **values,
                )
                .on_conflict_do_update(
                    index_elements=["source", "subject", "subject_version"],
                    set_=values,
                )
            )
            if parked:
                self._alarm(tx, envelope, error)
        log.warning(
            "handler_failed",
            type=envelope.type,
            id=str(envelope.id),
            attempt=attempts,
            state=state,
            exc_info=error,
        )
        return Outcome.PARKED if parked else Outcome.FAILED

    def _next_at(self, attempts: int) -> datetime:
        return self.clock.now() + timedelta(seconds=RETRY_AFTER_S[attempts - 1])

    def _alarm(self, tx: Transaction, envelope: Envelope, error: Exception) -> None:
        tx.publish(
            MessageParked(
                quarantine_id=self.ids.new(),
                code=type(error).__name__,
                event_type=envelope.type,
                event_id=envelope.id,
            )
        )

    def drain(self, source: str, subject: str) -> None:
        """Apply what waits behind the last version of a subject, one by one."""
        while (found := self._waiting_next(source, subject)) is not None:
            envelope, body = found
            if self._place_stored(envelope, body) not in _MOVED_ON:
                return

    def retry_due(self) -> int:
        """Try again every failed message whose time has come; how many."""
        context = fresh_context(self.ids)
        with self.database.begin(context) as tx:
            rows = tx.connection.execute(
                select(inbox.c.source, inbox.c.subject, inbox.c.subject_version)
                .where(inbox.c.state == "failed", inbox.c.next_at <= self.clock.now())
                .order_by(inbox.c.next_at)
                .limit(RETRY_BATCH)
            ).all()
        for source, subject, version in rows:
            found = self.load(source, subject, version)
            if found is None:
                continue
            if self._place_stored(*found) in _MOVED_ON:
                self.drain(source, subject)
        return len(rows)

    def replay(self, message_id: UUID) -> Outcome | None:
        """Handle a parked message once more; None when there is no such.

        Applied, it frees all that waits behind it; failed, it is parked again.
        """
        with self.database.begin(fresh_context(self.ids)) as tx:
            row = tx.connection.execute(
                select(inbox.c.source, inbox.c.subject, inbox.c.subject_version).where(
                    inbox.c.message_id == message_id, inbox.c.state == "parked"
                )
            ).one_or_none()
        found = self.load(*row, states=("parked",)) if row else None
        if found is None:
            return None
        outcome = self._place_stored(*found)
        if outcome in _MOVED_ON:
            self.drain(found[0].source, found[0].subject)
        return outcome

    def run_retries(self, stop: threading.Event) -> None:
        """The beat that calls `retry_due`; the database away means waiting."""
        while not stop.wait(RETRY_BEAT_S):
            try:
                self.retry_due()
            except Transient as error:
                log.warning("retries_rest", why=error.sentence)
                stop.wait(error.retry_after_s)

    def _waiting_next(self, source: str, subject: str) -> tuple[Envelope, bytes] | None:
        with self.database.begin(fresh_context(self.ids)) as tx:
            last = tx.connection.execute(
                select(inbox_subject.c.last_version).where(
                    inbox_subject.c.source == source,
                    inbox_subject.c.subject == subject,
                )
            ).scalar()
        return None if last is None else self.load(source, subject, last + 1)

    def load(
        self,
        source: str,
        subject: str,
        version: int,
        *,
        states: tuple[str, ...] = ("waiting", "failed"),
    ) -> tuple[Envelope, bytes] | None:
        """The message the inbox holds at this place, unsealed and verified again."""
        with self.database.begin(fresh_context(self.ids)) as tx:
            row = tx.connection.execute(
                select(inbox.c.message_id, inbox.c.sealed, inbox.c.state).where(
                    inbox.c.source == source,
                    inbox.c.subject == subject,
                    inbox.c.subject_version == version,
                    inbox.c.state.in_(states),
                )
            ).one_or_none()
        if row is None:
            return None
        body = self.field_keys.unseal(
            row.sealed, table="inbox", column="sealed", row=row.message_id
        )
        return Envelope.opened(body, trust=self.trust, sender=source), body

    def _seal(self, envelope: Envelope, body: bytes) -> bytes:
        return self.field_keys.seal(
            body, table="inbox", column="sealed", row=envelope.id
        )


def _context(envelope: Envelope) -> Context:
    return Context(envelope.correlation_id, envelope.id, envelope.traceparent)


def _decode(envelope: Envelope) -> Event:
    try:
        event = Event.known[envelope.type].from_data(dict(envelope.data))
    except EventSchemaError as error:
        raise _SchemaError from error
    if event.subject != envelope.subject:
        # It would stand in the order of one subject and act upon another.
        raise _SchemaError
    return event


def _key(envelope: Envelope) -> dict[str, str | int]:
    return {
        "source": envelope.source,
        "subject": envelope.subject,
        "subject_version": envelope.subjectversion,
    }


def _last_version(connection: Connection, envelope: Envelope) -> int:
    """The last version applied; locks the subject until the transaction ends."""
    statement = insert(inbox_subject).values(
        source=envelope.source, subject=envelope.subject, last_version=0
    )
    return int(
        connection.execute(
            statement.on_conflict_do_update(
                index_elements=["source", "subject"],
                set_={"last_version": inbox_subject.c.last_version},
            ).returning(inbox_subject.c.last_version)
        ).scalar_one()
    )


def _advance(connection: Connection, envelope: Envelope) -> None:
    connection.execute(
        inbox_subject.update()
        .where(
            inbox_subject.c.source == envelope.source,
            inbox_subject.c.subject == envelope.subject,
        )
        .values(last_version=envelope.subjectversion)
    )


def _stored(connection: Connection, envelope: Envelope) -> UUID | None:
    """The id of the message the inbox holds at this place of the order."""
    return connection.execute(select(inbox.c.message_id).where(*_at(envelope))).scalar()


def _attempts(connection: Connection, envelope: Envelope) -> int | None:
    return connection.execute(select(inbox.c.attempts).where(*_at(envelope))).scalar()


def _at(envelope: Envelope) -> tuple[ColumnElement[bool], ...]:
    return (
        inbox.c.source == envelope.source,
        inbox.c.subject == envelope.subject,
        inbox.c.subject_version == envelope.subjectversion,
    )
