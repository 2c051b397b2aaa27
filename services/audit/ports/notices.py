"""What notices of incidents need from outside."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.audit.domain.incidents.notice import Addressee, Notice, Stage
from services.audit.ports.incidents import IncidentUnit


class Notices(Protocol):
    """Notices with their papers and receipts."""

    def add(self, notice: Notice) -> None: ...

    def listed(self, *, waiting: bool, limit: int) -> Sequence[Notice]:
        """What ends first comes first; of all, the newest."""
        ...

    def of(self, incident_id: UUID) -> Sequence[Notice]:
        """Those of one incident, as they came about."""
        ...

    def find(self, notice_id: UUID) -> Notice | None: ...

    def lock(self, notice_id: UUID) -> Notice | None:
        """Held until the commit."""
        ...

    def approve(
        self, notice_id: UUID, *, by: UUID, at: datetime, papers: bytes, sha256: str
    ) -> None:
        """``papers`` are the bytes that are sent; none for a client."""
        ...

    def papers(self, notice_id: UUID) -> bytes: ...

    def to_send(self, *, at: datetime, limit: int) -> Sequence[Notice]:
        """Approved ones to bodies, whose rest is over."""
        ...

    def sent(self, notice_id: UUID, *, receipt: str, at: datetime) -> None: ...

    def failed(self, notice_id: UUID, *, attempts: int, next_at: datetime) -> None: ...

    def refused(self, notice_id: UUID) -> None:
        """The addressee does not take it: a person has to look."""
        ...

    def send_again(self, notice_id: UUID, *, at: datetime) -> bool:
        """Whether it was refused, and goes out once more."""
        ...

    def withdraw(self, incident_id: UUID) -> None:
        """What waits is not sent any more."""
        ...

    def waiting(self) -> Sequence[Notice]:
        """All that the addressees have yet to get."""
        ...

    def reached(self, notice_id: UUID, stage: Stage) -> None: ...


class NoticeUnit(IncidentUnit, Protocol):
    """A unit of work that knows notices."""

    @property
    def notices(self) -> Notices: ...

    def cursor(self, name: str) -> int | None:
        """The next leaf this reader has to look at, held until the commit."""
        ...

    def set_cursor(self, name: str, seq: int) -> None: ...


class NoticeUnits(Protocol):
    """Opens such units of work."""

    def begin(self) -> AbstractContextManager[NoticeUnit]: ...


class Bodies(Protocol):
    """The bodies' door for notices."""

    def post(self, addressee: Addressee, body: bytes) -> str:
        """Hand a notice in; the receipt, which the same notice gets again.

        Transient while the body is away, Broken when it does not take it.
        """
        ...


class NoticeAlarms(Protocol):
    """Telling the operators."""

    def deadlines(self, found: Mapping[Stage, int]) -> None:
        """So many notices are unsent at each stage; 0 where none."""
        ...
