"""Use cases of open sessions: where a client is logged in, and ending that."""

from collections.abc import Sequence
from uuid import UUID

from kernel.context import Context
from services.auth.domain.sessions import Session
from services.auth.handlers import sessions
from services.auth.wiring.desk import Desk


class SessionUseCases:
    """What a client sees and does about their own sessions (ASVS 7.5.2)."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def list_own(self, context: Context, *, session: Session) -> Sequence[Session]:
        """The client's living sessions, the newest first."""
        with self._desk.begin(context) as (_, stores):
            now = self._desk.now()
            return sessions.list_sessions(
                session,
                now=now,
                rules=self._desk.rules(now),
                sessions=stores.sessions,
            )

    def revoke(self, context: Context, *, session: Session, session_id: UUID) -> None:
        """End one of the client's sessions; Refused ``session_not_found``."""
        with self._desk.begin(context) as (tx, stores):
            now = self._desk.now()
            sessions.revoke_session(
                session_id,
                by=session,
                now=now,
                rules=self._desk.rules(now),
                sessions=stores.sessions,
                publish=tx.publish,
            )

    def revoke_others(self, context: Context, *, session: Session) -> int:
        """End all the client's sessions but this one; how many."""
        with self._desk.begin(context) as (tx, stores):
            return sessions.end_other_sessions(
                session,
                "revoked",
                now=self._desk.now(),
                sessions=stores.sessions,
                publish=tx.publish,
            )
