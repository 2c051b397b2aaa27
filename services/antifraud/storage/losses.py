"""The base of losses: facts and entries, which are only added; sums are of entries."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, text
from sqlalchemy.dialects.postgresql import distinct_on

from kernel.money import Money
from services.antifraud.domain.losses import (
    Cause,
    Entry,
    Facts,
    Loss,
    LossHistory,
    Side,
    Told,
)
from services.antifraud.storage.loss_tables import loss, loss_entry, loss_fact
from services.antifraud.storage.tables import fraud_case

_BASE: Final = 0x4C4F5353
"""The lock of whoever changes the base."""
_UNRECORDED: Final = text("""
SELECT case_id, closed_at FROM fraud_case
WHERE outcome = 'fraud' AND case_id NOT IN (
    SELECT case_id FROM (
        SELECT DISTINCT ON (loss_id) loss_id, case_id FROM loss_fact
        ORDER BY loss_id, number DESC
    ) AS last WHERE case_id IS NOT NULL
)
ORDER BY closed_at
""")


class LossRows:
    """Implements Losses on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        self._connection.execute(select(func.pg_advisory_xact_lock(_BASE)))

    def next_number(self) -> int:
        last: int | None = self._connection.execute(
            select(func.max(loss.c.number))
        ).scalar_one()
        return (last or 0) + 1

    def add(self, loss_id: UUID, *, number: int, at: datetime, by: UUID) -> None:
        self._connection.execute(
            loss.insert(),
            {
                "loss_id": loss_id,
                "number": number,
                "recorded_at": at,
                "recorded_by": by,
            },
        )

    def tell(self, loss_id: UUID, told: Told) -> None:
        facts = told.facts
        self._connection.execute(
            loss_fact.insert(),
            {
                "loss_id": loss_id,
                "number": told.number,
                "at": told.at,
                "by": told.by,
                "cause": facts.cause.value,
                "risk_id": facts.risk_id,
                "case_id": facts.case_id,
                "contract_id": facts.contract_id,
                "occurred_on": facts.occurred_on,
                "found_on": facts.found_on,
                "booked_on": facts.booked_on,
                "words": facts.words,
            },
        )

    def enter(self, loss_id: UUID, entry: Entry) -> None:
        self._connection.execute(
            loss_entry.insert(),
            {
                "entry_id": entry.entry_id,
                "loss_id": loss_id,
                "at": entry.at,
                "by": entry.by,
                "side": entry.side.value,
                "amount": entry.amount.amount_minor,
                "on": entry.on,
                "words": entry.words,
            },
        )

    def find(self, loss_id: UUID) -> Loss | None:
        return next(iter(self._found(loss.c.loss_id == loss_id)), None)

    def listed(self, *, since: date, until: date) -> Sequence[Loss]:
        found = self._found()
        return [one for one in found if since <= one.facts.found_on <= until]

    def history(self, loss_id: UUID) -> LossHistory | None:
        found = self.find(loss_id)
        if found is None:
            return None
        told = self._connection.execute(
            select(loss_fact)
            .where(loss_fact.c.loss_id == loss_id)
            .order_by(loss_fact.c.number)
        )
        entries = self._connection.execute(
            select(loss_entry)
            .where(loss_entry.c.loss_id == loss_id)
            .order_by(loss_entry.c.entry_id)
        )
        return LossHistory(
            loss=found,
            told=[
                Told(number=row.number, at=row.at, by=row.by, facts=_facts(row))
                for row in told
            ],
            entries=[_entry(row) for row in entries],
        )

    def is_fraud(self, case_id: UUID) -> bool:
        found = self._connection.execute(
            select(fraud_case.c.case_id)
            .where(fraud_case.c.case_id == case_id)
            .where(fraud_case.c.outcome == "fraud")
        )
        return found.first() is not None

    def unrecorded(self) -> Sequence[tuple[UUID, datetime]]:
        found = self._connection.execute(_UNRECORDED)
        return [(row.case_id, row.closed_at) for row in found]

    def _found(self, *wanted: Any) -> list[Loss]:  # noqa: ANN401 - conditions of SQL
        """Losses with the facts that were told last and the sums of their entries."""
        last = (
            select(loss_fact)
            .ext(distinct_on(loss_fact.c.loss_id))
            .order_by(loss_fact.c.loss_id, loss_fact.c.number.desc())
            .subquery()
        )
        sums = (
            select(loss_entry.c.loss_id, *(_sum_of(side) for side in Side))
            .group_by(loss_entry.c.loss_id)
            .subquery()
        )
        found = self._connection.execute(
            select(
                loss.c.loss_id,
                loss.c.number.label("loss_number"),
                loss.c.recorded_at,
                last,
                sums.c.gross,
                sums.c.recovered,
            )
            .join(last, last.c.loss_id == loss.c.loss_id)
            .join(sums, sums.c.loss_id == loss.c.loss_id)
            .where(*wanted)
            .order_by(loss.c.number)
        )
        return [
            Loss(
                loss_id=row.loss_id,
                number=row.loss_number,
                recorded_at=row.recorded_at,
                facts=_facts(row),
                gross=Money(int(row.gross)),
                recovered=Money(int(row.recovered)),
            )
            for row in found
        ]


def _sum_of(side: Side) -> Any:  # noqa: ANN401 - a column of SQL
    of_side = func.sum(loss_entry.c.amount).filter(loss_entry.c.side == side.value)
    return func.coalesce(of_side, 0).label(side.value)


def _facts(row: Row[Any]) -> Facts:
    return Facts(
        cause=Cause(row.cause),
        risk_id=row.risk_id,
        case_id=row.case_id,
        contract_id=row.contract_id,
        occurred_on=row.occurred_on,
        found_on=row.found_on,
        booked_on=row.booked_on,
        words=row.words,
    )


def _entry(row: Row[Any]) -> Entry:
    return Entry(
        entry_id=row.entry_id,
        at=row.at,
        by=row.by,
        side=Side(row.side),
        amount=Money(row.amount),
        on=row.on,
        words=row.words,
    )
