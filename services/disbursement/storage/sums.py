"""What was begun to send on each day of Almaty: to a client, and by the company.

One row per day and client, and one for the company.  Whoever reads them to send has
them locked until the commit, the company's first: nobody waits in a circle.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Final
from uuid import UUID

from sqlalchemy import Connection, Date, Text, Uuid, bindparam, func, literal, select
from sqlalchemy.dialects.postgresql import insert

from kernel.database import Fixed
from kernel.given import as_rows, given, one_of
from kernel.money import Money
from services.disbursement.domain.limits import Outgoing, Sent
from services.disbursement.domain.payout import AT_BANK, Payout
from services.disbursement.storage.tables import payouts, sent_sums

COMPANY: Final = UUID(int=0)
"""Under this the company's own sum stands; no client has it."""

Counted = tuple[date, UUID, str]
"""A row of the sums: the day, whose it is, the currency."""


class SentSums:
    """`Sums` over PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def outgoing(self, payout: Payout, *, day_on: date) -> Outgoing:
        """The company's sum as last committed, and others' orders at the bank."""
        currency = payout.amount.currency
        found = _OUTGOING.on(
            self._connection, day_on=day_on, currency=currency, own=payout.payout_id
        ).one()
        return Outgoing(
            day_on=day_on,
            begun=Money(found.begun or 0, currency),
            at_bank=Money(int(found.at_bank), currency),
        )

    def lock(self, payout: Payout, *, day_on: date) -> Sent:
        """Both rows, made where there are none yet, and locked."""
        company, client = counted(payout, day_on)
        found = self.locked({company, client})
        currency = payout.amount.currency
        return Sent(
            day_on=day_on,
            client=Money(found[client], currency),
            company=Money(found[company], currency),
        )

    def locked(self, whose: Collection[Counted]) -> dict[Counted, int]:
        """The rows are written as they are: that locks them, and one look reads them.

        In their order, which begins with the company's.
        """
        rows = [
            {"day_on": day_on, "counted_id": one, "currency": currency}
            for day_on, one, currency in sorted(whose)
        ]
        found = _LOCK.on(self._connection, rows=as_rows(rows))
        return {(row.day_on, row.counted_id, row.currency): row[3] for row in found}

    def add(self, payout: Payout, *, day_on: date) -> None:
        """Count the payout in both rows."""
        minor = payout.amount.amount_minor
        self.add_all(dict.fromkeys(counted(payout, day_on), minor))

    def add_all(self, more: Mapping[Counted, int]) -> None:
        """Count so much more in each of these rows, in tiyn."""
        rows = [
            {"day_on": day_on, "counted_id": one, "currency": currency}
            | {"amount_minor": minor}
            for (day_on, one, currency), minor in more.items()
        ]
        _ADD.on(self._connection, rows=as_rows(rows))


def counted(payout: Payout, day_on: date) -> tuple[Counted, Counted]:
    """The company's row and the client's in which a payout counts."""
    currency = payout.amount.currency
    return (day_on, COMPANY, currency), (day_on, payout.client_id, currency)


_currency = bindparam("currency", type_=Text)
_OUTGOING: Final = Fixed.of(
    select(
        select(sent_sums.c.amount_minor)
        .where(
            sent_sums.c.day_on == bindparam("day_on", type_=Date),
            sent_sums.c.counted_id == literal(COMPANY, Uuid),
            sent_sums.c.currency == _currency,
        )
        .scalar_subquery()
        .label("begun"),
        select(func.coalesce(func.sum(payouts.c.amount_minor), 0))
        .where(
            one_of(payouts.c.state, AT_BANK),
            payouts.c.next_at.is_not(None),
            payouts.c.currency == _currency,
            payouts.c.payout_id != bindparam("own", type_=Uuid),
        )
        .scalar_subquery()
        .label("at_bank"),
    )
)
_KEY: Final = (sent_sums.c.day_on, sent_sums.c.counted_id, sent_sums.c.currency)
_whose = given(*_KEY)
_made = insert(sent_sums).from_select(
    [*(column.name for column in _KEY), "amount_minor"],
    select(*_whose.c, literal(0)).order_by(*_whose.c),
)
_LOCK: Final = Fixed.of(
    _made.on_conflict_do_update(
        index_elements=[column.name for column in _KEY],
        set_={"amount_minor": sent_sums.c.amount_minor},
    ).returning(*_KEY, sent_sums.c.amount_minor)
)
_more = given(*_KEY, sent_sums.c.amount_minor)
_ADD: Final = Fixed.of(
    sent_sums.update()
    .where(*(column == _more.c[column.name] for column in _KEY))
    .values(amount_minor=sent_sums.c.amount_minor + _more.c.amount_minor)
)
