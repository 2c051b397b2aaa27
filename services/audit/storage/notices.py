"""Notices of incidents; what is sent is sealed until then and after."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, or_, select, update

from kernel.crypto import FieldKeys
from services.audit.domain.incidents.notice import Addressee, Notice, Stage
from services.audit.storage.incident_tables import incident_notice as notice

_NOTICE: Final = (
    notice.c.notice_id,
    notice.c.incident_id,
    notice.c.addressee,
    notice.c.client_id,
    notice.c.round,
    notice.c.since,
    notice.c.due_at,
    notice.c.state,
    notice.c.stage,
    notice.c.approved_by,
    notice.c.papers_sha256,
    notice.c.attempts,
    notice.c.sent_at,
    notice.c.receipt,
)
_WAITS: Final = notice.c.state.in_(("due", "approved", "refused"))


class NoticeRows:
    """Implements Notices on an open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys) -> None:
        self._connection = connection
        self._fields = fields

    def add(self, new: Notice) -> None:
        self._connection.execute(
            notice.insert(),
            {
                **asdict(new),
                "addressee": new.addressee.value,
                "stage": int(new.stage),
            },
        )

    def listed(self, *, waiting: bool, limit: int) -> Sequence[Notice]:
        asked = select(*_NOTICE)
        if waiting:
            asked = asked.where(_WAITS).order_by(notice.c.due_at, notice.c.notice_id)
        else:
            asked = asked.order_by(notice.c.notice_id.desc())
        return self._read(asked.limit(limit))

    def of(self, incident_id: UUID) -> Sequence[Notice]:
        return self._read(
            select(*_NOTICE)
            .where(notice.c.incident_id == incident_id)
            .order_by(notice.c.notice_id)
        )

    def find(self, notice_id: UUID) -> Notice | None:
        found = self._read(select(*_NOTICE).where(notice.c.notice_id == notice_id))
        return found[0] if found else None

    def lock(self, notice_id: UUID) -> Notice | None:
        found = self._read(
            select(*_NOTICE).where(notice.c.notice_id == notice_id).with_for_update()
        )
        return found[0] if found else None

    def approve(
        self, notice_id: UUID, *, by: UUID, at: datetime, papers: bytes, sha256: str
    ) -> None:
        sealed = self._fields.seal(
            papers, table="incident_notice", column="papers_sealed", row=notice_id
        )
        self._set(
            notice.c.notice_id == notice_id,
            state="approved",
            approved_by=by,
            approved_at=at,
            papers_sealed=sealed,
            papers_sha256=sha256,
        )

    def papers(self, notice_id: UUID) -> bytes:
        sealed = self._connection.execute(
            select(notice.c.papers_sealed).where(notice.c.notice_id == notice_id)
        ).scalar_one()
        return self._fields.unseal(
            bytes(sealed),
            table="incident_notice",
            column="papers_sealed",
            row=notice_id,
        )

    def to_send(self, *, at: datetime, limit: int) -> Sequence[Notice]:
        rested = or_(notice.c.next_at.is_(None), notice.c.next_at <= at)
        return self._read(
            select(*_NOTICE)
            .where(_WAITS, notice.c.state == "approved", rested)
            .where(notice.c.client_id.is_(None))
            .order_by(notice.c.due_at, notice.c.notice_id)
            .limit(limit)
        )

    def sent(self, notice_id: UUID, *, receipt: str, at: datetime) -> None:
        self._set(
            notice.c.notice_id == notice_id, state="sent", receipt=receipt, sent_at=at
        )

    def failed(self, notice_id: UUID, *, attempts: int, next_at: datetime) -> None:
        self._set(notice.c.notice_id == notice_id, attempts=attempts, next_at=next_at)

    def refused(self, notice_id: UUID) -> None:
        self._set(notice.c.notice_id == notice_id, state="refused")

    def send_again(self, notice_id: UUID, *, at: datetime) -> bool:
        refused = notice.c.state == "refused"
        mine = notice.c.notice_id == notice_id
        return self._set(mine, refused, state="approved", next_at=at) == 1

    def withdraw(self, incident_id: UUID) -> None:
        self._set(notice.c.incident_id == incident_id, _WAITS, state="withdrawn")

    def waiting(self) -> Sequence[Notice]:
        return self._read(select(*_NOTICE).where(_WAITS))

    def reached(self, notice_id: UUID, stage: Stage) -> None:
        self._set(notice.c.notice_id == notice_id, stage=int(stage))

    def _set(self, *which: ColumnElement[bool], **values: object) -> int:
        done = self._connection.execute(update(notice).where(*which).values(**values))
        return done.rowcount

    def _read(self, asked: Any) -> Sequence[Notice]:  # noqa: ANN401 - any select of these
        return [_notice(row) for row in self._connection.execute(asked)]


def _notice(row: Row[*tuple[Any, ...]]) -> Notice:
    return Notice(
        notice_id=row.notice_id,
        incident_id=row.incident_id,
        addressee=Addressee(row.addressee),
        client_id=row.client_id,
        round=row.round,
        since=row.since,
        due_at=row.due_at,
        state=row.state,
        stage=Stage(row.stage),
        approved_by=row.approved_by,
        papers_sha256=row.papers_sha256,
        attempts=row.attempts,
        sent_at=row.sent_at,
        receipt=row.receipt,
    )
