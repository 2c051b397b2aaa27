"""Sessions by the digest of their token; activity is one conditional UPDATE."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    and_,
    case,
    or_,
    select,
)

from services.auth.domain.sessions import EndReason, Limits, Session
from services.auth.storage.tables import logins, sessions

_COLUMNS = (
    sessions.c.session_id,
    sessions.c.login_id,
    sessions.c.client_id,
    sessions.c.opened_at,
    sessions.c.active_at,
    sessions.c.browser,
)
_SWEPT_AT_ONCE: Final = 500
"""Rows one sweep ends; what is left waits for the next beat."""


class SqlSessions:
    """The port `Sessions` over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, session: Session, digest: bytes) -> None:
        self._connection.execute(
            sessions.insert(),
            {
                "session_id": session.session_id,
                "token_sha256": digest,
                "login_id": session.login_id,
                "client_id": session.client_id,
                "opened_at": session.opened_at,
                "active_at": session.active_at,
                "browser": session.browser,
            },
        )

    def touch(
        self, digests: Collection[bytes], *, limits: Limits, now: datetime, wait: bool
    ) -> Mapping[bytes, Session]:
        """The lock comes first: its WHERE is read again when others have let go."""
        living = (
            select(sessions.c.session_id)
            .where(_alive(limits))
            .where(sessions.c.token_sha256.in_(digests))
            .with_for_update(skip_locked=not wait)
            .cte("living")
        )
        statement = (
            sessions.update()
            .where(sessions.c.session_id == living.c.session_id)
            .values(active_at=now)
            .returning(*_COLUMNS, sessions.c.token_sha256)
        )
        return _by_digest(self._connection.execute(statement))

    def look(
        self, digests: Collection[bytes], *, limits: Limits
    ) -> Mapping[bytes, Session]:
        statement = (
            select(*_COLUMNS, sessions.c.token_sha256)
            .where(_alive(limits))
            .where(sessions.c.token_sha256.in_(digests))
        )
        return _by_digest(self._connection.execute(statement))

    def end(self, session_id: UUID, reason: EndReason, *, now: datetime) -> bool:
        statement = (
            sessions.update()
            .where(sessions.c.session_id == session_id)
            .where(sessions.c.ended_at.is_(None))
            .values(ended_at=now, end_reason=reason)
        )
        return self._connection.execute(statement).rowcount == 1

    def end_others(
        self, session: Session, reason: EndReason, *, now: datetime
    ) -> Sequence[Session]:
        statement = (
            sessions.update()
            .where(sessions.c.client_id == session.client_id)
            .where(sessions.c.session_id != session.session_id)
            .where(sessions.c.ended_at.is_(None))
            .values(ended_at=now, end_reason=reason)
            .returning(*_COLUMNS)
        )
        return [_known(row) for row in self._connection.execute(statement)]

    def end_all(
        self, client_id: UUID, reason: EndReason, *, now: datetime
    ) -> Sequence[Session]:
        statement = (
            sessions.update()
            .where(sessions.c.client_id == client_id)
            .where(sessions.c.ended_at.is_(None))
            .values(ended_at=now, end_reason=reason)
            .returning(*_COLUMNS)
        )
        return [_known(row) for row in self._connection.execute(statement)]

    def end_beyond(
        self, session: Session, *, most: int, now: datetime
    ) -> Sequence[Session]:
        """The lock on the login makes logins of one client count one another."""
        self._connection.execute(
            select(logins.c.login_id)
            .where(logins.c.login_id == session.login_id)
            .with_for_update()
        )
        beyond = (
            select(sessions.c.session_id)
            .where(sessions.c.client_id == session.client_id)
            .where(sessions.c.ended_at.is_(None))
            .order_by(
                (sessions.c.session_id == session.session_id).desc(),
                sessions.c.active_at.desc(),
            )
            .offset(most)
        )
        statement = (
            sessions.update()
            .where(sessions.c.session_id.in_(beyond.scalar_subquery()))
            .values(ended_at=now, end_reason="replaced")
            .returning(*_COLUMNS)
        )
        return [_known(row) for row in self._connection.execute(statement)]

    def of_client(self, client_id: UUID, *, limits: Limits) -> Sequence[Session]:
        statement = (
            select(*_COLUMNS)
            .where(_alive(limits))
            .where(sessions.c.client_id == client_id)
            .order_by(sessions.c.opened_at.desc(), sessions.c.session_id.desc())
        )
        return [_known(row) for row in self._connection.execute(statement)]

    def step_up(self, session_id: UUID, digest: bytes, *, now: datetime) -> bool:
        statement = _open(session_id).values(token_sha256=digest, stepped_up_at=now)
        return self._connection.execute(statement).rowcount == 1

    def use_step_up(self, session_id: UUID, *, since: datetime) -> bool:
        """One conditional UPDATE: of two changes at once, one finds it."""
        statement = (
            _open(session_id)
            .where(sessions.c.stepped_up_at >= since)
            .values(stepped_up_at=None)
        )
        return self._connection.execute(statement).rowcount == 1

    def rotate(self, session_id: UUID, digest: bytes) -> bool:
        statement = _open(session_id).values(token_sha256=digest)
        return self._connection.execute(statement).rowcount == 1

    def end_stale(
        self, *, limits: Limits, now: datetime
    ) -> Sequence[tuple[Session, EndReason]]:
        """Rows another process holds are left for the next beat."""
        stale = (
            select(sessions.c.session_id)
            .where(sessions.c.ended_at.is_(None))
            .where(
                or_(
                    sessions.c.active_at < limits.active_since,
                    sessions.c.opened_at < limits.opened_since,
                )
            )
            .limit(_SWEPT_AT_ONCE)
            .with_for_update(skip_locked=True)
        )
        too_old = sessions.c.opened_at < limits.opened_since
        statement = (
            sessions.update()
            .where(sessions.c.session_id.in_(stale.scalar_subquery()))
            .values(ended_at=now, end_reason=case((too_old, "absolute"), else_="idle"))
            .returning(*_COLUMNS, sessions.c.end_reason)
        )
        return [
            (_known(row), row.end_reason) for row in self._connection.execute(statement)
        ]


def _open(session_id: UUID) -> Update:
    return (
        sessions.update()
        .where(sessions.c.session_id == session_id)
        .where(sessions.c.ended_at.is_(None))
    )


def _alive(limits: Limits) -> ColumnElement[bool]:
    return and_(
        sessions.c.ended_at.is_(None),
        sessions.c.active_at >= limits.active_since,
        sessions.c.opened_at >= limits.opened_since,
    )


def _by_digest(rows: Iterable[Row[*tuple[Any, ...]]]) -> Mapping[bytes, Session]:
    return {bytes(row.token_sha256): _known(row) for row in rows}


def _known(row: Row[*tuple[Any, ...]]) -> Session:
    return Session(
        session_id=row.session_id,
        login_id=row.login_id,
        client_id=row.client_id,
        opened_at=row.opened_at,
        active_at=row.active_at,
        browser=row.browser,
    )
