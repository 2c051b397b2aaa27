"""What was, for the staff: contracts that fit, and all that is known of one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from services.contracts.domain.contract import Contract
from services.contracts.domain.search import Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An event of ours as it left: its id and place are those in the audit log."""

    event_id: UUID
    type: str
    at: datetime
    sequence: int | None
    data: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """A statement of the client's: of which text, in which channel, how proved."""

    kind: str
    text_version: str
    text_sha256: str
    channel: str
    second_factor_at: datetime
    given_at: datetime


class History(Protocol):
    """Read only."""

    def find(self, wanted: Wanted, *, limit: int) -> list[Contract]:
        """The newest of those that fit."""
        ...

    def inquiries_about(self, ids: Sequence[UUID]) -> list[UUID]:
        """The inquiries about these applications and contracts."""
        ...

    def said(self, subjects: Sequence[str]) -> list[Said]:
        """Every event about these subjects, in the order they were told."""
        ...

    def statements(self, contract_id: UUID) -> list[Stated]:
        """What the client has agreed to, the first first."""
        ...
