"""What the staff look for contracts by."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from kernel.errors import Refused
from services.contracts.domain.states import ContractState


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The contracts that fit everything that is named; the period is of their day."""

    number: str | None = None
    client_id: UUID | None = None
    state: ContractState | None = None
    since: date | None = None
    until: date | None = None

    def refuse_everything(self) -> None:
        """Refused ``search_too_wide`` when nothing is named at all."""
        if self == Wanted():
            raise Refused(
                "search_too_wide",
                "Nothing is named to look for.",
                next_step="Name a number, a person, a state or a period.",
            )
