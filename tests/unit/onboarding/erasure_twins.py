"""Twins of the ports of erasure."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from kernel.crypto import UnsealError, sha256
from services.onboarding.domain.erasure import ErasureRequest, Kept, RetentionTerms
from tests.unit.onboarding.builders import CLIENT, NOW

TERMS = RetentionTerms(
    biometric_years=5, document_years=5, unfinished=timedelta(days=30)
)


def kept(**changed: object) -> Kept:
    """A client who registered lately."""
    fields: dict[str, object] = {
        "is_client": True,
        "obliged": False,
        "registered_until": NOW + timedelta(days=1),
        "biometrics_at": NOW,
        "documents_at": NOW,
    }
    return Kept(**{**fields, **changed})  # type: ignore[arg-type] # test data


@dataclass
class FakeErasures:
    """Of one person: CLIENT."""

    holds: Kept = field(default_factory=kept)
    requests: list[ErasureRequest] = field(default_factory=list)
    look_at: datetime | None = None
    taken_by_another: bool = False
    erased_at: datetime | None = None

    def ask(self, request: ErasureRequest) -> bool:
        if self.requests:
            return False
        self.requests.append(request)
        return True

    def withdraw(self, client_id: UUID, *, at: datetime) -> bool:
        stood = bool(self.requests)
        self.requests.clear()
        return stood

    def asked(self, client_id: UUID) -> ErasureRequest | None:
        return self.requests[0] if self.requests else None

    def kept(self, client_id: UUID, *, obliged: bool) -> Kept:
        fields = ("is_client", "registered_until", "biometrics_at", "documents_at")
        return kept(
            obliged=obliged, **{name: getattr(self.holds, name) for name in fields}
        )

    def due(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        is_due = self.look_at is not None and self.look_at <= at
        return (CLIENT,) if is_due else ()

    def take(self, client_id: UUID) -> bool:
        return not self.taken_by_another and self.erased_at is None

    def look_again(self, client_id: UUID, *, at: datetime | None) -> None:
        self.look_at = at

    def erase(self, client_id: UUID, *, at: datetime) -> bool:
        self.erased_at, self.look_at = at, None
        return True


@dataclass
class FakeKeys:
    """Persons on their way to a key of their own; some of their fields are broken."""

    waiting: list[UUID] = field(default_factory=list)
    broken: set[UUID] = field(default_factory=set)
    taken: list[UUID] = field(default_factory=list)

    def unfinished(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        return tuple(self.waiting[:limit])

    def take_further(self, client_id: UUID, *, at: datetime) -> None:
        if client_id in self.broken:
            raise UnsealError("changed")
        self.taken.append(client_id)

    def salt_of(self, client_id: UUID, purpose: str) -> bytes | None:
        return sha256(f"{purpose} of {client_id}".encode())
