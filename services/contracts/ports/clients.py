"""What contracts remembers of clients and their accounts."""

from datetime import datetime
from typing import Protocol
from uuid import UUID


class Clients(Protocol):
    """A small copy of what onboarding said of clients and their accounts."""

    def activate(self, client_id: UUID, *, at: datetime) -> None: ...

    def is_active(self, client_id: UUID) -> bool: ...

    def put_account(
        self, account_id: UUID, client_id: UUID, *, owned: bool, at: datetime
    ) -> None: ...

    def account_lost(self, account_id: UUID) -> bool:
        """Whether onboarding said that the ownership can no longer be shown."""
        ...
