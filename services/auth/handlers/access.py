"""The record of who was turned away (clauses 1.3b, 6.1b, 6.1e)."""

from uuid import UUID

from kernel.events.auth import AccessRefused
from services.auth.ports import Publish


def record_refusal(request_id: UUID, *, what: str, code: str, publish: Publish) -> None:
    """Record that a request was refused for want of right.

    `what` is the method and the route's pattern, never the address that was asked.
    """
    publish(AccessRefused(request_id=request_id, what=what, code=code))
