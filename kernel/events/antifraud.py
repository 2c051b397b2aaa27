"""The facts antifraud publishes: what it decided and what it stopped."""

from typing import Literal
from uuid import UUID

from kernel.events.base import Event, Word


class DecisionMade(Event):
    """An operation was judged before it went on (clause 6.1g)."""

    TYPE = "antifraud.decision_made.v1"
    SUBJECT = "decision"

    decision_id: UUID
    operation: str
    client_id: UUID
    outcome: Word[Literal["allow", "review", "suspend", "refuse"]]
    score: int
    rules: tuple[str, ...]


class OperationSuspended(Event):
    """The operation does not move until it is released (clause 6.1g)."""

    TYPE = "antifraud.operation_suspended.v1"
    SUBJECT = "decision"

    decision_id: UUID
    operation: str
    client_id: UUID


class RulesChanged(Event):
    """Operations are judged by another version of the rules (clause 6.1g).

    ``sha256`` is the digest of what the version says; ``approved_by`` is None for a
    step back, which one person may take at once.
    """

    TYPE = "antifraud.rules_changed.v1"
    SUBJECT = "change"

    change_id: UUID
    version: str
    instead_of: str
    sha256: str
    asked_by: UUID
    approved_by: UUID | None


class OperationReleased(Event):
    """A person let a suspended operation, or a client, move again (clause 6.1g)."""

    TYPE = "antifraud.operation_released.v1"
    SUBJECT = "decision"

    decision_id: UUID
    operation: str
    client_id: UUID
