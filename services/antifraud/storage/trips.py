"""What rules have stopped, counted by the database; and which of them are tripped."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from services.antifraud.domain.breaker import Stops, Trip
from services.antifraud.domain.rules import Operation
from services.antifraud.storage.tables import rule_trip

_JUDGED: Final = text("""
SELECT split_part(operation, ':', 1) AS kind, count(DISTINCT operation) AS many
FROM decision WHERE decided_at > :since AND rule_set = :version GROUP BY 1
""")
_STOPPED: Final = text("""
SELECT spoke ->> 'code' AS code, count(DISTINCT operation) AS many
FROM decision, jsonb_array_elements(convert_from(fired, 'UTF8')::jsonb) AS spoke
WHERE decided_at > :since AND rule_set = :version
    AND outcome IN ('suspend', 'refuse')
    AND spoke ->> 'outcome' IN ('suspend', 'refuse')
    AND (CAST(:rule AS text) IS NULL OR spoke ->> 'code' = :rule)
GROUP BY 1
""")


class TripRows:
    """Implements Trips on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def stops(self, version: str, *, since: datetime, rule: str | None = None) -> Stops:
        given = {"since": since, "version": version}
        judged = self._connection.execute(_JUDGED, given)
        stopped = self._connection.execute(_STOPPED, {**given, "rule": rule})
        return Stops(
            judged={Operation(row.kind): row.many for row in judged},
            stopped={row.code: row.many for row in stopped},
        )

    def rearmed_at(self, version: str) -> Mapping[str, datetime]:
        found = self._connection.execute(
            select(rule_trip.c.rule, func.max(rule_trip.c.rearmed_at).label("at"))
            .where(rule_trip.c.version == version, rule_trip.c.rearmed_at.is_not(None))
            .group_by(rule_trip.c.rule)
        )
        return {row.rule: row.at for row in found}

    def trip(self, trip: Trip) -> bool:
        added = self._connection.execute(
            insert(rule_trip)
            .values(
                trip_id=trip.trip_id,
                version=trip.version,
                rule=trip.rule,
                tripped_at=trip.tripped_at,
                judged=trip.judged,
                stopped=trip.stopped,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def open(self) -> Sequence[Trip]:
        found = self._connection.execute(
            select(rule_trip)
            .where(rule_trip.c.rearmed_at.is_(None))
            .order_by(rule_trip.c.tripped_at.desc())
        )
        return [
            Trip(
                trip_id=row.trip_id,
                version=row.version,
                rule=row.rule,
                tripped_at=row.tripped_at,
                judged=row.judged,
                stopped=row.stopped,
            )
            for row in found
        ]

    def rearm(
        self,
        version: str,
        rule: str,
        *,
        at: datetime,
        asked_by: UUID,
        approved_by: UUID,
    ) -> UUID | None:
        ended: UUID | None = self._connection.execute(
            update(rule_trip)
            .where(rule_trip.c.version == version, rule_trip.c.rule == rule)
            .where(rule_trip.c.rearmed_at.is_(None))
            .values(rearmed_at=at, asked_by=asked_by, approved_by=approved_by)
            .returning(rule_trip.c.trip_id)
        ).scalar_one_or_none()
        return ended
