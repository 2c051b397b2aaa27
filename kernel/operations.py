"""What every service answers to its operators, whatever else it does."""

from uuid import UUID

from sqlalchemy import Connection, func, select

from kernel.context import Call
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.inbox import Inbox
from kernel.platform import AnyPlatform
from kernel.tables import inbox, outbox, quarantine


class Operations:
    """The methods only the principal `operator` may call; no data of persons."""

    def __init__(
        self, service: str, platform: AnyPlatform, reactions: Inbox | None
    ) -> None:
        self._service = service
        self._platform = platform
        self._reactions = reactions

    def status(self, call: Call) -> Json:
        """What waits to leave, what waits to be applied, what was refused.

        ``outbox_oldest_age_s`` is whole seconds; ``inbox`` counts by state but for
        what was applied.
        """
        with self._platform.database.begin(call.context) as tx:
            waiting, oldest = tx.connection.execute(
                select(func.count(), func.min(outbox.c.time)).where(
                    outbox.c.published_at.is_(None)
                )
            ).one()
            age = self._platform.clock.now() - oldest if oldest else None
            return {
                "service": self._service,
                "outbox_unpublished": waiting,
                "outbox_oldest_age_s": int(age.total_seconds()) if age else 0,
                "inbox": _inbox_states(tx.connection),
                "quarantined": tx.connection.execute(
                    select(func.count()).select_from(quarantine)
                ).scalar_one(),
            }

    def parked(self, call: Call) -> Json:  # noqa: ARG002 - every method takes its call
        """The messages that wait for a person, oldest first."""
        found = self._reactions.parked() if self._reactions else []
        return {
            "parked": [
                {
                    "message_id": str(one.message_id),
                    "type": one.type,
                    "subject": one.subject,
                    "attempts": one.attempts,
                    "reason": one.reason,
                }
                for one in found
            ]
        }

    def replay_parked(self, call: Call, *, message_id: UUID) -> Json:  # noqa: ARG002 - as parked
        """Handle a parked message once more; what waits behind it follows.

        Refused: ``not_parked``.
        """
        outcome = self._reactions.replay(message_id) if self._reactions else None
        if outcome is None:
            raise Refused(
                "not_parked",
                "No such message is parked here.",
                next_step="List the parked messages.",
            )
        return {"message_id": str(message_id), "outcome": outcome.value}


def _inbox_states(connection: Connection) -> dict[str, Json]:
    rows = connection.execute(
        select(inbox.c.state, func.count())
        .where(inbox.c.state != "applied")
        .group_by(inbox.c.state)
    )
    return {"waiting": 0, "failed": 0, "parked": 0} | {row[0]: row[1] for row in rows}
