"""What is kept of a person, by whose leave, and until when."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from kernel.erasure import KeyEnds, PersonKeys
from kernel.pages import Page
from services.onboarding.domain.ceremony import CeremonyState
from services.onboarding.domain.consent import ConsentRecord
from services.onboarding.domain.erasure import ErasureRequest, Kept
from services.onboarding.domain.person import (
    DocumentStanding,
    EndingDocument,
)
from services.onboarding.domain.reading import Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified:
    """What a client may be told of one ceremony long after it."""

    ceremony_id: UUID
    operation: str
    state: CeremonyState
    document_sha256: str
    opened_at: datetime


class Consents(Protocol):
    """What people consented to and took back; it only grows."""

    def add(self, client_id: UUID, record: ConsentRecord) -> None: ...

    def history(self, client_id: UUID) -> tuple[ConsentRecord, ...]:
        """All acts of one person, the oldest first."""
        ...


class Readings(Protocol):
    """Who read a client's data in clear; it only grows."""

    def add(self, reading: Reading) -> None: ...

    def of_client(self, client_id: UUID, page: Page) -> tuple[Reading, ...]:
        """The newest first; one more than the page shows, if there is one."""
        ...


class Documents(Protocol):
    """Clients' identity documents that end, and what was told of them."""

    def ending(
        self, *, today: date, until: date, limit: int
    ) -> tuple[EndingDocument, ...]:
        """Documents that end up to a day, and whose standing was not told yet."""
        ...

    def note(
        self, document: EndingDocument, standing: DocumentStanding, *, at: datetime
    ) -> bool:
        """Keep that a standing is told; False when it was told before."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PhotoOnFile:
    """The registration photo as it is kept."""

    media_type: str
    sha256: str
    raw: bytes


class Dossiers(Protocol):
    """What is kept of a client beside the person: for an export to that client."""

    def photo(self, client_id: UUID) -> PhotoOnFile | None: ...

    def identifications(self, client_id: UUID) -> tuple[Identified, ...]:
        """The oldest first."""
        ...


class Obligations(Protocol):
    """What is known of contracts that are not fulfilled."""

    def open(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        """Note a signed contract, unless it is known already."""
        ...

    def close(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        """Note that a contract obliges nobody; it may have been unknown."""
        ...

    def reopen(self, contract_id: UUID, client_id: UUID, *, at: datetime) -> None:
        """Note that a contract obliges again; it may have been unknown."""
        ...

    def are_open(self, client_id: UUID, *, at: datetime) -> bool:
        """Whether a contract is signed or being signed that has not ended."""
        ...


class CommittingKeys(PersonKeys, Protocol):
    """Persons' keys, of which the secrets of commitments are made as well."""

    def salt_of(self, client_id: UUID, purpose: str) -> bytes | None:
        """None for who has no key of their own; ErasedError after all."""
        ...


class Erasures(KeyEnds, Protocol):
    """Wishes to be erased, the terms that put them off, and the erasure itself."""

    def ask(self, request: ErasureRequest) -> bool:
        """False when a wish of the client's stands already."""
        ...

    def withdraw(self, client_id: UUID, *, at: datetime) -> bool:
        """False when none stands."""
        ...

    def asked(self, client_id: UUID) -> ErasureRequest | None:
        """The wish that stands."""
        ...

    def kept(self, client_id: UUID, *, obliged: bool) -> Kept:
        """What the retention terms of a person run from."""
        ...
