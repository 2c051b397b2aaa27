"""Several payouts in one transaction: read at once, written at once.

Each handler works on its own payout, as if it were alone.  What the first of them asks
is read for all; what they write is kept until the transaction ends, and is one
statement then for whatever is alike.  Before the first write the rows are locked as
they were loaded, so that each handler knows at once whether its write hits.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from functools import cache, cached_property
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, and_, select
from typing_extensions import override

from kernel.crypto import FieldKeys
from kernel.database import Fixed
from kernel.errors import Transient
from kernel.given import among, as_rows, given
from services.disbursement.domain.gate import Approved, Check
from services.disbursement.domain.ledger import JournalEntry, Proof
from services.disbursement.domain.limits import Outgoing
from services.disbursement.domain.payout import AT_BANK, Payout
from services.disbursement.domain.reconciliation import Finding, Halt, Position
from services.disbursement.domain.witness import Witnessed
from services.disbursement.storage.approved import ApprovalRows
from services.disbursement.storage.ledger import LedgerRows
from services.disbursement.storage.reconciliation import HaltRows, ReconciliationRows
from services.disbursement.storage.rows import (
    MAY_LEAVE,
    PLAIN,
    PayoutRows,
    as_loaded,
    kept,
    payout_or_none,
)
from services.disbursement.storage.sums import Counted, SentSums, counted
from services.disbursement.storage.tables import payout_passages, payouts
from services.disbursement.storage.witness import WitnessRow


class PayoutsTogether(PayoutRows):
    """`Payouts` of several payouts; `write` before the commit."""

    def __init__(
        self, connection: Connection, keys: FieldKeys, those: Sequence[Payout]
    ) -> None:
        super().__init__(connection, keys)
        self._ids = [one.payout_id for one in those]
        self._clients = {one.client_id for one in those}
        self._stand = {one.payout_id: (one.state.value, one.fence) for one in those}
        self._changes: dict[UUID, dict[str, Any]] = defaultdict(dict)
        self._leaving: set[UUID] = set()
        self._passages: list[dict[str, object]] = []

    @cached_property
    def _locked(self) -> dict[UUID, bool]:
        """Those that stand as they were loaded, and whether each may leave.

        Locked in their order until the transaction ends.
        """
        rows = _LOCK.on(
            self._connection,
            rows=as_rows(
                [
                    {"payout_id": payout_id, "state": state, "fence": fence}
                    for payout_id, (state, fence) in self._stand.items()
                ]
            ),
        )
        return {row.payout_id: row.may_leave for row in rows}

    @cached_property
    def _read(self) -> dict[UUID, Payout]:
        rows = _READ.on(self._connection, payouts=self._ids)
        found = [one for row in rows if (one := payout_or_none(row)) is not None]
        return {one.payout_id: one for one in found}

    @cached_property
    def _orders(self) -> dict[UUID, Row[Any]]:
        self._keys.read(self._clients)
        return {row.payout_id: row for row in self.sealed_of(self._ids)}

    @cached_property
    def _contracts(self) -> dict[UUID, list[Row[Any]]]:
        found: dict[UUID, list[Row[Any]]] = defaultdict(list)
        for row in self.counted_of(self._clients):
            found[row.client_id].append(row)
        return found

    @override
    def lock_payout(self, payout_id: UUID) -> Payout | None:
        """One of them as it is now; those of others are not read along."""
        if payout_id in self._stand:
            return self._read.get(payout_id)
        return super().lock_payout(payout_id)

    @override
    def _sealed(self, payout: Payout) -> Row[Any]:
        found = self._orders.get(payout.payout_id)
        return super()._sealed(payout) if found is None else found

    @override
    def _counted(self, client_id: UUID) -> Sequence[Row[Any]]:
        if client_id not in self._clients:
            return super()._counted(client_id)
        return self._contracts[client_id]

    @override
    def _update(
        self, payout: Payout, values: dict[str, Any], *, leaving: bool = False
    ) -> bool:
        payout_id = payout.payout_id
        may_leave = self._locked.get(payout_id)
        if may_leave is None or (leaving and not may_leave):
            return False
        if self._stand[payout_id] != (payout.state.value, payout.fence):
            return False
        self._stand[payout_id] = (values.get("state", payout.state.value), payout.fence)
        self._changes[payout_id] |= values
        if leaving:
            self._leaving.add(payout_id)
        return True

    @override
    def record_checks(
        self, payout: Payout, checks: Sequence[Check], *, passage: UUID, at: datetime
    ) -> None:
        """Append what the gate saw; the role may neither change nor delete it."""
        self._passages.append(kept(checks, payout, passage=passage, at=at))

    def write(self) -> None:
        """Write what was kept.  Transient when a halt has begun since the lock."""
        if self._passages:
            _RECORD.on(self._connection, rows=as_rows(self._passages))
        alike: dict[tuple[tuple[str, ...], bool], list[dict[str, Any]]]
        alike = defaultdict(list)
        for payout_id, values in self._changes.items():
            kind = (tuple(sorted(values)), payout_id in self._leaving)
            alike[kind].append({"payout_id": payout_id, **values})
        for (names, leaving), rows in alike.items():
            change = _change(names, leaving=leaving)
            if change.on(self._connection, rows=as_rows(rows)).rowcount != len(rows):
                raise Transient("sending was halted meanwhile")
        ringing = (
            self._stand[payout_id][0]
            for payout_id, values in self._changes.items()
            if values.get("next_at") is not None
        )
        for state in sorted(set(ringing)):
            self.ring(state)


_READ: Final = Fixed.of(
    select(*PLAIN)
    .where(among(payouts.c.payout_id, "payouts"))
    .order_by(payouts.c.payout_id)
    .with_for_update(key_share=True)
)
_given = given(payouts.c.payout_id, payouts.c.state, payouts.c.fence)
_LOCK: Final = Fixed.of(
    select(payouts.c.payout_id, and_(*MAY_LEAVE).label("may_leave"))
    .join_from(
        payouts,
        _given,
        and_(*as_loaded(_given.c.payout_id, _given.c.state, _given.c.fence)),
    )
    .order_by(payouts.c.payout_id)
    .with_for_update(of=payouts, key_share=True)
)
_RECORD: Final = Fixed.of(
    payout_passages.insert().from_select(
        [column.name for column in payout_passages.c],
        select(given(*payout_passages.c)),
    )
)


@cache
def _change(names: tuple[str, ...], *, leaving: bool) -> Fixed:
    """The UPDATE that sets these columns; a sending is asked about halts once more."""
    rows = given(payouts.c.payout_id, *(payouts.c[name] for name in names))
    return Fixed.of(
        payouts.update()
        .where(payouts.c.payout_id == rows.c.payout_id, *(MAY_LEAVE if leaving else ()))
        .values({name: rows.c[name] for name in names})
    )


class SumsTogether(SentSums):
    """`Sums` of several payouts, each of which counts for those behind it."""

    def __init__(self, connection: Connection, those: Sequence[Payout]) -> None:
        super().__init__(connection)
        self._those = those
        self._found: dict[Counted, int] = {}
        self._more: dict[Counted, int] = defaultdict(int)
        self._outgoing: dict[tuple[date, str], Outgoing] = {}

    @override
    def outgoing(self, payout: Payout, *, day_on: date) -> Outgoing:
        """The same for all that are not at the bank themselves."""
        if payout.state in AT_BANK:
            return super().outgoing(payout, day_on=day_on)
        key = (day_on, payout.amount.currency)
        if key not in self._outgoing:
            self._outgoing[key] = super().outgoing(payout, day_on=day_on)
        return self._outgoing[key]

    @override
    def locked(self, whose: Collection[Counted]) -> dict[Counted, int]:
        """Those of all payouts are locked with the first."""
        if not self._found.keys() >= set(whose):
            days = {day_on for day_on, _, _ in whose}
            every = {
                row for one in self._those for day in days for row in counted(one, day)
            }
            self._found |= super().locked(every | set(whose))
        return {one: self._found[one] + self._more[one] for one in whose}

    @override
    def add_all(self, more: Mapping[Counted, int]) -> None:
        """Count so much more in each of these rows, in tiyn."""
        for one, minor in more.items():
            self._more[one] += minor

    def write(self) -> None:
        """Write what was kept."""
        more = {one: minor for one, minor in self._more.items() if minor}
        if more:
            super().add_all(more)


class ApprovalsTogether(ApprovalRows):
    """`Approvals` of several payouts."""

    def __init__(self, connection: Connection, those: Sequence[Payout]) -> None:
        super().__init__(connection)
        self._ids = [one.payout_id for one in those]

    @cached_property
    def _found(self) -> Mapping[UUID, Approved]:
        return self.of_all(self._ids)

    @override
    def of(self, payout: Payout) -> Approved | None:
        """The newest yes to the order as it is sealed now."""
        if payout.payout_id not in self._ids:
            return super().of(payout)
        return self._found.get(payout.payout_id)


class LedgerTogether(LedgerRows):
    """`Ledger` of several payouts."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self._entries: list[JournalEntry] = []

    @cached_property
    def _last(self) -> Proof | None:
        return super().last_proof()

    @override
    def last_proof(self) -> Proof | None:
        """The proof of the last closed day."""
        return self._last

    @override
    def post(self, entry: JournalEntry) -> None:
        """Keep a transaction; nothing if it is posted already."""
        self._entries.append(entry)

    def write(self) -> None:
        """Write what was kept."""
        if self._entries:
            self.post_all(self._entries)


class ReconciliationTogether(ReconciliationRows):
    """`Reconciliation`, as the gate asks about several payouts."""

    def __init__(
        self, connection: Connection, those: Sequence[Payout], *, account: str
    ) -> None:
        super().__init__(connection, account=account)
        self._ids = [one.payout_id for one in those]

    @cached_property
    def _positions(self) -> Sequence[Position]:
        return super().positions()

    @cached_property
    def _database(self) -> str:
        return super().database()

    @cached_property
    def _open(self) -> Mapping[UUID, UUID]:
        return self.open_cases_of(self._ids, None)

    @override
    def positions(self) -> Sequence[Position]:
        """How far each kind of message is read, those not begun as well."""
        return self._positions

    @override
    def database(self) -> str:
        """The mark of the database as it runs now."""
        return self._database

    @override
    def open_case_of(self, payout_id: UUID, finding: Finding | None) -> UUID | None:
        """An open case about the payout, of this finding or of any."""
        if finding is not None or payout_id not in self._ids:
            return super().open_case_of(payout_id, finding)
        return self._open.get(payout_id)


class HaltsTogether(HaltRows):
    """`Halts`, asked once."""

    @cached_property
    def _standing(self) -> Halt | None:
        return super().standing()

    @override
    def standing(self) -> Halt | None:
        """The halt that stands, if one does."""
        return self._standing


class WitnessTogether(WitnessRow):
    """`Witnessing`, read once."""

    @cached_property
    def _witnessed(self) -> Witnessed | None:
        return super().read()

    @override
    def read(self) -> Witnessed | None:
        """The count as last written; None before the first beat."""
        return self._witnessed
