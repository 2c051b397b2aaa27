"""What one batch of messages becomes: leaves, alerts, new producer numbers.

Pure: the same batch on the same head gives the same bytes. Nothing is ever dropped:
a message is a leaf, or it is the very message of a leaf that is already there.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.crypto import Json
from services.audit.domain.leaf import (
    MAX_LEAF_BYTES,
    Kind,
    Place,
    clock_regression_leaf,
    conflict_leaf,
    erased_leaf,
    event_leaf,
    event_ref_leaf,
    gap_closed_leaf,
    gap_leaf,
    key_rotated_leaf,
    opened_leaf,
    refused_leaf,
    told_leaf,
)
from services.audit.domain.sequences import Tally, count, due, reported
from services.audit.domain.tree import CHAIN_START, Frontier, chain_hash, leaf_hash

ERASURES: Final = frozenset(
    {
        "auth.login_erased.v1",
        "contracts.client_records_erased.v1",
        "disbursement.client_orders_erased.v1",
        "onboarding.personal_data_erased.v1",
    }
)
"""Events that tell of destroyed keys; each destroys those of one store."""


@dataclass(frozen=True, slots=True)
class Genuine:
    """An event whose envelope, signature and sender were verified."""

    event_id: UUID
    producer: str
    sequence: int
    raw: bytes
    digest: bytes
    type: str
    subject: str


@dataclass(frozen=True, slots=True)
class Rejected:
    """A message nobody may believe; `reason` names the check that failed."""

    reason: str
    sender: str
    raw: bytes
    digest: bytes


Arrival = Genuine | Rejected


@dataclass(frozen=True, slots=True)
class Notice:
    """What a reader did, waiting to be told in the log; `kind` is EXPORTED or READ."""

    notice_id: UUID
    kind: Kind
    fields: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Known:
    """What the log already holds of the ids and digests of a batch."""

    events: Mapping[UUID, bytes] = field(default_factory=dict)
    conflicts: AbstractSet[tuple[UUID, bytes]] = frozenset()
    refusals: AbstractSet[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the log table, complete."""

    seq: int
    kind: Kind
    event_id: UUID | None
    event_sha256: bytes | None
    received_at: datetime
    leaf_hash: bytes
    chain_hash: bytes
    leaf: bytes


@dataclass(frozen=True, slots=True)
class Parked:
    """Bytes that stand outside the tree; a leaf holds their digest."""

    digest: bytes
    raw: bytes


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A security event: a message was refused (clauses 3.4, 6.1e)."""

    reason: str
    sender: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something in the stream of events contradicts itself; `seq` shows where."""

    code: str
    seq: int


Alert = Quarantined | Mismatch


@dataclass(slots=True)
class Head:
    """Where the log stands. Belongs to one writer; a copy is made per batch."""

    frontier: Frontier = field(default_factory=Frontier)
    chain: bytes = CHAIN_START
    received_at: datetime | None = None
    behind: bool = False
    """The clock is known to stand before `received_at`; said once per episode."""

    @property
    def size(self) -> int:
        return self.frontier.size

    def copy(self) -> "Head":
        return Head(self.frontier.copy(), self.chain, self.received_at, self.behind)


@dataclass(frozen=True, slots=True)
class Plan:
    """All that one transaction writes."""

    head: Head
    rows: tuple[Row, ...]
    parked: tuple[Parked, ...]
    alerts: tuple[Alert, ...]
    tallies: tuple[Tally, ...]
    """Producers whose numbers changed."""


def opening(
    *, origin: str, vkeys: tuple[str, ...], policy_sha256: bytes, at: datetime
) -> Plan:
    """The plan of an empty log: leaf 0 alone."""
    batch = _Batch(Head(), at=at, known=Known())
    leaf = opened_leaf(
        batch.place(), origin=origin, vkeys=vkeys, policy_sha256=policy_sha256
    )
    batch.put(Kind.OPENED, leaf)
    return batch.plan(())


def rotating(
    head: Head, *, old_vkey: str, new_vkey: str, signature: bytes, at: datetime
) -> Plan:
    """The plan that names the next key: one leaf, which the old key vouches for."""
    batch = _Batch(head.copy(), at=at, known=Known())
    leaf = key_rotated_leaf(
        batch.place(), old_vkey=old_vkey, new_vkey=new_vkey, signature=signature
    )
    batch.put(Kind.KEY_ROTATED, leaf)
    return batch.plan(())


def plan(
    head: Head,
    arrivals: Iterable[Arrival],
    *,
    notices: Iterable[Notice] = (),
    known: Known,
    tallies: Mapping[str, Tally],
    at: datetime,
    grace: timedelta,
) -> Plan:
    """Decide a batch in its order of arrival; `head` is left as it was.

    1. A clock that stands behind the log is said so; time in leaves never goes back.
    2. Each message becomes a leaf, unless the log has exactly it already.
    3. Holes in producers' numbers that outlived the grace time are reported.
    4. What readers did is told.
    """
    batch = _Batch(head.copy(), at=at, known=known)
    counted = dict(tallies)
    for arrival in arrivals:  # step 2
        if isinstance(arrival, Rejected):
            batch.refuse(arrival)
        elif batch.accept(arrival):
            producer = arrival.producer
            tally = counted.get(producer, Tally(producer))
            counted[producer] = batch.count(tally, arrival.sequence)
    for producer, tally in counted.items():  # step 3
        counted[producer] = batch.report_holes(tally, grace=grace)
    for notice in notices:  # step 4
        batch.tell(notice)
    changed = (t for p, t in counted.items() if tallies.get(p) != t)
    return batch.plan(changed)


class _Batch:
    """Leaves under construction, on a head of their own."""

    def __init__(self, head: Head, *, at: datetime, known: Known) -> None:
        self._head = head
        self._events = dict(known.events)
        self._conflicts = set(known.conflicts)
        self._refusals = set(known.refusals)
        self._rows: list[Row] = []
        self._parked: list[Parked] = []
        self._alerts: list[Alert] = []
        previous_at = head.received_at
        regressed = previous_at is not None and at < previous_at
        self._at = max(at, previous_at) if previous_at is not None else at
        if regressed and not head.behind:  # step 1
            leaf = clock_regression_leaf(self.place(), clock_at=at)
            self.put(Kind.CLOCK_REGRESSION, leaf)
        head.behind = regressed

    def place(self) -> Place:
        return Place(seq=self._head.size, received_at=self._at)

    def put(
        self,
        kind: Kind,
        leaf: bytes,
        *,
        event_id: UUID | None = None,
        digest: bytes | None = None,
    ) -> None:
        head = self._head
        hashed = leaf_hash(leaf)
        head.chain = chain_hash(head.chain, hashed)
        self._rows.append(
            Row(
                seq=head.size,
                kind=kind,
                event_id=event_id,
                event_sha256=digest,
                received_at=self._at,
                leaf_hash=hashed,
                chain_hash=head.chain,
                leaf=leaf,
            )
        )
        head.frontier.append(hashed)
        head.received_at = self._at

    def refuse(self, message: Rejected) -> None:
        if message.digest in self._refusals:
            return
        self._refusals.add(message.digest)
        leaf = refused_leaf(
            self.place(),
            digest=message.digest,
            length=len(message.raw),
            reason=message.reason,
            sender=message.sender,
        )
        self.put(Kind.REFUSED, leaf, digest=message.digest)
        self._parked.append(Parked(message.digest, message.raw))
        self._alerts.append(Quarantined(message.reason, message.sender, message.digest))

    def accept(self, event: Genuine) -> bool:
        """Whether the event is new; the same bytes again are no news."""
        first = self._events.get(event.event_id)
        if first is None:
            self._events[event.event_id] = event.digest
            self._put_event(event)
            return True
        if first != event.digest:
            self._conflict(event, first)
        return False

    def count(self, tally: Tally, sequence: int) -> Tally:
        counted = count(tally, sequence, at=self._at)
        if counted.closes:
            leaf = gap_closed_leaf(
                self.place(), producer=tally.producer, sequence=sequence
            )
            self.put(Kind.GAP_CLOSED, leaf)
        if counted.repeated:
            self._alerts.append(Mismatch("sequence_repeated", self._head.size - 1))
        return counted.tally

    def report_holes(self, tally: Tally, *, grace: timedelta) -> Tally:
        holes = due(tally, at=self._at, grace=grace)
        for hole in holes:
            leaf = gap_leaf(
                self.place(),
                producer=tally.producer,
                first=hole.first,
                last=hole.last,
            )
            self.put(Kind.GAP, leaf)
            self._alerts.append(Mismatch("sequence_gap", self._head.size - 1))
        return reported(tally, holes)

    def tell(self, notice: Notice) -> None:
        leaf = told_leaf(
            notice.kind,
            self.place(),
            notice_id=notice.notice_id,
            fields=notice.fields,
        )
        self.put(notice.kind, leaf)

    def plan(self, tallies: Iterable[Tally]) -> Plan:
        return Plan(
            head=self._head,
            rows=tuple(self._rows),
            parked=tuple(self._parked),
            alerts=tuple(self._alerts),
            tallies=tuple(tallies),
        )

    def _put_event(self, event: Genuine) -> None:
        place = self.place()
        leaf = event_leaf(place, raw=event.raw, digest=event.digest)
        kind = Kind.EVENT
        if len(leaf) > MAX_LEAF_BYTES:
            kind = Kind.EVENT_REF
            leaf = event_ref_leaf(
                place,
                event_id=event.event_id,
                digest=event.digest,
                length=len(event.raw),
            )
            self._parked.append(Parked(event.digest, event.raw))
        self.put(kind, leaf, event_id=event.event_id, digest=event.digest)
        if event.type in ERASURES:
            erased = erased_leaf(
                self.place(),
                subject=event.subject,
                ground=event.type,
                count=1,
                event_id=event.event_id,
            )
            self.put(Kind.ERASED, erased)

    def _conflict(self, event: Genuine, first: bytes) -> None:
        if (event.event_id, event.digest) in self._conflicts:
            return
        self._conflicts.add((event.event_id, event.digest))
        leaf = conflict_leaf(
            self.place(), event_id=event.event_id, known=first, digest=event.digest
        )
        self.put(Kind.CONFLICT, leaf, event_id=event.event_id, digest=event.digest)
        self._parked.append(Parked(event.digest, event.raw))
        self._alerts.append(Mismatch("event_id_conflict", self._head.size - 1))
