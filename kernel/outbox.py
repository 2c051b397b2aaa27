"""The relay: what was committed reaches the broker, in order, at least once.

One relay per service runs at a time (advisory lock), in three steps for each batch:

1. *Number*, one transaction: take the rows without a number in the order they were
   inserted, give each the publisher's next ``sequence`` and its subject's next
   version, sign, and store the bytes.  Numbers are given here and not at insert, so
   they have no gaps and no writer waits for another (catalogue P06).
2. *Publish* the stored bytes; wait for the broker's confirms.  What is returned as
   unroutable or refused stays and is tried again (F25).
3. *Mark* what the broker confirmed: its numbers leave ``outbox_unconfirmed``, which
   holds them as ranges in one row.

While the broker works on one batch (2), the batch before it is marked (3) and the one
behind it numbered (1), each in a transaction of its own; and the next is sent before
the broker has answered for the last of that one.

A crash after any step repeats the same bytes under the same numbers; the inbox of
every listener drops the repetition.  Rows stay as the source of ``replay``.
"""

import select
import threading
from collections import deque
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple

import orjson
import psycopg2
from sqlalchemy import (
    Connection,
    Engine,
    Row,
    bindparam,
    func,
    text,
)
from sqlalchemy import select as sql_select

from kernel.beside import Beside
from kernel.bus import BACK_OFF_S, BROKER_ERRORS, Broker, ConfirmingPublisher
from kernel.crypto import SigningKey
from kernel.database import Fixed, transient_errors
from kernel.errors import Transient
from kernel.events.envelope import Envelope, routing_key
from kernel.logging import get_logger
from kernel.metrics import OUTBOX_PUBLISHED
from kernel.tables import outbox, outbox_subject

log = get_logger("outbox")

BATCH: Final = 500
"""Rows numbered, published and marked together; a few hundred kilobytes."""
SIGNED_TOGETHER: Final = 125
"""Of a batch: signed while the server stores those before them."""
POLL_S: Final = 1.0
STANDBY_S: Final = 0.5
"""How soon another process of the service takes over a relay that has ended."""
LOCK_KEY: Final = 0x6F7574626F78  # "outbox": one relay per database


@dataclass(frozen=True, slots=True)
class Signer:
    """In whose name the relay speaks, and with which key."""

    service: str
    key: SigningKey


class Ready(NamedTuple):
    """A numbered row: the bytes to publish, and where to."""

    id: str
    sequence: int
    version: int
    body: bytes
    routing_key: str


def number(connection: Connection, signer: Signer) -> list[Ready]:
    """Step 1 inside an open transaction: the next rows without a number, in order.

    While the server stores some, the next are signed.
    """
    rows = _UNNUMBERED.on(connection, batch=BATCH).all()
    if not rows:
        return []
    versions: dict[str, int] = {}
    numbered: list[_Numbered] = []
    first = 1 + (rows[0].last_sequence or 0)
    for sequence, row in enumerate(rows, start=first):
        version = 1 + versions.get(row.subject, row.last_version or 0)
        versions[row.subject] = version
        numbered.append(_Numbered(row, sequence, version))
    ready: list[Ready] = []
    unsaved: list[Ready] = []
    for start in range(0, len(numbered), SIGNED_TOGETHER):
        some = numbered[start : start + SIGNED_TOGETHER]
        saving = Beside(partial(_save, connection, unsaved))
        with saving if unsaved else nullcontext():
            unsaved = [_signed(signer, row) for row in some]
        ready += unsaved
    _save(connection, unsaved)
    connection.execute(
        _STORE_VERSIONS,
        {"subjects": list(versions), "versions": list(versions.values())},
    )
    # Last, for the step that marks waits for this row until the commit.
    connection.execute(_AWAIT, {"first": first, "last": ready[-1].sequence})
    return ready


class _Numbered(NamedTuple):
    """A row of the outbox and the numbers given to it."""

    row: Row[*tuple[Any, ...]]
    sequence: int
    version: int


def _signed(signer: Signer, numbered: _Numbered) -> Ready:
    row, sequence, version = numbered
    envelope = Envelope(
        id=row.id,
        source=signer.service,
        type=row.type,
        time=row.time,
        subject=row.subject,
        subjectversion=version,
        sequence=sequence,
        traceparent=row.traceparent,
        correlation_id=row.correlation_id,
        causation_id=row.causation_id,
        keyid=signer.key.keyid,
        data=orjson.loads(row.data),
    )
    where = routing_key(row.type, row.subject)
    return Ready(str(row.id), sequence, version, envelope.signed(signer.key), where)


_ASKED: Final = (
    *("id", "type", "time", "subject", "data"),
    *("traceparent", "correlation_id", "causation_id"),
)
_IN_ORDER: Final = text("SET LOCAL enable_sort = off")
"""Few rows wait as a rule, so the planner would sort them; of many that wait it would
read and sort all for each batch, where the indexes give them in their order."""
_waiting = (
    sql_select(*(outbox.c[name] for name in _ASKED), outbox.c.inserted)
    .where(outbox.c.sequence.is_(None))
    .order_by(outbox.c.inserted)
    .limit(bindparam("batch"))
    .subquery("waiting")
)
_UNNUMBERED: Final = Fixed.of(
    sql_select(
        *(_waiting.c[name] for name in _ASKED),
        outbox_subject.c.last_version,
        sql_select(func.max(outbox.c.sequence))
        .scalar_subquery()
        .label("last_sequence"),
    )
    .outerjoin_from(
        _waiting, outbox_subject, _waiting.c.subject == outbox_subject.c.subject
    )
    .order_by(_waiting.c.inserted)
)


def _save(connection: Connection, signed: list[Ready]) -> None:
    connection.execute(
        _NUMBER,
        {
            "ids": [row.id for row in signed],
            "first": signed[0].sequence,
            "versions": [row.version for row in signed],
            "bodies": "\n".join(row.body.decode() for row in signed),
        },
    )


# All rows in one statement.  The bodies go as one text, one a line, which costs half
# of what an array of bytes does; canonical JSON has no line breaks.
_NUMBER: Final = text(
    "UPDATE outbox SET sequence = :first - 1 + n.place, subject_version = n.version,"
    " body = convert_to(n.body, 'UTF8')"
    " FROM unnest(CAST(:ids AS uuid[]), CAST(:versions AS bigint[]),"
    " string_to_array(:bodies, chr(10)))"
    " WITH ORDINALITY AS n (id, version, body, place)"
    " WHERE outbox.id = n.id"
)
_STORE_VERSIONS: Final = text(
    "INSERT INTO outbox_subject (subject, last_version)"
    " SELECT * FROM unnest(CAST(:subjects AS text[]), CAST(:versions AS bigint[]))"
    " ON CONFLICT (subject) DO UPDATE SET last_version = excluded.last_version"
)


_AWAIT: Final = text(
    "INSERT INTO outbox_unconfirmed (sequences)"
    " VALUES (int8multirange(int8range(:first, :last, '[]')))"
    " ON CONFLICT (one) DO UPDATE"
    " SET sequences = outbox_unconfirmed.sequences + excluded.sequences"
)


def unconfirmed(connection: Connection, *, after: int = 0) -> list[Ready]:
    """Numbered rows the broker has not confirmed, in order, beyond ``after``."""
    rows = connection.execute(_UNCONFIRMED, {"after": after, "batch": BATCH})
    return [
        Ready(
            str(r.id),
            r.sequence,
            r.subject_version,
            bytes(r.body),
            routing_key(r.type, r.subject),
        )
        for r in rows
    ]


_UNCONFIRMED: Final = text(
    "SELECT id, sequence, subject_version, body, type, subject FROM outbox"
    " JOIN (SELECT generate_series(lower(r), upper(r) - 1) AS sequence"
    " FROM outbox_unconfirmed,"
    " unnest(sequences * int8multirange(int8range(:after, NULL, '()'))) AS r"
    " LIMIT :batch) AS waiting USING (sequence)"
    " ORDER BY sequence"
)


def mark_confirmed(connection: Connection, confirmed: list[int]) -> None:
    """Step 3 inside an open transaction."""
    connection.execute(_MARK, {"confirmed": confirmed})


_MARK: Final = text(
    "UPDATE outbox_unconfirmed SET sequences = sequences -"
    " (SELECT range_agg(int8range(s, s, '[]'))"
    " FROM unnest(CAST(:confirmed AS bigint[])) AS s)"
)


class _UnderWay(NamedTuple):
    """A batch that was sent, and the publisher's number of its last message."""

    batch: list[Ready]
    said: int


class Relay:
    """The supervised loop around the three steps."""

    def __init__(
        self,
        engine: Engine,
        broker: Broker,
        signer: Signer,
        *,
        reached: Callable[[str], None] = lambda _step: None,
    ) -> None:
        self._engine = engine
        self._broker = broker
        self._signer = signer
        self._reached = reached
        self.connected = False

    def run(self, stop: threading.Event) -> None:
        """Relay until ``stop`` is set; database or broker away means back-off."""
        failures = 0
        while not stop.is_set():
            try:
                self._relay(stop)
            except (*BROKER_ERRORS, Transient, psycopg2.OperationalError) as error:
                failures = 0 if self.connected else failures + 1
                log.warning("relay_rests", error=type(error).__name__)
                stop.wait(BACK_OFF_S[min(failures, len(BACK_OFF_S) - 1)])
            finally:
                self.connected = False

    def _relay(self, stop: threading.Event) -> None:
        with transient_errors(), self._engine.connect() as session:
            raw = session.connection.driver_connection
            autocommit = session.execution_options(isolation_level="AUTOCOMMIT")
            if not autocommit.execute(
                text("SELECT pg_try_advisory_lock(:key)"), {"key": LOCK_KEY}
            ).scalar():
                stop.wait(STANDBY_S)  # another relay of this service runs
                return
            try:
                autocommit.execute(text("LISTEN outbox"))
                with ConfirmingPublisher(self._broker) as publisher:
                    self.connected = True
                    while not stop.is_set():
                        self.relay_waiting(publisher)
                        _wait(raw, POLL_S)
                        publisher.beat()
            finally:
                # The lock and the LISTEN live as long as the session: end it.
                session.invalidate()

    def relay_waiting(self, publisher: ConfirmingPublisher) -> int:
        """Relay all that waits; how many messages the broker accepted.

        What it refuses stays, for the next call to try again.
        """
        count, last = 0, 0
        accepted: list[int] = []
        under_way: deque[_UnderWay] = deque()
        batch = self._next(after=last)
        while batch or accepted:
            if batch:
                last = batch[-1].sequence
                said = publisher.send(map(self._message, batch))
                under_way.append(_UnderWay(batch, said))
            with (
                Beside(partial(self._next, after=last)) as coming,
                Beside(partial(self._mark, accepted)),
            ):
                accepted = self._accepted(publisher, under_way, but=1)
            batch = coming.result
            if not batch:
                accepted += self._accepted(publisher, under_way, but=0)
            count += len(accepted)
        return count

    def _accepted(
        self, publisher: ConfirmingPublisher, under_way: "deque[_UnderWay]", *, but: int
    ) -> list[int]:
        """Sequences the broker has accepted of all ``but`` the newest batches.

        One is left to it as long as another is coming, so that it never waits for us.
        """
        accepted: list[int] = []
        while len(under_way) > but:
            batch, said = under_way.popleft()
            refused = publisher.refused(up_to=said)
            self._reached("published")
            accepted += [row.sequence for row in batch if row.id not in refused]
            if refused:
                log.error("not_routed", count=len(refused))
        OUTBOX_PUBLISHED.inc(len(accepted))
        return accepted

    def _mark(self, accepted: list[int]) -> None:
        """Step 3 of what the broker has accepted."""
        if not accepted:
            return
        with transient_errors(), self._engine.begin() as connection:
            mark_confirmed(connection, accepted)
        self._reached("marked")

    def _next(self, *, after: int) -> list[Ready]:
        """The batch beyond ``after``: what has its numbers already, or step 1."""
        with transient_errors(), self._engine.begin() as connection:
            connection.execute(_IN_ORDER)
            batch = unconfirmed(connection, after=after)
            batch = batch or number(connection, self._signer)
        if batch:
            self._reached("numbered")
        return batch

    def _message(self, row: Ready) -> tuple[str, bytes, str, str]:
        return (
            row.id,
            row.body,
            f"{self._signer.service}.events",
            row.routing_key,
        )


def _wait(raw: Any, timeout_s: float) -> None:  # noqa: ANN401 - a psycopg2 connection
    """Sleep until a transaction says NOTIFY, at most ``timeout_s``."""
    select.select([raw], [], [], timeout_s)
    raw.poll()
    raw.notifies.clear()


UNPUBLISHED: Final = (
    "SELECT time FROM outbox WHERE sequence IS NULL"
    " UNION ALL"
    " SELECT time FROM outbox_unconfirmed, unnest(sequences) AS r, outbox"
    " WHERE sequence >= lower(r) AND sequence < upper(r)"
)
"""A row for each message the broker has not confirmed, numbered or not."""


_unpublished = text(UNPUBLISHED).columns(outbox.c.time).subquery()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where an outbox stands; sequences are None before the first was numbered."""

    unpublished: int
    oldest_unpublished: datetime | None
    last_sequence: int | None
    first_replayable: int | None
    """Rows are kept at least 90 days after they were published."""


def standing(connection: Connection) -> Standing:
    """What waits to leave, and which sequences can be sent again."""
    waiting, oldest = connection.execute(
        sql_select(func.count(), func.min(_unpublished.c.time))
    ).one()
    first, last = connection.execute(
        sql_select(func.min(outbox.c.sequence), func.max(outbox.c.sequence))
    ).one()
    return Standing(waiting, oldest, last, first)


@dataclass(frozen=True, slots=True)
class Counted:
    """What an outbox holds, counted row by row; zeros before the first number."""

    first: int
    last: int
    events: int
    waiting: int


def counted(connection: Connection) -> Counted:
    """Numbered rows from the first kept to the last, and rows without a number."""
    return Counted(*connection.execute(_COUNTED).one())


_COUNTED: Final = sql_select(
    func.coalesce(func.min(outbox.c.sequence), 0),
    func.coalesce(func.max(outbox.c.sequence), 0),
    func.count(outbox.c.sequence),
    func.count().filter(outbox.c.sequence.is_(None)),
).select_from(outbox)


def send_again(connection: Connection, first: int, last: int) -> None:
    """Let the relay publish sequences ``first`` to ``last`` once more.

    The stored bytes go out under their own numbers, in their order, before anything
    newer; every listener drops what it has applied.
    """
    connection.execute(_AWAIT, {"first": first, "last": last})
    connection.execute(text("NOTIFY outbox"))


def left_to_send(connection: Connection, first: int, last: int) -> int:
    """How many of the sequences ``first`` to ``last`` the broker has yet to confirm."""
    return int(connection.execute(_LEFT, {"first": first, "last": last}).scalar_one())


_LEFT: Final = text(
    "SELECT coalesce(sum(upper(r) - lower(r)), 0) FROM outbox_unconfirmed,"
    " unnest(sequences * int8multirange(int8range(:first, :last, '[]'))) AS r"
)
