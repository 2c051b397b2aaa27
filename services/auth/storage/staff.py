"""Members of the staff, their roles, sessions and acknowledgements."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    case,
    func,
    or_,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FieldKeys
from kernel.ids import Ids
from services.auth.domain.roles import Role
from services.auth.domain.sessions import Limits
from services.auth.domain.staff import Held, Member, Stay, StayEnd
from services.auth.storage.tables import (
    staff_acknowledgements,
    staff_members,
    staff_roles,
    staff_sessions,
)

_MEMBER = (
    staff_members.c.staff_id,
    staff_members.c.login,
    staff_members.c.name_sealed,
    staff_members.c.state,
    staff_members.c.password_sealed,
    staff_members.c.invited_at,
    staff_members.c.invited_by,
    staff_members.c.activated_at,
    staff_members.c.last_login_at,
)
_HELD = (
    staff_roles.c.staff_id,
    staff_roles.c.role,
    staff_roles.c.granted_at,
    staff_roles.c.granted_by,
    staff_roles.c.approved_by,
    staff_roles.c.confirmed_at,
)
_STAY = (
    staff_sessions.c.session_id,
    staff_sessions.c.staff_id,
    staff_sessions.c.opened_at,
    staff_sessions.c.active_at,
)


class SqlStaff:
    """The port `Staff` over one open transaction."""

    def __init__(self, connection: Connection, fields: FieldKeys, ids: Ids) -> None:
        self._connection = connection
        self._fields = fields
        self._ids = ids

    def anybody_active(self) -> bool:
        """The lock makes two first invitations at once wait for one another."""
        self._connection.execute(text("LOCK TABLE staff_members IN EXCLUSIVE MODE"))
        found = select(func.count()).where(staff_members.c.activated_at.is_not(None))
        return self._connection.execute(found).scalar_one() > 0

    def invite(self, member: Member, invitation: bytes, *, until: datetime) -> None:
        values = {
            "name_sealed": self._sealed(member.staff_id, "name", member.name),
            "state": "invited",
            "password_sealed": None,
            "invitation_sha256": invitation,
            "invitation_until": until,
            "invited_at": member.invited_at,
            "invited_by": member.invited_by,
        }
        self._connection.execute(
            insert(staff_members)
            .values(staff_id=member.staff_id, login=member.login, **values)
            .on_conflict_do_update(
                index_elements=[staff_members.c.staff_id],
                set_=values,
                where=staff_members.c.state != "active",
            )
        )

    def by_login(self, login: str) -> Member | None:
        return self._one(staff_members.c.login == login)

    def by_id(self, staff_id: UUID) -> Member | None:
        return self._one(staff_members.c.staff_id == staff_id)

    def by_invitation(self, invitation: bytes, *, now: datetime) -> Member | None:
        return self._one(
            and_(
                staff_members.c.invitation_sha256 == invitation,
                staff_members.c.invitation_until > now,
                staff_members.c.state == "invited",
            )
        )

    def everybody(self) -> Sequence[Member]:
        statement = select(*_MEMBER).order_by(staff_members.c.login)
        return [self._member(row) for row in self._connection.execute(statement)]

    def set_password(self, staff_id: UUID, password_hash: str) -> None:
        sealed = self._sealed(staff_id, "password", password_hash)
        self._connection.execute(
            staff_members.update()
            .where(staff_members.c.staff_id == staff_id)
            .where(staff_members.c.state == "invited")
            .values(password_sealed=sealed)
        )

    def activate(self, staff_id: UUID, *, now: datetime) -> bool:
        statement = (
            staff_members.update()
            .where(staff_members.c.staff_id == staff_id)
            .where(staff_members.c.state == "invited")
            .where(staff_members.c.password_sealed.is_not(None))
            .values(state="active", activated_at=now, invitation_sha256=None)
        )
        return self._connection.execute(statement).rowcount == 1

    def suspend(self, staff_id: UUID) -> bool:
        statement = (
            staff_members.update()
            .where(staff_members.c.staff_id == staff_id)
            .where(staff_members.c.state != "suspended")
            .values(state="suspended", invitation_sha256=None, password_sealed=None)
        )
        return self._connection.execute(statement).rowcount == 1

    def note_login(self, staff_id: UUID, *, now: datetime) -> None:
        self._connection.execute(
            staff_members.update()
            .where(staff_members.c.staff_id == staff_id)
            .values(last_login_at=now)
        )

    def held(self, staff_id: UUID | None = None) -> Sequence[Held]:
        statement = (
            select(*_HELD)
            .where(staff_roles.c.revoked_at.is_(None))
            .order_by(staff_roles.c.staff_id, staff_roles.c.role)
        )
        if staff_id is not None:
            statement = statement.where(staff_roles.c.staff_id == staff_id)
        return [_held(row) for row in self._connection.execute(statement)]

    def grant(
        self,
        staff_id: UUID,
        role: Role,
        *,
        by: UUID | None,
        approved_by: UUID | None,
        now: datetime,
    ) -> None:
        agreed = {"granted_by": by, "approved_by": approved_by, "confirmed_at": now}
        self._connection.execute(
            insert(staff_roles)
            .values(
                grant_id=self._ids.new(),
                staff_id=staff_id,
                role=role,
                granted_at=now,
                **agreed,
            )
            .on_conflict_do_update(
                index_elements=["staff_id", "role"],
                index_where=staff_roles.c.revoked_at.is_(None),
                set_=agreed,
            )
        )

    def revoke(self, staff_id: UUID, role: Role, *, by: UUID, now: datetime) -> bool:
        statement = (
            staff_roles.update()
            .where(staff_roles.c.staff_id == staff_id)
            .where(staff_roles.c.role == role)
            .where(staff_roles.c.revoked_at.is_(None))
            .values(revoked_at=now, revoked_by=by)
        )
        return self._connection.execute(statement).rowcount == 1

    def has_acknowledged(self, staff_id: UUID, version: str) -> bool:
        statement = (
            select(func.count())
            .where(staff_acknowledgements.c.staff_id == staff_id)
            .where(staff_acknowledgements.c.version == version)
        )
        return self._connection.execute(statement).scalar_one() > 0

    def acknowledge(self, staff_id: UUID, version: str, *, now: datetime) -> bool:
        statement = insert(staff_acknowledgements).values(
            staff_id=staff_id, version=version, acknowledged_at=now
        )
        added = self._connection.execute(statement.on_conflict_do_nothing())
        return added.rowcount == 1

    def _one(self, condition: ColumnElement[bool]) -> Member | None:
        row = self._connection.execute(select(*_MEMBER).where(condition)).first()
        return None if row is None else self._member(row)

    def _sealed(self, staff_id: UUID, column: str, value: str) -> bytes:
        return self._fields.seal(
            value.encode(), table="staff_members", column=column, row=staff_id
        )

    def _unsealed(self, staff_id: UUID, column: str, sealed: bytes) -> str:
        return self._fields.unseal(
            bytes(sealed), table="staff_members", column=column, row=staff_id
        ).decode()

    def _member(self, row: "Row[*tuple[Any, ...]]") -> Member:
        sealed = row.password_sealed
        return Member(
            staff_id=row.staff_id,
            login=row.login,
            name=self._unsealed(row.staff_id, "name", row.name_sealed),
            state=row.state,
            invited_at=row.invited_at,
            invited_by=row.invited_by,
            password_hash=(
                None
                if sealed is None
                else self._unsealed(row.staff_id, "password", sealed)
            ),
            activated_at=row.activated_at,
            last_login_at=row.last_login_at,
        )


class SqlStays:
    """The port `Stays` over one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, stay: Stay, digest: bytes) -> None:
        self._connection.execute(
            staff_sessions.insert(),
            {
                "session_id": stay.session_id,
                "token_sha256": digest,
                "staff_id": stay.staff_id,
                "opened_at": stay.opened_at,
                "active_at": stay.active_at,
            },
        )

    def touch(self, digest: bytes, *, limits: Limits, now: datetime) -> Stay | None:
        statement = (
            staff_sessions.update()
            .where(staff_sessions.c.token_sha256 == digest)
            .where(staff_sessions.c.ended_at.is_(None))
            .where(staff_sessions.c.active_at >= limits.active_since)
            .where(staff_sessions.c.opened_at >= limits.opened_since)
            .values(active_at=now)
            .returning(*_STAY)
        )
        row = self._connection.execute(statement).first()
        return None if row is None else _stay(row)

    def end(self, session_id: UUID, reason: StayEnd, *, now: datetime) -> bool:
        return bool(self._ended(staff_sessions.c.session_id == session_id, reason, now))

    def end_of(
        self, staff_id: UUID, reason: StayEnd, *, now: datetime
    ) -> Sequence[Stay]:
        return self._ended(staff_sessions.c.staff_id == staff_id, reason, now)

    def end_stale(
        self, *, limits: Limits, now: datetime
    ) -> Sequence[tuple[Stay, StayEnd]]:
        too_old = staff_sessions.c.opened_at < limits.opened_since
        statement = (
            staff_sessions.update()
            .where(staff_sessions.c.ended_at.is_(None))
            .where(or_(staff_sessions.c.active_at < limits.active_since, too_old))
            .values(ended_at=now, end_reason=case((too_old, "absolute"), else_="idle"))
            .returning(*_STAY, staff_sessions.c.end_reason)
        )
        rows = self._connection.execute(statement)
        return [(_stay(row), row.end_reason) for row in rows]

    def _ended(
        self, condition: ColumnElement[bool], reason: StayEnd, now: datetime
    ) -> Sequence[Stay]:
        statement = (
            staff_sessions.update()
            .where(condition)
            .where(staff_sessions.c.ended_at.is_(None))
            .values(ended_at=now, end_reason=reason)
            .returning(*_STAY)
        )
        return [_stay(row) for row in self._connection.execute(statement)]


def _held(row: "Row[*tuple[Any, ...]]") -> Held:
    return Held(
        staff_id=row.staff_id,
        role=row.role,
        granted_at=row.granted_at,
        granted_by=row.granted_by,
        approved_by=row.approved_by,
        confirmed_at=row.confirmed_at,
    )


def _stay(row: "Row[*tuple[Any, ...]]") -> Stay:
    return Stay(
        session_id=row.session_id,
        staff_id=row.staff_id,
        opened_at=row.opened_at,
        active_at=row.active_at,
    )
