"""What a phone is told, and in which language."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.auth.domain.languages import Language
from services.auth.domain.messages import Message, Report, Told


class SmsGateway(Protocol):
    """Delivers texts to phones; the same `message_id` is delivered once."""

    def send(self, message: Message) -> None:
        """Hand a message over.  Raises Transient or Broken."""
        ...

    def report(self, message_id: UUID) -> Report:
        """What became of a message it has taken.  Raises Transient."""
        ...


class Languages(Protocol):
    """In which language a number is written to."""

    def choose(
        self, phone_token: str, language: Language, *, now: datetime
    ) -> None: ...

    def of(self, phone_token: str) -> Language:
        """The language chosen last; the house's when none was."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove choices older than an instant of numbers that became no login."""
        ...


class Messages(Protocol):
    """Texts on their way out: written with the state that causes them."""

    def queue(self, message: Message) -> None: ...

    def drop(self, message: Message) -> None:
        """The work of `queue`, for a message nobody is to get."""
        ...

    def take_due(self, *, now: datetime, until: datetime) -> Sequence[Message]:
        """Lease the messages that are due until an instant; each counts an attempt."""
        ...

    def sent(self, message_id: UUID, *, now: datetime, ask_at: datetime) -> bool:
        """Mark as sent and forget the text; False when it was marked before."""
        ...

    def postpone(self, message_id: UUID, *, until: datetime) -> None: ...

    def take_expired(self, *, now: datetime) -> Sequence[Told]:
        """Give up what is too old to be useful; which they were."""
        ...

    def give_up(self, message_id: UUID, *, now: datetime) -> bool:
        """Forget a waiting message; False when it waits no more."""
        ...

    def take_unreported(self, *, now: datetime, until: datetime) -> Sequence[Told]:
        """Lease sent messages of which a report is due until an instant."""
        ...

    def ask_again(self, message_id: UUID, *, at: datetime | None) -> None:
        """When to ask for the report next; None for never."""
        ...

    def reported(self, message_id: UUID, *, delivered: bool, now: datetime) -> bool:
        """Keep the report; False when there is one already."""
        ...
