"""Rows of decision traces and of visits: they are only added."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, Row, exists, select
from sqlalchemy.dialects.postgresql import insert

from kernel.context import jsonable
from kernel.crypto import (
    Json,
    UnsealError,
    as_object,
    canonical,
    parse_canonical,
)
from kernel.errors import Broken
from services.contracts.domain.checks import Check, Cited, Verdict, unknown
from services.contracts.ports import TraceLine, Visit
from services.contracts.storage.keys import KeyRing
from services.contracts.storage.tables import (
    application_checks,
    unanswered_checks,
    visits,
)


class TraceRows:
    """The lines of traces on one open transaction; what was found is sealed."""

    def __init__(self, connection: Connection, *, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def record(
        self, application_id: UUID, checks: Sequence[Check], *, at: datetime
    ) -> None:
        for check in checks:
            if check.verdict is Verdict.UNKNOWN:
                self._record_unanswered(application_id, check, at=at)
            else:
                self._record_answer(application_id, check, at=at)

    def answered(self, application_id: UUID) -> dict[str, Check]:
        return {line.check.name: line.check for line in self._answers(application_id)}

    def trace(self, application_id: UUID) -> list[TraceLine]:
        query = select(
            unanswered_checks.c.name,
            unanswered_checks.c.source,
            unanswered_checks.c.asked_at,
        ).where(unanswered_checks.c.application_id == application_id)
        silent = [
            TraceLine(check=unknown(row.name, row.source), at=row.asked_at)
            for row in self._connection.execute(query)
        ]
        lines = [*silent, *self._answers(application_id)]
        return sorted(lines, key=lambda line: line.at)

    def _record_answer(
        self, application_id: UUID, check: Check, *, at: datetime
    ) -> None:
        found = self._keys.of_application(application_id).seal(
            canonical(check.found),
            table="application_checks",
            column="found",
            row=f"{application_id}/{check.name}",
        )
        self._connection.execute(
            insert(application_checks)
            .values(
                application_id=application_id,
                name=check.name,
                passed=check.passed,
                source=check.source,
                found=found,
                cited=canonical(jsonable(check.cited)),
                checked_at=at,
            )
            .on_conflict_do_nothing()
        )

    def _record_unanswered(
        self, application_id: UUID, check: Check, *, at: datetime
    ) -> None:
        self._connection.execute(
            insert(unanswered_checks)
            .values(
                application_id=application_id,
                name=check.name,
                source=check.source,
                asked_at=at,
            )
            .on_conflict_do_nothing()
        )

    def _answers(self, application_id: UUID) -> list[TraceLine]:
        query = select(application_checks).where(
            application_checks.c.application_id == application_id
        )
        return [
            TraceLine(check=self._check(row), at=row.checked_at)
            for row in self._connection.execute(query)
        ]

    def _check(self, row: Row[Any]) -> Check:
        try:
            found = self._keys.of_application(row.application_id).unseal(
                bytes(row.found),
                table="application_checks",
                column="found",
                row=f"{row.application_id}/{row.name}",
            )
        except UnsealError as error:
            raise Broken("A line of a decision trace was changed") from error
        # Releases before this one cited nothing.
        cited = parse_canonical(bytes(row.cited)) if row.cited is not None else ()
        return Check(
            name=row.name,
            verdict=Verdict.PASSED if row.passed else Verdict.FAILED,
            source=row.source,
            found=_found(as_object(parse_canonical(found))),
            cited=tuple(_cited(as_object(one)) for one in _items(cited)),
        )


class VisitRows:
    """Implements Visits on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, visit: Visit, *, at: datetime) -> bool:
        done = self._connection.execute(
            insert(visits)
            .values(
                approval_id=visit.approval_id,
                client_id=visit.client_id,
                visited_on=visit.visited_on,
                recorded_by=visit.recorded_by,
                confirmed_by=visit.confirmed_by,
                recorded_at=at,
            )
            .on_conflict_do_nothing()
        )
        return done.rowcount == 1

    def newest(self, client_id: UUID | None, *, limit: int) -> list[Visit]:
        query = select(visits).order_by(visits.c.recorded_at.desc()).limit(limit)
        if client_id is not None:
            query = query.where(visits.c.client_id == client_id)
        return [
            Visit(
                client_id=row.client_id,
                visited_on=row.visited_on,
                approval_id=row.approval_id,
                recorded_by=row.recorded_by,
                confirmed_by=row.confirmed_by,
            )
            for row in self._connection.execute(query)
        ]

    def has(self, client_id: UUID) -> bool:
        made = exists().where(visits.c.client_id == client_id)
        return bool(self._connection.execute(select(made)).scalar_one())


def _found(stored: Mapping[str, Json]) -> dict[str, str | int]:
    return {
        name: value if isinstance(value, int) else str(value)
        for name, value in stored.items()
    }


def _items(stored: Json) -> Sequence[Json]:
    return stored if isinstance(stored, list | tuple) else ()


def _cited(stored: Mapping[str, Json]) -> Cited:
    return Cited(**{name: str(value) for name, value in stored.items()})
