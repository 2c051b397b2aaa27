"""What members of the staff may see of clients' logins, and the one thing they may end.

Ids and instants: the number, the hash and the codes stay where they are.  A lock can
be looked at and not be lifted: nobody unlocks earlier (clause 4.7).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.context import Context, StaffMember
from kernel.errors import Refused
from kernel.values import refuse_unfit_reason
from services.auth.domain.sessions import Limits, Session, limits
from services.auth.domain.staff import Lock
from services.auth.handlers import sessions
from services.auth.storage.locks import standing_locks
from services.auth.wiring.desk import Desk


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
                raise Refused(
                    "client_not_found",
                    "No client has this id.",
                    next_step="Look at the id again.",
                )
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

    def locks(self, context: Context) -> Sequence[Lock]:
        """The locks that stand now, of clients and of staff."""
        with self._desk.begin(context) as (tx, _):
            return standing_locks(tx.connection, now=self._desk.now())

    def _alive(self) -> Limits:
        now = self._desk.now()
        return limits(self._desk.rules(now), now=now)
