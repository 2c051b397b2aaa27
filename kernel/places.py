"""What the inbox's tables know of the places a batch speaks of.

A *place* is one version of one (source, subject), as `Place` names it.  Everything is
read before the first decision and written after the last, a statement for each table,
so that a batch costs hardly more round trips than one message.
"""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, NamedTuple, Self, TypeAlias
from uuid import UUID

import orjson
from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    bindparam,
    cast,
    func,
    literal_column,
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
    _applied: dict[Place, dict[str, Any]] = field(default_factory=dict)
    _forgotten: list[Place] = field(default_factory=list)

    @classmethod
    def locked(
        cls, connection: Connection, messages: Sequence[Message], *, at: datetime
    ) -> "Places":
        """Lock the lines, always in the same order, then read what is stored."""
        view = cls(connection, at, _locked(connection, {m.line for m in messages}))
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

    def applied(self, message: Message) -> None:
        """Store that it was applied; what waited or had failed is a row already."""
        if self.holds(message):
            self.keep(message, state="applied", applied_at=self.at)
        else:
            self._applied[message.place] = self._row(message)

    def keep(self, message: Message, **values: object) -> None:
        """Store the message's row, or change it; what is not said becomes empty."""
        self._rows[message.place] = {
            **_EMPTY,
            **self._row(message),
            "received_at": self.at,
            "attempts": self.attempts(message),
            **values,
        }

    def _row(self, message: Message) -> dict[str, object]:
        """Which message it is; from now on its place is taken."""
        envelope = message.envelope
        self._ids[message.place] = envelope.id
        self._places[envelope.id] = message.place
        return {
            "source": envelope.source,
            "subject": envelope.subject,
            "subject_version": envelope.subjectversion,
            "message_id": envelope.id,
            "type": envelope.type,
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
        if self._rows:
            _KEEP.on(self.connection, rows=_dumped(self._rows.values()))
        turned = _WRITE.on(
            self.connection,
            rows=_dumped(self._applied.values()),
            lines=_lines(lines),
            places=_json(_PLACE, ((*line, last + 1) for line, last in lines.items())),
            at=self.at,
        )
        return turned.rowcount


def lock_line(connection: Connection, line: Line) -> None:
    """Wait for whoever handles a message of it, and keep others out."""
    _locked(connection, {line})


def _locked(connection: Connection, lines: AbstractSet[Line]) -> dict[Line, int]:
    """The last version applied of each line, which nobody changes until we end.

    Most lines are known, and a lock costs less than a row written anew.
    """
    known = _LOCK.on(connection, lines=_lines(dict.fromkeys(lines, 0))).all()
    last = {(source, subject): version for source, subject, version in known}
    if new := dict.fromkeys(lines - last.keys(), 0):
        begun = _BEGIN.on(connection, lines=_lines(new)).all()
        last |= {(source, subject): version for source, subject, version in begun}
    return last


def give_turn(connection: Connection, places: Sequence[Place], *, at: datetime) -> int:
    """Mark what waits at these places as due ``at``; how many that are."""
    return connection.execute(
        _TURN, {"places": _json(_PLACE, places), "at": at}
    ).rowcount


def _lines(lines: Mapping[Line, int]) -> str:
    return _json(_LINE_ROW, ((*line, last) for line, last in lines.items()))


def _json(names: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Rows as one text: an array a column costs the driver and the server more."""
    return orjson.dumps([dict(zip(names, row, strict=True)) for row in rows]).decode()


def _dumped(rows: Iterable[Mapping[str, object]]) -> str:
    return orjson.dumps(list(rows), default=_hex).decode()


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


def _insert_listed(
    table: Table, parameter: str, names: Sequence[str], **same: ColumnElement[Any]
) -> Insert:
    """An insert of many rows by one statement, in the order of their lines.

    The columns ``names`` are listed, those of ``same`` are alike in all rows.  Where
    a conflict is allowed SQLAlchemy would send a statement for each row.
    """
    rows = _listed(parameter, *(table.c[name] for name in names))
    return insert(table).from_select(
        [*names, *same],
        select(*rows.c, *same.values()).order_by(rows.c.source, rows.c.subject),
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
_at = bindparam("at", type_=inbox.c.applied_at.type)
_EMPTY: Final[Mapping[str, object]] = dict.fromkeys(_CHANGING)

_beginning = _insert_listed(inbox_subject, "lines", _LINE_ROW)
_BEGIN: Final = Fixed.of(
    _beginning.on_conflict_do_update(
        index_elements=_LINE, set_={"last_version": inbox_subject.c.last_version}
    ).returning(inbox_subject)
)
_ADVANCE: Final = _beginning.on_conflict_do_update(
    index_elements=_LINE, set_={"last_version": _beginning.excluded.last_version}
)

_in_order = select(_listed("lines", *(inbox_subject.c[name] for name in _LINE)))
_line = _in_order.order_by(*_LINE).subquery("line")
# OFFSET 0 keeps the planner from reading a table, young and small, from end to end.
_held = (
    select(inbox_subject)
    .where(*(inbox_subject.c[name] == _line.c[name] for name in _LINE))
    .offset(0)
    .with_for_update()
    .lateral("held")
)
_LOCK: Final = Fixed.of(select(_held).select_from(_line).join(_held, true()))

_keeping = _insert_listed(inbox, "rows", inbox.c.keys())
_KEEP: Final = Fixed.of(
    _keeping.on_conflict_do_update(
        index_elements=_PLACE,
        set_={name: _keeping.excluded[name] for name in _CHANGING},
    )
)
_APPLY: Final = _insert_listed(
    inbox,
    "rows",
    (*_PLACE, "message_id", "type"),
    state=literal_column("'applied'"),
    received_at=_at,
    applied_at=_at,
)
"""Most rows are of this kind, and what all have alike need not be read from a text."""

_places = _listed("places", *(inbox.c[name] for name in _PLACE))
_AT_PLACES: Final = (
    (inbox.c.source == _places.c.source)
    & (inbox.c.subject == _places.c.subject)
    & (inbox.c.subject_version == _places.c.subject_version)
)
_FORGET: Final = inbox.delete().where(_AT_PLACES)
_longest_waiting = (
    select(func.min(inbox.c.received_at))
    .where(inbox.c.state == "waiting")
    .scalar_subquery()
)
_TURN: Final = (
    inbox.update()
    # Mostly nothing waits, which one look at an empty index tells.
    .where(_longest_waiting.is_not(None), _AT_PLACES, inbox.c.state == "waiting")
    .values(state="failed", next_at=_at)
)
_WRITE: Final = Fixed.of(_TURN.add_cte(_APPLY.cte("applied"), _ADVANCE.cte("advanced")))
"""All that `Places.write` mostly has to say, in one round trip."""

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
