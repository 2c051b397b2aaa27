"""What the events of the other services leave behind (clause 6.1g i)."""

from uuid import UUID

from kernel.events import Envelope, Event
from services.antifraud.domain.catalogue import Entity
from services.antifraud.domain.occurrences import account_named_by, happening
from services.antifraud.ports import Unit


def remember(event: Event, envelope: Envelope, *, unit: Unit) -> None:
    """Keep an event's occurrences; an account told by its id is looked up."""
    account = None
    if by_id := account_named_by(event):
        client_id: UUID = getattr(event, "client_id")  # noqa: B009 - every such event has one
        key = unit.account_of(client_id, by_id)
        account = key and key.removeprefix(f"{Entity.ACCOUNT}:")
    unit.remember(happening(event, envelope, account=account))
