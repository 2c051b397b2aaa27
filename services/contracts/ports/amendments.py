"""Amendments of contracts.  The contract's row, locked first, guards them all."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol
from uuid import UUID

from services.contracts.domain.amendment import Amendment
from services.contracts.domain.states import AmendmentState


class Amendments(Protocol):
    """The amendments; one of a contract is open at a time."""

    def add(self, amendment: Amendment) -> None: ...

    def get(self, amendment_id: UUID) -> Amendment | None: ...

    def of_contract(self, contract_id: UUID) -> Sequence[Amendment]:
        """All of a contract, the oldest first."""
        ...

    def save(self, amendment: Amendment, *, was: AmendmentState) -> bool:
        """One conditional update; False when the state is no longer `was`."""
        ...

    def requested(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        """Those without a document yet, the oldest first."""
        ...

    def awaiting_company(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        """Those the client has signed and the company has not, the oldest first."""
        ...

    def unsigned(self, *, ending_by: datetime, limit: int) -> list[UUID]:
        """Those the client has not signed and that end until then at the latest."""
        ...

    def lapsed_under_way(self, *, limit: int) -> list[UUID]:
        """Those that have lapsed and whose contracts are still to end."""
        ...
