"""What investigations need from outside."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol
from uuid import UUID

from services.antifraud.domain.investigations import End, Entry, Investigation
from services.antifraud.ports.risks import RiskUnit


class Investigations(Protocol):
    """Investigations and what is in them; all of it is only added to."""

    def lock(self) -> None:
        """Held until the commit: of two changes one is the first."""
        ...

    def next_number(self) -> int: ...

    def add(self, one: Investigation) -> None:
        """Its head; entries come by `enter`."""
        ...

    def enter(self, investigation_id: UUID, entry: Entry, content: bytes) -> None:
        """Keep an entry, its content sealed."""
        ...

    def close(self, investigation_id: UUID, end: End) -> None: ...

    def find(self, investigation_id: UUID) -> Investigation | None: ...

    def listed(self) -> Sequence[Investigation]:
        """All of them, the newest first."""
        ...

    def content(self, investigation_id: UUID, entry_id: UUID) -> bytes | None: ...

    def is_there(self, kind: str, named: UUID) -> bool:
        """Whether a ground of ours is; of others' nobody here can tell."""
        ...


class InvestigationUnit(RiskUnit, Protocol):
    """A unit of work that knows investigations."""

    @property
    def investigations(self) -> Investigations: ...


class InvestigationUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[InvestigationUnit]: ...
