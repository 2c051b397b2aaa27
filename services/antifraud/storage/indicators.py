"""Indicators: what is measured of live tables, the readings kept, what waits."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, TextClause, select, text, update
from sqlalchemy.dialects.postgresql import distinct_on, insert

from kernel.clock import almaty_date
from services.antifraud.domain.indicators import (
    Colour,
    Counted,
    Indicator,
    Item,
    Limits,
    Measure,
    Reading,
)
from services.antifraud.storage.indicator_tables import (
    indicator_item,
    indicator_reading,
)

_UNSETTLED: Final = timedelta(hours=1)
_MEASURED: Final[Mapping[Measure, TextClause]] = {
    Measure.DECISIONS_STOPPED: text("""
SELECT count(*) FILTER (WHERE outcome IN ('suspend', 'refuse')) AS part,
    count(*) AS whole
FROM decision WHERE decided_at > :since AND rule_set <> 'person'
"""),
    Measure.CASES_OPENED: text("""
SELECT (SELECT count(*) FROM fraud_case WHERE opened_at > :since) AS part,
    (SELECT count(DISTINCT operation) FROM decision
        WHERE decided_at > :since AND operation LIKE 'application:%') AS whole
"""),
    Measure.FRAUDS_CONFIRMED: text("""
SELECT count(*) FILTER (WHERE outcome = 'fraud') AS part, count(*) AS whole
FROM fraud_case WHERE closed_at > :since AND outcome <> 'unclear'
"""),
    Measure.APPEALS_UPHELD: text("""
SELECT count(*) FILTER (WHERE outcome IN ('upheld', 'partly')) AS part,
    count(*) AS whole
FROM appeal WHERE decided_at > :since
"""),
    Measure.LOGINS_LOCKED: text("""
SELECT coalesce(sum(count) FILTER (WHERE kind = 'login_locked'), 0) AS part,
    coalesce(sum(count) FILTER (WHERE kind = 'login'), 0) AS whole
FROM tally
WHERE day > :since_on AND ((kind = 'login' AND key LIKE 'client:%')
    OR (kind = 'login_locked' AND key LIKE 'phone:%'))
"""),
    Measure.CENTRE_UNSETTLED: text("""
SELECT count(*) AS part, 0 AS whole FROM centre_report
WHERE state IN ('pending', 'parked') AND created_at < :unsettled
"""),
    Measure.WORK_OVERDUE: text("""
SELECT (SELECT count(*) FROM hold WHERE released_at IS NULL
        AND confirmed_at IS NULL AND until_on < :today)
    + (SELECT count(*) FROM fraud_case WHERE closed_at IS NULL AND due_on < :today)
    + (SELECT count(*) FROM appeal WHERE decided_at IS NULL AND answer_by < :today)
    AS part, 0 AS whole
"""),
    Measure.RULES_TRIPPED: text("""
SELECT count(*) AS part, 0 AS whole FROM rule_trip WHERE rearmed_at IS NULL
"""),
    Measure.LOSSES_OF_PAYOUTS: text("""
SELECT (
    SELECT coalesce(sum(CASE side WHEN 'gross' THEN amount ELSE -amount END), 0)
    FROM loss_entry JOIN (
        SELECT DISTINCT ON (loss_id) loss_id, found_on FROM loss_fact
        ORDER BY loss_id, number DESC
    ) AS last USING (loss_id) WHERE found_on > :since_on
) AS part, (
    SELECT coalesce(sum(total), 0) FROM tally
    WHERE kind = 'payout' AND key LIKE 'client:%' AND day > :since_on
) AS whole
"""),
}


class SeriesRows:
    """Implements Series on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def counted(self, indicator: Indicator, *, at: datetime) -> Counted:
        since = at - timedelta(days=indicator.days)
        given = {
            "since": since,
            "since_on": almaty_date(since),
            "today": almaty_date(at),
            "unsettled": at - _UNSETTLED,
        }
        asked = _MEASURED[indicator.measure]
        named = set(asked.compile().params)
        row = self._connection.execute(
            asked, {name: value for name, value in given.items() if name in named}
        ).one()
        return Counted(part=int(row.part), whole=int(row.whole))

    def keep(self, reading: Reading) -> bool:
        added = self._connection.execute(
            insert(indicator_reading)
            .values(
                code=reading.code,
                at=reading.at,
                value=reading.value,
                base=reading.base,
                colour=reading.colour.value,
                amber=reading.limits.amber,
                red=reading.limits.red,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def last(self) -> Mapping[str, Reading]:
        found = self._connection.execute(
            select(indicator_reading)
            .ext(distinct_on(indicator_reading.c.code))
            .order_by(indicator_reading.c.code, indicator_reading.c.at.desc())
        )
        return {row.code: reading_of(row) for row in found}

    def readings(self, code: str, *, since: datetime, limit: int) -> Sequence[Reading]:
        found = self._connection.execute(
            select(indicator_reading)
            .where(indicator_reading.c.code == code, indicator_reading.c.at > since)
            .order_by(indicator_reading.c.at.desc())
            .limit(limit)
        )
        return [reading_of(row) for row in found][::-1]

    def open_item(self, item: Item) -> bool:
        added = self._connection.execute(
            insert(indicator_item)
            .values(
                item_id=item.item_id,
                code=item.code,
                opened_at=item.opened_at,
                value=item.value,
                due_on=item.due_on,
            )
            .on_conflict_do_nothing(
                index_elements=["code"],
                index_where=indicator_item.c.answered_at.is_(None),
            )
        )
        return added.rowcount == 1

    def was_opened(self, code: str, *, since: datetime) -> bool:
        found = self._connection.execute(
            select(indicator_item.c.item_id)
            .where(indicator_item.c.code == code, indicator_item.c.opened_at > since)
            .limit(1)
        )
        return found.first() is not None

    def items(self, *, waiting: bool, limit: int) -> Sequence[Item]:
        wanted = select(indicator_item).limit(limit)
        if waiting:
            wanted = wanted.where(indicator_item.c.answered_at.is_(None)).order_by(
                indicator_item.c.item_id
            )
        else:
            wanted = wanted.order_by(indicator_item.c.item_id.desc())
        return [_item(row) for row in self._connection.execute(wanted)]

    def lock_item(self, item_id: UUID) -> Item | None:
        row = self._connection.execute(
            select(indicator_item)
            .where(indicator_item.c.item_id == item_id)
            .with_for_update()
        ).one_or_none()
        return None if row is None else _item(row)

    def answer(
        self, item_id: UUID, *, at: datetime, by: UUID, words: str, risk_id: UUID | None
    ) -> None:
        self._connection.execute(
            update(indicator_item)
            .where(indicator_item.c.item_id == item_id)
            .where(indicator_item.c.answered_at.is_(None))
            .values(answered_at=at, answered_by=by, answer=words, risk_id=risk_id)
        )


def reading_of(row: Row[Any]) -> Reading:
    """A reading by its row."""
    return Reading(
        code=row.code,
        at=row.at,
        value=row.value,
        base=row.base,
        colour=Colour(row.colour),
        limits=Limits(amber=row.amber, red=row.red),
    )


def _item(row: Row[Any]) -> Item:
    return Item(
        item_id=row.item_id,
        code=row.code,
        opened_at=row.opened_at,
        value=row.value,
        due_on=row.due_on,
        answered_at=row.answered_at,
        answered_by=row.answered_by,
        answer=row.answer,
        risk_id=row.risk_id,
    )
