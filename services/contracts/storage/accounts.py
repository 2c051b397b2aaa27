"""Rows of contracts' accounts: orders, stops, and a ledger that is only added to."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Connection, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from kernel.money import Money
from services.contracts.domain.repayment import (
    EarlyOrder,
    Effect,
    Posting,
    PostingKind,
)
from services.contracts.ports.repayments import (
    LedgerLine,
    PostingKey,
    Standing,
    Turn,
)
from services.contracts.storage.contracts import ACTIVE
from services.contracts.storage.ledger import (
    account_standings,
    accrual_turns,
    early_orders,
    ledger_postings,
)
from services.contracts.storage.schedules import FINAL
from services.contracts.storage.tables import contracts, schedules


class AccountRows:
    """Implements Accounts on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def standing(self, contract_id: UUID) -> Standing | None:
        row = self._connection.execute(
            select(account_standings).where(
                account_standings.c.contract_id == contract_id
            )
        ).one_or_none()
        return None if row is None else Standing(**row._mapping)  # noqa: SLF001 - public

    def save(self, standing: Standing) -> None:
        said = {
            "counted_on": standing.counted_on,
            "days_told": standing.days_told,
            "orders_told": standing.orders_told,
            "closed_on": standing.closed_on,
        }
        self._connection.execute(
            insert(account_standings)
            .values(contract_id=standing.contract_id, **said)
            .on_conflict_do_update(index_elements=["contract_id"], set_=said)
        )

    def touch(self, contract_id: UUID) -> None:
        self._connection.execute(
            account_standings.update()
            .where(account_standings.c.contract_id == contract_id)
            .values(counted_on=None)
        )

    def to_count(self, today: date, *, limit: int) -> Sequence[UUID]:
        standing = account_standings
        query = (
            select(contracts.c.id)
            .join(
                schedules,
                (schedules.c.contract_id == contracts.c.id)
                & (schedules.c.kind == FINAL),
            )
            .outerjoin(standing, standing.c.contract_id == contracts.c.id)
            .where(
                contracts.c.state == ACTIVE,
                or_(
                    standing.c.counted_on.is_(None),
                    (standing.c.counted_on < today) & standing.c.closed_on.is_(None),
                ),
            )
            .order_by(standing.c.counted_on.asc().nulls_first(), contracts.c.id)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def orders(self, contract_id: UUID) -> Sequence[EarlyOrder]:
        rows = self._connection.execute(
            select(early_orders).where(early_orders.c.contract_id == contract_id)
        )
        return [
            EarlyOrder(
                on=row.day,
                order_id=row.order_id,
                amount=Money(row.amount_minor),
                effect=Effect(row.effect),
            )
            for row in rows
        ]

    def add_order(self, contract_id: UUID, order: EarlyOrder, *, at: datetime) -> bool:
        added = self._connection.execute(
            insert(early_orders)
            .values(
                order_id=order.order_id,
                contract_id=contract_id,
                day=order.on,
                amount_minor=order.amount.amount_minor,
                effect=order.effect.value,
                asked_at=at,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def turns(self, contract_id: UUID) -> Sequence[Turn]:
        rows = self._connection.execute(
            select(accrual_turns)
            .where(accrual_turns.c.contract_id == contract_id)
            .order_by(accrual_turns.c.approved_at, accrual_turns.c.approval_id)
        )
        return [
            Turn(
                contract_id=contract_id,
                day=row.day,
                stopped=row.stopped,
                document_sha256=row.document_sha256,
                told=row.told,
                approval_id=row.approval_id,
                asked_by=row.asked_by,
                approved_by=row.approved_by,
            )
            for row in rows
        ]

    def add_turn(self, turn: Turn, *, at: datetime) -> None:
        self._connection.execute(
            accrual_turns.insert().values(
                approval_id=turn.approval_id,
                contract_id=turn.contract_id,
                day=turn.day,
                stopped=turn.stopped,
                document_sha256=turn.document_sha256,
                told=turn.told,
                asked_by=turn.asked_by,
                approved_by=turn.approved_by,
                approved_at=at,
            )
        )

    def posted(self, contract_id: UUID) -> Mapping[PostingKey, int]:
        key = (
            ledger_postings.c.day,
            ledger_postings.c.kind,
            ledger_postings.c.reference,
        )
        rows = self._connection.execute(
            select(*key, func.sum(ledger_postings.c.amount_minor).label("amount"))
            .where(ledger_postings.c.contract_id == contract_id)
            .group_by(*key)
        )
        return {
            (row.day, PostingKind(row.kind), row.reference): int(row.amount)
            for row in rows
        }

    def post(
        self,
        contract_id: UUID,
        postings: Sequence[Posting],
        *,
        event_id: UUID,
        at: datetime,
    ) -> None:
        last = self._connection.execute(
            select(func.coalesce(func.max(ledger_postings.c.number), 0)).where(
                ledger_postings.c.contract_id == contract_id
            )
        ).scalar_one()
        self._connection.execute(
            ledger_postings.insert(),
            [
                {
                    "contract_id": contract_id,
                    "number": number,
                    "day": one.on,
                    "kind": one.kind.value,
                    "reference": one.reference,
                    "amount_minor": one.amount,
                    "event_id": event_id,
                    "posted_at": at,
                }
                for number, one in enumerate(postings, start=last + 1)
            ],
        )

    def ledger(self, contract_id: UUID) -> Sequence[LedgerLine]:
        rows = self._connection.execute(
            select(ledger_postings)
            .where(ledger_postings.c.contract_id == contract_id)
            .order_by(ledger_postings.c.number)
        )
        return [
            LedgerLine(
                number=row.number,
                posting=Posting(
                    on=row.day,
                    kind=PostingKind(row.kind),
                    reference=row.reference,
                    amount=row.amount_minor,
                ),
                event_id=row.event_id,
                posted_at=row.posted_at,
            )
            for row in rows
        ]
