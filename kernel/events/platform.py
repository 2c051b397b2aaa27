"""The facts any service may publish about the wire itself."""

from uuid import UUID

from kernel.events.base import Event


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


class DropRequested(Event):
    """An operator asks that a parked message never be applied; a second one decides.

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
    """The second person said no: the message stays parked."""

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
