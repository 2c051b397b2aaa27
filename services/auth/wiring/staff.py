"""Use cases of the staff's door and of whoever looks after it."""

from collections.abc import Container, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Context, StaffMember
from kernel.crypto import Json, b32, random_bytes
from kernel.database import Transaction
from kernel.errors import Refused
from kernel.tokens import StaffTokens
from services.auth.domain.conduct import rules_not_acknowledged, text_of
from services.auth.domain.factors import (
    RECOVERY_BYTES,
    RECOVERY_CODES,
    TOTP_SECRET_BYTES,
    recovery_text,
)
from services.auth.domain.roles import ROLES, Role, permissions_of
from services.auth.domain.rules import PasswordRules
from services.auth.domain.staff import (
    Held,
    Member,
    StaffProof,
    StaffRules,
    Stay,
    login_of,
    staff_not_found,
)
from services.auth.domain.strength import Surroundings, accept_password
from services.auth.handlers import logins, staff_affairs, staff_entry
from services.auth.handlers.staff_affairs import Certified, Invitation
from services.auth.handlers.staff_office import Office
from services.auth.ports import Passwords
from services.auth.wiring.desk import Desk, granted

GRANT_ROLE: Final = "carry_out_role_grant"
"""The operation two others agree on; its name is that of the service's method."""


@dataclass(frozen=True, slots=True)
class Entered:
    """An open session of a member of the staff, and what is still due."""

    stay: Stay
    roles: Sequence[Role]
    expires_at: datetime
    must_acknowledge: str | None
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Opened:
    """A token for a minute of work."""

    expires_at: datetime
    permissions: frozenset[str]
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrolling:
    """What an invited person is shown once."""

    uri: str = field(repr=False)
    secret: str = field(repr=False)
    recovery_codes: Sequence[str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invited:
    """A new member without a role, and what lets them in."""

    member: Member
    expires_at: datetime
    approvals: Sequence[UUID]
    invitation: str = field(repr=False)


class StaffUseCases:
    """Who of the staff comes in, and what they may do from then on."""

    def __init__(
        self,
        desk: Desk,
        passwords: Passwords,
        tokens: StaffTokens,
        common: Container[str],
    ) -> None:
        self._desk = desk
        self._passwords = passwords
        self._tokens = tokens
        self._common = common

    def log_in(
        self, context: Context, *, login: str, password: str, proof: StaffProof
    ) -> Entered:
        """Password and second factor at once; Refused ``login_refused``.

        1. Reserve an attempt and commit: a crash later leaves it counted.
        2. Verify the password with no transaction open, the same work for everybody.
        3. Conclude: the second factor, the session, the events, in one commit.
        """
        known = login_of(login)
        login_token = self._desk.blind.token("staff_login", known or login)
        with self._office(context) as at:  # step 1
            reserved = staff_entry.reserve_attempt(login_token, known, at=at)
        tried = granted(reserved)
        has = None if tried.member is None else tried.member.password_hash
        right = self._passwords.matches(password, has)  # step 2
        session = self._desk.tokens.new()
        with self._office(context) as at:  # step 3
            digest = self._desk.tokens.digest(session)
            stay = staff_entry.conclude_attempt(
                tried, digest, proof, right=right, at=at
            )
            entered = stay if isinstance(stay, Refused) else self._in(stay, session, at)
        return granted(entered)

    def _in(self, stay: Stay, session: str, at: Office) -> Entered:
        version = self._rules(at.now).conduct
        read = at.staff.has_acknowledged(stay.staff_id, version)
        return Entered(
            stay=stay,
            roles=[held.role for held in at.staff.held(stay.staff_id)],
            expires_at=at.now + at.rules.absolute,
            must_acknowledge=None if read else version,
            token=session,
        )

    def token(self, context: Context, *, session: str) -> Opened:
        """A token that opens what the member's roles list, for a minute.

        Refused ``staff_session_required``, ``rules_not_acknowledged``.
        """
        with self._office(context) as at:
            _, member = self._member(session, at)
            conduct = self._rules(at.now).conduct
            held = staff_entry.roles_open(member, conduct, at=at)
        permissions = permissions_of(one.role for one in held)
        token, expires_at = self._tokens.issue(member.staff_id, permissions)
        return Opened(expires_at, permissions, token)

    def rules(self, context: Context, *, session: str) -> tuple[str, str]:
        """The version of the rules in force, and their text."""
        with self._office(context) as at:
            self._member(session, at)
            version = self._rules(at.now).conduct
        return version, text_of(version)

    def acknowledge(self, context: Context, *, session: str, version: str) -> None:
        """Bind the member by the rules in force.

        Refused ``rules_not_acknowledged`` for another version.
        """
        with self._office(context) as at:
            _, member = self._member(session, at)
            if version != self._rules(at.now).conduct:
                raise rules_not_acknowledged()
            staff_entry.acknowledge(member, version, at=at)

    def log_out(self, context: Context, *, session: str) -> None:
        """End the session; it gives no more tokens."""
        with self._office(context) as at:
            stay, _ = self._member(session, at)
            staff_entry.end_stay(stay, at=at)

    def activate(
        self, context: Context, *, invitation: str, password: str
    ) -> Enrolling:
        """Choose a password; what the authenticator and the paper need, shown once.

        Refused ``invitation_invalid``, ``password_weak``.
        """
        digest = self._desk.tokens.digest(invitation)
        with self._office(context) as at:
            staff_entry.invited(digest, at=at)
        accepted = accept_password(
            password,
            rules=PasswordRules.at(self._desk.platform.policy, self._desk.now()),
            around=Surroundings(phone=None, site=self._desk.site, common=self._common),
        )
        hashed = self._passwords.hash(accepted)
        secret = random_bytes(TOTP_SECRET_BYTES)
        codes = [
            recovery_text(random_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)
        ]
        with self._office(context) as at:
            member = staff_entry.invited(digest, at=at)
            totp = staff_entry.begin_activation(member, hashed, secret, codes, at=at)
        return Enrolling(totp.uri(site=self._desk.site), b32(secret), codes)

    def confirm(self, context: Context, *, invitation: str, code: str) -> None:
        """The first code of the authenticator uses the invitation up.

        Refused ``invitation_invalid``, ``code_wrong``.
        """
        with self._office(context) as at:
            digest = self._desk.tokens.digest(invitation)
            member = staff_entry.invited(digest, at=at)
            staff_entry.confirm_activation(member, code, at=at)

    def invite(
        self,
        context: Context,
        *,
        login: str,
        name: str,
        roles: Sequence[Role],
        by: StaffMember,
    ) -> Invited:
        """Invite somebody, and ask that they hold these roles: others decide that."""
        secret = self._desk.tokens.new()
        invitation = Invitation(
            login=login, name=name, digest=self._desk.tokens.digest(secret)
        )
        with self._desk.begin(context) as (tx, _):
            at = self._desk.office(tx)
            rules = self._rules(at.now)
            member = staff_affairs.invite(invitation, by.id, rules, at=at)
            asked = [self._ask_role(tx, member, role, by) for role in sorted(roles)]
        return Invited(
            member=member,
            expires_at=at.now + rules.invitation,
            approvals=[one.approval_id for one in asked],
            invitation=secret,
        )

    def invite_first(self, context: Context, names: Sequence[str]) -> list[str]:
        """One invitation per login, for the first administrators.

        Refused ``staff_exists`` as soon as one of them has come in.
        """
        secrets = [self._desk.tokens.new() for _ in names]
        invitations = [
            Invitation(login=login, name=login, digest=self._desk.tokens.digest(secret))
            for login, secret in zip(names, secrets, strict=True)
        ]
        with self._office(context) as at:
            staff_affairs.invite_first(invitations, self._rules(at.now), at=at)
        return secrets

    def everybody(self, context: Context) -> list[tuple[Member, Sequence[Held]]]:
        """The staff with the roles each holds."""
        with self._office(context) as at:
            return [
                (member, at.staff.held(member.staff_id))
                for member in at.staff.everybody()
            ]

    def show(self, context: Context, staff_id: UUID) -> tuple[Member, Sequence[Held]]:
        """One member with their roles; Refused ``staff_not_found``."""
        with self._office(context) as at:
            member = at.staff.by_id(staff_id)
            if member is None:
                raise staff_not_found()
            return member, at.staff.held(staff_id)

    def ask_role(
        self, context: Context, *, staff_id: UUID, role: Role, by: StaffMember
    ) -> Approval:
        """Ask that a member hold a role, or go on holding it; another decides."""
        with self._desk.begin(context) as (tx, _):
            at = self._desk.office(tx)
            member = staff_affairs.concerned(staff_id, by, at=at)
            return self._ask_role(tx, member, role, by)

    def _ask_role(
        self, tx: Transaction, member: Member, role: Role, by: StaffMember
    ) -> Approval:
        return approvals.request(
            tx,
            operation=GRANT_ROLE,
            arguments={"staff_id": str(member.staff_id), "role": role},
            effect=f"{member.login} holds the role {role}",
            by=by,
            policy=self._desk.platform.policy,
            ids=self._desk.platform.ids,
        )

    def carry_out_role_grant(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """What two others agreed on."""
        asked: Mapping[str, Json] = approval.arguments
        role = next(role for role in ROLES if role == asked["role"])
        staff_affairs.grant(
            UUID(str(asked["staff_id"])),
            role,
            asked_by=approval.requested_by,
            by=by,
            at=self._desk.office(tx),
        )

    def revoke_role(
        self, context: Context, *, staff_id: UUID, role: Role, by: StaffMember
    ) -> None:
        """Take a role away; it needs no second person, for it opens nothing."""
        with self._office(context) as at:
            staff_affairs.revoke(staff_id, role, by=by, at=at)

    def suspend(self, context: Context, *, staff_id: UUID, by: StaffMember) -> None:
        """Keep a member out at once."""
        with self._office(context) as at:
            staff_affairs.suspend(staff_id, by=by, at=at)

    def certified(self, context: Context) -> Sequence[Certified]:
        """The report on roles."""
        with self._office(context) as at:
            return staff_affairs.certified(self._rules(at.now), at=at)

    def sweep(self, context: Context) -> None:
        """End stale sessions and locks that have run out (clauses 4.7, 4.8)."""
        with self._office(context) as at:
            now, attempts, publish = at.now, at.attempts, at.publish
            staff_entry.end_stale_stays(at=at)
            logins.tell_locks(now=now, attempts=attempts, publish=publish)
            logins.reopen_access(now=now, attempts=attempts, publish=publish)

    def forget(self, context: Context, *, before: datetime) -> None:
        """Remove counts nobody will ask for any more."""
        with self._office(context) as at:
            at.attempts.forget(before=before)
            at.passkeys.forget(before=at.now)

    def _member(self, session: str, at: Office) -> tuple[Stay, Member]:
        return staff_entry.authenticate(self._desk.tokens.digest(session), at=at)

    def _rules(self, now: datetime) -> StaffRules:
        return StaffRules.at(self._desk.platform.policy, now)

    @contextmanager
    def _office(self, context: Context) -> Iterator[Office]:
        with self._desk.begin(context) as (tx, _):
            yield self._desk.office(tx)
