"""Members of the staff and their stays at the desk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.roles import Role
from services.auth.domain.sessions import Limits
from services.auth.domain.staff import Held, Member, Stay, StayEnd


class Staff(Protocol):
    """Members of the staff, the roles they hold, the rules they acknowledged."""

    def anybody_active(self) -> bool:
        """Whether any invitation was ever taken up; nobody invites meanwhile."""
        ...

    def invite(self, member: Member, invitation: bytes, *, until: datetime) -> None:
        """Add a member, or let one who is not active be invited anew."""
        ...

    def by_login(self, login: str) -> Member | None: ...

    def by_id(self, staff_id: UUID) -> Member | None: ...

    def by_invitation(self, invitation: bytes, *, now: datetime) -> Member | None:
        """Who may still come in by this invitation."""
        ...

    def everybody(self) -> Sequence[Member]: ...

    def set_password(self, staff_id: UUID, password_hash: str) -> None:
        """Keep the password of an invited member."""
        ...

    def activate(self, staff_id: UUID, *, now: datetime) -> bool:
        """Let an invited member with a password in; False when it is not one."""
        ...

    def suspend(self, staff_id: UUID) -> bool:
        """Keep a member out and forget the password; False when it is so already."""
        ...

    def note_login(self, staff_id: UUID, *, now: datetime) -> None: ...

    def held(self, staff_id: UUID | None = None) -> Sequence[Held]:
        """The roles a member holds now, or everybody's."""
        ...

    def grant(
        self,
        staff_id: UUID,
        role: Role,
        *,
        by: UUID | None,
        approved_by: UUID | None,
        now: datetime,
    ) -> None:
        """Let a member hold a role, or confirm that they do."""
        ...

    def revoke(self, staff_id: UUID, role: Role, *, by: UUID, now: datetime) -> bool:
        """Take a role away; False when it is not held."""
        ...

    def has_acknowledged(self, staff_id: UUID, version: str) -> bool: ...

    def acknowledge(self, staff_id: UUID, version: str, *, now: datetime) -> bool:
        """Record it; False when it was recorded before."""
        ...


class Stays(Protocol):
    """Open sessions of the staff."""

    def add(self, stay: Stay, digest: bytes) -> None: ...

    def touch(self, digest: bytes, *, limits: Limits, now: datetime) -> Stay | None:
        """The living session of a token, active from now on."""
        ...

    def end(self, session_id: UUID, reason: StayEnd, *, now: datetime) -> bool: ...

    def end_of(
        self, staff_id: UUID, reason: StayEnd, *, now: datetime
    ) -> Sequence[Stay]:
        """End all sessions of one member; those that were open."""
        ...

    def end_stale(
        self, *, limits: Limits, now: datetime
    ) -> Sequence[tuple[Stay, StayEnd]]: ...
