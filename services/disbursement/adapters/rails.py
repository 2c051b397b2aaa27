"""Which connector carries which orders: the one of their rail, as configured."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from kernel.money import Money
from services.disbursement.domain.codes import PaymentCodes
from services.disbursement.domain.connector import Capabilities, Rail
from services.disbursement.domain.order import BankAnswer, NoAnswer, Order


class Connector(Protocol):
    """One partner in its dialect.  Never raises for what it or the network does."""

    def send(self, order: Order, codes: PaymentCodes) -> BankAnswer: ...

    def ask(self, order: Order) -> BankAnswer: ...

    def booked(self, order: Order) -> bool | None: ...

    def balance(self, order: Order) -> Money | NoAnswer: ...


@dataclass(frozen=True, slots=True)
class Track:
    """A connector with what it can."""

    connector: Connector
    capabilities: Capabilities


class Rails:
    """`Bank` over the connectors of all rails.

    An order of a rail that is configured no more has no answer: it waits, and is never
    asked for, or sent, elsewhere.
    """

    def __init__(self, tracks: Mapping[Rail, Track]) -> None:
        self._tracks = tracks

    def capabilities(self, rail: Rail) -> Capabilities | None:
        """What the connector of this rail can; None when there is none."""
        track = self._tracks.get(rail)
        return None if track is None else track.capabilities

    def send(self, order: Order, codes: PaymentCodes) -> BankAnswer:
        """Give the order, once."""
        track = self._tracks.get(order.rail)
        return track.connector.send(order, codes) if track else _MISSING

    def ask(self, order: Order) -> BankAnswer:
        """What became of the order, by its key."""
        track = self._tracks.get(order.rail)
        return track.connector.ask(order) if track else _MISSING

    def booked(self, order: Order) -> bool | None:
        """Whether the company's statement shows the order; None if it cannot tell."""
        track = self._tracks.get(order.rail)
        return track.connector.booked(order) if track else None

    def balance(self, order: Order) -> Money | NoAnswer:
        """What can be spent now from the account the order debits."""
        track = self._tracks.get(order.rail)
        return track.connector.balance(order) if track else _MISSING


_MISSING = NoAnswer("bank_rail_missing")
