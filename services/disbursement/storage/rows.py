"""From rows to payouts and back: one conditional UPDATE per step.

Instants are parameters, never the database's clock.
"""

import json
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Unpack
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    CursorResult,
    Integer,
    Row,
    ScalarSelect,
    and_,
    bindparam,
    exists,
    func,
    or_,
    select,
    text,
    union_all,
)
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FieldKeys, UnsealError
from kernel.database import Fixed
from kernel.errors import Broken
from kernel.given import among, one_of
from kernel.money import Money
from services.disbursement.domain.gate import Check
from services.disbursement.domain.order import Order
from services.disbursement.domain.payout import (
    ENDED_UNPAID,
    FIRST_PAYOUT,
    UNSENT,
    Changes,
    Payout,
    State,
    Tombstone,
    Trail,
    check_transition,
)
from services.disbursement.storage.keys import KeyRing
from services.disbursement.storage.tables import (
    payout_passages,
    payouts,
    sending_halts,
)

FURTHEST_RETRY: Final = timedelta(hours=1)
"""No lease and no retry is ever set further ahead: one that is was written while the
clock was wrong, and is not obeyed (fault F14)."""

CHANNEL: Final = "payouts"
"""On it a commit tells which state a row entered that a beat has to look at."""
_TOLD: Final = frozenset(
    state.value for state in (State.CONSENTED, State.HELD, State.READY)
)
"""An order at the bank is asked about by the clock: nobody waits for word of it."""

# What may begin between the gate and the sending, and wins.
MAY_LEAVE: Final = (
    payouts.c.suspended_by.is_(None),
    ~exists().where(sending_halts.c.resumed_at.is_(None)),
)

PLAIN: Final = tuple(
    column
    for column in payouts.c
    if column.name
    not in {"entered_at", "debtor_iban", "sealed_creditor", "sealed_digest"}
)


_INHERITED: Final = (
    *("hold_from", "consented_at", "hold_until", "witnessed_from_ns", "released_at"),
    *("suspended_by", "follows", "next_at"),
)
"""What the payout in the place of a refused one has from it, beside the facts."""


class PayoutRows:
    """`Payouts` over PostgreSQL."""

    def __init__(self, connection: Connection, keys: FieldKeys) -> None:
        self._connection = connection
        self._keys = KeyRing(connection, keys)

    def conclude(self, payout: Payout) -> bool:
        """Enter a signed contract; on a tombstone it is born cancelled.

        The unique contract and number decide between a signing and a stop that meet.
        """
        self._keys.make(payout.client_id, at=payout.signed_at)
        facts = _facts(payout)
        statement = insert(payouts).values(
            **_born(payout.payout_id, at=payout.signed_at),
            contract_id=payout.contract_id,
            client_id=payout.client_id,
            number=payout.number,
            state=payout.state.value,
            **facts,
        )
        entered = self._connection.execute(
            statement.on_conflict_do_nothing(index_elements=["contract_id", "number"])
        ).rowcount
        if not entered:
            self._connection.execute(
                payouts.update()
                .where(
                    payouts.c.contract_id == payout.contract_id,
                    payouts.c.number == payout.number,
                    payouts.c.client_id == payout.client_id,
                    payouts.c.amount_minor.is_(None),
                )
                .values(**facts)
            )
        return bool(entered)

    def repeat(self, successor: Payout, *, at: datetime) -> None:
        """Enter the next payout of a contract; its number can be taken once."""
        self._connection.execute(
            insert(payouts).values(
                **_born(successor.payout_id, at=at)
                | {"release_required": successor.release_required},
                contract_id=successor.contract_id,
                client_id=successor.client_id,
                number=successor.number,
                state=successor.state.value,
                **_facts(successor),
                **{name: getattr(successor, name) for name in _INHERITED},
            )
        )

    def bury(self, tombstone: Tombstone, *, payout_id: UUID, at: datetime) -> bool:
        """Leave a tombstone; False if the contract has a row already."""
        statement = insert(payouts).values(
            **_born(payout_id, at=at),
            contract_id=tombstone.contract_id,
            client_id=tombstone.client_id,
            number=FIRST_PAYOUT,
            state=State.CANCELLED.value,
        )
        return bool(
            self._connection.execute(
                statement.on_conflict_do_nothing(
                    index_elements=["contract_id", "number"]
                )
            ).rowcount
        )

    def lock(self, contract_id: UUID) -> Payout | Tombstone | None:
        """The contract's last row, locked until the transaction ends.

        While one waits for the lock another may be entered behind it.
        """
        last = _last_number(contract_id)
        while True:
            row = self._connection.execute(
                select(*PLAIN)
                .where(payouts.c.contract_id == contract_id, payouts.c.number == last)
                .with_for_update()
            ).one_or_none()
            if row is None:
                return None
            if row.number == self._connection.execute(select(last)).scalar_one():
                return _read(row)

    def lock_ordered(self, contract_id: UUID, number: int) -> Payout | Tombstone | None:
        """The very payout an order's key names, locked until the transaction ends."""
        row = self._connection.execute(
            select(*PLAIN)
            .where(payouts.c.contract_id == contract_id, payouts.c.number == number)
            .with_for_update()
        ).one_or_none()
        return None if row is None else _read(row)

    def lock_payout(self, payout_id: UUID) -> Payout | None:
        """A payout by its own id, locked until the transaction ends."""
        row = self._connection.execute(
            select(*PLAIN).where(payouts.c.payout_id == payout_id).with_for_update()
        ).one_or_none()
        return payout_or_none(row)

    def lock_unsent(self, client_id: UUID, account_id: UUID) -> Sequence[Payout]:
        """The client's payouts to an account that have not left, locked likewise."""
        rows = self._connection.execute(
            select(*PLAIN)
            .where(
                payouts.c.client_id == client_id,
                payouts.c.account_id == account_id,
                payouts.c.state.in_([state.value for state in UNSENT]),
            )
            .order_by(payouts.c.payout_id)
            .with_for_update()
        )
        found = [payout_or_none(row) for row in rows]
        return [payout for payout in found if payout is not None]

    def find(self, *, contract_id: UUID, client_id: UUID) -> Payout | None:
        """The client's payout for a contract; nobody else's."""
        row = self._connection.execute(
            select(*PLAIN).where(
                payouts.c.contract_id == contract_id,
                payouts.c.client_id == client_id,
                payouts.c.number == _last_number(contract_id),
            )
        ).one_or_none()
        return payout_or_none(row)

    def move(self, payout: Payout, to: State, **changes: Unpack[Changes]) -> bool:
        """The one conditional UPDATE of a step; see `ports.Payouts`."""
        check_transition(payout.state, to)
        values = {"state": to.value, **_columns(changes)}
        return self._update(payout, values, leaving=to is State.SENDING)

    def amend(self, payout: Payout, **changes: Unpack[Changes]) -> bool:
        """Write beside the state, which must still be the one loaded."""
        return self._update(payout, _columns(changes))

    def _update(
        self, payout: Payout, values: dict[str, Any], *, leaving: bool = False
    ) -> bool:
        result = self._connection.execute(
            payouts.update()
            .where(
                *as_loaded(payout.payout_id, payout.state.value, payout.fence),
                *(MAY_LEAVE if leaving else ()),
            )
            .values(**values)
        )
        if result.rowcount and values.get("next_at") is not None:
            self.ring(values.get("state", payout.state.value))
        return bool(result.rowcount)

    def ring(self, state: str) -> None:
        """Wake the beat of this state, in whichever process, when this commits.

        A hint that may be lost: the row is the truth, and beats look by themselves.
        """
        if state in _TOLD:
            self._connection.execute(
                text("SELECT pg_notify(:channel, :state)"),
                {"channel": CHANNEL, "state": state},
            )

    def draw_up(self, payout: Payout, order: Order, *, account_token: str) -> bool:
        """Seal whom and what to pay; due again when the hold is over."""
        check_transition(payout.state, State.HELD)
        card = [] if order.creditor_card is None else [order.creditor_card]
        creditor = json.dumps([order.creditor_iban, order.creditor_iin, *card])
        values = {
            "state": State.HELD.value,
            "account_token": account_token,
            "debtor_iban": order.debtor_iban,
            "sealed_creditor": self._seal(payout, "sealed_creditor", creditor),
            "sealed_digest": self._seal(payout, "sealed_digest", order.digest),
            "held_code": None,
            "tries": 0,
            "lease_until": None,
            "next_at": payout.hold_until,
        }
        return self._update(payout, values)

    def order_of(self, payout: Payout) -> tuple[Order, str]:
        """The order as the row has it, and the digest sealed when it was drawn up.

        Raises Broken when what was sealed does not open: it was changed.
        """
        row = self._sealed(payout)
        creditor = self._unseal(payout, "sealed_creditor", row.sealed_creditor)
        iban, iin, *card = json.loads(creditor)
        order = Order.of(
            payout,
            debtor_iban=row.debtor_iban,
            creditor_iban=iban,
            creditor_iin=iin,
            creditor_card=card[0] if card else None,
        )
        return order, self._unseal(payout, "sealed_digest", row.sealed_digest)

    def _sealed(self, payout: Payout) -> Row[Any]:
        return self.sealed_of([payout.payout_id]).one()

    def sealed_of(self, payout_ids: Collection[UUID]) -> CursorResult[Any]:
        """The sealed parts of orders."""
        return _SEALED.on(self._connection, payouts=list(payout_ids))

    def claim(
        self, states: frozenset[State], *, now: datetime, lease_s: int, most: int = 1
    ) -> Sequence[Payout]:
        """Lease the next due rows; those locked by others are passed over."""
        rows = _claiming(states).on(
            self._connection,
            now=now,
            horizon=now + FURTHEST_RETRY,
            leased_until=now + timedelta(seconds=lease_s),
            most=most,
        )
        found = [one for row in rows if (one := payout_or_none(row)) is not None]
        return sorted(found, key=lambda one: one.next_at or now)

    def earlier_sum(self, payout: Payout, *, since: datetime) -> Money:
        """The client's contracts signed before this one, the unpaid ends excepted.

        Contracts counts the same: the two have to agree on hold and confirmation.
        """
        own = (payout.signed_at, payout.payout_id)
        total = sum(
            row.amount_minor
            for row in self._counted(payout.client_id)
            if row.currency == payout.amount.currency
            and row.signed_at >= since
            and (row.signed_at, row.payout_id) < own
        )
        return Money(total, payout.amount.currency)

    def _counted(self, client_id: UUID) -> Sequence[Row[Any]]:
        return self.counted_of([client_id]).all()

    def counted_of(self, client_ids: Collection[UUID]) -> CursorResult[Any]:
        """The contracts of clients, as far as they may count together."""
        return _COUNTED.on(self._connection, clients=list(client_ids))

    def record_checks(
        self, payout: Payout, checks: Sequence[Check], *, passage: UUID, at: datetime
    ) -> None:
        """Append what the gate saw; the role may neither change nor delete it."""
        self._connection.execute(
            payout_passages.insert(), kept(checks, payout, passage=passage, at=at)
        )

    def next_instant(
        self, states: frozenset[State], *, after: datetime
    ) -> datetime | None:
        """When the next row of these states becomes due, if any waits.

        Each state is one look at its end of the index, however many rows wait.
        """
        found: datetime | None = (
            _coming(states).on(self._connection, after=after).scalar_one()
        )
        return found

    def _seal(self, payout: Payout, column: str, value: str) -> bytes:
        return self._keys.of(payout.client_id).seal(
            value.encode(), table="payouts", column=column, row=payout.payout_id
        )

    def _unseal(self, payout: Payout, column: str, sealed: bytes | None) -> str:
        try:
            opened = self._keys.of(payout.client_id).unseal(
                bytes(sealed or b""),
                table="payouts",
                column=column,
                row=payout.payout_id,
            )
            return opened.decode()
        except UnsealError as error:
            raise Broken("The sealed order does not open") from error


def as_loaded(payout_id: Any, state: Any, fence: Any) -> tuple[Any, ...]:  # noqa: ANN401 - values, or columns that hold them
    """What every write names: the state and the fence the payout was loaded with."""
    return (
        payouts.c.payout_id == payout_id,
        payouts.c.state == state,
        payouts.c.fence == fence,
    )


def kept(
    checks: Sequence[Check], payout: Payout, *, passage: UUID, at: datetime
) -> dict[str, object]:
    """The checks of one passage as its row."""
    return {
        "passage": passage,
        "payout_id": payout.payout_id,
        "checked_at": at,
        "checks": [
            {
                "name": check.name,
                "verdict": check.verdict.value,
                "code": check.code,
                "evidence": check.evidence,
            }
            for check in checks
        ],
    }


def _last_number(contract_id: UUID) -> ScalarSelect[int | None]:
    """The number of the contract's last payout; a table of its own in the query."""
    every = payouts.alias()
    return (
        select(func.max(every.c.number))
        .where(every.c.contract_id == contract_id)
        .scalar_subquery()
    )


_SEALED: Final = Fixed.of(
    select(
        payouts.c.payout_id,
        payouts.c.debtor_iban,
        payouts.c.sealed_creditor,
        payouts.c.sealed_digest,
    ).where(among(payouts.c.payout_id, "payouts"))
)
_COUNTED: Final = Fixed.of(
    select(
        payouts.c.client_id,
        payouts.c.payout_id,
        payouts.c.signed_at,
        payouts.c.amount_minor,
        payouts.c.currency,
    ).where(
        among(payouts.c.client_id, "clients"),
        payouts.c.amount_minor.is_not(None),
        ~one_of(payouts.c.state, ENDED_UNPAID),
    )
)


@cache
def _claiming(states: frozenset[State]) -> Fixed:
    chosen = (
        select(payouts.c.payout_id)
        .where(_due(states))
        .order_by(payouts.c.next_at)
        .limit(bindparam("most", type_=Integer))
        .with_for_update(skip_locked=True, key_share=True)
        .cte("chosen")
    )
    return Fixed.of(
        payouts.update()
        .where(payouts.c.payout_id == chosen.c.payout_id)
        .values(
            fence=payouts.c.fence + 1,
            lease_until=bindparam("leased_until", type_=payouts.c.lease_until.type),
        )
        .returning(*PLAIN)
    )


@cache
def _coming(states: frozenset[State]) -> Fixed:
    after = bindparam("after", type_=payouts.c.next_at.type)
    firsts = [
        select(payouts.c.next_at)
        .where(payouts.c.state == state.value, payouts.c.next_at > after)
        .order_by(payouts.c.next_at)
        .limit(1)
        .subquery()
        for state in sorted(states)
    ]
    coming = union_all(*(select(first.c.next_at) for first in firsts)).subquery()
    return Fixed.of(select(func.min(coming.c.next_at)))


def _due(states: frozenset[State]) -> ColumnElement[bool]:
    """Waiting, due and leased to nobody.

    Only the hold may lie far ahead; a lease or retry that does is from a wrong clock.
    Of holds a single range of the index is asked for: a million that lie ahead cost
    one that is due nothing.
    """
    now = bindparam("now", type_=payouts.c.next_at.type)
    horizon = bindparam("horizon", type_=payouts.c.next_at.type)
    due = payouts.c.next_at <= now
    if State.HELD not in states:
        due = or_(due, payouts.c.next_at > horizon)
    return and_(
        one_of(payouts.c.state, states),
        due,
        or_(
            payouts.c.lease_until.is_(None),
            payouts.c.lease_until <= now,
            payouts.c.lease_until > horizon,
        ),
    )


def _born(payout_id: UUID, *, at: datetime) -> dict[str, Any]:
    return {
        "payout_id": payout_id,
        "entered_at": at,
        "release_required": True,
        "attempt": 0,
        "missing": 0,
        "fence": 0,
        "tries": 0,
    }


def _facts(payout: Payout) -> dict[str, Any]:
    return {
        "account_id": payout.account_id,
        "amount_minor": payout.amount.amount_minor,
        "currency": payout.amount.currency,
        "document_sha256": payout.document_sha256,
        "agreed_token": payout.agreed_token,
        "signed_at": payout.signed_at,
        **_trail_columns(payout.trail),
    }


def _trail_columns(trail: Trail) -> dict[str, Any]:
    return {
        "correlation_id": trail.correlation_id,
        "causation_id": trail.causation_id,
    }


def _columns(changes: Changes) -> dict[str, Any]:
    """The changes as columns; the trail is two of them."""
    values: dict[str, Any] = dict(changes)
    trail = values.pop("trail", None)
    return values | (_trail_columns(trail) if trail else {})


def payout_or_none(row: Row[Any] | None) -> Payout | None:
    found = None if row is None else _read(row)
    return found if isinstance(found, Payout) else None


def _read(row: Row[Any]) -> Payout | Tombstone:
    if row.amount_minor is None:
        return Tombstone(row.contract_id, row.client_id)
    fields = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's documented attribute
    amount = Money(fields.pop("amount_minor"), fields.pop("currency"))
    trail = Trail(fields.pop("correlation_id"), fields.pop("causation_id"))
    state = State(fields.pop("state"))
    return Payout(amount=amount, trail=trail, state=state, **fields)
