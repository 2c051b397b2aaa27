"""What was begun to send on each day of Almaty: to a client, and by the company.

One row per day and client, and one for the company.  Whoever reads them to send has
them locked until the commit, the company's first: nobody waits in a circle.
"""

from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel.money import Money
from services.disbursement.domain.limits import Outgoing, Sent
from services.disbursement.domain.payout import AT_BANK, Payout
from services.disbursement.storage.tables import payouts, sent_sums

COMPANY: Final = UUID(int=0)
"""Under this the company's own sum stands; no client has it."""


class SentSums:
    """`Sums` over PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def outgoing(self, payout: Payout, *, day_on: date) -> Outgoing:
        """The company's sum as last committed, and others' orders at the bank."""
        currency = payout.amount.currency
        begun = self._connection.execute(
            select(sent_sums.c.amount_minor).where(
                sent_sums.c.day_on == day_on,
                sent_sums.c.counted_id == COMPANY,
                sent_sums.c.currency == currency,
            )
        ).scalar_one_or_none()
        at_bank = self._connection.execute(
            select(func.coalesce(func.sum(payouts.c.amount_minor), 0)).where(
                payouts.c.state.in_(sorted(state.value for state in AT_BANK)),
                payouts.c.next_at.is_not(None),
                payouts.c.currency == currency,
                payouts.c.payout_id != payout.payout_id,
            )
        ).scalar_one()
        return Outgoing(
            day_on=day_on,
            begun=Money(begun or 0, currency),
            at_bank=Money(int(at_bank), currency),
        )

    def lock(self, payout: Payout, *, day_on: date) -> Sent:
        """Both rows, made where there are none yet, and locked."""
        company = self._locked(COMPANY, payout, day_on)
        client = self._locked(payout.client_id, payout, day_on)
        return Sent(day_on=day_on, client=client, company=company)

    def _locked(self, counted_id: UUID, payout: Payout, day_on: date) -> Money:
        """The row is written as it is: that locks it, and one round trip reads it."""
        made = insert(sent_sums).values(
            day_on=day_on,
            counted_id=counted_id,
            currency=payout.amount.currency,
            amount_minor=0,
        )
        found: int = self._connection.execute(
            made.on_conflict_do_update(
                index_elements=["day_on", "counted_id", "currency"],
                set_={"amount_minor": sent_sums.c.amount_minor},
            ).returning(sent_sums.c.amount_minor)
        ).scalar_one()
        return Money(found, payout.amount.currency)

    def add(self, payout: Payout, *, day_on: date) -> None:
        """Count the payout in both rows."""
        self._connection.execute(
            sent_sums.update()
            .where(
                sent_sums.c.day_on == day_on,
                sent_sums.c.counted_id.in_([COMPANY, payout.client_id]),
                sent_sums.c.currency == payout.amount.currency,
            )
            .values(amount_minor=sent_sums.c.amount_minor + payout.amount.amount_minor)
        )
