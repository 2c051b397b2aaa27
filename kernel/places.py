"""What the inbox's tables know of the places a batch speaks of.

A *place* is one version of one (source, subject), as `Place` names it.  Everything is
read before the first decision and written after the last, a statement for each table,
so that a batch costs hardly more round trips than one message.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Column,
    Connection,
    Table,
    Uuid,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import Insert, insert

from kernel.context import Context
from kernel.events import Envelope, Event
from kernel.tables import inbox, inbox_subject

Line: TypeAlias = tuple[str, str]
"""Source and subject: what an order is kept for."""
Place: TypeAlias = tuple[str, str, int]
"""A line and a version in it."""


@dataclass(frozen=True, slots=True)
class Message:
    """A message that was believed, with its bytes; no event: nobody here listens."""

    envelope: Envelope
    body: bytes
    event: Event | None

    @property
    def line(self) -> Line:
        """Whose order it stands in."""
        return self.envelope.source, self.envelope.subject

    @property
    def place(self) -> Place:
        """Line and version."""
        envelope = self.envelope
        return envelope.source, envelope.subject, envelope.subjectversion

    @property
    def context(self) -> Context:
        """What its handler is caused by: the message itself."""
        envelope = self.envelope
        return Context(envelope.correlation_id, envelope.id, envelope.traceparent)


@dataclass(slots=True)
class Places:
    """One transaction's view of the inbox; its lines are locked until it ends."""

    connection: Connection
    _last: dict[Line, int]
    _ids: dict[Place, UUID]
    _places: dict[UUID, Place]
    _attempts: dict[Place, int]
    _advanced: set[Line] = field(default_factory=set)
    _rows: dict[Place, dict[str, Any]] = field(default_factory=dict)
    _forgotten: list[Place] = field(default_factory=list)

    @classmethod
    def locked(cls, connection: Connection, messages: Sequence[Message]) -> "Places":
        """Lock the lines, always in the same order, then read what is stored."""
        lines = {message.line: 0 for message in messages}
        last = connection.execute(_LOCK, _versions(lines))
        stored = connection.execute(
            _STORED,
            {
                **_columns([message.place for message in messages]),
                "ids": [message.envelope.id for message in messages],
            },
        ).all()
        at = {row.message_id: (row[0], row[1], row[2]) for row in stored}
        return cls(
            connection,
            {(row.source, row.subject): row.last_version for row in last},
            {place: message_id for message_id, place in at.items()},
            at,
            {at[row.message_id]: row.attempts for row in stored},
        )

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

    def keep(self, message: Message, *, at: datetime, **values: object) -> None:
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
            "received_at": at,
            "attempts": self.attempts(message),
            **values,
        }

    def forget(self, message: Message) -> None:
        """Drop the row of a message nobody listens to, if it was stored."""
        if self.holds(message):
            self._forgotten.append(message.place)

    def write(self, *, at: datetime) -> int:
        """Write everything; how many waiting messages' turn has come by it.

        These are marked as due in the same commit: whatever happens next, the retry
        finds them.
        """
        execute = self.connection.execute
        if self._rows:
            rows = self._rows.values()
            names = inbox.columns.keys()
            execute(
                _KEEP, {f"all_{name}": [row[name] for row in rows] for name in names}
            )
        if self._forgotten:
            execute(_FORGET, _columns(self._forgotten))
        if not self._advanced:
            return 0
        lines = {line: self._last[line] for line in self._advanced}
        execute(_ADVANCE, _versions(lines))
        nexts = [(*line, last + 1) for line, last in lines.items()]
        return give_turn(self.connection, nexts, at=at)


def lock_line(connection: Connection, line: Line) -> None:
    """Wait for whoever handles a message of it, and keep others out."""
    connection.execute(_LOCK, _versions({line: 0}))


def give_turn(connection: Connection, places: Sequence[Place], *, at: datetime) -> int:
    """Mark what waits at these places as due ``at``; how many that are."""
    return connection.execute(_TURN, {**_columns(places), "due_at": at}).rowcount


def _versions(lines: Mapping[Line, int]) -> dict[str, list[Any]]:
    return {
        "all_source": [source for source, _ in lines],
        "all_subject": [subject for _, subject in lines],
        "all_last_version": list(lines.values()),
    }


def _columns(places: Collection[Place]) -> dict[str, list[Any]]:
    return {
        "all_source": [source for source, _, _ in places],
        "all_subject": [subject for _, subject, _ in places],
        "all_subject_version": [version for _, _, version in places],
    }


def _listed(*columns: Column[Any]) -> Any:  # noqa: ANN401 - a table made of parameters
    """A table whose columns are array parameters, ``all_source`` and so on."""
    arrays = [bindparam(f"all_{c.name}", type_=ARRAY(c.type)) for c in columns]
    named = [Column(column.name, column.type) for column in columns]
    return func.unnest(*arrays).table_valued(*named, name="listed").render_derived()


def _insert_listed(table: Table) -> Insert:
    """An insert of many rows by one statement, in the order of their lines.

    Where a conflict is allowed SQLAlchemy would send a statement for each row.
    """
    rows = _listed(*table.columns)
    return insert(table).from_select(
        [column.name for column in table.columns],
        select(*rows.c).order_by(rows.c.source, rows.c.subject),
    )


_LINE: Final = ("source", "subject")
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

_locking = _insert_listed(inbox_subject)
_LOCK: Final = _locking.on_conflict_do_update(
    index_elements=_LINE, set_={"last_version": inbox_subject.c.last_version}
).returning(inbox_subject)
_ADVANCE: Final = _locking.on_conflict_do_update(
    index_elements=_LINE, set_={"last_version": _locking.excluded.last_version}
)
_keeping = _insert_listed(inbox)
_KEEP: Final = _keeping.on_conflict_do_update(
    index_elements=[*_LINE, "subject_version"],
    set_={name: _keeping.excluded[name] for name in _CHANGING},
)

_places = _listed(inbox.c.source, inbox.c.subject, inbox.c.subject_version)
_AT_PLACES: Final = (
    (inbox.c.source == _places.c.source)
    & (inbox.c.subject == _places.c.subject)
    & (inbox.c.subject_version == _places.c.subject_version)
)
_FOUND: Final = (
    inbox.c.source,
    inbox.c.subject,
    inbox.c.subject_version,
    inbox.c.message_id,
    inbox.c.attempts,
)
_STORED: Final = (
    select(*_FOUND)
    .join_from(inbox, _places, _AT_PLACES)
    .union(
        select(*_FOUND).where(
            inbox.c.message_id == func.any(bindparam("ids", type_=ARRAY(Uuid)))
        )
    )
)
_FORGET: Final = inbox.delete().where(_AT_PLACES)
_TURN: Final = (
    inbox.update()
    .where(_AT_PLACES, inbox.c.state == "waiting")
    .values(state="failed", next_at=bindparam("due_at"))
)
