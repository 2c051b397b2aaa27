"""What members of the staff may see of clients' logins, and the one thing they may end.

Ids and instants: the number, the hash and the codes stay where they are.  A lock can
be looked at and not be lifted: nobody unlocks earlier (clause 4.7).
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Context, StaffMember
from kernel.database import Transaction
from kernel.values import refuse_unfit_reason
from services.auth.domain.sessions import Limits, Session, limits
from services.auth.domain.staff import Lock, client_not_found
from services.auth.domain.visits import OfficePass
from services.auth.handlers import sessions, visits
from services.auth.storage.locks import standing_locks
from services.auth.wiring.desk import Desk

RECORD_VISIT: Final = "carry_out_visit"
"""The operation two agree on; its name is that of the service's method."""


@dataclass(frozen=True, slots=True)
class Visited:
    """What waits for another's yes, and what the client takes home for it."""

    approval: Approval
    office_pass: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class User:
    """A client's login as the staff may see it."""

    login_id: UUID
    client_id: UUID
    has_password: bool
    locked_until: datetime | None
    sessions: int


class CareUseCases:
    """What client care and the security officer do."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def show(self, context: Context, client_id: UUID) -> User:
        """A client's login; Refused ``client_not_found``."""
        with self._desk.begin(context) as (_, stores):
            login = stores.logins.by_client(client_id)
            if login is None:
                raise client_not_found()
            return User(
                login_id=login.login_id,
                client_id=client_id,
                has_password=login.password_hash is not None,
                locked_until=stores.attempts.locked_until(login.phone_token),
                sessions=len(
                    stores.sessions.of_client(client_id, limits=self._alive())
                ),
            )

    def sessions_of(self, context: Context, client_id: UUID) -> Sequence[Session]:
        """Where a client is logged in."""
        with self._desk.begin(context) as (_, stores):
            return stores.sessions.of_client(client_id, limits=self._alive())

    def end_session(
        self,
        context: Context,
        *,
        client_id: UUID,
        session_id: UUID,
        ground: str,
        by: StaffMember,
    ) -> None:
        """End one session of a client.

        Refused ``session_not_found``, ``reason_unfit``.
        """
        refuse_unfit_reason(ground)
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            sessions.end_for_client(
                client_id,
                session_id,
                ground=ground,
                by=by.id,
                now=now,
                rules=self._desk.rules(now),
                sessions=stores.sessions,
                publish=tx.publish,
            )

    def record_visit(
        self, context: Context, *, client_id: UUID, reason: str, by: StaffMember
    ) -> Visited:
        """Ask that a client who was at the office may begin the change of a number.

        The pass is shown this once, and good when another person has agreed.
        Refused ``reason_unfit``.
        """
        refuse_unfit_reason(reason)
        office_pass = self._desk.tokens.new()
        platform = self._desk.platform
        with self._desk.begin(context) as (tx, _):
            asked = approvals.request(
                tx,
                operation=RECORD_VISIT,
                arguments={
                    "client_id": str(client_id),
                    "pass_sha256": self._desk.tokens.digest(office_pass).hex(),
                    "reason": reason,
                },
                effect=f"client {client_id}, seen at the office, may set another"
                f" number after ЦОИД and ЭЦП: {reason}",
                by=by,
                policy=platform.policy,
                ids=platform.ids,
            )
        return Visited(asked, office_pass)

    def carry_out_visit(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: the pass is good from now on, and the number there is told."""
        asked, now, stores = approval.arguments, tx.now, self._desk.stores(tx)
        hours = self._desk.platform.policy.integer("auth.office_pass_hours", now)
        login = visits.record(
            OfficePass(
                pass_id=approval.approval_id,
                client_id=UUID(str(asked["client_id"])),
                digest=bytes.fromhex(str(asked["pass_sha256"])),
                expires_at=now + timedelta(hours=hours),
            ),
            reason=str(asked["reason"]),
            asked_by=approval.requested_by,
            by=by,
            logins=stores.logins,
            passes=stores.office_passes,
            publish=tx.publish,
        )
        self._desk.notify(
            "recovery_notice",
            phone=login.phone,
            client_id=login.client_id,
            stores=stores,
            now=now,
        )

    def locks(self, context: Context) -> Sequence[Lock]:
        """The locks that stand now, of clients and of staff."""
        with self._desk.begin(context) as (tx, _):
            return standing_locks(tx.connection, now=self._desk.now())

    def _alive(self) -> Limits:
        now = self._desk.now()
        return limits(self._desk.rules(now), now=now)
