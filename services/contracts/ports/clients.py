"""What contracts remembers of clients and their accounts, and until when."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from kernel.erasure import KeyEnds
from services.contracts.domain.erasure import Kept


class Clients(Protocol):
    """A small copy of what onboarding said of clients and their accounts."""

    def activate(self, client_id: UUID, *, iin_token: str, at: datetime) -> None:
        """`iin_token`: the keyed token of the ИИН, to recognise payments by."""
        ...

    def is_active(self, client_id: UUID) -> bool: ...

    def note_identity(self, client_id: UUID, *, changed_at: datetime) -> None:
        """Names or document are others since then; the latest counts."""
        ...

    def identity_changed_at(self, client_id: UUID) -> datetime | None:
        """Since when the client is named as now; None where that never changed."""
        ...

    def put_account(
        self, account_id: UUID, client_id: UUID, *, owned: bool, at: datetime
    ) -> None: ...

    def account_lost(self, account_id: UUID) -> bool:
        """Whether onboarding said that the ownership can no longer be shown."""
        ...

    def note_suspension(
        self,
        client_id: UUID,
        *,
        suspended_at: datetime | None = None,
        released_at: datetime | None = None,
    ) -> datetime | None:
        """Remember the latest of each; since when the client is suspended, if so.

        The two may be heard in any order.
        """
        ...


class Erasures(KeyEnds, Protocol):
    """When clients' keys end, and what must be kept before."""

    def kept(self, client_id: UUID) -> Kept: ...
