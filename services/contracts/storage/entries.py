"""Rows of what the bank booked: only added; what a payer wrote is sealed."""

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import Any, Final, TypeVar
from uuid import UUID

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    FromClause,
    Row,
    ScalarSelect,
    Select,
    exists,
    func,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by, insert

from kernel.crypto import UnsealError, as_object, canonical, parse_canonical
from kernel.errors import Broken
from kernel.money import Money
from services.contracts.domain.credits import (
    BankEntry,
    EntryKind,
    Payment,
    takes_back,
)
from services.contracts.domain.repayment import Credit
from services.contracts.ports.repayments import (
    Assignment,
    Doubt,
    KeptEntry,
    Settlement,
)
from services.contracts.storage.contracts import ACTIVE
from services.contracts.storage.keys import HOUSE, KeyRing
from services.contracts.storage.ledger import (
    bank_contradictions,
    bank_entries,
    credit_assignments,
    doubt_settlements,
    statement_positions,
)
from services.contracts.storage.tables import clients, contracts

T = TypeVar("T")

_ACCOUNT: Final = "repayments"
_reversal = bank_entries.alias("reversal")
_original = bank_entries.alias("original")


def _unsettled(entry_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    return ~exists().where(doubt_settlements.c.entry_id == entry_id)


def _of_reversals(of: FromClause, aggregate: ColumnElement[T]) -> ScalarSelect[T]:
    """An aggregate of an entry's reversals; NULL when it has none.

    Without those on which the bank has answered that what it said first stands.
    """
    return (
        select(aggregate)
        .where(
            _reversal.c.kind == EntryKind.REVERSAL.value,
            _reversal.c.reversal_of == of.c.reference,
            _unsettled(_reversal.c.entry_id),
        )
        .correlate(of)
        .scalar_subquery()
    )


def _as_read(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A column of reversals as an array, in the order they were read."""
    return func.array_agg(aggregate_order_by(column, _reversal.c.entry_id))


_REVERSALS: Final = _of_reversals(bank_entries, _as_read(_reversal.c.amount_minor))
_ENTRIES: Final = select(
    bank_entries,
    credit_assignments.c.contract_id,
    _REVERSALS.label("reversals"),
).outerjoin(
    credit_assignments, credit_assignments.c.entry_id == bank_entries.c.entry_id
)


class EntryRows:
    """Implements Entries on one open transaction."""

    def __init__(self, connection: Connection, *, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def position(self, *, at: datetime) -> int:
        # A row to lock has to be there before the first page is read, too.
        self._connection.execute(
            insert(statement_positions)
            .values(account=_ACCOUNT, upto=0, read_at=at)
            .on_conflict_do_nothing()
        )
        upto = self._connection.execute(
            select(statement_positions.c.upto)
            .where(statement_positions.c.account == _ACCOUNT)
            .with_for_update()
        ).scalar_one()
        return int(upto)

    def move(self, *, upto: int, at: datetime) -> None:
        self._connection.execute(
            statement_positions.update()
            .where(statement_positions.c.account == _ACCOUNT)
            .values(upto=upto, read_at=at)
        )

    def add(
        self,
        entry_id: UUID,
        entry: BankEntry,
        payment: Payment,
        *,
        of_contract: UUID | None,
        at: datetime,
    ) -> None:
        sealed = self._sealed(
            canonical(payment.to_fields()),
            bank_entries.c.payment,
            entry_id,
            of_contract=of_contract,
            at=at,
        )
        self._connection.execute(
            bank_entries.insert().values(
                entry_id=entry_id,
                reference=entry.reference,
                content_sha256=entry.content_sha256(payment),
                kind=entry.kind.value,
                amount_minor=entry.amount.amount_minor,
                value_on=entry.value_on,
                booked_at=entry.booked_at,
                reversal_of=entry.reversal_of,
                read_at=at,
                **sealed,
            )
        )

    def contradict(
        self,
        entry_id: UUID,
        entry: BankEntry,
        payment: Payment,
        *,
        of_contract: UUID | None,
        at: datetime,
    ) -> bool:
        sealed = self._sealed(
            canonical(entry.to_fields(payment)),
            bank_contradictions.c.entry,
            entry_id,
            of_contract=of_contract,
            at=at,
        )
        added = self._connection.execute(
            insert(bank_contradictions)
            .values(
                entry_id=entry_id,
                reference=entry.reference,
                content_sha256=entry.content_sha256(payment),
                read_at=at,
                **sealed,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def payment(self, entry_id: UUID) -> Payment:
        row = self._connection.execute(
            _ENTRIES.where(bank_entries.c.entry_id == entry_id)
        ).one()
        try:
            said = self._keys.of_client(row.client_id or HOUSE).unseal(
                bytes(row.payment),
                table=bank_entries.name,
                column="payment",
                row=entry_id,
            )
        except UnsealError as error:
            raise Broken("What a payer wrote was changed") from error
        payment = Payment.of_fields(as_object(parse_canonical(said)))
        if _kept(row).entry.content_sha256(payment) != row.content_sha256:
            raise Broken("An entry of the bank's no longer has its digest")
        return payment

    def _sealed(
        self,
        plain: bytes,
        column: Column[Any],
        entry_id: UUID,
        *,
        of_contract: UUID | None,
        at: datetime,
    ) -> dict[str, object]:
        """By the key of the contract's client, or the house's for nobody's."""
        client_id = None
        if of_contract is not None:
            client_id = self._connection.execute(
                select(contracts.c.client_id).where(contracts.c.id == of_contract)
            ).scalar_one()
        whose = client_id or HOUSE
        if self._keys.is_erased(whose):
            client_id, whose = None, HOUSE  # of an erased client nothing is sealed
        self._keys.make(whose, at=at)
        sealed = self._keys.of_client(whose).seal(
            plain, table=column.table.name, column=column.name, row=entry_id
        )
        return {"client_id": client_id, column.name: sealed}

    def get(self, entry_id: UUID) -> KeptEntry | None:
        return self._one(bank_entries.c.entry_id == entry_id)

    def find(self, reference: str) -> KeptEntry | None:
        return self._one(bank_entries.c.reference == reference)

    def assign(self, assignment: Assignment, *, at: datetime) -> bool:
        added = self._connection.execute(
            insert(credit_assignments)
            .values(
                entry_id=assignment.entry_id,
                contract_id=assignment.contract_id,
                recognised_by=assignment.recognised_by,
                approval_id=assignment.approval_id,
                asked_by=assignment.asked_by,
                approved_by=assignment.approved_by,
                assigned_at=at,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def of_contract(self, contract_id: UUID) -> Sequence[KeptEntry]:
        return self._all(
            _ENTRIES.where(credit_assignments.c.contract_id == contract_id).order_by(
                bank_entries.c.value_on, bank_entries.c.reference
            )
        )

    def credits_of(self, contract_id: UUID) -> Sequence[Credit]:
        rows = self._connection.execute(
            select(
                bank_entries.c.value_on,
                bank_entries.c.reference,
                bank_entries.c.amount_minor,
                _REVERSALS.label("reversals"),
            )
            .join(
                credit_assignments,
                credit_assignments.c.entry_id == bank_entries.c.entry_id,
            )
            .where(credit_assignments.c.contract_id == contract_id)
        )
        return [
            Credit(value_on=row.value_on, reference=row.reference, amount=left)
            for row in rows
            if (left := Money(row.amount_minor) - _taken_back(row)) > Money(0)
        ]

    def unassigned(self, *, limit: int) -> Sequence[KeptEntry]:
        rows = self._connection.execute(
            _ENTRIES.where(
                bank_entries.c.kind == EntryKind.CREDIT.value,
                credit_assignments.c.contract_id.is_(None),
            ).order_by(bank_entries.c.booked_at)
        )
        return list(
            islice((kept for kept in map(_kept, rows) if not kept.reversed), limit)
        )

    def doubts(self, *, limit: int) -> Sequence[Doubt]:
        return [*self._contradicting(limit=limit), *self._differing(limit=limit)]

    def doubt(self, entry_id: UUID) -> Doubt | None:
        found = [
            *self._contradicting(bank_contradictions.c.entry_id == entry_id),
            *self._differing(bank_entries.c.entry_id == entry_id),
        ]
        return found[0] if found else None

    def _contradicting(
        self, which: ColumnElement[bool] | None = None, *, limit: int = 1
    ) -> list[Doubt]:
        told = bank_contradictions.c
        rows = self._connection.execute(
            select(told.entry_id, told.reference, told.client_id)
            .where(_unsettled(told.entry_id), true() if which is None else which)
            .order_by(told.read_at.desc())
            .limit(limit)
        )
        return [
            Doubt(
                entry_id=row.entry_id,
                reason="contradicted",
                reference=row.reference,
                client_id=self._whose(row.client_id),
            )
            for row in rows
        ]

    def _differing(
        self, which: ColumnElement[bool] | None = None, *, limit: int = 1
    ) -> list[Doubt]:
        told = bank_entries.c
        amounts = _of_reversals(_original, _as_read(_reversal.c.amount_minor))
        ids = _of_reversals(_original, _as_read(_reversal.c.entry_id))
        total = _of_reversals(_original, func.sum(_reversal.c.amount_minor))
        rows = self._connection.execute(
            select(
                *(told.entry_id, told.reference, told.client_id),
                *(told.amount_minor, told.value_on),
                _original.c.kind.label("of"),
                _original.c.amount_minor.label("booked_minor"),
                amounts.label("reversals"),
                ids.label("reversal_ids"),
            )
            .join(_original, _original.c.reference == told.reversal_of)
            .where(
                told.kind == EntryKind.REVERSAL.value,
                or_(
                    _original.c.kind != EntryKind.CREDIT.value,
                    _original.c.amount_minor < total,
                ),
                _unsettled(told.entry_id),
                true() if which is None else which,
            )
            .order_by(told.read_at.desc())
        )
        return [
            Doubt(
                entry_id=row.entry_id,
                reason="reversal_differs",
                reference=row.reference,
                client_id=self._whose(row.client_id),
                amount=Money(row.amount_minor),
                value_on=row.value_on,
            )
            for row in islice((row for row in rows if _differs(row)), limit)
        ]

    def _whose(self, client_id: UUID | None) -> UUID | None:
        gone = client_id is None or self._keys.is_erased(client_id)
        return None if gone else client_id

    def said_later(self, entry_id: UUID) -> tuple[BankEntry, Payment] | None:
        row = self._connection.execute(
            select(bank_contradictions).where(
                bank_contradictions.c.entry_id == entry_id
            )
        ).one_or_none()
        if row is None:
            return None
        try:
            said = self._keys.of_client(row.client_id or HOUSE).unseal(
                bytes(row.entry),
                table=bank_contradictions.name,
                column="entry",
                row=entry_id,
            )
        except UnsealError as error:
            raise Broken("What the bank said later was changed") from error
        fields = as_object(parse_canonical(said))
        entry, payment = BankEntry.of_fields(fields), Payment.of_fields(fields)
        if entry.content_sha256(payment) != row.content_sha256:
            raise Broken("What the bank said later no longer has its digest")
        return entry, payment

    def settle(self, settlement: Settlement, *, at: datetime) -> None:
        self._connection.execute(
            insert(doubt_settlements)
            .values(
                entry_id=settlement.entry_id,
                document_sha256=settlement.document_sha256,
                approval_id=settlement.approval_id,
                asked_by=settlement.asked_by,
                approved_by=settlement.approved_by,
                settled_at=at,
            )
            .on_conflict_do_nothing()
        )

    def payable(self, number: str) -> UUID | None:
        return self._connection.execute(
            select(contracts.c.id).where(
                contracts.c.number == number, contracts.c.state == ACTIVE
            )
        ).scalar()

    def active_of(self, iin_token: str) -> Sequence[UUID]:
        return list(
            self._connection.execute(
                select(contracts.c.id)
                .join(clients, clients.c.client_id == contracts.c.client_id)
                .where(
                    clients.c.iin_token == iin_token,
                    contracts.c.state == ACTIVE,
                    contracts.c.end_code.is_(None),
                )
            ).scalars()
        )

    def _one(self, which: ColumnElement[bool]) -> KeptEntry | None:
        found = self._all(_ENTRIES.where(which))
        return found[0] if found else None

    def _all(self, query: Select[*tuple[Any, ...]]) -> list[KeptEntry]:
        return [_kept(row) for row in self._connection.execute(query)]


def _differs(row: Row[*tuple[Any, ...]]) -> bool:
    """Whether a reversal takes more than is left, or what is no credit."""
    if row.of != EntryKind.CREDIT.value:
        return True
    amounts = [Money(minor) for minor in row.reversals]
    counting = takes_back(Money(row.booked_minor), amounts)
    return not counting[row.reversal_ids.index(row.entry_id)]


def _taken_back(row: Row[*tuple[Any, ...]]) -> Money:
    amounts = [Money(minor) for minor in row.reversals or ()]
    counting = takes_back(Money(row.amount_minor), amounts)
    return Money(
        sum(
            one.amount_minor
            for one, counts in zip(amounts, counting, strict=True)
            if counts
        )
    )


def _kept(row: Row[*tuple[Any, ...]]) -> KeptEntry:
    return KeptEntry(
        entry_id=row.entry_id,
        entry=BankEntry(
            reference=row.reference,
            kind=EntryKind(row.kind),
            amount=Money(row.amount_minor),
            value_on=row.value_on,
            booked_at=row.booked_at,
            reversal_of=row.reversal_of,
        ),
        content_sha256=row.content_sha256,
        contract_id=row.contract_id,
        taken_back=_taken_back(row),
    )
