"""Rows of appeals, and their letters: sealed, and only added."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, exists, func, select, text

from kernel.crypto import UnsealError
from kernel.errors import Broken
from kernel.pages import Page
from services.contracts.domain.appeals import (
    About,
    Appeal,
    AppealState,
    Letter,
    Subject,
)
from services.contracts.storage.keys import KeyRing
from services.contracts.storage.tables import (
    appeals,
    applications,
    contracts,
    letters,
)

_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    appeals.c.id,
    appeals.c.client_id,
    appeals.c.about,
    appeals.c.about_id,
    appeals.c.opened_at,
    appeals.c.answer_by,
    appeals.c.state,
    appeals.c.extended,
    appeals.c.written_at,
)
_LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('appeals/' || :client_id, 0))"
)


class AppealRows:
    """Implements Appeals on one open transaction."""

    def __init__(self, connection: Connection, *, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def hold(self, client_id: UUID) -> None:
        self._connection.execute(_LOCK, {"client_id": str(client_id)})

    def owns(self, client_id: UUID, subject: Subject) -> bool:
        if subject.id is None:
            return subject.about is About.OTHER
        table = contracts if subject.about is About.CONTRACT else applications
        own = exists().where(table.c.id == subject.id, table.c.client_id == client_id)
        return bool(self._connection.execute(select(own)).scalar_one())

    def add(self, appeal: Appeal) -> None:
        self._connection.execute(
            appeals.insert().values(
                id=appeal.id,
                client_id=appeal.client_id,
                about=appeal.subject.about.value,
                about_id=appeal.subject.id,
                opened_at=appeal.opened_at,
                answer_by=appeal.answer_by,
                state=appeal.state.value,
                extended=appeal.extended,
                written_at=appeal.written_at,
            )
        )

    def get(self, appeal_id: UUID) -> Appeal | None:
        row = self._connection.execute(
            select(*_COLUMNS).where(appeals.c.id == appeal_id).with_for_update()
        ).one_or_none()
        return None if row is None else _appeal(row)

    def save(self, appeal: Appeal) -> None:
        self._connection.execute(
            appeals.update()
            .where(appeals.c.id == appeal.id)
            .values(
                state=appeal.state.value,
                answer_by=appeal.answer_by,
                extended=appeal.extended,
                written_at=appeal.written_at,
            )
        )

    def list_own(self, client_id: UUID, page: Page) -> list[Appeal]:
        query = (
            select(*_COLUMNS)
            .where(appeals.c.client_id == client_id)
            .order_by(appeals.c.id.desc())
            .limit(page.rows)
        )
        if page.before is not None:
            query = query.where(appeals.c.id < page.before)
        return [_appeal(row) for row in self._connection.execute(query)]

    def queue(self, state: AppealState, *, limit: int) -> list[Appeal]:
        query = (
            select(*_COLUMNS)
            .where(appeals.c.state == state.value)
            .order_by(appeals.c.answer_by, appeals.c.written_at)
            .limit(limit)
        )
        return [_appeal(row) for row in self._connection.execute(query)]

    def count_overdue(self, *, on: date) -> int:
        query = (
            select(func.count())
            .select_from(appeals)
            .where(
                appeals.c.state == AppealState.WAITING.value,
                appeals.c.answer_by < on,
            )
        )
        return int(self._connection.execute(query).scalar_one())

    def open_of(self, client_id: UUID) -> int:
        query = (
            select(func.count())
            .select_from(appeals)
            .where(
                appeals.c.client_id == client_id,
                appeals.c.state != AppealState.CLOSED.value,
            )
        )
        return int(self._connection.execute(query).scalar_one())

    def add_letter(self, letter: Letter, *, client_id: UUID) -> None:
        self._keys.make(client_id, at=letter.written_at)
        self._connection.execute(
            letters.insert().values(
                id=letter.id,
                appeal_id=letter.appeal_id,
                text=self._keys.of_client(client_id).seal(
                    letter.text.encode(),
                    table=letters.name,
                    column="text",
                    row=letter.id,
                ),
                written_at=letter.written_at,
                staff_id=letter.staff_id,
            )
        )

    def letters(self, appeal_id: UUID) -> Sequence[Letter]:
        rows = self._connection.execute(
            select(letters, appeals.c.client_id)
            .join(appeals)
            .where(letters.c.appeal_id == appeal_id)
            .order_by(letters.c.id)
        )
        return [
            Letter(
                id=row.id,
                appeal_id=row.appeal_id,
                text=self._text(row),
                written_at=row.written_at,
                staff_id=row.staff_id,
            )
            for row in rows
        ]

    def count_letters(self, appeal_id: UUID) -> int:
        query = (
            select(func.count())
            .select_from(letters)
            .where(letters.c.appeal_id == appeal_id)
        )
        return int(self._connection.execute(query).scalar_one())

    def written_since(self, client_id: UUID, *, since: datetime) -> int:
        query = (
            select(func.count())
            .select_from(letters.join(appeals))
            .where(
                appeals.c.client_id == client_id,
                letters.c.staff_id.is_(None),
                letters.c.written_at > since,
            )
        )
        return int(self._connection.execute(query).scalar_one())

    def _text(self, row: Row[Any]) -> str:
        try:
            return (
                self._keys.of_client(row.client_id)
                .unseal(bytes(row.text), table=letters.name, column="text", row=row.id)
                .decode()
            )
        except UnsealError as error:
            raise Broken("A stored letter was changed") from error


def _appeal(row: Row[Any]) -> Appeal:
    return Appeal(
        id=row.id,
        client_id=row.client_id,
        subject=Subject(about=About(row.about), id=row.about_id),
        opened_at=row.opened_at,
        answer_by=row.answer_by,
        state=AppealState(row.state),
        extended=row.extended,
        written_at=row.written_at,
    )
