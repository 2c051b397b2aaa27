"""One transaction, and everybody who is asked outside of one."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from kernel.crypto import Json
from kernel.erasure import MakesKeys
from kernel.events import Event
from kernel.judged import Antifraud, Origins
from services.contracts.ports.amendments import Amendments
from services.contracts.ports.applications import Applications, Visits
from services.contracts.ports.clients import Clients, Erasures
from services.contracts.ports.contracts import Contracts, Schedules
from services.contracts.ports.disclosures import Disclosures
from services.contracts.ports.documents import (
    CompanySignatures,
    Documents,
    Printer,
    Templates,
)
from services.contracts.ports.neighbours import Onboarding
from services.contracts.ports.registers import Bureau, Monitoring, StateRegisters

Publish = Callable[[Event], UUID]
"""Let an event leave with the commit of the work at hand; returns its id."""


class Unit(Protocol):
    """One transaction: state, events and the stored reply commit together."""

    @property
    def applications(self) -> Applications: ...

    @property
    def origins(self) -> Origins: ...

    @property
    def contracts(self) -> Contracts: ...

    @property
    def amendments(self) -> Amendments: ...

    @property
    def schedules(self) -> Schedules: ...

    @property
    def documents(self) -> Documents: ...

    @property
    def templates(self) -> Templates: ...

    @property
    def signatures(self) -> CompanySignatures: ...

    @property
    def clients(self) -> Clients: ...

    @property
    def visits(self) -> Visits: ...

    @property
    def disclosures(self) -> Disclosures: ...

    @property
    def keys(self) -> MakesKeys: ...

    @property
    def ends(self) -> Erasures: ...

    def publish(self, event: Event) -> UUID:
        """Let the event leave with the commit."""
        ...

    def once(self, run: Callable[[], Json]) -> Json:
        """Run the request's act once per Idempotency-Key, else its stored reply."""
        ...


class Work(Protocol):
    """Opens transactions for one request; none is held across a network call."""

    def begin(self) -> AbstractContextManager[Unit]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Judges:
    """Everybody who is asked before a contract is offered, and who prints it."""

    onboarding: Onboarding
    bureau: Bureau
    state: StateRegisters
    monitoring: Monitoring
    antifraud: Antifraud
    printer: Printer
