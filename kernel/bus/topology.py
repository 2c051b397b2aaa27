"""What lies in the broker: exchanges, queues, and what is bound to what."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from kombu import Connection, Exchange, Queue

DELIVERY_LIMIT: Final = 5
"""Repetitions of an event after which the broker gives it up as a dead letter.

Few: a message that kills its process takes everything delivered with it along, and
nothing is lost, for the inbox takes dead letters up.  Not fewer: an orderly stop, a
broker restart and a lost connection count as well.
"""
RPC_DELIVERY_LIMIT: Final = 3
RPC_EXCHANGE: Final = "rpc"
REPLY_EXCHANGE: Final = "reply"


@dataclass(frozen=True, slots=True)
class Interest:
    """A listener's wish: every event of ``publisher`` on subjects of this kind."""

    publisher: str
    kind: str

    @property
    def binding_key(self) -> str:
        """The topic pattern of the wish; kind ``#`` means everything."""
        return "#" if self.kind == "#" else f"{self.kind}.#"


def declare_service(
    connection: Connection, service: str, interests: Iterable[Interest]
) -> None:
    """Declare what the service owns and bind what it listens to.  Idempotent.

    Runs before any relay starts, so that no event finds its listener missing.
    """
    channel = connection.default_channel
    dead = Exchange(f"{service}.dead", "fanout", durable=True)
    Queue(f"{service}.dead", dead, queue_arguments={"x-queue-type": "quorum"})(
        channel
    ).declare()
    Exchange(f"{service}.events", "topic", durable=True)(channel).declare()
    # No dead letters for commands: they may carry personal data, and nobody waits.
    Queue(
        f"{service}.rpc",
        queue_arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": RPC_DELIVERY_LIMIT,
        },
    )(channel).declare()
    channel.queue_bind(f"{service}.rpc", RPC_EXCHANGE, f"{service}.*")
    wishes = list(interests)
    if not wishes:
        return
    declare_inbox(connection, service)
    for wish in wishes:
        channel.queue_bind(
            f"{service}.inbox", f"{wish.publisher}.events", wish.binding_key
        )


def declare_inbox(connection: Connection, service: str) -> None:
    """The one queue in which a listening service receives events."""
    Queue(f"{service}.inbox", queue_arguments=_quorum(service, limit=DELIVERY_LIMIT))(
        connection.default_channel
    ).declare()


def _quorum(service: str, *, limit: int) -> dict[str, Any]:
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": limit,
        "x-dead-letter-exchange": f"{service}.dead",
        "x-dead-letter-strategy": "at-least-once",
        "x-overflow": "reject-publish",
    }
