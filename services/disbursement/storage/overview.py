"""What the treasurers and the monitoring see: what is due, held, unknown, and why."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Text,
    TextClause,
    column,
    func,
    select,
    true,
    union_all,
)

from services.disbursement.domain.gate import Check, Verdict
from services.disbursement.domain.payout import Payout, State
from services.disbursement.ports import Backlog, Recorded
from services.disbursement.storage.rows import PLAIN, payout_or_none
from services.disbursement.storage.tables import (
    HELD_STILL,
    payout_checks,
    payout_passages,
    payouts,
)

_DUE: Final = (State.CONSENTED, State.HELD, State.READY)

_CHECK: Final = ("name", "verdict", "code", "evidence")
_each = (
    func.json_to_recordset(payout_passages.c.checks)
    .table_valued(*(column(name, Text) for name in _CHECK))
    .render_derived(name="each", with_types=True)
)
_recorded = union_all(
    select(
        payout_passages.c.passage,
        payout_passages.c.payout_id,
        payout_passages.c.checked_at,
        *_each.c,
    ).join_from(payout_passages, _each, true()),
    select(
        payout_checks.c.passage,
        payout_checks.c.payout_id,
        payout_checks.c.checked_at,
        *(payout_checks.c[name] for name in _CHECK),
    ),
).subquery("recorded")
"""Every check of every passage: what the gate saw is read as it was kept at the time,
and moved nowhere."""


class OverviewRows:
    """`Overview` over PostgreSQL; nothing is locked."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def backlog(self, *, now: datetime) -> Backlog:
        """The oldest that is due, the oldest that is unknown, and what is held."""
        oldest = [
            self._connection.execute(
                select(payouts.c.next_at)
                .where(payouts.c.state == state.value, payouts.c.next_at <= now)
                .order_by(payouts.c.next_at)
                .limit(1)
            ).scalar_one_or_none()
            for state in _DUE
        ]
        unknown_since = self._connection.execute(
            select(func.min(payouts.c.first_sent_at)).where(
                payouts.c.state == State.UNKNOWN.value, payouts.c.next_at.is_not(None)
            )
        ).scalar_one()
        held = self._connection.execute(
            select(payouts.c.held_code, func.count().label("held"))
            .where(HELD_STILL)
            .group_by(payouts.c.held_code)
        )
        due = min((found for found in oldest if found is not None), default=now)
        return Backlog(
            due_age_s=(now - due).total_seconds(),
            unknown_age_s=(now - (unknown_since or now)).total_seconds(),
            held={row.held_code: row.held for row in held},
        )

    def due(self, *, until: datetime, limit: int) -> Sequence[Payout]:
        """What a beat takes up until an instant, the first ones first."""
        return self._of(
            payouts.c.state.in_([state.value for state in _DUE]),
            payouts.c.next_at <= until,
            order=payouts.c.next_at,
            limit=limit,
        )

    def held(self, *, limit: int) -> Sequence[Payout]:
        """What stands still with a code, the oldest contracts first."""
        return self._of(HELD_STILL, order=payouts.c.signed_at, limit=limit)

    def unknown(self, *, limit: int) -> Sequence[Payout]:
        """What may be at the bank without a useful answer, the oldest first."""
        return self._of(
            payouts.c.state == State.UNKNOWN.value,
            payouts.c.next_at.is_not(None),
            order=payouts.c.first_sent_at,
            limit=limit,
        )

    def one(self, payout_id: UUID) -> Payout | None:
        found = self._of(
            payouts.c.payout_id == payout_id, order=payouts.c.payout_id, limit=1
        )
        return found[0] if found else None

    def checks(self, payout_id: UUID, *, limit: int) -> Sequence[Recorded]:
        """What the gate saw, the newest passage first."""
        rows = self._connection.execute(
            select(_recorded)
            .where(_recorded.c.payout_id == payout_id)
            .order_by(
                _recorded.c.checked_at.desc(), _recorded.c.passage, _recorded.c.name
            )
            .limit(limit)
        )
        return [
            Recorded(
                passage=row.passage,
                at=row.checked_at,
                check=Check(row.name, Verdict(row.verdict), row.code, row.evidence),
            )
            for row in rows
        ]

    def _of(
        self,
        *conditions: ColumnElement[bool] | TextClause,
        order: ColumnElement[Any],
        limit: int,
    ) -> Sequence[Payout]:
        rows = self._connection.execute(
            select(*PLAIN).where(*conditions).order_by(order).limit(limit)
        )
        found = [payout_or_none(row) for row in rows]
        return [payout for payout in found if payout is not None]
