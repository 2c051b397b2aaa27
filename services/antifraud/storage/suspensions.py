"""What is suspended, and the reviews of it."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, update
from sqlalchemy.dialects.postgresql import insert

from services.antifraud.domain.suspending import Suspension
from services.antifraud.storage.tables import hold, hold_review

_COLUMNS: Final = (
    hold.c.decision_id,
    hold.c.held,
    hold.c.client_id,
    hold.c.held_at,
    hold.c.until_on,
    hold.c.suspended_by,
    hold.c.reason,
)
_OPEN: Final = hold.c.released_at.is_(None)
_UNDECIDED: Final = _OPEN & hold.c.confirmed_at.is_(None)
"""What a case has found to be a fraud stays held, and nobody is called any more."""


class SuspensionRows:
    """Implements Suspensions on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def open(self, *, limit: int) -> Sequence[Suspension]:
        found = self._connection.execute(
            select(*_COLUMNS)
            .where(_OPEN)
            .order_by(hold.c.until_on.nulls_first(), hold.c.decision_id)
            .limit(limit)
        )
        return [_suspension(row) for row in found]

    def find(self, held: str) -> Suspension | None:
        row = self._connection.execute(
            select(*_COLUMNS).where(_OPEN, hold.c.held == held).with_for_update()
        ).one_or_none()
        return None if row is None else _suspension(row)

    def suspend(self, suspension: Suspension) -> bool:
        added = self._connection.execute(
            insert(hold)
            .values(
                decision_id=suspension.hold_id,
                held=suspension.held,
                client_id=suspension.client_id,
                held_at=suspension.held_at,
                until_on=suspension.until_on,
                suspended_by=suspension.suspended_by,
                reason=suspension.reason,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def keep(
        self,
        hold_id: UUID,
        *,
        review_id: UUID,
        until_on: date,
        ground: str,
        by: str,
        at: datetime,
    ) -> None:
        self._connection.execute(
            hold_review.insert(),
            {
                "review_id": review_id,
                "decision_id": hold_id,
                "at": at,
                "by": by,
                "ground": ground,
                "until_on": until_on,
            },
        )
        self._connection.execute(
            update(hold)
            .where(_OPEN, hold.c.decision_id == hold_id)
            .values(until_on=until_on, warned_on=None, overdue_on=None)
        )

    def without_end(self, *, limit: int) -> Sequence[Suspension]:
        found = self._connection.execute(
            select(*_COLUMNS).where(_OPEN, hold.c.until_on.is_(None)).limit(limit)
        )
        return [_suspension(row) for row in found]

    def set_end(self, hold_id: UUID, *, until_on: date) -> None:
        self._connection.execute(
            update(hold)
            .where(hold.c.decision_id == hold_id, hold.c.until_on.is_(None))
            .values(until_on=until_on)
        )

    def warn(self, *, by: date, today: date) -> Sequence[Suspension]:
        found = self._connection.execute(
            update(hold)
            .where(_UNDECIDED, hold.c.until_on >= today, hold.c.until_on <= by)
            .where(hold.c.warned_on.is_(None))
            .values(warned_on=today)
            .returning(*_COLUMNS)
        )
        return [_suspension(row) for row in found]

    def run_over(self, *, today: date) -> Sequence[Suspension]:
        found = self._connection.execute(
            update(hold)
            .where(_UNDECIDED, hold.c.until_on < today, hold.c.overdue_on.is_(None))
            .values(overdue_on=today)
            .returning(*_COLUMNS)
        )
        return [_suspension(row) for row in found]

    def count(self, *, until: date) -> int:
        return self._connection.execute(
            select(func.count())
            .select_from(hold)
            .where(_UNDECIDED, hold.c.until_on < until)
        ).scalar_one()


def _suspension(row: Row[*tuple[Any, ...]]) -> Suspension:
    return Suspension(
        hold_id=row.decision_id,
        held=row.held,
        client_id=row.client_id,
        held_at=row.held_at,
        until_on=row.until_on,
        suspended_by=row.suspended_by,
        reason=row.reason,
    )
