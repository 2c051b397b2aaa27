"""Codes that go to a phone, and the challenges they answer."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.values import Phone
from services.auth.domain.codes import Challenge, Claim, NumberPurpose, Purpose


class Codes(Protocol):
    """One-time codes and their keyed hashes."""

    def new(self) -> str:
        """Digits nobody can foretell."""
        ...

    def token(self, challenge_id: UUID, code: str) -> str:
        """The keyed hash of a code, good for this challenge only."""
        ...


class Challenges(Protocol):
    """Codes that were sent."""

    def reserve_send(
        self, phone_token: str, purpose: Purpose, *, now: datetime
    ) -> bool:
        """Take one of the sendings allowed in the window, atomically."""
        ...

    def sends_again_at(self, phone_token: str, purpose: Purpose) -> datetime:
        """When the window of sendings ends."""
        ...

    def add(self, challenge: Challenge) -> None: ...

    def reserve_try(
        self, claim: Claim, *, now: datetime, tries: int
    ) -> Challenge | None:
        """Count one try on an open, fitting, living challenge, atomically."""
        ...

    def find(self, challenge_id: UUID) -> Challenge | None: ...

    def confirm(self, claim: Claim, *, now: datetime) -> bool:
        """Close an open challenge as confirmed; False when it was not open."""
        ...

    def confirmed_phone(
        self, purpose: NumberPurpose, reference: UUID, phone_token: str
    ) -> Phone | None:
        """The number a registration, or a change, has proved to hold."""
        ...

    def void(self, client_id: UUID, phone_token: str, *, now: datetime) -> None:
        """Let every open code of a client's to a number be too old."""
        ...

    def forget(self, *, before: datetime) -> int:
        """Remove what expired before an instant; returns how many."""
        ...
