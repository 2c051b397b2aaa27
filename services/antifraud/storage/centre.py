"""What is between the National Bank's centre and us, in the same unit of work."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from kernel.context import Context
from kernel.crypto import Json, as_object, canonical, parse_canonical
from kernel.database import Database
from services.antifraud.domain.catalogue import Entity
from services.antifraud.domain.centre import (
    Change,
    Feed,
    ItemState,
    Standing,
    Status,
)
from services.antifraud.domain.completeness import Message, Ours
from services.antifraud.domain.rules import Operation
from services.antifraud.ports.centre import CentreUnit, Item, Line, Sent
from services.antifraud.storage.centre_tables import (
    centre_day,
    centre_feed,
    centre_item,
    centre_listing,
)
from services.antifraud.storage.tables import centre_report, hold, link
from services.antifraud.storage.unit import SqlUnit

FEED: Final = "changes"
MISSING: Final = "missing"
"""Acknowledged, and the centre knows nothing of it now."""

_REJECTED: Final = and_(
    centre_report.c.state == "sent",
    centre_report.c.status.in_((Status.REJECTED.value, MISSING)),
)
_TO_A_PERSON: Final = or_(centre_report.c.state == "parked", _REJECTED)


class SqlCentreUnits:
    """Opens units of work in one context. Implements CentreUnits."""

    def __init__(self, database: Database, context: Context) -> None:
        self._database = database
        self._context = context

    @contextmanager
    def begin(self) -> Iterator[CentreUnit]:
        with self._database.begin(self._context) as transaction:
            yield SqlCentreUnit(transaction)


class SqlCentreUnit(SqlUnit):
    """Implements CentreUnit on an open transaction."""

    def feed(self) -> Feed:
        row = self._connection.execute(
            select(centre_feed).where(centre_feed.c.name == FEED)
        ).one_or_none()
        if row is None:
            return Feed()
        return Feed(
            after=row.after,
            last=row.last,
            heard_at=row.heard_at,
            failures=row.failures,
            next_at=row.next_at,
        )

    def feed_heard(self, before: Feed, heard: Feed) -> bool:
        self._begin_feed()
        return self._hit(
            update(centre_feed)
            .where(centre_feed.c.name == FEED, centre_feed.c.after == before.after)
            .values(
                after=heard.after,
                last=heard.last,
                heard_at=heard.heard_at,
                failures=0,
                next_at=None,
            )
        )

    def feed_failed(self, before: Feed, *, next_at: datetime) -> None:
        self._begin_feed()
        self._connection.execute(
            update(centre_feed)
            .where(centre_feed.c.name == FEED, centre_feed.c.after == before.after)
            .values(failures=before.failures + 1, next_at=next_at)
        )

    def _begin_feed(self) -> None:
        self._connection.execute(
            insert(centre_feed)
            .values(name=FEED, after=0, last=0, failures=0)
            .on_conflict_do_nothing()
        )

    def digest_of(self, item_id: UUID) -> str | None:
        found: str | None = self._connection.execute(
            select(centre_item.c.digest)
            .where(centre_item.c.item_id == item_id)
            .where(centre_item.c.state == ItemState.APPLIED.value)
            .limit(1)
        ).scalar_one_or_none()
        return found

    def save_item(
        self, change: Change, *, state: str, why: str | None, at: datetime
    ) -> None:
        says = {
            "item_id": change.item_id,
            "kind": change.kind,
            "digest": change.digest,
            "state": state,
            "why": why,
        }
        self._connection.execute(
            insert(centre_item)
            .values(number=change.number, taken_at=at, **says)
            .on_conflict_do_update(
                index_elements=[centre_item.c.number],
                set_=says,
                where=centre_item.c.state == ItemState.PARKED.value,
            )
        )

    def item(self, number: int) -> Item | None:
        return next(iter(self._items(centre_item.c.number == number, limit=1)), None)

    def items(self, *, state: str | None, limit: int) -> Sequence[Item]:
        wanted = (
            centre_item.c.state.is_not(None)
            if state is None
            else centre_item.c.state == state
        )
        return self._items(wanted, limit=limit)

    def _items(self, wanted: ColumnElement[bool], *, limit: int) -> Sequence[Item]:
        found = self._connection.execute(
            select(centre_item)
            .where(wanted)
            .order_by(centre_item.c.number.desc())
            .limit(limit)
        )
        return [
            Item(
                number=row.number,
                item_id=row.item_id,
                kind=row.kind,
                state=row.state,
                why=row.why,
                taken_at=row.taken_at,
            )
            for row in found
        ]

    def add_standings(self, standings: Sequence[Standing], *, at: datetime) -> None:
        for each in standings:
            self._connection.execute(
                insert(centre_listing)
                .values(
                    item_id=each.item_id,
                    key=each.key,
                    entity=each.entity.value,
                    category=each.category,
                    expires_at=each.expires_at,
                    told_at=at,
                )
                .on_conflict_do_nothing()
            )

    def end_standings(self, listing_id: UUID, *, at: datetime) -> Sequence[str]:
        found = self._connection.execute(
            update(centre_listing)
            .where(centre_listing.c.item_id == listing_id)
            .where(centre_listing.c.ended_at.is_(None))
            .values(ended_at=at)
            .returning(centre_listing.c.key)
        )
        return list(found.scalars())

    def standing_of(self, key: str, *, at: datetime) -> Standing | None:
        row = self._connection.execute(
            select(centre_listing)
            .where(centre_listing.c.key == key, centre_listing.c.ended_at.is_(None))
            .where(centre_listing.c.expires_at > at)
            .order_by(centre_listing.c.expires_at.desc(), centre_listing.c.item_id)
            .limit(1)
        ).one_or_none()
        if row is None:
            return None
        return Standing(
            item_id=row.item_id,
            entity=Entity(row.entity),
            key=row.key,
            category=row.category,
            expires_at=row.expires_at,
        )

    def clients_of(self, keys: Sequence[str], *, limit: int) -> Sequence[UUID]:
        newer = link.alias()
        # A number moves on to another person; an account was theirs for ever.
        left_behind = exists().where(
            newer.c.client_id == link.c.client_id,
            newer.c.entity == link.c.entity,
            newer.c.at > link.c.at,
            link.c.entity != Entity.ACCOUNT.value,
        )
        found = self._connection.execute(
            select(link.c.client_id)
            .distinct()
            .where(link.c.key.in_(keys), ~left_behind)
            .order_by(link.c.client_id)
            .limit(limit)
        )
        return list(found.scalars())

    def unsettled(self, *, at: datetime, limit: int) -> Sequence[UUID]:
        report = centre_report.c
        found = self._connection.execute(
            select(report.event_id)
            .where(report.state == "sent")
            .where(or_(report.status.is_(None), report.status == Status.PROCESSING))
            .where(or_(report.ask_at.is_(None), report.ask_at <= at))
            .order_by(report.ask_at.nulls_first(), report.event_id)
            .limit(limit)
        )
        return list(found.scalars())

    def report_told(
        self,
        event_id: UUID,
        *,
        status: str | None,
        reason: str | None,
        ask_at: datetime,
    ) -> bool:
        return self._hit(
            update(centre_report)
            .where(centre_report.c.event_id == event_id)
            .where(centre_report.c.state == "sent")
            .values(status=status or MISSING, reason=reason, ask_at=ask_at)
        )

    def report_again(self, event_id: UUID, *, at: datetime) -> bool:
        return self._hit(
            update(centre_report)
            .where(centre_report.c.event_id == event_id, _TO_A_PERSON)
            .values(
                state="pending",
                attempts=0,
                next_at=at,
                settled_at=None,
                status=None,
                reason=None,
                ask_at=None,
            )
        )

    def close(self, name: UUID | int, *, by: str, ground: str, at: datetime) -> bool:
        said = {"state": ItemState.CLOSED.value, "settled_by": by, "ground": ground}
        if isinstance(name, int):
            return self._hit(
                update(centre_item)
                .where(centre_item.c.number == name)
                .where(centre_item.c.state == ItemState.PARKED.value)
                .values(**said)
            )
        return self._hit(
            update(centre_report)
            .where(centre_report.c.event_id == name, _TO_A_PERSON)
            .values(settled_at=at, **said)
        )

    def sent(self, *, state: str | None, limit: int) -> Sequence[Sent]:
        report = centre_report.c
        wanted = {
            None: report.state.is_not(None),
            "rejected": _REJECTED,
        }.get(state, report.state == state)
        found = self._connection.execute(
            select(
                report.event_id,
                report.body,
                report.state,
                report.status,
                report.reason,
                report.attempts,
                report.created_at,
            )
            .where(wanted)
            .order_by(report.created_at.desc(), report.event_id.desc())
            .limit(limit)
        )
        return [
            Sent(
                event_id=row.event_id,
                kind=str(as_object(parse_canonical(bytes(row.body)))["kind"]),
                state=row.state,
                status=row.status,
                reason=row.reason,
                attempts=row.attempts,
                created_at=row.created_at,
            )
            for row in found
        ]

    def ours(self, since: datetime, until: datetime) -> Ours:
        report = centre_report.c
        rows = self._connection.execute(
            select(report.event_id, report.state, report.status, report.body)
            .where(report.created_at >= since, report.created_at < until)
            .order_by(report.created_at, report.event_id)
        ).all()
        told = {
            str(as_object(parse_canonical(bytes(row.body)))["correlation_id"])
            for row in rows
        }
        held = self._connection.execute(
            select(hold.c.held).where(hold.c.held_at >= since, hold.c.held_at < until)
        ).scalars()
        # Clients and names are held by a person, or by a notice with its own answer.
        kinds = frozenset(Operation)
        operations = {name for name in held if name.partition(":")[0] in kinds}
        return Ours(
            suspended=len(operations),
            unreported=sorted(operations - told),
            messages=[
                Message(event_id=row.event_id, state=row.state, status=row.status)
                for row in rows
            ],
        )

    def last_day(self) -> date | None:
        found: date | None = self._connection.execute(
            select(func.max(centre_day.c.day))
        ).scalar_one()
        return found

    def save_day(
        self, day: date, report: Mapping[str, Json], *, differs: bool, at: datetime
    ) -> None:
        self._connection.execute(
            insert(centre_day)
            .values(day=day, made_at=at, report=canonical(report), differs=differs)
            .on_conflict_do_nothing()
        )

    def days(
        self, *, limit: int
    ) -> Sequence[tuple[date, datetime, Mapping[str, Json]]]:
        newest = (
            select(centre_day.c.day, centre_day.c.made_at, centre_day.c.report)
            .ext(distinct_on(centre_day.c.day))
            .order_by(centre_day.c.day.desc(), centre_day.c.made_at.desc())
            .limit(limit)
        )
        return [
            (row.day, row.made_at, as_object(parse_canonical(bytes(row.report))))
            for row in self._connection.execute(newest)
        ]

    def line(self) -> Line:
        report, counted = centre_report.c, func.count()
        by_state = self._connection.execute(
            select(report.state, counted).group_by(report.state)
        )
        reports = {str(state): int(count) for state, count in by_state}
        reports["rejected"] = self._count(
            select(counted).select_from(centre_report).where(_REJECTED)
        )
        items = self._connection.execute(
            select(centre_item.c.state, counted).group_by(centre_item.c.state)
        )
        head = self._connection.execute(
            select(report.created_at, report.next_at)
            .where(report.state == "pending")
            .order_by(report.created_at, report.event_id)
            .limit(1)
        ).one_or_none()
        newest = (
            select(centre_day.c.day, centre_day.c.differs)
            .ext(distinct_on(centre_day.c.day))
            .order_by(centre_day.c.day, centre_day.c.made_at.desc())
            .subquery()
        )
        differing = self._connection.execute(
            select(newest.c.day).where(newest.c.differs).order_by(newest.c.day)
        ).scalars()
        return Line(
            feed=self.feed(),
            reports=reports,
            items={str(state): int(count) for state, count in items},
            oldest_pending_at=None if head is None else head.created_at,
            rests_until=None if head is None else head.next_at,
            differing=list(differing),
            complete_until=self.last_day(),
        )
