"""The facts any service may publish about the wire itself."""

from typing import Literal
from uuid import UUID

from kernel.events.base import Event, Instant, Word


class MessageQuarantined(Event):
    """A message was refused at the door: forged, unsigned, unknown or misshapen.

    A security event (clause 3.4).  ``sender`` is the broker's validated user or
    ``"-"``; only the digest of the body is told, for it may hold anything.
    """

    TYPE = "platform.message_quarantined.v1"
    SUBJECT = "quarantine"

    quarantine_id: UUID
    code: str
    sender: str
    body_sha256: str


class MessageParked(Event):
    """A good message could not be handled within its attempts; a person looks."""

    TYPE = "platform.message_parked.v1"
    SUBJECT = "quarantine"

    quarantine_id: UUID
    code: str
    event_type: str
    event_id: UUID


class OutboxCounted(Event):
    """A service says how many events its outbox holds: ``first`` to ``last``.

    Its own number is above ``last``, so a listener to everything learns of the newest
    that it has not got; silence tells that nothing arrives any more.  ``events`` are
    counted one by one: fewer than the numbers say means that rows were taken away.
    ``waiting`` have no number yet.
    """

    TYPE = "platform.outbox_counted.v1"
    SUBJECT = "count"

    count_id: UUID
    first: int
    last: int
    events: int
    waiting: int


class CertificateExpiring(Event):
    """A certificate ends soon and was not renewed, or has ended (clause 7.1).

    ``principal`` is the process that shows it: ``own`` to ours, ``outer`` to partners.
    Once it is ``expired`` the process makes no connection any more.
    """

    TYPE = "platform.certificate_expiring.v1"
    SUBJECT = "certificate"

    certificate_id: UUID
    principal: str
    which: Word[Literal["own", "outer"]]
    expires_at: Instant
    standing: Word[Literal["expiring", "expired"]]


class StaffCalled(Event):
    """A member of the staff asked a service for something (clauses 6.1d to 6.1f).

    ``staff_id`` is None when the request did not prove who makes it; ``permission`` is
    ``entrance`` where none is needed yet, and of that only refusals are told;
    ``outcome`` is ``done`` or the code of the refusal, ``transient`` or ``broken``.
    """

    TYPE = "platform.staff_called.v1"
    SUBJECT = "call"

    call_id: UUID
    staff_id: UUID | None
    method: str
    permission: str
    outcome: str


class ApprovalRequested(Event):
    """A member of the staff asks for what takes four eyes; another one decides.

    ``arguments_sha256`` is of the canonical arguments, which stay with the service.
    """

    TYPE = "platform.approval_requested.v1"
    SUBJECT = "approval"

    approval_id: UUID
    operation: str
    arguments_sha256: str
    requested_by: UUID
    expires_at: Instant


class ApprovalGiven(Event):
    """The second person said yes."""

    TYPE = "platform.approval_given.v1"
    SUBJECT = "approval"

    approval_id: UUID
    operation: str
    decided_by: UUID


class ApprovalExecuted(Event):
    """What four eyes agreed on was carried out, in the commit that says so."""

    TYPE = "platform.approval_executed.v1"
    SUBJECT = "approval"

    approval_id: UUID
    operation: str


class ApprovalRefused(Event):
    """The second person said no: it is not carried out."""

    TYPE = "platform.approval_refused.v1"
    SUBJECT = "approval"

    approval_id: UUID
    operation: str
    decided_by: UUID


class DropRequested(Event):
    """An operator asked that a parked message never be applied.

    Published while dropping had a protocol of its own; now `ApprovalRequested` is.

    ``drop_id`` names the request; ``reason`` is in words of ours, no personal data.
    """

    TYPE = "platform.drop_requested.v1"
    SUBJECT = "drop"

    drop_id: UUID
    event_type: str
    event_id: UUID
    asked_by: str
    reason: str


class DropRefused(Event):
    """The second person said no: the message stayed parked.

    Published while dropping had a protocol of its own; now `ApprovalRefused` is.
    """

    TYPE = "platform.drop_refused.v1"
    SUBJECT = "drop"

    drop_id: UUID
    event_type: str
    event_id: UUID
    asked_by: str
    refused_by: str
    reason: str


class MessageDropped(Event):
    """By four eyes, a parked message will never be applied; its subject goes on."""

    TYPE = "platform.message_dropped.v1"
    SUBJECT = "drop"

    drop_id: UUID
    event_type: str
    event_id: UUID
    asked_by: str
    approved_by: str
    reason: str
