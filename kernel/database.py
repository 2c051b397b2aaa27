"""Engine, transaction, and what leaves with the commit.

One `Transaction` is one unit of work: the state of an aggregate, its events and the
stored reply of the request that caused them are committed together or not at all.
"""

import os
import select
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from socket import SHUT_RDWR, socket
from time import monotonic
from typing import Any, Final
from uuid import UUID
from weakref import WeakSet

import psycopg2
from psycopg2 import extensions
from sqlalchemy import CursorResult, create_engine, event, text
from sqlalchemy import select as select_of
from sqlalchemy.engine import Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, InvalidatePoolError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql import ClauseElement

from kernel.clock import Clock
from kernel.context import Call, Context
from kernel.crypto import FieldKeys, Json, canonical
from kernel.errors import ContendedError, DatabaseAwayError
from kernel.events import Event
from kernel.given import as_rows, given
from kernel.idempotency import once
from kernel.ids import Ids
from kernel.tables import outbox
from kernel.tls import postgres_tls

POOL_SIZE: Final = 8
POOL_WAIT_S: Final = 5
LISTEN_POLL_S: Final = 0.5
"""So long a stop may go unnoticed by who listens and hears nothing."""
RESTED_S: Final = 1.0
"""Used so short a time ago, a connection is believed to live still."""
CONNECT_TIMEOUT_S: Final = 5
ANSWER_S: Final = 35.0
"""Longer than the server lets a statement run (30 s): then it is not there any more."""
# A peer that has vanished without a word is noticed after about 25 s.
_TCP: Final = {
    "keepalives_idle": 10,  # seconds
    "keepalives_interval": 5,  # seconds
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,  # milliseconds
}

# `kernel.prepared`: the server would plan for each set of values again.
_OPTIONS: Final = "-c plan_cache_mode=force_generic_plan"

# SQLSTATE classes that speak of the moment, not of the statement: connection,
# serialization and deadlock, insufficient resources, operator intervention,
# lock not available (55P03), system error.
_TRANSIENT_STATES: Final = ("08", "40", "53", "55P03", "57", "58")
_CONTENDED_STATES: Final = ("40", "55P03", "57014")
"""Of these: who asks for less at once may get it. 57014 is a statement's time-out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An event with the id and the instant under which it will leave."""

    id: UUID
    event: Event
    context: Context
    time: datetime


@dataclass(slots=True)
class Transaction:
    """An open unit of work; only `Database.begin` makes one."""

    connection: Connection
    context: Context
    _clock: Clock
    _ids: Ids
    _field_keys: FieldKeys
    _published: bool = field(default=False, init=False)

    @property
    def now(self) -> datetime:
        """The instant by the clock that every statement takes as a parameter."""
        return self._clock.now()

    def publish(self, event: Event) -> UUID:
        """Let ``event`` leave with the commit; returns its id."""
        said = self.said(event, self.context)
        self.publish_all([said])
        return said.id

    def said(self, event: Event, context: Context) -> Said:
        """The event as it leaves by `publish_all`, of a cause that may be another."""
        return Said(
            id=self._ids.new(), event=event, context=context, time=self._clock.now()
        )

    def publish_all(self, said: Sequence[Said]) -> None:
        """Let these leave with the commit, in this order; nothing if there are none."""
        if not said:
            return
        rows = [
            {
                "id": one.id,
                "type": one.event.TYPE,
                "subject": one.event.subject,
                "data": canonical(one.event.to_data()),
                "time": one.time,
                "traceparent": one.context.traceparent,
                "correlation_id": one.context.correlation_id,
                "causation_id": one.context.causation_id,
            }
            for one in said
        ]
        statement = _PUBLISH if self._published else _PUBLISH_FIRST
        statement.on(self.connection, rows=as_rows(rows))
        self._published = True

    def once(self, call: Call, run: Callable[[], Json]) -> Json:
        """Run the act of ``call`` once per idempotency key; see kernel.idempotency."""
        return once(
            self.connection,
            call,
            field_keys=self._field_keys,
            now=self._clock.now(),
            run=run,
        )


def engine_of(url: str, *, ca: Path, cert: Path, key: Path) -> Engine:
    """An engine over verified TLS.  No connection is made yet."""
    engine = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=0,
        pool_timeout=POOL_WAIT_S,
        pool_use_lifo=True,
        hide_parameters=True,
        connect_args={
            **postgres_tls(ca, cert, key),
            **_TCP,
            "connect_timeout": CONNECT_TIMEOUT_S,
            "options": _OPTIONS,
            "application_name": cert.stem,
        },
    )
    _try_the_rested(engine)
    return engine


def _try_the_rested(engine: Engine) -> None:
    """Try a connection that has rested before it is lent again, and only such a one.

    The library's own test of every connection costs a busy process a third of its round
    trips to the server.
    """

    def returned(_raw: object, record: ConnectionPoolEntry) -> None:
        record.info["rests_since"] = monotonic()

    def lent(raw: Any, record: ConnectionPoolEntry, _lent: object) -> None:  # noqa: ANN401 - a psycopg2 connection
        since = record.info.get("rests_since")  # none: it was made for who asks
        if since is None or monotonic() - since < RESTED_S:
            return
        try:
            engine.dialect.do_ping(raw)
        except psycopg2.Error as error:
            raise InvalidatePoolError from error

    event.listen(engine, "checkin", returned)
    event.listen(engine, "checkout", lent)


class Database:
    """The service's own database; nobody else's."""

    def __init__(
        self, engine: Engine, *, clock: Clock, ids: Ids, field_keys: FieldKeys
    ) -> None:
        self.engine = engine
        self._single = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._clock = clock
        self._ids = ids
        self._field_keys = field_keys
        self._connections: WeakSet[Any] = WeakSet()
        event.listen(engine, "connect", lambda raw, _: self._connections.add(raw))

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        ca: Path,
        cert: Path,
        key: Path,
        clock: Clock,
        ids: Ids,
        field_keys: FieldKeys,
    ) -> "Database":
        """The database behind `engine_of`.  No connection is made yet."""
        engine = engine_of(url, ca=ca, cert=cert, key=key)
        return cls(engine, clock=clock, ids=ids, field_keys=field_keys)

    @contextmanager
    def begin(self, context: Context) -> Iterator[Transaction]:
        """One unit of work: commit on leaving, roll back on an exception.

        Raises Transient when the database is away or asks to try again.
        """
        with transient_errors(), self.engine.begin() as connection:
            yield Transaction(
                connection, context, self._clock, self._ids, self._field_keys
            )

    @contextmanager
    def single(self) -> Iterator[Connection]:
        """A connection each of whose statements is a transaction of its own.

        Where one statement says it all, the round trips of BEGIN and COMMIT are saved.
        Raises Transient when the database is away or asks to try again.
        """
        with transient_errors(), self._single.connect() as connection:
            yield connection

    def listen(
        self, channel: str, heard: Callable[[str], None], *, stop: threading.Event
    ) -> None:
        """Tell ``heard`` what each commit says by NOTIFY on a channel, until ``stop``.

        Whoever needs to know what was said before looks after it has begun: ``heard``
        is told "" then.  Raises Transient when the database is away; nothing is heard
        meanwhile.
        """
        with transient_errors(), self._single.connect() as session:
            raw: Any = session.connection.driver_connection
            session.execute(text(f"LISTEN {channel}"))
            heard("")
            try:
                while not stop.is_set():
                    select.select([raw], [], [], LISTEN_POLL_S)
                    raw.poll()
                    said = [notice.payload for notice in raw.notifies]
                    raw.notifies.clear()
                    for payload in dict.fromkeys(said):
                        heard(payload)
            except (psycopg2.OperationalError, psycopg2.InterfaceError) as error:
                raise DatabaseAwayError("nothing is heard right now") from error
            finally:
                session.invalidate()  # the LISTEN lives as long as the session

    def cut(self) -> None:
        """End every connection at once: who waits for a silent server hears of it."""
        for raw in list(self._connections):
            # libpq holds the socket itself; this is a second handle on it.
            with (
                suppress(psycopg2.Error, OSError),
                socket(fileno=os.dup(raw.fileno())) as handle,
            ):
                handle.shutdown(SHUT_RDWR)

    def close(self) -> None:
        """Give all connections back."""
        self.engine.dispose()


def bound_waiting() -> None:
    """Let no green thread wait for the database longer than `ANSWER_S`.

    Under eventlet libpq does not bound even its connecting.  COPY does not work then.
    """
    extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:  # noqa: ANN401 - a psycopg2 connection
    until = monotonic() + ANSWER_S
    while (state := connection.poll()) != extensions.POLL_OK:
        writing = state == extensions.POLL_WRITE
        wanted: tuple[list[int], list[int]] = ([], [connection.fileno()])
        reads, writes = wanted if writing else wanted[::-1]
        left_s = max(until - monotonic(), 0)
        if not any(select.select(reads, writes, [], left_s)):
            raise psycopg2.OperationalError("the server does not answer")


_DIALECT: Final = make_url("postgresql+psycopg2://").get_dialect()()


@dataclass(frozen=True, slots=True)
class Fixed:
    """A statement whose text is made once.

    SQLAlchemy looks through the whole tree of a statement at every execution to find
    its text again: of one with many parts that takes longer than what it does.
    """

    sql: str
    values: Mapping[str, object]

    @classmethod
    def of(cls, statement: ClauseElement) -> "Fixed":
        """Its text for psycopg2, and the values that stand in it."""
        compiled = statement.compile(dialect=_DIALECT)
        return cls(str(compiled), compiled.params)

    def on(
        self, connection: Connection, **given: object
    ) -> CursorResult[*tuple[Any, ...]]:
        """Execute it; rows come as the driver gives them."""
        return connection.exec_driver_sql(self.sql, {**self.values, **given})


_said = tuple(
    outbox.c[name]
    for name in (
        *("id", "type", "subject", "data", "time"),
        *("traceparent", "correlation_id", "causation_id"),
    )
)
_PUBLISH: Final = Fixed.of(
    outbox.insert().from_select([one.name for one in _said], select_of(given(*_said)))
)
_PUBLISH_FIRST: Final = Fixed(f"NOTIFY outbox; {_PUBLISH.sql}", _PUBLISH.values)
"""And who relays hears of the commit: both on one way to the server."""


@contextmanager
def transient_errors() -> Iterator[None]:
    """Turn what speaks of the moment into Transient; let defects through."""
    try:
        yield
    except DBAPIError as error:
        if error.connection_invalidated or _is_transient(error):
            kind = ContendedError if _is_contended(error) else DatabaseAwayError
            raise kind("the database is not available right now") from error
        raise
    except PoolTimeoutError as error:
        raise DatabaseAwayError("no database connection is free") from error


def _is_transient(error: DBAPIError) -> bool:
    state: str | None = getattr(error.orig, "pgcode", None)
    if state is None:
        # libpq gives no code when the connection itself failed.
        return type(error.orig).__name__ in {"OperationalError", "InterfaceError"}
    return state.startswith(_TRANSIENT_STATES)


def _is_contended(error: DBAPIError) -> bool:
    state: str | None = getattr(error.orig, "pgcode", None)
    return state is not None and state.startswith(_CONTENDED_STATES)


Publish = Callable[[Event], UUID]
"""How a handler says what happened: `Transaction.publish`."""
