"""What every service answers to its operators, whatever else it does."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select

from kernel import approvals, checks, outbox
from kernel.approvals import Operation
from kernel.context import Call, jsonable
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.inbox import Inbox
from kernel.parked import DROP, Parking
from kernel.platform import AnyPlatform
from kernel.tables import inbox, quarantine

PERMISSIONS: Final[Mapping[str, str]] = {
    **dict.fromkeys(("status", "check", "outbox_status"), "platform.look"),
    **dict.fromkeys(("left_to_send", "parked_list", "parked_show"), "platform.look"),
    **dict.fromkeys(("replay_parked", "send_again"), "platform.replay"),
    "ask_drop": "platform.drop",
    **dict.fromkeys(("approvals_list", "approvals_show"), "approvals.look"),
    **dict.fromkeys(("approve", "reject"), "approvals.decide"),
}
"""What a member of the staff needs for each method; see services/auth/domain/roles."""


class Operations:
    """The methods only staff may call; no data of persons."""

    def __init__(
        self,
        service: str,
        platform: AnyPlatform,
        reactions: Inbox | None,
        own: Mapping[str, Operation] = MappingProxyType({}),
    ) -> None:
        """``own`` are the service's operations that take four eyes."""
        self._service = service
        self._platform = platform
        self._reactions = reactions
        self._own = own

    def status(self, call: Call) -> Json:
        """What waits to leave, what waits to be applied, what was refused.

        ``outbox_oldest_age_s`` is whole seconds; ``inbox`` counts by state but for
        what was applied.
        """
        with self._platform.database.begin(call.context) as tx:
            stands = outbox.standing(tx.connection)
            return {
                "service": self._service,
                "outbox_unpublished": stands.unpublished,
                "outbox_oldest_age_s": self._age_s(stands.oldest_unpublished),
                "inbox": _inbox_states(tx.connection),
                "quarantined": tx.connection.execute(
                    select(func.count()).select_from(quarantine)
                ).scalar_one(),
            }

    def check(self, call: Call) -> Json:  # noqa: ARG002 - every method takes its call
        """Whether database, schema, clock, broker and certificate are well."""
        return {
            "service": self._service,
            "principal": self._platform.settings.principal,
            "parts": jsonable(checks.examine(self._platform, self._service)),
        }

    def outbox_status(self, call: Call) -> Json:
        """What waits to leave, and which sequences can be sent again."""
        with self._platform.database.begin(call.context) as tx:
            stands = outbox.standing(tx.connection)
        return {
            "unpublished": stands.unpublished,
            "oldest_age_s": self._age_s(stands.oldest_unpublished),
            "first_replayable": stands.first_replayable,
            "last_sequence": stands.last_sequence,
        }

    def send_again(
        self, call: Call, *, from_sequence: int, to_sequence: int | None = None
    ) -> Json:
        """Publish stored events once more, the newest being the default end.

        Refused: ``no_such_sequence``, with what there is.
        """
        with self._platform.database.begin(call.context) as tx:
            stands = outbox.standing(tx.connection)
            first, last = stands.first_replayable or 0, stands.last_sequence or 0
            end = last if to_sequence is None else to_sequence
            if not 0 < first <= from_sequence <= end <= last:
                raise Refused(
                    "no_such_sequence",
                    f"The outbox holds sequences {first} to {last}.",
                    next_step="Name the first and the last of them you need.",
                    first=first,
                    last=last,
                )
            outbox.send_again(tx.connection, from_sequence, end)
        return {
            "from": from_sequence,
            "to": end,
            "events": end - from_sequence + 1,
        }

    def left_to_send(self, call: Call, *, from_sequence: int, to_sequence: int) -> Json:
        """How many of these the broker has not confirmed yet."""
        with self._platform.database.begin(call.context) as tx:
            return {
                "left": outbox.left_to_send(tx.connection, from_sequence, to_sequence)
            }

    def parked_list(self, call: Call) -> Json:
        """The messages that wait for a person, oldest first."""
        return {"parked": self._parking.listed(call) if self._reactions else []}

    def parked_show(self, call: Call, *, message_id: UUID) -> Json:
        """One of them with its data and what it holds up.  Refused: ``not_parked``."""
        return self._parking.shown(call, message_id)

    def replay_parked(self, call: Call, *, message_id: UUID) -> Json:  # noqa: ARG002 - as check
        """Handle a parked message once more; what waits behind it follows.

        Refused: ``not_parked``.
        """
        outcome = self._parking.replayed(message_id)
        return {"message_id": str(message_id), "outcome": outcome.value}

    def ask_drop(self, call: Call, *, message_id: UUID, reason: str) -> Json:
        """Ask that a parked message never be applied; another person decides.

        Refused: ``not_parked``, ``reason_unfit``, ``approval_already_asked``.
        """
        policy = self._platform.policy
        return self._parking.ask_drop(call, message_id, reason, policy=policy)

    def approvals_list(self, call: Call) -> Json:
        """What waits for a second person here, and what was decided."""
        with self._platform.database.begin(call.context) as tx:
            return {"approvals": approvals.listed(tx)}

    def approvals_show(self, call: Call, *, approval_id: UUID) -> Json:
        """One request: its effect, its arguments.  Refused ``approval_not_found``."""
        with self._platform.database.begin(call.context) as tx:
            return approvals.shown(tx, approval_id)

    def approve(
        self, call: Call, *, approval_id: UUID, arguments_sha256: str | None = None
    ) -> Json:
        """Say yes to what another person asks, and have it done; see kernel.approvals.

        ``arguments_sha256`` is the digest of the arguments as they were shown.
        """
        operations = self._operations()
        with self._platform.database.begin(call.context) as tx:
            done = approvals.approve(
                tx,
                approval_id,
                seen=arguments_sha256,
                by=call.by,
                operations=operations,
            )
        operations[str(done["operation"])].then()
        return done

    def reject(self, call: Call, *, approval_id: UUID) -> Json:
        """Say no to what another person asks; see kernel.approvals."""
        with self._platform.database.begin(call.context) as tx:
            return approvals.reject(
                tx, approval_id, by=call.by, operations=self._operations()
            )

    def _operations(self) -> Mapping[str, Operation]:
        if self._reactions is None:
            return self._own
        drop = Operation(
            permission="platform.drop_decide",
            run=self._parking.drop,
            then=self._reactions.retry_due,
        )
        return {**self._own, DROP: drop}

    @property
    def _parking(self) -> Parking:
        if self._reactions is None:
            raise Refused(
                "not_parked",
                "This service listens to nobody.",
                next_step="Ask the service whose alarm it was.",
            )
        return Parking(self._reactions)

    def _age_s(self, instant: datetime | None) -> int:
        if instant is None:
            return 0
        return int((self._platform.clock.now() - instant).total_seconds())


def _inbox_states(connection: Connection) -> dict[str, Json]:
    rows = connection.execute(
        select(inbox.c.state, func.count())
        .where(inbox.c.state != "applied")
        .group_by(inbox.c.state)
    )
    none = dict.fromkeys(("waiting", "failed", "parked", "dropped"), 0)
    return none | {row[0]: row[1] for row in rows}
