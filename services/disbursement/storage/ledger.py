"""The books on one open transaction: rows are only ever added."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final

from sqlalchemy import Connection, Row, case, func, select
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import as_object, canonical, parse_canonical
from kernel.database import Fixed
from kernel.given import as_rows, given
from kernel.money import Money
from services.disbursement.domain.ledger import (
    Account,
    JournalEntry,
    Kind,
    Posting,
    Proof,
    Side,
)
from services.disbursement.storage.tables import (
    ledger_postings,
    ledger_proofs,
    ledger_transactions,
)


class LedgerRows:
    """`ports.Ledger` over PostgreSQL."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def post(self, entry: JournalEntry) -> None:
        """Keep a transaction; nothing if it is posted already."""
        self.post_all([entry])

    def post_all(self, entries: Sequence[JournalEntry]) -> None:
        """Keep those of them, in this order, that are not posted yet.

        A trigger refuses lines that do not balance, and the commit one without lines.
        """
        new = set(
            _POST.on(
                self._connection, rows=as_rows([_head(entry) for entry in entries])
            ).scalars()
        )
        _POST_LINES.on(
            self._connection,
            rows=as_rows(
                [
                    line
                    for entry in entries
                    if entry.transaction_id in new
                    for line in _lines(entry)
                ]
            ),
        )

    def last_proof(self) -> Proof | None:
        """The proof of the last closed day."""
        row = _LAST_PROOF.on(self._connection).one_or_none()
        return None if row is None else _proof(row)

    def proofs(self) -> Sequence[Proof]:
        """The proofs of all closed days, in order."""
        rows = self._connection.execute(
            select(ledger_proofs).order_by(ledger_proofs.c.day)
        )
        return [_proof(row) for row in rows]

    def unproved_days(self) -> Sequence[date]:
        """Days with postings behind the last closed one."""
        last = select(func.max(ledger_proofs.c.day)).scalar_subquery()
        return (
            self._connection.execute(
                select(ledger_transactions.c.day)
                .where(last.is_(None) | (ledger_transactions.c.day > last))
                .distinct()
                .order_by(ledger_transactions.c.day)
            )
            .scalars()
            .all()
        )

    def entries_of(self, day: date) -> Sequence[JournalEntry]:
        """What was posted on a day."""
        rows = self._connection.execute(
            select(
                ledger_transactions,
                ledger_postings.c.account,
                ledger_postings.c.side,
                ledger_postings.c.amount_minor,
                ledger_postings.c.currency,
            )
            .join_from(ledger_transactions, ledger_postings)
            .where(ledger_transactions.c.day == day)
            .order_by(ledger_transactions.c.transaction_id, ledger_postings.c.number)
        )
        return [
            _entry(list(lines))
            for _, lines in groupby(rows, key=lambda row: row.transaction_id)
        ]

    def keep_proof(self, proof: Proof, *, at: datetime) -> bool:
        """Close a day; False if another has."""
        written = {account.value: minor for account, minor in proof.balances.items()}
        return bool(
            self._connection.execute(
                insert(ledger_proofs)
                .values(
                    day=proof.day,
                    transactions=proof.transactions,
                    debit_minor=proof.debit_minor,
                    credit_minor=proof.credit_minor,
                    balances=canonical(written),
                    previous_sha256=proof.previous_sha256,
                    sha256=proof.sha256,
                    proved_at=at,
                )
                .on_conflict_do_nothing()
            ).rowcount
        )

    def balances(self) -> Mapping[Account, int]:
        """Tiyn on each account now, debit positive."""
        minor = ledger_postings.c.amount_minor
        signed = case((ledger_postings.c.side == Side.DEBIT.value, minor), else_=-minor)
        rows = self._connection.execute(
            select(ledger_postings.c.account, func.sum(signed)).group_by(
                ledger_postings.c.account
            )
        )
        found = {Account(account): int(total) for account, total in rows}
        return {account: found.get(account, 0) for account in Account}


_LAST_PROOF: Final = Fixed.of(
    select(ledger_proofs).order_by(ledger_proofs.c.day.desc()).limit(1)
)
_heads = given(*ledger_transactions.c)
_POST: Final = Fixed.of(
    insert(ledger_transactions)
    .from_select([column.name for column in ledger_transactions.c], select(_heads))
    .on_conflict_do_nothing()
    .returning(ledger_transactions.c.transaction_id)
)
_POST_LINES: Final = Fixed.of(
    insert(ledger_postings).from_select(
        [column.name for column in ledger_postings.c],
        select(given(*ledger_postings.c)),
    )
)


def _head(entry: JournalEntry) -> dict[str, object]:
    return {
        "transaction_id": entry.transaction_id,
        "kind": entry.kind.value,
        "day": entry.day,
        "lines": len(entry.postings),
        "payout_id": entry.payout_id,
        "event_id": entry.event_id,
        "bank_reference": entry.bank_reference,
        "posted_at": entry.posted_at,
    }


def _lines(entry: JournalEntry) -> list[dict[str, object]]:
    return [
        {
            "transaction_id": entry.transaction_id,
            "number": number,
            "account": line.account.value,
            "side": line.side.value,
            "amount_minor": line.amount.amount_minor,
            "currency": line.amount.currency,
        }
        for number, line in enumerate(entry.postings, start=1)
    ]


def _entry(lines: Sequence[Row[Any]]) -> JournalEntry:
    first = lines[0]
    return JournalEntry(
        transaction_id=first.transaction_id,
        kind=Kind(first.kind),
        day=first.day,
        postings=tuple(
            Posting(
                Account(line.account),
                Side(line.side),
                Money(line.amount_minor, line.currency),
            )
            for line in lines
        ),
        posted_at=first.posted_at,
        payout_id=first.payout_id,
        event_id=first.event_id,
        bank_reference=first.bank_reference,
    )


def _proof(row: Row[Any]) -> Proof:
    balances = as_object(parse_canonical(bytes(row.balances)))
    return Proof(
        day=row.day,
        transactions=row.transactions,
        debit_minor=row.debit_minor,
        credit_minor=row.credit_minor,
        balances={account: int(str(balances[account.value])) for account in Account},
        previous_sha256=row.previous_sha256,
        sha256=row.sha256,
    )
