"""The load of payouts: lives of the payer, each ended at a boundary, and what is left.

Real are the payer, its database, and the bank, which is a process of its own and keeps
its own ledger. A few payouts lie ready at any time; each life takes what is due, and
dies or stands still somewhere on the way. Time passes between them, so that leases run
out and others take over. After each life the bank's ledger is held against the rows:
money that has left for a payout which our row calls unsent is found at once.

Every payout is paid to an account of its own. So the ledger tells how often it was
paid, whatever stands in its key.
"""

import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import Engine, text
from typing_extensions import override

import services.disbursement
from infra.stack import Stack
from infra.stack.programs import Program
from kernel.migrations.applying import upgrade
from kernel.money import Money
from kernel.platform import Platform
from kernel.settings import read
from services.disbursement.domain.payout import UNSENT, Payout, State, Trail
from services.disbursement.handlers.bookkeeping import show_proof
from services.disbursement.settings import Settings
from services.disbursement.storage import DatabaseDesk, metadata
from services.disbursement.wiring import UseCases
from tests.databases import owner_engine
from tests.faults.crash import Point
from tests.faults.lives import (
    IIN,
    SERVICE,
    FileClock,
    Nursery,
    Outcome,
    Plan,
    account_of,
)
from tests.faults.proxy import Proxy
from tests.faults.words import Words
from tests.integration.simulators.stand import Stand, make_pki, prepare_stand
from tests.sweep import Invariants, as_json
from tests.unit.disbursement.builders import DOCUMENT, DUE, witnessed

DAY: Final = timedelta(days=1)
LEASE: Final = timedelta(seconds=91)
"""Longer than the lease of a payer."""
PAUSES_S: Final = (0, 1, 31, 91, 91, 91, 301)
"""What passes between two lives; what lay with the last one is free after 90 s."""
LATE_S: Final = 0.03
"""Some die up to so much later than their boundary: amid a word, or a commit."""
MISSED: Final = 2
"""As if so many had ended there: what lies aside of the road is tried less often."""
TRIES: Final = 100
"""So many lives at most, until one comes to its boundary."""
HEALED_WITHIN: Final = 100
"""So many whole lives at most, until every payout has its end."""
CLOSED_ACCOUNT: Final = 0.08
SILENT: Final = 0.08
HELD: Final = 0.15
BEFORE: Final[Mapping[str, tuple[str, ...]]] = {
    "due": ("prepare",),
    "pay": ("prepare", "due"),
}
"""What a life does first that is to end in a beat."""
READ_EVERY: Final = timedelta(minutes=10)
OFTEN: Final = 0.2
"""Of ends at a later passage of their boundary than the first."""
REFUSES: Final = 0.1
"""Shares of payouts: to an account the bank refuses, without a consent, with a hold
that is not over; and of clients who refuse after a death."""
_SETTLES_AFTER_S: Final = "0.05"
_UNSENT: Final = {state.value for state in UNSENT | {State.CANCELLED, State.BLOCKED}}
_CASES: Final = "SELECT count(*) FROM reconciliation_cases"
_SAID_TWICE: Final = (
    "SELECT count(*) - count(DISTINCT convert_from(data, 'UTF8')::json->>'payout_id')"
    " FROM outbox WHERE type = 'disbursement.payout_settled.v1'"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """A payout of the load, and what must become of it."""

    payout_id: UUID
    iban: str
    closed: bool
    silent: bool


@dataclass
class PayerLoad:
    """A `campaign.Ground`: see there."""

    stack: Stack
    folder: Path
    ended: Counter[str] = field(default_factory=Counter)
    """How many lives ended at each boundary, in the case that runs."""
    _tried: Counter[str] = field(default_factory=Counter)

    name = "payers"
    processes: tuple[str, ...] = ()
    answering: tuple[str, ...] = ()
    road: Proxy | None = None
    points: tuple[Point, ...] = ()

    @property
    def lives(self) -> Self:
        return self

    @contextmanager
    def open(self) -> Iterator[Self]:
        """The service's tables, a bank, and a parent of payers that is warm."""
        self.folder.mkdir()
        self._owner = owner_engine(self.stack, SERVICE)
        _forget(self._owner)
        migrations = Path(str(services.disbursement.__file__)).parent / "migrations"
        upgrade(self._owner, directory=migrations, metadata=metadata)
        bank = self.folder / "bank"
        pki = self.folder / "pki"
        for place in (bank, pki):
            place.mkdir()
        self._bank = prepare_stand(bank, make_pki(pki), SETTLE_AFTER_S=_SETTLES_AFTER_S)
        self._bank.bank_process.start()
        try:
            self._settle_in()
            self._nursery = Nursery(self.folder, self._environment())
            try:
                self._warm()
                yield self
            finally:
                self._nursery.close()
                self._platform.close()
        finally:
            self._bank.bank_process.stop()
            _forget(self._owner)
            self._owner.dispose()

    def program(self, process: str) -> Program:
        raise AssertionError(process)

    def begin(self, label: str, size: int) -> None:
        """A case of its own: `size` payouts lie ready at any time."""
        self._size = size
        self.ended.clear()
        self._entered: dict[UUID, Entered] = {}
        self._stopped: set[UUID] = set()
        self._dice = random.Random(label)
        self._before = Counter(self._transfers())

    def end_one(self) -> None:
        """Let a payer die at one of its boundaries."""
        for _ in range(TRIES):
            self._fill()
            late_s = self._dice.choice((0.0, 0.0, self._dice.uniform(0.001, LATE_S)))
            plan = self._planned(self._rare(set(self._known)), late_s=late_s)
            outcome = self._lived(self._nursery.live(plan))
            if outcome.end == "killed" and self._dice.random() < REFUSES:
                self._refuse()
            self._pass(timedelta(seconds=self._dice.choice(PAUSES_S)))
            if outcome.end == "killed":
                self.ended[plan.at] += 1
                return
            self._tried[plan.at] += MISSED
        raise AssertionError("no life came to its boundary")

    def overtake_one(self) -> None:
        """Let a payer stand still until its lease is over; meanwhile others act."""
        for _ in range(TRIES):
            self._fill()
            plan = self._planned(
                self._rare(self._known.keys() - self._locked), stands=True
            )
            outcome = self._lived(self._nursery.live(plan))
            if outcome.end == "standing":
                break
            self._tried[plan.at] += MISSED
            self._pass(LEASE)
        else:
            raise AssertionError("no life came to its boundary")
        self._refuse()
        if self._dice.random() < 0.8:
            self._pass(LEASE)
            self._lived(self._nursery.live(Plan()))
        self._lived(self._nursery.go_on(outcome.pid))
        self._pass(LEASE)

    def lie_ready(self, payouts: int) -> None:
        """So many are due at once, and all of them are to be paid."""
        for _ in range(payouts):
            self._enter(silent=False, closed=False, held_s=0)

    def pay_beside(self, payers: int) -> None:
        """So many payers at the same time, until nothing is due."""
        for _ in range(payers):
            self._nursery.start()
        for _ in range(payers):
            self._lived(self._nursery.finish())

    def flows(self) -> bool:
        """Whether a life comes to its end."""
        self._fill()
        return self._lived(self._nursery.live(Plan())).end == "whole"

    def finish(self) -> None:
        """Whole lives until every payout that may be paid has its end."""
        for _ in range(HEALED_WITHIN):
            if not self._under_way():
                return
            self._pass(LEASE)
            self._lived(self._nursery.live(Plan()))

    def settle(self) -> None:
        """AssertionError if one has none."""
        left = Counter(row.state for row in self._under_way())
        assert not left, f"without an end: {dict(left)}"

    def judge(self) -> Words:
        """What was to be paid against what the bank has paid."""
        times = self._transfers() - self._before
        rows = {row.payout_id: row for row in self._rows()}
        never = {
            one.payout_id
            for one in self._entered.values()
            if one.silent or one.closed or one.payout_id in self._stopped
        }
        due = [one for who, one in self._entered.items() if who not in never]
        paid = [one for one in due if times[one.iban]]
        again = [rows[one.payout_id].attempt - 1 for one in paid]
        ours = {one.iban for one in self._entered.values()}
        return Words(
            attempted=len(self._entered),
            acknowledged=len(due),
            lost=len(due) - len(paid),
            duplicated=sum(again),
            recovered=len([more for more in again if more]),
            unexpected=sum(times[account_of(who)] for who in never)
            + sum(count for iban, count in times.items() if iban not in ours),
            twice=sum(times[one.iban] - 1 for one in paid),
        )

    def sweep(self) -> None:
        """Rows, books and the bank's statement agree; the day is proved."""
        self._pass(LEASE)
        self._lived(self._nursery.live(Plan()))
        books = _Books(self._owner, self._bank)
        books.one_transfer_each()
        books.never_early()
        assert self._number(_CASES) == 0, "the bank's statement disagrees"
        assert self._number(_SAID_TWICE) == 0, "told twice that it is paid"
        self._pass(DAY + timedelta(hours=2))
        self._lived(self._nursery.live(Plan()))
        with self._desk.open() as work:
            proof = show_proof(work.ledger)
        balances = proof["balances"]  # type: ignore[index,call-overload] # an object
        paid = Money(sum(line["amount_minor"] for line in books.ledger())).to_wire()
        assert balances == {
            "loan": paid,
            "loan_in_transit": Money(0).to_wire(),
            "settlement": Money(0).to_wire(),
            "bank": f"-{paid}",
            "suspense": Money(0).to_wire(),
        }
        assert (proof["balanced"], proof["differing"], proof["open_days"]) == (  # type: ignore[index,call-overload] # an object
            True,
            [],
            [],
        )

    def _settle_in(self) -> None:
        """Our own side: a desk, and the clock that everybody reads."""
        environ = self.stack.env(SERVICE)
        settings = read(Settings, prefix=SERVICE, environ=environ)
        self._platform = Platform.open(settings)
        self._clock = FileClock(self.folder / "clock")
        self._platform.database._clock = self._clock
        self._desk = DatabaseDesk(
            self._platform.database,
            keys=self._platform.field_keys,
            contexts=lambda _: self._platform.context(),
            account=settings.company_iban,
        )
        self._use_cases = UseCases(self._platform)
        self._numbers = itertools.count(1)
        self._known: dict[str, int] = {}
        self._locked: set[str] = set()
        self._read = 0
        self._seen: Counter[str] = Counter()
        self._set(DUE)
        self._read_at = DUE - DAY
        with self._desk.open() as work:
            work.witness.write(witnessed(DUE))

    def _environment(self) -> Mapping[str, str]:
        """The payer's, with a bank that is asked as fast as it answers."""
        certificate, key = self._bank.pki.pair("partner")
        return {
            **self.stack.env(SERVICE),
            "DISBURSEMENT_BANK_URL": self._bank.bank_url,
            "DISBURSEMENT_BANK_REMEMBERS_S": str(int(DAY.total_seconds()) * 366),
            "DISBURSEMENT_OUTER_CA": str(self._bank.pki.ca),
            "DISBURSEMENT_OUTER_CERT": str(certificate),
            "DISBURSEMENT_OUTER_KEY": str(key),
            "DISBURSEMENT_REQUESTS_PER_S": "10000",
            "DISBURSEMENT_REQUESTS_AT_ONCE": "10000",
        }

    def _warm(self) -> None:
        """One payout is paid in the parent; what that needed is loaded."""
        self.begin("warm", 1)
        self._enter(silent=False, closed=False, held_s=0)
        self._lived(self._nursery.warm())
        self.finish()

    def _fill(self) -> None:
        """Enter payouts until enough of them are under way."""
        for _ in range(self._size - len(self._under_way())):
            chance = self._dice.random()
            held = self._dice.random() < HELD
            self._enter(
                silent=chance < SILENT,
                closed=SILENT <= chance < SILENT + CLOSED_ACCOUNT,
                held_s=self._dice.randint(60, 600) if held else 0,
            )

    def _enter(self, *, silent: bool, closed: bool, held_s: int) -> None:
        """One payout, as consent has left it, or with none."""
        who = UUID(int=next(self._numbers))
        one = Entered(payout_id=who, iban=account_of(who), closed=closed, silent=silent)
        now = self._clock.now()
        hold_until = now + timedelta(seconds=held_s)
        consented_at = hold_until - DAY
        payout = Payout(
            payout_id=who,
            contract_id=who,
            client_id=who,
            account_id=who,
            number=1,
            amount=Money(100 + who.int),
            document_sha256=DOCUMENT,
            signed_at=consented_at,
            state=State.CONCLUDED,
            trail=Trail(who, None),
        )
        self._bank.control.create_account(iban=one.iban, iin=IIN, closed=closed)
        with self._desk.open() as work:
            work.payouts.conclude(payout)
            if not silent:
                work.payouts.move(
                    payout,
                    State.CONSENTED,
                    consented_at=consented_at,
                    hold_until=hold_until,
                    witnessed_from_ns=witnessed(consented_at).counted_ns,
                    next_at=now,
                )
        self._entered[who] = one

    def _refuse(self) -> None:
        """A client refuses; best one whose payout somebody has in hand."""
        rows = [row for row in self._under_way() if row.state in _UNSENT]
        if leased := [row for row in rows if row.leased]:
            rows = leased
        if not rows:
            return
        who = self._dice.choice(sorted(row.payout_id for row in rows))
        answer = self._use_cases.stop_payout(
            self._platform.context(), contract_id=who, client_id=who
        )
        if answer == {"answer": "stopped"}:
            self._stopped.add(who)

    def _planned(self, at: str, *, late_s: float = 0.0, stands: bool = False) -> Plan:
        self._tried[at] += 1
        often = self._dice.random() < OFTEN
        beat = at.partition(":")[0]
        return Plan(
            at=at,
            times=self._dice.randint(1, self._known[at]) if often else 1,
            late_s=late_s,
            stands=stands,
            beats=(*self._read_first(), *BEFORE.get(beat, ()), beat),
        )

    def _read_first(self) -> tuple[str, ...]:
        """The bank's statement, before it is so old that the gate would close."""
        if self._clock.now() - self._read_at < READ_EVERY:
            return ()
        self._read_at = self._clock.now()
        return ("reconcile",)

    def _rare(self, names: Collection[str]) -> str:
        """One of the quarter of these boundaries where fewest were to end."""
        rarest = sorted(names, key=lambda name: (self._tried[name], name))
        return self._dice.choice(rarest[: len(rarest) // 4 + 1])

    def _lived(self, outcome: Outcome) -> Outcome:
        """Learn what boundaries there are, and look what the life has left."""
        names = [name.removeprefix("|") for name in outcome.passed]
        for name, times in Counter(names).items():
            self._known[name] = max(self._known.get(name, 0), min(times, 3))
        self._locked |= {n.removeprefix("|") for n in outcome.passed if n[0] == "|"}
        self._look()
        return outcome

    def _look(self) -> None:
        """No money has left for what our row calls unsent, or ended without any."""
        transfers = self._transfers()
        gone = [
            row.state
            for row in self._rows()
            if row.state in _UNSENT and transfers[account_of(row.payout_id)]
        ]
        assert not gone, f"money has left, and our row says {gone[0]}"

    def _transfers(self) -> Counter[str]:
        """How often each account was paid, as the bank's own ledger has it."""
        with self._bank.ledger.open("rb") as ledger:
            ledger.seek(self._read)
            for line in ledger:
                if line.endswith(b"\n"):
                    self._read += len(line)
                    self._seen[json.loads(line)["creditor_iban"]] += 1
        return Counter(self._seen)

    def _under_way(self) -> list[Any]:
        """What can still be paid, or whose order may be at the bank."""
        over = {State.PAID, State.REJECTED, State.CANCELLED, State.CONCLUDED}
        return [row for row in self._rows() if row.state not in over]

    def _rows(self) -> list[Any]:
        with self._owner.connect() as connection:
            found = connection.execute(
                text(
                    "SELECT payout_id, state, attempt,"
                    " lease_until IS NOT NULL AS leased"
                    " FROM payouts WHERE payout_id = ANY(:ours)"
                ),
                {"ours": list(self._entered)},
            )
            return list(found)

    def _number(self, query: str) -> int:
        with self._owner.connect() as connection:
            return int(connection.execute(text(query)).scalar_one())

    def _pass(self, time_s: timedelta) -> None:
        self._set(self._clock.now() + time_s)

    def _set(self, instant: datetime) -> None:
        """The bank's clock first: it is never behind ours."""
        offset_s = instant.timestamp() - time.time()
        self._bank.clock_file.write_text(f"{offset_s:.6f}")
        self._clock.set(instant)


class _Books(Invariants):
    """The invariants over what the payer and the bank have."""

    def __init__(self, owner: Engine, bank: Stand) -> None:
        self._owner, self._bank = owner, bank

    @override
    def rows(self, database: str, sql: str) -> list[dict[str, Any]]:
        with self._owner.connect() as connection:
            found: list[dict[str, Any]] = connection.execute(
                text(as_json(sql))
            ).scalar_one()
        return found

    @override
    def ledger(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self._bank.ledger.read_text().splitlines()]

    @override
    def logs(self) -> dict[str, str]:
        return {}


def _forget(owner: Engine) -> None:
    """Leave the database as empty as it was found."""
    with owner.begin() as connection:
        metadata.drop_all(connection)
        connection.execute(text("DROP TABLE IF EXISTS alembic_version"))
