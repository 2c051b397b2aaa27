"""Registrations, and who is asked about those who register."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.values import Iin, Phone
from services.onboarding.domain.change import Change
from services.onboarding.domain.consent import Leave
from services.onboarding.domain.person import (
    Person,
    PhoneVerdict,
    StateRecord,
)
from services.onboarding.domain.refusal import RefusalRecord
from services.onboarding.domain.registration import Registration, RegistrationState


class Registrations(Protocol):
    """Registrations with the persons and photos that belong to them."""

    def add(self, registration: Registration) -> None: ...

    def get(self, registration_id: UUID) -> Registration | None: ...

    def move(
        self,
        registration_id: UUID,
        *,
        source: RegistrationState,
        target: RegistrationState,
        at: datetime,
    ) -> bool:
        """One conditional update; False when it no longer stands in `source`."""
        ...

    def set_term(self, registration_id: UUID, *, until: datetime) -> None:
        """Until when it may be gone on with."""
        ...

    def refuse(self, registration_id: UUID, *, code: str, at: datetime) -> bool:
        """End it without an account; False when it has ended already."""
        ...

    def add_refusal(self, record: RefusalRecord) -> None: ...

    def refusals(self, registration_id: UUID) -> tuple[RefusalRecord, ...]:
        """What one registration was refused for, the newest first."""
        ...

    def latest_refusals(self, *, limit: int) -> tuple[RefusalRecord, ...]: ...

    def spend_person_try(self, registration_id: UUID, *, most: int) -> bool:
        """Count one question to the state; False when all are spent."""
        ...

    def return_person_try(self, registration_id: UUID) -> None:
        """Take back a count: the state gave no answer."""
        ...

    def add_person(
        self, client_id: UUID, person: Person, *, iin_token: str, at: datetime
    ) -> None: ...

    def person(self, client_id: UUID) -> Person | None: ...

    def change_identity(self, change: Change, *, at: datetime) -> bool:
        """From the old names and document to the new; False when they are others."""
        ...

    def photo_sha256(self, registration_id: UUID) -> str | None: ...

    def identified(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        """Registrations that are due to be activated, the oldest first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class SentCode:
    """A one-time code on its way to a phone."""

    challenge_id: UUID
    expires_at: datetime


class PhoneCodes(Protocol):
    """Auth, which sends one-time codes and compares what comes back."""

    def send(self, phone: Phone, *, reference: UUID) -> SentCode: ...

    def check(self, challenge_id: UUID, code: str) -> str:
        """The confirmed phone's token. Refused with auth's own code."""
        ...


class StateBase(Protocol):
    """The state's databases of persons (ГБД ФЛ) and of phone owners (БМГ).

    Both are asked by leave of the consent to the use of personal data.
    """

    def person(self, iin: Iin, *, by: Leave) -> StateRecord | None: ...

    def phone_owner(self, iin: Iin, phone: Phone, *, by: Leave) -> PhoneVerdict: ...
