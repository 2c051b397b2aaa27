"""In-memory twins of what the bank told, its cases, halts, and its statement."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from kernel.errors import Transient
from services.disbursement.domain.payout import Payout
from services.disbursement.domain.reconciliation import (
    BOOKABLE,
    BankEntry,
    Case,
    Finding,
    Halt,
    Message,
    Position,
    Resumption,
    StatementPage,
)
from tests.unit.disbursement import builders

DATABASE = "database-1"


def _caught_up() -> dict[Message, Position]:
    return {
        message: Position(
            message=message,
            caught_up_at=builders.DUE,
            database=DATABASE,
            next_at=builders.DUE,
        )
        for message in Message
    }


@dataclass
class Told:
    """What a commit replaces; the bank was read to its end when all begins."""

    positions: dict[Message, Position] = field(default_factory=_caught_up)
    entries: dict[str, BankEntry] = field(default_factory=dict)
    findings: dict[str, Finding] = field(default_factory=dict)
    cases: dict[UUID, Case] = field(default_factory=dict)
    halts: dict[UUID, Halt] = field(default_factory=dict)
    resumed: dict[UUID, Resumption] = field(default_factory=dict)
    database: str = DATABASE

    def copy(self) -> "Told":
        return Told(
            dict(self.positions),
            dict(self.entries),
            dict(self.findings),
            dict(self.cases),
            dict(self.halts),
            dict(self.resumed),
            self.database,
        )


class FakeReconciliation:
    """`Reconciliation` on a copy of the tables."""

    def __init__(self, told: Told, payouts: Callable[[], list[Payout]]) -> None:
        self._told = told
        self._payouts = payouts

    def positions(self) -> Sequence[Position]:
        known = self._told.positions
        return [known.get(one, Position(message=one)) for one in Message]

    def database(self) -> str:
        return self._told.database

    def take_place(self, position: Position) -> bool:
        known = self._told.positions.setdefault(
            position.message, Position(message=position.message)
        )
        return known.upto == position.upto

    def keep_place(self, position: Position) -> None:
        self._told.positions[position.message] = position

    def look_now(self) -> None:
        for message, position in self._told.positions.items():
            self._told.positions[message] = replace(position, next_at=None)

    def enter(
        self,
        entry: BankEntry,
        finding: Finding,
        payout_id: UUID | None,
        *,
        at: datetime,
    ) -> BankEntry | None:
        del payout_id, at
        known = self._told.entries.get(entry.reference)
        if known is None:
            self._told.entries[entry.reference] = entry
            self._told.findings[entry.reference] = finding
        return known

    def entry(self, reference: str) -> BankEntry | None:
        return self._told.entries.get(reference)

    def unbooked(self, *, sent_before: datetime) -> Sequence[UUID]:
        told = {
            case.payout_id
            for case in self._told.cases.values()
            if case.finding is Finding.MISSING
        }
        return [
            one.payout_id
            for one in self._payouts()
            if one.booked_reference is None
            and one.state in BOOKABLE
            and one.first_sent_at is not None
            and one.first_sent_at <= sent_before
            and one.payout_id not in told
        ]

    def open_case(self, case: Case) -> bool:
        about = (case.finding, case.reference or case.payout_id)
        known = {(c.finding, c.reference or c.payout_id) for c in self.cases()}
        if about in known:
            return False
        self._told.cases[case.case_id] = case
        return True

    def cases(self) -> Sequence[Case]:
        found = self._told.cases.values()
        return sorted(found, key=lambda case: case.resolved_at is not None)

    def case(self, case_id: UUID) -> Case | None:
        return self._told.cases.get(case_id)

    def resolve(
        self, case_id: UUID, *, by: UUID | None, resolution: str, at: datetime
    ) -> None:
        self._told.cases[case_id] = replace(
            self._told.cases[case_id],
            resolved_at=at,
            resolved_by=by,
            resolution=resolution,
        )

    def open_case_of(self, payout_id: UUID, finding: Finding | None) -> UUID | None:
        return next(
            (
                case.case_id
                for case in self._told.cases.values()
                if case.payout_id == payout_id
                and case.resolved_at is None
                and finding in (None, case.finding)
            ),
            None,
        )

    def severe_open(self) -> int:
        return sum(case.severe and case.resolved_at is None for case in self.cases())


class FakeHalts:
    """`Halts` on a copy of the tables."""

    def __init__(self, told: Told) -> None:
        self._told = told

    def standing(self) -> Halt | None:
        ended = self._told.resumed
        return next((h for i, h in self._told.halts.items() if i not in ended), None)

    def begin(self, halt: Halt) -> bool:
        if self.standing() is not None:
            return False
        self._told.halts[halt.halt_id] = halt
        return True

    def end(self, resumption: Resumption, *, at: datetime) -> bool:
        del at
        halt = self.standing()
        if halt is None or halt.halt_id != resumption.halt_id:
            return False
        self._told.resumed[halt.halt_id] = resumption
        return True


@dataclass
class FakeStatements:
    """What the bank would tell: entries in order, a page of two at a time."""

    entries: list[BankEntry] = field(default_factory=list)
    notified: list[BankEntry] = field(default_factory=list)
    away: bool = False
    asked: int = 0

    def page(self, message: Message, *, after: int) -> StatementPage:
        self.asked += 1
        if self.away:
            raise Transient("away")
        told = self.entries if message is Message.STATEMENT else self.notified
        shown = tuple(told[after : after + 2])
        upto = after + len(shown)
        return StatementPage(shown, upto=upto, is_last=upto == len(told))
