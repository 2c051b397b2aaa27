"""The other end of the wire: every event is applied once, in its subject's order.

One rule carries it all (`Inbox._place`).  For each (source, subject) the inbox knows
the last version it applied; the next message may be applied only if its version is
exactly one more.

- A lower version was applied before: a *duplicate*, dropped.  The same version under
  another id is a *conflict*: quarantined, and the subject stays where it is.
- A higher version *waits*, sealed, until the gap before it is closed.
- A message whose handler fails does not advance the subject, so all that follows it
  waits by the same rule.  It is tried again with back-off and *parked*, with an
  alarm, when its attempts are used up.

Handler, inbox row and whatever the handler publishes are one transaction: a crash at
any point leaves either all of it or nothing, and the broker delivers again.  Messages
that come together share one; where anything in it fails, each gets its own.

A handler that kills its process never says that it failed.  The broker gives up such
a message after `kernel.bus.DELIVERY_LIMIT` repetitions and everything delivered with
it; the inbox takes them from there (`receive_dead`) for one attempt each.  It counts
an attempt *before* the handler runs, so the killer runs at most DELIVERY_LIMIT + 2
times before it is parked, and its neighbours are applied.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import cache, partial
from time import perf_counter
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import Row, select

from kernel.batches import together
from kernel.beside import Each, one_by_one
from kernel.bus import PREFETCH, Received
from kernel.clock import Clock
from kernel.context import fresh_context
from kernel.crypto import FieldKeys, TrustStore, UnsealError
from kernel.database import Database, Transaction
from kernel.errors import DatabaseAwayError, Transient
from kernel.events import (
    Envelope,
    EnvelopeError,
    Event,
    EventSchemaError,
    opened_together,
)
from kernel.events.platform import MessageParked
from kernel.ids import Ids
from kernel.logging import get_logger, lines_together
from kernel.metrics import DEAD_LETTERS, HANDLER_SECONDS, INBOX_DUPLICATES
from kernel.places import Message, Places, lock_line
from kernel.quarantine import Quarantine
from kernel.tables import inbox

log = get_logger("inbox")

BATCH: Final = PREFETCH // 2
"""Most messages in one transaction: while it commits, the next ones are read."""
RETRY_AFTER_S: Final = (0.2, 1.0, 3.0, 10.0, 30.0, 120.0, 600.0)
"""Back-off before each further attempt; after the last the message is parked."""
LAST_RUN_S: Final = 5.0
"""A last attempt that has said nothing for so long has died with its process."""
RETRY_BEAT_S: Final = 0.5
RETRY_BATCH: Final = 50

Handler = Callable[[Transaction, Event, Envelope], None]
_seconds_of = cache(HANDLER_SECONDS.labels)


class Outcome(Enum):
    """What became of one received message."""

    APPLIED = "applied"
    PASSED = "passed"  # nobody here listens to its type
    DUPLICATE = "duplicate"
    WAITING = "waiting"
    FAILED = "failed"
    PARKED = "parked"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class Unbelieved:
    """A message that must not be believed, and which check it failed."""

    body: bytes
    sender: str | None
    code: str


Opened: TypeAlias = Message | Unbelieved
_UNREADABLE: Final = (UnsealError, EnvelopeError, EventSchemaError)
"""Keys or schemas have changed since a message was stored."""
_Decide: TypeAlias = Callable[[Transaction, Places, Message], Outcome]


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
    each: Each = one_by_one
    """Verifying is most of the work: in what way many signatures are looked at."""
    reached: Callable[[str], None] = lambda _step: None
    unspent: set[UUID] = field(default_factory=set)
    """Messages whose attempt was counted, but the database went away in it."""
    retrying: threading.Lock = field(default_factory=threading.Lock)
    """One attempt at a time: a killer must not take another's last one along."""

    def receive(self, *messages: Received | Opened) -> list[Outcome]:
        """Verify, dedupe, handle; returns when they may be acknowledged.

        What `read` has verified already is not verified again.  Raises Transient
        when the database is away: what is not settled then comes again, and what is
        settled is known.
        """
        return self._receive(messages, self._place)

    def receive_dead(self, *messages: Received | Opened) -> list[Outcome]:
        """Store what the broker gave up on; no handler runs here.

        Whose turn it is gets one attempt, by `retry_due`.  Raises as `receive`.
        """
        outcomes = self._receive(messages, self._place_dead)
        DEAD_LETTERS.inc(len(messages))
        log.error("dead_letters_taken", count=len(messages))
        return outcomes

    def _receive(
        self, messages: Sequence[Received | Opened], decide: _Decide
    ) -> list[Outcome]:
        fresh = iter(self.read([m for m in messages if isinstance(m, Received)]))
        opened = [next(fresh) if isinstance(m, Received) else m for m in messages]
        for message in opened:
            if isinstance(message, Unbelieved):
                self.quarantine.record(message.body, message.sender, message.code)
        believed = [message for message in opened if isinstance(message, Message)]
        settled, freed = self._settle(believed, decide) if believed else ([], 0)
        if freed:
            self.retry_due()
        outcomes = iter(settled)
        return [
            next(outcomes) if isinstance(message, Message) else Outcome.QUARANTINED
            for message in opened
        ]

    def read(self, messages: Sequence[Received]) -> list[Opened]:
        """Verify each, the part of `receive` that needs no database."""
        bodies = [(message.body, message.sender) for message in messages]
        opened = opened_together(bodies, trust=self.trust, each=self.each)
        return [*map(self._read, messages, opened)]

    def _read(self, message: Received, opened: Envelope | EnvelopeError) -> Opened:
        if isinstance(opened, EnvelopeError):
            return Unbelieved(message.body, message.sender, opened.code)
        try:
            return self._understood(opened, message.body)
        except EventSchemaError:
            return Unbelieved(message.body, message.sender, "schema")

    def _understood(self, envelope: Envelope, body: bytes) -> Message:
        if envelope.type not in self.handlers:
            return Message.of(envelope, body, None)
        event = Event.known[envelope.type].from_data(dict(envelope.data))
        if event.subject != envelope.subject:
            # It would stand in the order of one subject and act upon another.
            raise EventSchemaError(f"{envelope.type}: of another subject")
        return Message.of(envelope, body, event)

    def _settle(
        self, messages: Sequence[Message], decide: _Decide
    ) -> tuple[list[Outcome], int]:
        """Decide on all in one transaction or, if that fails, on each in its own.

        Returns what became of each and for how many stored ones it freed the way.
        """

        def apart(error: Exception) -> None:
            log.info("batch_taken_apart", count=len(messages), why=type(error).__name__)

        outcomes: list[Outcome] = []
        freed = 0
        decided = partial(self._decided, decide=decide)
        for some, found, more in together(decided, messages, apart=apart):
            for message, outcome in zip(some, found, strict=True):
                if outcome is Outcome.QUARANTINED:
                    source = message.envelope.source
                    self.quarantine.record(message.body, source, "conflict")
            INBOX_DUPLICATES.inc(found.count(Outcome.DUPLICATE))
            outcomes += found
            freed += more
        return outcomes, freed

    def _decided(
        self, messages: Sequence[Message], *, decide: _Decide
    ) -> tuple[Sequence[Message], list[Outcome], int]:
        """`_settle` in one transaction; one that fails alone is stored as failed."""
        try:
            # Of one that is handled alone nothing is kept: it may be the last it says.
            lines = lines_together() if len(messages) > 1 else nullcontext()
            with self.database.begin(messages[0].context) as tx:
                places = Places.locked(tx.connection, messages, at=tx.now)
                with lines:
                    outcomes = [decide(tx, places, message) for message in messages]
                freed = places.write()
            self.reached("applied")
        except Exception as error:
            if len(messages) > 1:
                raise
            # Whatever a handler raises ends in retry or parking.
            return messages, [self._failed(messages[0], error)], 0
        return messages, outcomes, freed

    def _place(self, tx: Transaction, places: Places, message: Message) -> Outcome:
        """Decide by the version whether to apply, to wait or to drop."""
        if (known := self._known(places, message)) is not None:
            return known
        if places.ahead(message) > 1:
            return self._hold(places, message)
        return self._apply(tx, places, message)

    def _place_dead(
        self, _tx: Transaction, places: Places, message: Message
    ) -> Outcome:
        """Decide the same, but hold what would be applied; one attempt is left."""
        if (known := self._known(places, message)) is not None:
            return known
        return self._hold(places, message, attempts=len(RETRY_AFTER_S))

    def _known(self, places: Places, message: Message) -> Outcome | None:
        if places.contradicts(message):
            return Outcome.QUARANTINED
        if places.ahead(message) < 1 or places.holds(message):
            return Outcome.DUPLICATE
        return None

    def _place_stored(
        self, tx: Transaction, places: Places, message: Message
    ) -> Outcome:
        """Apply a message the inbox already holds, if its turn has come."""
        if places.ahead(message) != 1:
            return Outcome.DUPLICATE
        return self._apply(tx, places, message)

    def _apply(self, tx: Transaction, places: Places, message: Message) -> Outcome:
        """The handler and the advance of the subject, in the transaction ``tx``."""
        places.advance(message)
        if message.event is None:
            places.forget(message)
            return Outcome.PASSED
        tx.context = message.context
        kind = message.envelope.type
        began = perf_counter()
        try:
            self.handlers[kind](tx, message.event, message.envelope)
        finally:
            _seconds_of(kind).observe(perf_counter() - began)
        places.applied(message)
        return Outcome.APPLIED

    def _hold(self, places: Places, message: Message, *, attempts: int = 0) -> Outcome:
        """Store the message until its turn comes; it may have come already."""
        waiting = places.ahead(message) > 1
        places.keep(
            message,
            state="waiting" if waiting else "failed",
            next_at=None if waiting else places.at,
            attempts=attempts,
            sealed=self._seal(message),
        )
        if not waiting:
            return Outcome.FAILED
        envelope = message.envelope
        log.info("waiting_for_predecessor", type=envelope.type, id=str(envelope.id))
        return Outcome.WAITING

    def _failed(self, message: Message, error: Exception) -> Outcome:
        """Store the message for another attempt, or park it after the last."""
        if isinstance(error, DatabaseAwayError):
            raise error  # says nothing of the message: not an attempt
        envelope = message.envelope
        with self.database.begin(message.context) as tx:
            places = Places.locked(tx.connection, [message], at=tx.now)
            if places.ahead(message) != 1:
                return Outcome.DUPLICATE  # somebody else applied it meanwhile
            attempts = places.attempts(message) or 1  # a stored one was counted before
            parked = attempts > len(RETRY_AFTER_S)
            places.keep(
                message,
                state="parked" if parked else "failed",
                attempts=attempts,
                next_at=None if parked else self._next_at(attempts),
                parked_at=places.at if parked else None,
                reason=type(error).__name__,
                sealed=self._seal(message),
            )
            places.write()
            if parked:
                self._alarm(tx, envelope.type, envelope.id, type(error).__name__)
        log.warning(
            "handler_failed",
            type=envelope.type,
            id=str(envelope.id),
            attempt=attempts,
            state="parked" if parked else "failed",
            exc_info=error,
        )
        return Outcome.PARKED if parked else Outcome.FAILED

    def _next_at(self, attempts: int) -> datetime:
        pauses_s = (*RETRY_AFTER_S, LAST_RUN_S)
        return self.clock.now() + timedelta(seconds=pauses_s[attempts - 1])

    def _alarm(self, tx: Transaction, kind: str, message_id: UUID, why: str) -> None:
        tx.publish(
            MessageParked(
                quarantine_id=self.ids.new(),
                code=why,
                event_type=kind,
                event_id=message_id,
            )
        )

    def retry_due(self) -> int:
        """Try every stored message whose time has come; how many attempts that were.

        What an applied one frees is tried at once.  Nothing is tried here while
        another thread is at it; the next beat finds what that one has not seen.
        """
        if not self.retrying.acquire(blocking=False):
            return 0
        try:
            tried, freed = 0, 1
            while freed:
                due = self._due()
                freed = sum(self._retry(row) for row in due)
                tried += len(due)
            return tried
        finally:
            self.retrying.release()

    def _due(self) -> Sequence[Row[Any]]:
        due = inbox.c.next_at <= self.clock.now()
        if self.unspent:
            due |= inbox.c.message_id.in_(self.unspent)
        with self.database.begin(fresh_context(self.ids)) as tx:
            return tx.connection.execute(
                select(inbox)
                .where(inbox.c.state == "failed", due)
                .order_by(inbox.c.next_at)
                .limit(RETRY_BATCH)
            ).all()

    def _retry(self, row: Row[Any]) -> int:
        """One attempt, counted before it begins; how many others it freed."""
        if not self._reserve(row):
            return 0
        try:
            message = self.load(row.source, row.subject, row.subject_version)
            if message is None:
                return 0
            _, freed = self._settle([message], self._place_stored)
        except _UNREADABLE as error:
            self._put_aside(row, type(error).__name__)
            return 0
        except DatabaseAwayError:
            self.unspent.add(row.message_id)
            raise
        return freed

    def _reserve(self, row: Row[Any]) -> bool:
        """Count an attempt; False when it is somebody else's or none is left."""
        attempts = row.attempts + (row.message_id not in self.unspent)
        if attempts > len(RETRY_AFTER_S) + 1:
            self._put_aside(row, "ProcessDied")
            return False
        with self.database.begin(fresh_context(self.ids)) as tx:
            reserved = tx.connection.execute(
                inbox.update()
                .where(
                    inbox.c.message_id == row.message_id,
                    inbox.c.state == "failed",
                    inbox.c.next_at == row.next_at,
                )
                .values(attempts=attempts, next_at=self._next_at(attempts))
            ).rowcount
        self.unspent.discard(row.message_id)
        return reserved == 1

    def _put_aside(self, row: Row[Any], why: str) -> None:
        """Park a stored message without trying it."""
        with self.database.begin(fresh_context(self.ids)) as tx:
            # Its handler may still run, elsewhere and slowly.
            lock_line(tx.connection, (row.source, row.subject))
            parked = tx.connection.execute(
                inbox.update()
                .where(inbox.c.message_id == row.message_id, inbox.c.state == "failed")
                .values(
                    state="parked",
                    parked_at=self.clock.now(),
                    next_at=None,
                    reason=why,
                )
            ).rowcount
            if parked:
                self._alarm(tx, row.type, row.message_id, why)
        log.error("message_put_aside", type=row.type, id=str(row.message_id), why=why)

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
        (outcome,), freed = self._settle([found], self._place_stored)
        if freed:
            self.retry_due()
        return outcome

    def run_retries(self, stop: threading.Event) -> None:
        """The beat that calls `retry_due`; the database away means waiting."""
        while not stop.wait(RETRY_BEAT_S):
            try:
                self.retry_due()
            except Transient as error:
                log.warning("retries_rest", why=error.sentence)
                stop.wait(error.retry_after_s)

    def load(
        self,
        source: str,
        subject: str,
        version: int,
        *,
        states: tuple[str, ...] = ("failed",),
    ) -> Message | None:
        """The message the inbox holds at this place, unsealed and verified again.

        Raises one of `_UNREADABLE` when keys or schemas have changed meanwhile.
        """
        with self.database.begin(fresh_context(self.ids)) as tx:
            row = tx.connection.execute(
                select(inbox.c.message_id, inbox.c.sealed).where(
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
        envelope = Envelope.opened(body, trust=self.trust, sender=source)
        return self._understood(envelope, body)

    def _seal(self, message: Message) -> bytes:
        return self.field_keys.seal(
            message.body, table="inbox", column="sealed", row=message.envelope.id
        )
