"""Inquiries and their letters."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from kernel.pages import Page
from services.contracts.domain.inquiries import Inquiry, InquiryState, Letter, Subject


class Inquiries(Protocol):
    """The correspondence with clients; letters are sealed and only added."""

    def hold(self, client_id: UUID) -> None:
        """Until the commit nobody else counts or adds letters of this client."""
        ...

    def owns(self, client_id: UUID, subject: Subject) -> bool:
        """Whether it is the client's own application or contract, or neither."""
        ...

    def add(self, inquiry: Inquiry) -> None: ...

    def get(self, inquiry_id: UUID) -> Inquiry | None:
        """The inquiry, its row locked until the transaction ends."""
        ...

    def save(self, inquiry: Inquiry) -> None: ...

    def list_own(self, client_id: UUID, page: Page) -> list[Inquiry]:
        """The client's inquiries, the newest first, one more than the page shows."""
        ...

    def queue(self, state: InquiryState, *, limit: int) -> list[Inquiry]:
        """Those in a state, the one due first before the others."""
        ...

    def count_overdue(self, *, on: date) -> int:
        """How many clients wait since a limit before that day."""
        ...

    def open_of(self, client_id: UUID) -> int:
        """How many of the client's are not closed."""
        ...

    def add_letter(self, letter: Letter, *, client_id: UUID) -> None:
        """Seal it by the client's key.  Refused ``person_erased``."""
        ...

    def letters(self, inquiry_id: UUID) -> Sequence[Letter]:
        """All of them, the oldest first.  Raises Broken when one was changed.

        Refused ``person_erased``.
        """
        ...

    def count_letters(self, inquiry_id: UUID) -> int: ...

    def written_since(self, client_id: UUID, *, since: datetime) -> int:
        """How many letters the client has written from then on."""
        ...
