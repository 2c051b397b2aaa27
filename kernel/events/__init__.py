"""The published language: one module per publisher, one class per event version."""

from kernel.events import (
    antifraud,
    audit,
    auth,
    contracts,
    disbursement,
    onboarding,
    platform,
)
from kernel.events.base import Event, EventSchemaError, Instant, WireMoney, Word
from kernel.events.envelope import Envelope, EnvelopeError, opened_together

__all__ = [
    "Envelope",
    "EnvelopeError",
    "Event",
    "EventSchemaError",
    "Instant",
    "WireMoney",
    "Word",
    "antifraud",
    "audit",
    "auth",
    "contracts",
    "disbursement",
    "onboarding",
    "opened_together",
    "platform",
]
