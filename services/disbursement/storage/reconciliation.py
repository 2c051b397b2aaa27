"""What the bank told, the cases of it, and halts, on one open transaction."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Text, bindparam, exists, func, select, text
from sqlalchemy.dialects.postgresql import insert

from kernel.database import Fixed
from kernel.given import among
from kernel.money import Money
from services.disbursement.domain.reconciliation import (
    BOOKABLE,
    BankEntry,
    Case,
    Direction,
    Finding,
    Halt,
    Message,
    Position,
    Resumption,
)
from services.disbursement.storage.tables import (
    bank_entries,
    payouts,
    reconciliation_cases,
    sending_halts,
    statement_positions,
)

LISTED: Final = 100
"""So many cases are listed, and so many payouts without an entry found at a time."""

EVERYTHING: Final = "everything"
"""The one scope of a halt; of each at most one stands."""

# The server's start and the database's own id: a copy put in their place has another.
_MARK: Final = text(
    "SELECT extract(epoch FROM pg_postmaster_start_time()) || '/' || oid"
    " FROM pg_database WHERE datname = current_database()"
)


class ReconciliationRows:
    """`ports.Reconciliation` over PostgreSQL."""

    def __init__(self, connection: Connection, *, account: str) -> None:
        """`account` is the company's; its name stands in no row but the place."""
        self._connection = connection
        self._account = account

    def positions(self) -> Sequence[Position]:
        """How far each kind of message is read, those not begun as well."""
        rows = self._connection.execute(
            select(statement_positions).where(
                statement_positions.c.account == self._account
            )
        )
        known = {Message(row.message): _position(row) for row in rows}
        return [known.get(message, Position(message=message)) for message in Message]

    def database(self) -> str:
        """The mark of the database as it runs now."""
        return str(self._connection.execute(_MARK).scalar_one())

    def take_place(self, position: Position) -> bool:
        """Hold the place until the transaction ends; False if another read on."""
        self._connection.execute(
            insert(statement_positions)
            .values(account=self._account, message=position.message.value, upto=0)
            .on_conflict_do_nothing()
        )
        upto = self._connection.execute(
            select(statement_positions.c.upto)
            .where(self._of(position.message))
            .with_for_update()
        ).scalar_one()
        return bool(upto == position.upto)

    def keep_place(self, position: Position) -> None:
        """Where to read on, and how far the end was reached."""
        self._connection.execute(
            statement_positions.update()
            .where(self._of(position.message))
            .values(
                upto=position.upto,
                caught_up_at=position.caught_up_at,
                database=position.database,
                next_at=position.next_at,
            )
        )

    def look_now(self) -> None:
        """Let the next beat read, whenever it was to."""
        self._connection.execute(
            statement_positions.update()
            .where(statement_positions.c.account == self._account)
            .values(next_at=None)
        )

    def enter(
        self,
        entry: BankEntry,
        finding: Finding,
        payout_id: UUID | None,
        *,
        at: datetime,
    ) -> BankEntry | None:
        """Keep an entry; None if it is new, else what is known under its reference."""
        entered = self._connection.execute(
            insert(bank_entries)
            .values(
                reference=entry.reference,
                direction=entry.direction.value,
                reversal=entry.reversal,
                amount_minor=entry.amount.amount_minor,
                currency=entry.amount.currency,
                booked_at=entry.booked_at,
                end_to_end_id=entry.end_to_end_id,
                finding=finding.value,
                payout_id=payout_id,
                read_at=at,
            )
            .on_conflict_do_nothing(index_elements=["reference"])
        ).rowcount
        return None if entered else self.entry(entry.reference)

    def entry(self, reference: str) -> BankEntry | None:
        """What the bank booked under its reference, but for the account."""
        row = self._connection.execute(
            select(bank_entries).where(bank_entries.c.reference == reference)
        ).one_or_none()
        return None if row is None else _entry(row)

    def unbooked(self, *, sent_before: datetime) -> Sequence[UUID]:
        """Payouts sent by then, without entry or case; at most a hundred."""
        told = exists().where(
            reconciliation_cases.c.payout_id == payouts.c.payout_id,
            reconciliation_cases.c.finding == Finding.MISSING.value,
        )
        return (
            self._connection.execute(
                select(payouts.c.payout_id)
                .where(
                    payouts.c.booked_reference.is_(None),
                    payouts.c.state.in_(sorted(state.value for state in BOOKABLE)),
                    payouts.c.first_sent_at <= sent_before,
                    ~told,
                )
                .order_by(payouts.c.first_sent_at)
                .limit(LISTED)
            )
            .scalars()
            .all()
        )

    def open_case(self, case: Case) -> bool:
        """Keep a case; False if there is, or was, the same."""
        return bool(
            self._connection.execute(
                insert(reconciliation_cases)
                .values(
                    case_id=case.case_id,
                    finding=case.finding.value,
                    severe=case.severe,
                    about=case.reference or str(case.payout_id),
                    payout_id=case.payout_id,
                    reference=case.reference,
                    opened_at=case.opened_at,
                )
                .on_conflict_do_nothing()
            ).rowcount
        )

    def cases(self) -> Sequence[Case]:
        """The open cases and then the resolved, of each the newest first; bounded."""
        cases = reconciliation_cases.c
        rows = self._connection.execute(
            select(reconciliation_cases)
            .order_by(cases.resolved_at.is_not(None), cases.opened_at.desc())
            .limit(LISTED)
        )
        return [_case(row) for row in rows]

    def case(self, case_id: UUID) -> Case | None:
        """One of them, locked until the transaction ends."""
        row = self._connection.execute(
            select(reconciliation_cases)
            .where(reconciliation_cases.c.case_id == case_id)
            .with_for_update()
        ).one_or_none()
        return None if row is None else _case(row)

    def resolve(
        self, case_id: UUID, *, by: UUID | None, resolution: str, at: datetime
    ) -> None:
        """Close an open case; nobody's resolution is the entry that came."""
        self._connection.execute(
            reconciliation_cases.update()
            .where(
                reconciliation_cases.c.case_id == case_id,
                reconciliation_cases.c.resolved_at.is_(None),
            )
            .values(resolved_at=at, resolved_by=by, resolution=resolution)
        )

    def open_case_of(self, payout_id: UUID, finding: Finding | None) -> UUID | None:
        """An open case about the payout, of this finding or of any."""
        return self.open_cases_of([payout_id], finding).get(payout_id)

    def open_cases_of(
        self, payout_ids: Collection[UUID], finding: Finding | None
    ) -> Mapping[UUID, UUID]:
        """The same of many payouts, the first case of each that has one."""
        rows = _OPEN_CASES.on(
            self._connection,
            payouts=list(payout_ids),
            finding=None if finding is None else finding.value,
        )
        return {row.payout_id: row.case_id for row in rows}

    def severe_open(self) -> int:
        """How many open cases keep sending halted."""
        return int(
            self._connection.execute(
                select(func.count())
                .select_from(reconciliation_cases)
                .where(
                    reconciliation_cases.c.severe,
                    reconciliation_cases.c.resolved_at.is_(None),
                )
            ).scalar_one()
        )

    def _of(self, message: Message) -> Any:  # noqa: ANN401 - a condition
        return (statement_positions.c.account == self._account) & (
            statement_positions.c.message == message.value
        )


_OPEN_CASES: Final = Fixed.of(
    select(reconciliation_cases.c.payout_id, reconciliation_cases.c.case_id)
    .where(
        among(reconciliation_cases.c.payout_id, "payouts"),
        reconciliation_cases.c.resolved_at.is_(None),
        reconciliation_cases.c.finding
        == func.coalesce(
            bindparam("finding", type_=Text), reconciliation_cases.c.finding
        ),
    )
    .order_by(reconciliation_cases.c.opened_at.desc())
)
_STANDING: Final = Fixed.of(
    select(
        sending_halts.c.halt_id,
        sending_halts.c.code,
        sending_halts.c.halted_at,
        sending_halts.c.halted_by,
        sending_halts.c.reason,
    ).where(sending_halts.c.resumed_at.is_(None))
)


class HaltRows:
    """`ports.Halts` over PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def standing(self) -> Halt | None:
        """The halt that stands, if one does."""
        row = _STANDING.on(self._connection).one_or_none()
        return None if row is None else Halt(**row._mapping)  # noqa: SLF001 - documented

    def begin(self, halt: Halt) -> bool:
        """Halt all sending; False if it is halted already."""
        return bool(
            self._connection.execute(
                insert(sending_halts)
                .values(
                    halt_id=halt.halt_id,
                    scope=EVERYTHING,
                    code=halt.code,
                    halted_at=halt.halted_at,
                    halted_by=halt.halted_by,
                    reason=halt.reason,
                )
                .on_conflict_do_nothing()
            ).rowcount
        )

    def end(self, resumption: Resumption, *, at: datetime) -> bool:
        """What two persons agreed on; False if that halt does not stand."""
        return bool(
            self._connection.execute(
                sending_halts.update()
                .where(
                    sending_halts.c.halt_id == resumption.halt_id,
                    sending_halts.c.resumed_at.is_(None),
                )
                .values(
                    resumed_at=at,
                    approval_id=resumption.approval_id,
                    asked_by=resumption.asked_by,
                    resumed_by=resumption.resumed_by,
                    resume_reason=resumption.reason,
                )
            ).rowcount
        )


def _position(row: Row[Any]) -> Position:
    return Position(
        message=Message(row.message),
        upto=row.upto,
        caught_up_at=row.caught_up_at,
        database=row.database,
        next_at=row.next_at,
    )


def _entry(row: Row[Any]) -> BankEntry:
    return BankEntry(
        reference=row.reference,
        direction=Direction(row.direction),
        reversal=row.reversal,
        amount=Money(row.amount_minor, row.currency),
        booked_at=row.booked_at,
        end_to_end_id=row.end_to_end_id,
    )


def _case(row: Row[Any]) -> Case:
    return Case(
        case_id=row.case_id,
        finding=Finding(row.finding),
        payout_id=row.payout_id,
        reference=row.reference,
        opened_at=row.opened_at,
        resolved_at=row.resolved_at,
        resolved_by=row.resolved_by,
        resolution=row.resolution,
    )
