"""The twin of a transaction: all stores, and rolling back."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import dataclass, field
from uuid import UUID

from kernel.crypto import Json
from kernel.events import Event
from services.onboarding.ports import (
    Identified,
    PhotoOnFile,
)
from tests.unit.onboarding.account_twins import FakeAccounts, FakeChanges
from tests.unit.onboarding.ceremony_twins import FakeCeremonies, FakeKeptSignatures
from tests.unit.onboarding.erasure_twins import FakeErasures, FakeKeys
from tests.unit.onboarding.photo_twins import FakePhotos
from tests.unit.onboarding.registration_twins import (
    FakeClients,
    FakeConsents,
    FakeDocuments,
    FakeObligations,
    FakeReadings,
    FakeRegistrations,
)
from tests.unit.onboarding.review_twins import FakeQuestions, FakeReviews
from tests.unit.origins import FakeOrigins


@dataclass
class FakeDossiers:
    """Looks into the other stores of the unit."""

    unit: "FakeUnit"

    def photo(self, client_id: UUID) -> PhotoOnFile | None:
        client = self.unit.clients.rows[client_id]
        accepted = self.unit.registrations.photos.get(client.registration_id)
        for photo in self.unit.photos.judged:
            if photo.seen.sha256 == accepted:
                return PhotoOnFile(
                    media_type="image/jpeg", sha256=accepted, raw=photo.seen.jpeg
                )
        return None

    def identifications(self, client_id: UUID) -> tuple[Identified, ...]:
        return tuple(
            Identified(
                ceremony_id=row.ceremony_id,
                operation=row.operation,
                state=row.state,
                document_sha256=row.document_sha256,
                opened_at=row.opened_at,
            )
            for row in self.unit.ceremonies.rows.values()
            if row.client_id == client_id
        )


@dataclass
class FakeUnit:
    """All stores; `begin` rolls back to a copy when the block raises."""

    registrations: FakeRegistrations = field(default_factory=FakeRegistrations)
    clients: FakeClients = field(default_factory=FakeClients)
    accounts: FakeAccounts = field(default_factory=FakeAccounts)
    ceremonies: FakeCeremonies = field(default_factory=FakeCeremonies)
    changes: FakeChanges = field(default_factory=FakeChanges)
    consents: FakeConsents = field(default_factory=FakeConsents)
    obligations: FakeObligations = field(default_factory=FakeObligations)
    readings: FakeReadings = field(default_factory=FakeReadings)
    documents: FakeDocuments = field(default_factory=FakeDocuments)
    archive: FakeKeptSignatures = field(default_factory=FakeKeptSignatures)
    keys: FakeKeys = field(default_factory=FakeKeys)
    erasures: FakeErasures = field(default_factory=FakeErasures)
    reviews: FakeReviews = field(default_factory=FakeReviews)
    questions: FakeQuestions = field(default_factory=FakeQuestions)
    origins: FakeOrigins = field(default_factory=FakeOrigins)
    photos: FakePhotos = field(init=False)
    events: list[Event] = field(default_factory=list)
    open: bool = False
    replies: list[Mapping[str, Json]] | None = None
    """Of the one Idempotency-Key there is, if requests have one."""

    def __post_init__(self) -> None:
        self.photos = FakePhotos(self.registrations)

    @property
    def dossiers(self) -> FakeDossiers:
        return FakeDossiers(self)

    def once(self, run: Callable[[], Mapping[str, Json]]) -> Mapping[str, Json]:
        if self.replies is None:
            return run()
        if not self.replies:
            self.replies.append(run())
        return self.replies[0]

    def publish(self, event: Event) -> UUID:
        self.events.append(event)
        return UUID(int=len(self.events))

    @contextmanager
    def begin(self) -> Iterator["FakeUnit"]:
        assert not self.open, "a transaction inside a transaction"
        before = deepcopy(
            (
                self.registrations,
                self.clients,
                self.accounts,
                self.ceremonies,
                self.changes,
                self.consents,
                self.obligations,
                self.readings,
                self.documents,
                self.photos,
                self.erasures,
                self.reviews,
                self.questions,
                self.origins,
            )
        )
        said, self.open = len(self.events), True
        try:
            yield self
        except BaseException:
            (
                self.registrations,
                self.clients,
                self.accounts,
                self.ceremonies,
                self.changes,
                self.consents,
                self.obligations,
                self.readings,
                self.documents,
                self.photos,
                self.erasures,
                self.reviews,
                self.questions,
                self.origins,
            ) = before
            del self.events[said:]
            raise
        finally:
            self.open = False

    def said(self, kind: type[Event]) -> list[Event]:
        return [event for event in self.events if isinstance(event, kind)]
