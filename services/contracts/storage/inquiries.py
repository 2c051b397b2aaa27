"""Rows of inquiries, and their letters: sealed, and only added."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, exists, func, select, text

from kernel.crypto import UnsealError
from kernel.errors import Broken
from kernel.pages import Page
from services.contracts.domain.inquiries import (
    About,
    Inquiry,
    InquiryState,
    Letter,
    Subject,
)
from services.contracts.storage.keys import KeyRing
from services.contracts.storage.tables import (
    applications,
    contracts,
    inquiries,
    letters,
)

_COLUMNS: Final[tuple[ColumnElement[Any], ...]] = (
    inquiries.c.id,
    inquiries.c.client_id,
    inquiries.c.about,
    inquiries.c.about_id,
    inquiries.c.opened_at,
    inquiries.c.answer_by,
    inquiries.c.state,
    inquiries.c.extended,
    inquiries.c.written_at,
)
_LOCK: Final = text(
    "SELECT pg_advisory_xact_lock(hashtextextended('inquiries/' || :client_id, 0))"
)


class InquiryRows:
    """Implements Inquiries on one open transaction."""

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

    def add(self, inquiry: Inquiry) -> None:
        self._connection.execute(
            inquiries.insert().values(
                id=inquiry.id,
                client_id=inquiry.client_id,
                about=inquiry.subject.about.value,
                about_id=inquiry.subject.id,
                opened_at=inquiry.opened_at,
                answer_by=inquiry.answer_by,
                state=inquiry.state.value,
                extended=inquiry.extended,
                written_at=inquiry.written_at,
            )
        )

    def get(self, inquiry_id: UUID) -> Inquiry | None:
        row = self._connection.execute(
            select(*_COLUMNS).where(inquiries.c.id == inquiry_id).with_for_update()
        ).one_or_none()
        return None if row is None else _inquiry(row)

    def save(self, inquiry: Inquiry) -> None:
        self._connection.execute(
            inquiries.update()
            .where(inquiries.c.id == inquiry.id)
            .values(
                state=inquiry.state.value,
                answer_by=inquiry.answer_by,
                extended=inquiry.extended,
                written_at=inquiry.written_at,
            )
        )

    def list_own(self, client_id: UUID, page: Page) -> list[Inquiry]:
        query = (
            select(*_COLUMNS)
            .where(inquiries.c.client_id == client_id)
            .order_by(inquiries.c.id.desc())
            .limit(page.rows)
        )
        if page.before is not None:
            query = query.where(inquiries.c.id < page.before)
        return [_inquiry(row) for row in self._connection.execute(query)]

    def queue(self, state: InquiryState, *, limit: int) -> list[Inquiry]:
        query = (
            select(*_COLUMNS)
            .where(inquiries.c.state == state.value)
            .order_by(inquiries.c.answer_by, inquiries.c.written_at)
            .limit(limit)
        )
        return [_inquiry(row) for row in self._connection.execute(query)]

    def count_overdue(self, *, on: date) -> int:
        query = (
            select(func.count())
            .select_from(inquiries)
            .where(
                inquiries.c.state == InquiryState.WAITING.value,
                inquiries.c.answer_by < on,
            )
        )
        return int(self._connection.execute(query).scalar_one())

    def open_of(self, client_id: UUID) -> int:
        query = (
            select(func.count())
            .select_from(inquiries)
            .where(
                inquiries.c.client_id == client_id,
                inquiries.c.state != InquiryState.CLOSED.value,
            )
        )
        return int(self._connection.execute(query).scalar_one())

    def add_letter(self, letter: Letter, *, client_id: UUID) -> None:
        self._keys.make(client_id, at=letter.written_at)
        self._connection.execute(
            letters.insert().values(
                id=letter.id,
                inquiry_id=letter.inquiry_id,
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

    def letters(self, inquiry_id: UUID) -> Sequence[Letter]:
        rows = self._connection.execute(
            select(letters, inquiries.c.client_id)
            .join(inquiries)
            .where(letters.c.inquiry_id == inquiry_id)
            .order_by(letters.c.id)
        )
        return [
            Letter(
                id=row.id,
                inquiry_id=row.inquiry_id,
                text=self._text(row),
                written_at=row.written_at,
                staff_id=row.staff_id,
            )
            for row in rows
        ]

    def count_letters(self, inquiry_id: UUID) -> int:
        query = (
            select(func.count())
            .select_from(letters)
            .where(letters.c.inquiry_id == inquiry_id)
        )
        return int(self._connection.execute(query).scalar_one())

    def written_since(self, client_id: UUID, *, since: datetime) -> int:
        query = (
            select(func.count())
            .select_from(letters.join(inquiries))
            .where(
                inquiries.c.client_id == client_id,
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


def _inquiry(row: Row[Any]) -> Inquiry:
    return Inquiry(
        id=row.id,
        client_id=row.client_id,
        subject=Subject(about=About(row.about), id=row.about_id),
        opened_at=row.opened_at,
        answer_by=row.answer_by,
        state=InquiryState(row.state),
        extended=row.extended,
        written_at=row.written_at,
    )
