"""The record of who was turned away, who did what, and what was looked at."""

from dataclasses import dataclass
from uuid import UUID

from kernel.events.auth import AccessRefused, OperationCalled
from services.auth.ports import Publish


@dataclass(frozen=True, slots=True, kw_only=True)
class Called:
    """One request of a client that changed something or showed personal data."""

    request_id: UUID
    client_id: UUID | None
    action: str
    object_id: UUID | None
    outcome: str


def record_refusal(request_id: UUID, *, what: str, code: str, publish: Publish) -> None:
    """Record that a request was refused for want of right, or for a mismatch.

    `what` is the method and the route's pattern, never the address that was asked.
    """
    publish(AccessRefused(request_id=request_id, what=what, code=code))


def record_call(called: Called, *, publish: Publish) -> None:
    """Record what a client did and how it ended (clauses 6.1d, 6.1e)."""
    publish(
        OperationCalled(
            request_id=called.request_id,
            client_id=called.client_id,
            action=called.action,
            object_id=called.object_id,
            outcome=called.outcome,
        )
    )
