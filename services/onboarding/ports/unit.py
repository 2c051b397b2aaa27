"""One transaction with all that is kept."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from kernel.events import Event
from kernel.judged import Origins
from services.onboarding.ports.ceremonies import Ceremonies, KeptSignatures
from services.onboarding.ports.clients import Accounts, Changes, Clients
from services.onboarding.ports.judging import Questions
from services.onboarding.ports.personal_data import (
    CommittingKeys,
    Consents,
    Documents,
    Dossiers,
    Erasures,
    Obligations,
    Readings,
)
from services.onboarding.ports.photos import Photos
from services.onboarding.ports.registration import Registrations
from services.onboarding.ports.reviews import Reviews


class Unit(Protocol):
    """One transaction: state, evidence and events commit together."""

    @property
    def registrations(self) -> Registrations: ...

    @property
    def photos(self) -> Photos: ...

    @property
    def reviews(self) -> Reviews: ...

    @property
    def questions(self) -> Questions: ...

    @property
    def origins(self) -> Origins: ...

    @property
    def clients(self) -> Clients: ...

    @property
    def accounts(self) -> Accounts: ...

    @property
    def ceremonies(self) -> Ceremonies: ...

    @property
    def changes(self) -> Changes: ...

    @property
    def consents(self) -> Consents: ...

    @property
    def readings(self) -> Readings: ...

    @property
    def documents(self) -> Documents: ...

    @property
    def dossiers(self) -> Dossiers: ...

    @property
    def obligations(self) -> Obligations: ...

    @property
    def archive(self) -> KeptSignatures: ...

    @property
    def keys(self) -> CommittingKeys: ...

    @property
    def erasures(self) -> Erasures: ...

    def once(self, run: Callable[[], Mapping[str, Json]]) -> Mapping[str, Json]:
        """Run an act once per Idempotency-Key; the same request gets its reply."""
        ...

    def publish(self, event: Event) -> UUID:
        """Let the event leave with the commit."""
        ...


Begin = Callable[[], AbstractContextManager[Unit]]
"""Opens a transaction of one request; none is held across a network call."""
