"""Whose key seals an order, what of a client must be kept, and the key's end."""

from uuid import UUID

from sqlalchemy import Connection, exists, func, select

from kernel.crypto import FieldKeys
from kernel.person_keys import KeyEnds, PersonKeys, SealedColumn
from services.disbursement.domain.erasure import Kept
from services.disbursement.domain.payout import ENDED
from services.disbursement.storage.tables import payouts, person_keys


class KeyRing(PersonKeys):
    """The keys of the clients one transaction deals with, each read once."""

    def __init__(self, connection: Connection, service: FieldKeys) -> None:
        """`service` holds the keys that wrap those of clients."""
        super().__init__(connection, service, person_keys, _sealed_of)


class OrderEnds(KeyEnds):
    """Implements Erasures on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        """The ends of keys are those of the clients known here."""
        super().__init__(connection, person_keys)

    def kept(self, client_id: UUID) -> Kept:
        own = payouts.c.client_id == client_id
        ended = [state.value for state in ENDED]
        last_at = select(
            # greatest() of PostgreSQL passes over what is NULL
            func.max(func.greatest(payouts.c.settled_at, payouts.c.entered_at))
        ).where(own)
        row = self.connection.execute(
            select(
                exists().where(own, payouts.c.state.not_in(ended)).label("is_open"),
                last_at.scalar_subquery().label("last_at"),
            )
        ).one()
        return Kept(is_open=row.is_open, last_at=row.last_at)


def _sealed_of(client_id: UUID) -> list[SealedColumn]:
    """Both halves of a sealed order; a row is named in the seal by its payout."""
    key = payouts.c.payout_id
    return [
        SealedColumn(
            column=column, key=key, row=key, own=payouts.c.client_id == client_id
        )
        for column in (payouts.c.sealed_creditor, payouts.c.sealed_digest)
    ]
