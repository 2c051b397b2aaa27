"""First measures of incidents."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, select, update

from services.audit.domain.incidents.measure import Ordered
from services.audit.storage.incident_tables import first_measure as measure

_MEASURE: Final = (
    measure.c.measure_id,
    measure.c.incident_id,
    measure.c.measure,
    measure.c.about,
    measure.c.ordered_at,
    measure.c.taken_at,
    measure.c.lifted_at,
    measure.c.undone_at,
)


class MeasureRows:
    """Implements Measures on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, ordered: Ordered) -> None:
        self._connection.execute(measure.insert(), asdict(ordered))

    def lock(self, measure_id: UUID) -> Ordered | None:
        row = self._connection.execute(
            select(*_MEASURE)
            .where(measure.c.measure_id == measure_id)
            .with_for_update()
        ).one_or_none()
        return None if row is None else _ordered(row)

    def of(self, incident_id: UUID) -> Sequence[Ordered]:
        return self._read(measure.c.incident_id == incident_id)

    def cuts(self) -> Sequence[Ordered]:
        return self._read(measure.c.measure == "cut_off", measure.c.undone_at.is_(None))

    def taken(self, measure_id: UUID, *, at: datetime) -> bool:
        return self._set(measure_id, measure.c.taken_at.is_(None), taken_at=at)

    def lift(self, measure_id: UUID, *, at: datetime) -> None:
        self._set(measure_id, lifted_at=at)

    def undone(self, measure_id: UUID, *, at: datetime) -> bool:
        return self._set(measure_id, measure.c.undone_at.is_(None), undone_at=at)

    def _set(
        self, measure_id: UUID, *which: ColumnElement[bool], **values: datetime
    ) -> bool:
        done = self._connection.execute(
            update(measure)
            .where(measure.c.measure_id == measure_id, *which)
            .values(**values)
        )
        return done.rowcount == 1

    def _read(self, *which: ColumnElement[bool]) -> Sequence[Ordered]:
        asked = select(*_MEASURE).where(*which)
        order = (measure.c.ordered_at, measure.c.measure_id)
        return [
            _ordered(row) for row in self._connection.execute(asked.order_by(*order))
        ]


def _ordered(row: Row[*tuple[Any, ...]]) -> Ordered:
    return Ordered(
        measure_id=row.measure_id,
        incident_id=row.incident_id,
        measure=row.measure,
        about=row.about,
        ordered_at=row.ordered_at,
        taken_at=row.taken_at,
        lifted_at=row.lifted_at,
        undone_at=row.undone_at,
    )
