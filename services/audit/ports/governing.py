"""What the keeping of the Procedure needs from outside, in its own words."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import date
from typing import Protocol
from uuid import UUID

from kernel.events import Event
from services.audit.domain.matrix import Count
from services.audit.domain.procedure import Review, Version


class Governing(Protocol):
    """What the Procedure's keeping needs of the log, within one transaction."""

    def count_leaves(self, *, most: int) -> int:
        """Count that many more of the signed leaves; how many are left."""
        ...

    def counts(self) -> Sequence[Count]:
        """Of what was counted: each kind of leaf and of event."""
        ...

    def keep_text(self, sha256: bytes, text: bytes) -> None:
        """Keep a text by its digest; a known one stays as it is."""
        ...

    def text(self, sha256: bytes) -> bytes | None: ...

    def versions(self) -> Sequence[Version]:
        """All, in the order in which they come into force."""
        ...

    def add_version(
        self, version: Version, *, asked_by: UUID | None, approved_by: UUID | None
    ) -> bool:
        """Keep it for ever; False when one of its text or minutes is there already."""
        ...

    def reviews(self) -> Sequence[Review]:
        """All, the open ones first, by the day they are due."""
        ...

    def add_review(self, review: Review, *, opened_by: UUID | None) -> None: ...

    def hold_review(self, review: Review) -> None:
        """Keep what a review led to; an open one becomes held, once."""
        ...

    def tell_review(
        self, review_id: UUID, *, warned: bool, overdue_on: date | None
    ) -> None:
        """Remember what was told of an open review."""
        ...

    def publish(self, event: Event) -> UUID: ...


class GoverningUnits(Protocol):
    """Opens units of work."""

    def begin(self) -> AbstractContextManager[Governing]: ...


class ProcedureBoard(Protocol):
    """The Procedure's page on the site (clause 8.3)."""

    def procedure(self) -> bytes | None:
        """What the site shows; None when it shows nothing."""
        ...

    def publish_procedure(self, text: bytes) -> None: ...
