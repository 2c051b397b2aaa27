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
