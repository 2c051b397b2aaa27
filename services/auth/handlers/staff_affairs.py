"""Who is on the staff and what they may do; nobody decides on themselves (6.1f)."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from kernel.context import StaffMember
from kernel.events.auth import (
    StaffInvited,
    StaffRestored,
    StaffRoleGranted,
    StaffRoleRevoked,
    StaffSuspended,
)
from services.auth.domain.roles import Role
from services.auth.domain.staff import (
    Held,
    Member,
    StaffRules,
    asker_suspended,
    concerns_yourself,
    login_of,
    login_taken,
    login_unfit,
    role_not_held,
    staff_exists,
    staff_not_found,
)
from services.auth.handlers.staff_entry import ended, is_in
from services.auth.handlers.staff_office import Office


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """Somebody to be let in, and the digest of what lets them in."""

    login: str
    name: str
    digest: bytes


@dataclass(frozen=True, slots=True)
class Certified:
    """One line of the report on roles: who holds what, and is it due."""

    member: Member
    held: Held
    due: bool


def invite(
    invitation: Invitation, by: UUID | None, rules: StaffRules, *, at: Office
) -> Member:
    """Let somebody in who has no role yet; who is not active may be invited anew.

    Refused ``login_unfit``, ``login_taken``.
    """
    login = login_of(invitation.login)
    if login is None or login != invitation.login:
        raise login_unfit()
    known = at.staff.by_login(login)
    if known is not None and known.state == "active":
        raise login_taken()
    member = Member(
        staff_id=at.ids.new() if known is None else known.staff_id,
        login=login,
        name=invitation.name,
        state="invited",
        invited_at=at.now,
        invited_by=by,
    )
    at.staff.invite(member, invitation.digest, until=at.now + rules.invitation)
    at.publish(StaffInvited(staff_id=member.staff_id, invited_by=by))
    return member


def invite_first(
    invitations: Sequence[Invitation], rules: StaffRules, *, at: Office
) -> None:
    """Invite the first administrators: the owner's act, until one of them is in.

    Refused ``staff_exists``.
    """
    if at.staff.anybody_active():
        raise staff_exists()
    for invitation in invitations:
        member = invite(invitation, None, rules, at=at)
        at.staff.grant(
            member.staff_id, "administrator", by=None, approved_by=None, now=at.now
        )
        at.publish(
            StaffRoleGranted(
                staff_id=member.staff_id,
                role="administrator",
                granted_by=None,
                approved_by=None,
            )
        )


def concerned(staff_id: UUID, by: StaffMember, *, at: Office) -> Member:
    """The member somebody else decides on.

    Refused ``staff_not_found``, ``concerns_yourself``.
    """
    if staff_id == by.id:
        raise concerns_yourself()
    member = at.staff.by_id(staff_id)
    if member is None:
        raise staff_not_found()
    return member


def grant(
    staff_id: UUID, role: Role, *, asked_by: UUID, by: StaffMember, at: Office
) -> None:
    """Let a member hold a role, as two others agree; a role held is confirmed.

    Refused ``staff_not_found``, ``concerns_yourself``, and ``asker_suspended`` when
    there are no longer two to agree.
    """
    asker = at.staff.by_id(asked_by)
    if asker is None or not is_in(asker, at=at):
        raise asker_suspended()
    member = concerned(staff_id, by, at=at)
    if member.staff_id == asked_by:
        raise concerns_yourself()
    if member.state == "suspended":
        raise staff_not_found()
    at.staff.grant(staff_id, role, by=asked_by, approved_by=by.id, now=at.now)
    at.publish(
        StaffRoleGranted(
            staff_id=staff_id, role=role, granted_by=asked_by, approved_by=by.id
        )
    )


def revoke(staff_id: UUID, role: Role, *, by: StaffMember, at: Office) -> None:
    """Take a role away.  Refused ``concerns_yourself``, ``role_not_held``."""
    concerned(staff_id, by, at=at)
    if not at.staff.revoke(staff_id, role, by=by.id, now=at.now):
        raise role_not_held()
    at.publish(StaffRoleRevoked(staff_id=staff_id, role=role, revoked_by=by.id))


def suspend(staff_id: UUID, *, by: StaffMember, at: Office) -> None:
    """Keep a member out: sessions end, roles and factors are gone.

    Tokens given before live to their end, a minute at most.  A repetition changes
    nothing.  Refused ``staff_not_found``, ``concerns_yourself``.
    """
    concerned(staff_id, by, at=at)
    if not at.staff.suspend(staff_id):
        return
    for held in at.staff.held(staff_id):
        revoke(staff_id, held.role, by=by, at=at)
    at.totps.remove(staff_id)
    for passkey in at.passkeys.of_login(staff_id):
        at.passkeys.remove(passkey)
    for stay in at.stays.end_of(staff_id, "suspended", now=at.now):
        at.publish(ended(stay, "suspended"))
    at.publish(StaffSuspended(staff_id=staff_id, suspended_by=by.id))


def hold(staff_id: UUID, incident_id: UUID, *, at: Office) -> None:
    """Keep a member out while an incident asks for it; roles and factors wait.

    Whoever is unknown is passed over, and so is a repetition.
    """
    if at.staff.by_id(staff_id) is None:
        return
    if not at.blocks.add(f"staff:{staff_id}", incident_id, now=at.now):
        return
    for stay in at.stays.end_of(staff_id, "suspended", now=at.now):
        at.publish(ended(stay, "suspended"))
    at.publish(StaffSuspended(staff_id=staff_id, suspended_by=incident_id))


def let_go(staff_id: UUID, incident_id: UUID, *, at: Office) -> None:
    """Undo `hold`; another incident's stays."""
    subject = f"staff:{staff_id}"
    if at.blocks.lift(subject, incident_id) and not at.blocks.stands(subject):
        at.publish(StaffRestored(staff_id=staff_id, incident_id=incident_id))


def certified(rules: StaffRules, *, at: Office) -> Sequence[Certified]:
    """Who holds which role, since when and by whose yes (clause 6.1f)."""
    members = {member.staff_id: member for member in at.staff.everybody()}
    return [
        Certified(members[held.staff_id], held, held.is_due(rules, now=at.now))
        for held in at.staff.held()
    ]
