"""Applications, the trace of their decision, and visits to an office."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from kernel.pages import Page
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.checks import Check


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceLine:
    """One line of a decision trace, and when it was written."""

    check: Check
    at: datetime


class Applications(Protocol):
    """The applications and their decision traces."""

    def add(self, application: Application) -> bool:
        """Insert; False when the client has another application undecided."""
        ...

    def get(self, application_id: UUID) -> Application | None: ...

    def get_own(self, application_id: UUID, client_id: UUID) -> Application | None:
        """The client's own application; somebody else's is not found."""
        ...

    def list_own(self, client_id: UUID, page: Page) -> list[Application]:
        """The client's applications, the newest first, one more than the page shows."""
        ...

    def save(self, application: Application, *, was: ApplicationState) -> bool:
        """One conditional update; False when the state is no longer `was`."""
        ...

    def record(
        self, application_id: UUID, checks: Sequence[Check], *, at: datetime
    ) -> None:
        """Append lines to the decision trace; an answer once written stands."""
        ...

    def answered(self, application_id: UUID) -> dict[str, Check]:
        """The checks that have an answer, by name."""
        ...

    def trace(self, application_id: UUID) -> list[TraceLine]:
        """Every line, also of askings without an answer, the oldest first."""
        ...

    def undecided(
        self, *, at: datetime, submitted_before: datetime, limit: int
    ) -> list[UUID]:
        """The oldest that are due: held until `at`, or left since that long."""
        ...

    def unsigned(self, *, at: datetime) -> set[UUID]:
        """Contracts the company must not sign yet: antifraud's answer is waited for."""
        ...

    def held(self, *, limit: int) -> list[Application]:
        """Those a person has to look at, the longest waiting first."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A client's personal visit to an office, as two of the staff say together."""

    client_id: UUID
    visited_on: date
    approval_id: UUID
    recorded_by: UUID
    confirmed_by: UUID


class Visits(Protocol):
    """Clients' personal visits; rows are only added."""

    def add(self, visit: Visit, *, at: datetime) -> bool:
        """False when that visit is recorded already."""
        ...

    def has(self, client_id: UUID) -> bool: ...

    def newest(self, client_id: UUID | None, *, limit: int) -> list[Visit]:
        """Of one client or of all, the last recorded first."""
        ...
