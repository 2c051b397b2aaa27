"""The register of appeals; what clients say and what they are told is sealed."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FieldKeys
from kernel.pages import Page
from services.antifraud.domain.appeals import Appeal, AppealOutcome, number_of
from services.antifraud.domain.cases import Case
from services.antifraud.storage.cases import CASE, case_of
from services.antifraud.storage.tables import appeal, case_item, fraud_case

_NUMBERING: Final = 0x41505045
"""The lock of whoever gives an appeal its number."""
_APPEAL: Final = (
    appeal.c.appeal_id,
    appeal.c.year,
    appeal.c.number,
    appeal.c.client_id,
    appeal.c.against,
    appeal.c.inquiry_id,
    appeal.c.received_on,
    appeal.c.recorded_at,
    appeal.c.recorded_by,
    appeal.c.answer_by,
    appeal.c.extended_at,
    appeal.c.extension_reason,
    appeal.c.decided_at,
    appeal.c.decided_by,
    appeal.c.outcome,
)
_OPEN: Final = appeal.c.decided_at.is_(None)
_DECIDED: Final = text("""
SELECT EXISTS (SELECT FROM decision WHERE operation = :against
        AND client_id = :client_id)
    OR EXISTS (SELECT FROM hold WHERE held = :against AND client_id IS NULL)
""")
_STOPPED: Final = text("""
SELECT EXISTS (SELECT FROM decision WHERE operation = :against
        AND client_id = :client_id AND outcome <> 'allow')
""")
_DECIDERS: Final = text("""
SELECT asked_by FROM decision WHERE operation = :against AND rule_set = 'person'
UNION SELECT suspended_by FROM hold WHERE held = :against
UNION SELECT released_by FROM hold WHERE held = :against
UNION SELECT by FROM hold_review JOIN hold USING (decision_id) WHERE held = :against
UNION SELECT closed_by::text FROM fraud_case JOIN case_item USING (case_id)
    WHERE operation = :against
UNION SELECT decided_by::text FROM appeal
    WHERE against = :against AND client_id = :client_id
""")


class AppealRows:
    """Implements Appeals on an open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys) -> None:
        self._connection = connection
        self._fields = fields

    def next_number(self, year: int) -> int:
        self._connection.execute(select(func.pg_advisory_xact_lock(_NUMBERING)))
        last: int | None = self._connection.execute(
            select(func.max(appeal.c.number)).where(appeal.c.year == year)
        ).scalar_one()
        return (last or 0) + 1

    def was_decided(self, against: str, *, client_id: UUID) -> bool:
        given = {"against": against, "client_id": client_id}
        return bool(self._connection.execute(_DECIDED, given).scalar_one())

    def was_stopped(self, against: str, *, client_id: UUID) -> bool:
        given = {"against": against, "client_id": client_id}
        return bool(self._connection.execute(_STOPPED, given).scalar_one())

    def filed(self, client_id: UUID, *, since: datetime) -> int:
        return self._connection.execute(
            select(func.count())
            .select_from(appeal)
            .where(appeal.c.client_id == client_id)
            .where(appeal.c.recorded_by == client_id, appeal.c.recorded_at > since)
        ).scalar_one()

    def own(
        self, client_id: UUID, page: Page, *, against: str | None = None
    ) -> Sequence[Appeal]:
        wanted = select(*_APPEAL).where(appeal.c.client_id == client_id)
        if against is not None:
            wanted = wanted.where(appeal.c.against == against)
        if page.before is not None:
            wanted = wanted.where(appeal.c.appeal_id < page.before)
        found = self._connection.execute(
            wanted.order_by(appeal.c.appeal_id.desc()).limit(page.rows)
        )
        return [_appeal(row) for row in found]

    def add(self, entry: Appeal, *, number: int, words: str) -> bool:
        added = self._connection.execute(
            insert(appeal)
            .values(
                appeal_id=entry.appeal_id,
                year=entry.received_on.year,
                number=number,
                client_id=entry.client_id,
                against=entry.against,
                inquiry_id=entry.inquiry_id,
                received_on=entry.received_on,
                recorded_at=entry.recorded_at,
                recorded_by=entry.recorded_by,
                answer_by=entry.answer_by,
                words_sealed=self._sealed(words, "words_sealed", entry.appeal_id),
            )
            .on_conflict_do_nothing(
                index_elements=["client_id", "against"], index_where=_OPEN
            )
        )
        return added.rowcount == 1

    def listed(self, *, answered: bool, limit: int) -> Sequence[Appeal]:
        due = (appeal.c.answer_by, appeal.c.appeal_id)
        newest = (appeal.c.decided_at.desc(),)
        found = self._connection.execute(
            select(*_APPEAL)
            .where(~_OPEN if answered else _OPEN)
            .order_by(*(newest if answered else due))
            .limit(limit)
        )
        return [_appeal(row) for row in found]

    def find(self, appeal_id: UUID) -> Appeal | None:
        row = self._connection.execute(
            select(*_APPEAL).where(appeal.c.appeal_id == appeal_id)
        ).one_or_none()
        return None if row is None else _appeal(row)

    def lock(self, appeal_id: UUID) -> Appeal | None:
        row = self._connection.execute(
            select(*_APPEAL).where(appeal.c.appeal_id == appeal_id).with_for_update()
        ).one_or_none()
        return None if row is None else _appeal(row)

    def words(self, appeal_id: UUID) -> str:
        sealed: bytes = self._connection.execute(
            select(appeal.c.words_sealed).where(appeal.c.appeal_id == appeal_id)
        ).scalar_one()
        return self._opened(bytes(sealed), "words_sealed", appeal_id)

    def answer_of(self, appeal_id: UUID) -> str | None:
        sealed: bytes | None = self._connection.execute(
            select(appeal.c.answer_sealed).where(appeal.c.appeal_id == appeal_id)
        ).scalar_one()
        if sealed is None:
            return None
        return self._opened(bytes(sealed), "answer_sealed", appeal_id)

    def deciders(self, entry: Appeal) -> frozenset[str]:
        given = {"against": entry.against, "client_id": entry.client_id}
        found = self._connection.execute(_DECIDERS, given).scalars()
        return frozenset(str(each) for each in found if each is not None)

    def cases(self, entry: Appeal) -> Sequence[Case]:
        found = self._connection.execute(
            select(*CASE)
            .join(case_item, case_item.c.case_id == fraud_case.c.case_id)
            .where(case_item.c.operation == entry.against)
            .where(fraud_case.c.closed_at.is_not(None))
        )
        return [case_of(row) for row in found]

    def extend(
        self, appeal_id: UUID, *, answer_by: date, reason: str, at: datetime
    ) -> None:
        self._connection.execute(
            update(appeal)
            .where(_OPEN, appeal.c.appeal_id == appeal_id)
            .values(answer_by=answer_by, extension_reason=reason, extended_at=at)
        )

    def answer(
        self,
        appeal_id: UUID,
        *,
        outcome: AppealOutcome,
        words: str,
        by: UUID,
        at: datetime,
    ) -> None:
        self._connection.execute(
            update(appeal)
            .where(_OPEN, appeal.c.appeal_id == appeal_id)
            .values(
                outcome=outcome.value,
                answer_sealed=self._sealed(words, "answer_sealed", appeal_id),
                decided_by=by,
                decided_at=at,
            )
        )

    def count_overdue(self, *, today: date) -> int:
        return self._connection.execute(
            select(func.count())
            .select_from(appeal)
            .where(_OPEN, appeal.c.answer_by < today)
        ).scalar_one()

    def _sealed(self, words: str, column: str, appeal_id: UUID) -> bytes:
        return self._fields.seal(
            words.encode(), table="appeal", column=column, row=appeal_id
        )

    def _opened(self, sealed: bytes, column: str, appeal_id: UUID) -> str:
        return self._fields.unseal(
            sealed, table="appeal", column=column, row=appeal_id
        ).decode()


def _appeal(row: Row[*tuple[Any, ...]]) -> Appeal:
    return Appeal(
        appeal_id=row.appeal_id,
        number=number_of(row.year, row.number),
        client_id=row.client_id,
        against=row.against,
        inquiry_id=row.inquiry_id,
        received_on=row.received_on,
        recorded_at=row.recorded_at,
        recorded_by=row.recorded_by,
        answer_by=row.answer_by,
        extended_at=row.extended_at,
        extension_reason=row.extension_reason,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        outcome=None if row.outcome is None else AppealOutcome(row.outcome),
    )
