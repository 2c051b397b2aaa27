"""What cases need from outside."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from services.antifraud.domain.cases import Case, CaseOutcome, Item, Note, Paper
from services.antifraud.ports import Unit


class Cases(Protocol):
    """The cases, their notes and their files."""

    def listed(
        self, *, closed: bool, assigned_to: UUID | None, limit: int
    ) -> Sequence[Case]:
        """The most pressing first; of closed ones the newest."""
        ...

    def find(self, case_id: UUID) -> Case | None: ...

    def lock(self, case_id: UUID) -> Case | None:
        """Held until the commit."""
        ...

    def items(self, case_id: UUID) -> Sequence[Item]: ...

    def notes(self, case_id: UUID) -> Sequence[Note]: ...

    def files(self, case_id: UUID) -> Sequence[Paper]: ...

    def content(self, case_id: UUID, file_id: UUID) -> bytes | None: ...

    def assign(self, case_id: UUID, *, to: UUID, at: datetime) -> None: ...

    def add_note(self, case_id: UUID, note: Note) -> None: ...

    def add_file(self, case_id: UUID, paper: Paper, content: bytes) -> None: ...

    def close(
        self, case_id: UUID, *, outcome: CaseOutcome, by: UUID, at: datetime
    ) -> None: ...

    def is_held(self, case: Case) -> bool:
        """Whether anything of the case is suspended."""
        ...

    def confirm_holds(self, case: Case, *, at: datetime) -> None:
        """What is suspended was a fraud: it stays, and nobody is called."""
        ...

    def keys(self, case_id: UUID) -> Sequence[str]:
        """The keyed names its decisions were made by."""
        ...

    def label(self, case: Case, *, fraud: bool, by: UUID, at: datetime) -> None:
        """Label every decision on its operations since it was opened."""
        ...

    def end_lists(self, source: str, *, at: datetime, by: str) -> None:
        """Take from the lists what one source has put there."""
        ...

    def count_overdue(self, *, today: date) -> int: ...


class Pictures(Protocol):
    """Where pictures are decoded, apart from every secret."""

    def clean(self, raw: bytes) -> bytes:
        """A JPEG of our own making, with nothing but what is to be seen.

        Refused ``case_file_unfit`` for what is no picture; Transient when nobody
        answers.
        """
        ...


class CaseUnit(Unit, Protocol):
    """A unit of work that knows cases."""

    @property
    def cases(self) -> Cases: ...


class CaseUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[CaseUnit]: ...


class CaseAlarms(Protocol):
    """Telling the operators."""

    def cases_overdue(self, *, count: int) -> None:
        """So many cases are past their day; 0 when none."""
        ...
