"""What the inbox's tables know of the places a batch speaks of.

A *place* is one version of one (source, subject), as `Place` names it.  Everything is
read before the first decision and written after the last, a statement for each table,
so that a batch costs hardly more round trips than one message.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Self, TypeAlias
from uuid import UUID

import orjson
from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Table,
    Text,
    bindparam,
    cast,
    func,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from kernel.context import Context
from kernel.database import Fixed
from kernel.events import Envelope, Event
from kernel.tables import inbox, inbox_subject

Line: TypeAlias = tuple[str, str]
"""Source and subject: what an order is kept for."""
Place: TypeAlias = tuple[str, str, int]
"""A line and a version in it."""


class Message(NamedTuple):
    """A message that was believed, with its bytes; no event: nobody here listens."""

    envelope: Envelope
    body: bytes
    event: Event | None
    line: Line
    """Whose order it stands in."""
    place: Place
    """Line and version."""

    @classmethod
    def of(cls, envelope: Envelope, body: bytes, event: Event | None) -> Self:
        """The message with its place, which is asked for again and again."""
        line = envelope.source, envelope.subject
        return cls(envelope, body, event, line, (*line, envelope.subjectversion))

    @property
    def context(self) -> Context:
        """What its handler is caused by: the message itself."""
        envelope = self.envelope
        return Context(envelope.correlation_id, envelope.id, envelope.traceparent)


@dataclass(slots=True)
class Places:
    """One transaction's view of the inbox; its lines are locked until it ends.

    All it writes happened ``at`` one instant.
    """

    connection: Connection
    at: datetime
    _last: dict[Line, int]
    _ids: dict[Place, UUID] = field(default_factory=dict)
    _places: dict[UUID, Place] = field(default_factory=dict)
    _attempts: dict[Place, int] = field(default_factory=dict)
    _advanced: set[Line] = field(default_factory=set)
    _rows: dict[Place, dict[str, Any]] = field(default_factory=dict)
    _forgotten: list[Place] = field(default_factory=list)

    @classmethod
    def locked(
        cls, connection: Connection, messages: Sequence[Message], *, at: datetime
    ) -> "Places":
        """Lock the lines, always in the same order, then read what is stored."""
        lines = {message.line: 0 for message in messages}
        last = _LOCK.on(connection, lines=_lines(lines)).all()
        view = cls(
            connection, at, {(source, subject): v for source, subject, v in last}
        )
        asked = ((*message.place, message.envelope.id) for message in messages)
        stored = _STORED.on(connection, places=_json((*_PLACE, "message_id"), asked))
        for (
            source,
            subject,
            version,
            asked_id,
            holder,
            attempts,
            *stands,
        ) in stored.all():
            if holder is not None:
                view._ids[source, subject, version] = holder
                view._attempts[source, subject, version] = attempts
            if stands[0] is not None:
                view._places[asked_id] = tuple(stands)
        return view

    def ahead(self, message: Message) -> int:
        """How many versions beyond the last one applied; 1: it is its turn."""
        return message.envelope.subjectversion - self._last[message.line]

    def holds(self, message: Message) -> bool:
        """Whether the place is taken, by this message or another."""
        return message.place in self._ids

    def contradicts(self, message: Message) -> bool:
        """Whether another id stands in its place, or its id in another place."""
        place, message_id = message.place, message.envelope.id
        return (
            self._ids.get(place, message_id) != message_id
            or self._places.get(message_id, place) != place
        )

    def attempts(self, message: Message) -> int:
        """How often the handler of a stored message was begun; 0 for any other."""
        return self._attempts.get(message.place, 0)

    def advance(self, message: Message) -> None:
        """Make it the last one applied of its line."""
        self._last[message.line] = message.envelope.subjectversion
        self._advanced.add(message.line)

    def keep(self, message: Message, **values: object) -> None:
        """Store the message's row, or change it; what is not said becomes empty."""
        envelope = message.envelope
        self._ids[message.place] = envelope.id
        self._places[envelope.id] = message.place
        self._rows[message.place] = {
            **_EMPTY,
            "source": envelope.source,
            "subject": envelope.subject,
            "subject_version": envelope.subjectversion,
            "message_id": envelope.id,
            "type": envelope.type,
            "received_at": self.at,
            "attempts": self.attempts(message),
            **values,
        }

    def forget(self, message: Message) -> None:
        """Drop the row of a message nobody listens to, if it was stored."""
        if self.holds(message):
            self._forgotten.append(message.place)

    def write(self) -> int:
        """Write everything; how many waiting messages' turn has come by it.

        These are marked as due in the same commit: whatever happens next, the retry
        finds them.
        """
        if self._forgotten:
            self.connection.execute(_FORGET, {"places": _json(_PLACE, self._forgotten)})
        lines = {line: self._last[line] for line in self._advanced}
        nexts = [(*line, last + 1) for line, last in lines.items()]
        own = [self._rows[place] for place in nexts if place in self._rows]
        waiting = [row for row in own if row["state"] == "waiting"]
        for row in waiting:
            row |= {"state": "failed", "next_at": self.at}
        turned = _WRITE.on(
            self.connection,
            rows=orjson.dumps(list(self._rows.values()), default=_hex).decode(),
            lines=_lines(lines),
            places=_json(_PLACE, nexts),
            due_at=self.at,
        )
        return len(waiting) + turned.rowcount


def lock_line(connection: Connection, line: Line) -> None:
    """Wait for whoever handles a message of it, and keep others out."""
    _LOCK.on(connection, lines=_lines({line: 0}))


def give_turn(connection: Connection, places: Sequence[Place], *, at: datetime) -> int:
    """Mark what waits at these places as due ``at``; how many that are."""
    return connection.execute(
        _TURN, {"places": _json(_PLACE, places), "due_at": at}
    ).rowcount


def _lines(lines: Mapping[Line, int]) -> str:
    return _json(_LINE_ROW, ((*line, last) for line, last in lines.items()))


def _json(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as one text: an array a column costs the driver and the server more."""
    return orjson.dumps([dict(zip(names, row, strict=True)) for row in rows]).decode()


def _hex(value: object) -> str:
    """Bytes as PostgreSQL reads them from a text."""
    if not isinstance(value, bytes):
        raise TypeError(f"{type(value).__name__} has no place in a row")
    return f"\\x{value.hex()}"


def _listed(parameter: str, *columns: Column[Any]) -> Any:  # noqa: ANN401 - a table made of a parameter
    """The rows of `_json` in ``parameter``, as a table with these columns."""
    named = [Column(column.name, column.type) for column in columns]
    rows = func.json_to_recordset(cast(bindparam(parameter, type_=Text), JSON))
    return rows.table_valued(*named, name=parameter).render_derived(with_types=True)


def _insert_listed(table: Table, parameter: str) -> Insert:
    """An insert of many rows by one statement, in the order of their lines.

    Where a conflict is allowed SQLAlchemy would send a statement for each row.
    """
    rows = _listed(parameter, *table.columns)
    return insert(table).from_select(
        [column.name for column in table.columns],
        select(*rows.c).order_by(rows.c.source, rows.c.subject),
    )


_LINE: Final = ("source", "subject")
_LINE_ROW: Final = (*_LINE, "last_version")
_PLACE: Final = (*_LINE, "subject_version")
_CHANGING: Final = (
    "state",
    "sealed",
    "attempts",
    "next_at",
    "applied_at",
    "parked_at",
    "reason",
)
_EMPTY: Final[Mapping[str, object]] = dict.fromkeys(_CHANGING)

_locking = _insert_listed(inbox_subject, "lines")
_LOCK: Final = Fixed.of(
    _locking.on_conflict_do_update(
        index_elements=_LINE, set_={"last_version": inbox_subject.c.last_version}
    ).returning(inbox_subject)
)
_ADVANCE: Final = _locking.on_conflict_do_update(
    index_elements=_LINE, set_={"last_version": _locking.excluded.last_version}
)
_keeping = _insert_listed(inbox, "rows")
_KEEP: Final = _keeping.on_conflict_do_update(
    index_elements=_PLACE, set_={name: _keeping.excluded[name] for name in _CHANGING}
)

_places = _listed("places", *(inbox.c[name] for name in _PLACE))
_AT_PLACES: Final = (
    (inbox.c.source == _places.c.source)
    & (inbox.c.subject == _places.c.subject)
    & (inbox.c.subject_version == _places.c.subject_version)
)
_FORGET: Final = inbox.delete().where(_AT_PLACES)
_TURN: Final = (
    inbox.update()
    .where(_AT_PLACES, inbox.c.state == "waiting")
    .values(state="failed", next_at=bindparam("due_at"))
)
_WRITE: Final = Fixed.of(_TURN.add_cte(_KEEP.cte("kept"), _ADVANCE.cte("advanced")))
"""All that `Places.write` has to say, in one round trip.  Nothing in it sees the rows
it keeps: it turns others."""

_asked = _listed("places", *(inbox.c[name] for name in (*_PLACE, "message_id")))
# OFFSET 0 keeps the planner from reading a table, young and small, from end to end.
_there = (
    select(inbox.c.message_id.label("holder"), inbox.c.attempts)
    .where(*(inbox.c[name] == _asked.c[name] for name in _PLACE))
    .offset(0)
    .lateral("there")
)
_elsewhere = (
    select(*(inbox.c[name] for name in _PLACE))
    .where(inbox.c.message_id == _asked.c.message_id)
    .offset(0)
    .lateral("elsewhere")
)
_STORED: Final = Fixed.of(
    select(*_asked.c, *_there.c, *_elsewhere.c)
    .select_from(_asked)
    .outerjoin(_there, true())
    .outerjoin(_elsewhere, true())
    .where(_there.c.holder.is_not(None) | _elsewhere.c.source.is_not(None))
)
"""Of the places and ids asked about: who stands there, and where the id stands."""
