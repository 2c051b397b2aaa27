"""The register of risks: heads, revisions and acceptances, which are only added."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.dialects.postgresql import distinct_on

from kernel.crypto import as_object, canonical, parse_canonical
from services.antifraud.domain.assessing import assessment_from_wire, assessment_to_wire
from services.antifraud.domain.risks import Acceptance, History, Revision, Risk, Step
from services.antifraud.storage.risk_tables import (
    risk,
    risk_acceptance,
    risk_revision,
)

_REGISTER: Final = 0x5249534B
"""The lock of whoever changes the register: a company has dozens of risks."""


class RiskRows:
    """Implements Risks on an open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def lock(self) -> None:
        self._connection.execute(select(func.pg_advisory_xact_lock(_REGISTER)))

    def next_number(self) -> int:
        last: int | None = self._connection.execute(
            select(func.max(risk.c.number))
        ).scalar_one()
        return (last or 0) + 1

    def add(self, risk_id: UUID, *, number: int, at: datetime, by: UUID) -> None:
        self._connection.execute(
            risk.insert(),
            {"risk_id": risk_id, "number": number, "opened_at": at, "opened_by": by},
        )

    def revise(self, risk_id: UUID, revision: Revision) -> None:
        self._connection.execute(
            risk_revision.insert(),
            {
                "risk_id": risk_id,
                "number": revision.number,
                "assessed": revision.assessed,
                "at": revision.at,
                "by": revision.by,
                "step": revision.step.value,
                "words": revision.words,
                "says": canonical(assessment_to_wire(revision.says)),
            },
        )

    def accept(
        self, risk_id: UUID, acceptance: Acceptance, *, acceptance_id: UUID
    ) -> None:
        self._connection.execute(
            risk_acceptance.insert(),
            {
                "acceptance_id": acceptance_id,
                "risk_id": risk_id,
                "revision": acceptance.revision,
                "accepted_at": acceptance.accepted_at,
                "asked_by": acceptance.asked_by,
                "approved_by": acceptance.approved_by,
                "reason": acceptance.reason,
                "until_on": acceptance.until_on,
            },
        )

    def find(self, risk_id: UUID) -> Risk | None:
        return next(iter(self._found(risk_id)), None)

    def listed(self) -> Sequence[Risk]:
        return self._found(None)

    def history(self, risk_id: UUID) -> History | None:
        found = self.find(risk_id)
        if found is None:
            return None
        revisions = self._connection.execute(
            select(risk_revision)
            .where(risk_revision.c.risk_id == risk_id)
            .order_by(risk_revision.c.number)
        )
        acceptances = self._connection.execute(
            select(risk_acceptance)
            .where(risk_acceptance.c.risk_id == risk_id)
            .order_by(risk_acceptance.c.acceptance_id)
        )
        return History(
            risk=found,
            revisions=[_revision(row) for row in revisions],
            acceptances=[_acceptance(row) for row in acceptances],
        )

    def _found(self, risk_id: UUID | None) -> list[Risk]:
        """One risk, or all; each with its last revision and its last acceptance."""
        heads = select(risk).order_by(risk.c.number)
        revisions = (
            select(risk_revision)
            .ext(distinct_on(risk_revision.c.risk_id))
            .order_by(risk_revision.c.risk_id, risk_revision.c.number.desc())
        )
        acceptances = (
            select(risk_acceptance)
            .ext(distinct_on(risk_acceptance.c.risk_id))
            .order_by(risk_acceptance.c.risk_id, risk_acceptance.c.acceptance_id.desc())
        )
        if risk_id is not None:
            heads = heads.where(risk.c.risk_id == risk_id)
            revisions = revisions.where(risk_revision.c.risk_id == risk_id)
            acceptances = acceptances.where(risk_acceptance.c.risk_id == risk_id)
        last = {row.risk_id: row for row in self._connection.execute(revisions)}
        accepted = {row.risk_id: row for row in self._connection.execute(acceptances)}
        return [
            Risk(
                risk_id=row.risk_id,
                number=row.number,
                opened_at=row.opened_at,
                revision=_revision(last[row.risk_id]),
                acceptance=_acceptance(accepted[row.risk_id])
                if row.risk_id in accepted
                else None,
            )
            for row in self._connection.execute(heads)
            # One that is being opened beside this has no revision to be seen yet.
            if row.risk_id in last
        ]


def _revision(row: Row[Any]) -> Revision:
    return Revision(
        number=row.number,
        assessed=row.assessed,
        at=row.at,
        by=row.by,
        step=Step(row.step),
        words=row.words,
        says=assessment_from_wire(as_object(parse_canonical(bytes(row.says)))),
    )


def _acceptance(row: Row[Any]) -> Acceptance:
    return Acceptance(
        revision=row.revision,
        accepted_at=row.accepted_at,
        asked_by=row.asked_by,
        approved_by=row.approved_by,
        reason=row.reason,
        until_on=row.until_on,
    )
