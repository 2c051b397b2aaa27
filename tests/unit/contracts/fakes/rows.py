"""Twins of what is kept in rows: dictionaries and lists."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from kernel.money import Money
from kernel.pages import Page
from services.contracts.domain.amendment import Amendment
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.checks import Check, Verdict
from services.contracts.domain.contract import Contract, Statement, awaits_company
from services.contracts.domain.disclosure import Disclosure
from services.contracts.domain.schedule import Schedule
from services.contracts.domain.states import PAID_OUT, AmendmentState, ContractState
from services.contracts.domain.texts import StatementText
from services.contracts.ports import KeptSchedule, Reminder, TraceLine, Visit

RowT = TypeVar("RowT", Application, Contract)


def newest(rows: Iterable[RowT], client_id: UUID, page: Page) -> list[RowT]:
    """The client's rows of one page, one more than it shows."""
    own = [
        row
        for row in rows
        if row.client_id == client_id and (page.before is None or row.id < page.before)
    ]
    return sorted(own, key=lambda row: row.id, reverse=True)[: page.rows]


class FakeApplications:
    """Implements Applications."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Application] = {}
        self.lines: dict[UUID, list[TraceLine]] = {}

    def add(self, application: Application) -> bool:
        if any(
            row.is_open and row.client_id == application.client_id
            for row in self.rows.values()
        ):
            return False
        self.rows[application.id] = application
        return True

    def get(self, application_id: UUID) -> Application | None:
        return self.rows.get(application_id)

    def get_own(self, application_id: UUID, client_id: UUID) -> Application | None:
        row = self.rows.get(application_id)
        return row if row is not None and row.client_id == client_id else None

    def list_own(self, client_id: UUID, page: Page) -> list[Application]:
        return newest(self.rows.values(), client_id, page)

    def save(self, application: Application, *, was: ApplicationState) -> bool:
        if self.rows[application.id].state is not was:
            return False
        self.rows[application.id] = application
        return True

    def record(
        self, application_id: UUID, checks: Sequence[Check], *, at: datetime
    ) -> None:
        lines = self.lines.setdefault(application_id, [])
        answered = self.answered(application_id)
        lines.extend(
            TraceLine(check=check, at=at)
            for check in checks
            if check.name not in answered
        )

    def answered(self, application_id: UUID) -> dict[str, Check]:
        return {
            line.check.name: line.check
            for line in self.trace(application_id)
            if line.check.verdict is not Verdict.UNKNOWN
        }

    def trace(self, application_id: UUID) -> list[TraceLine]:
        return list(self.lines.get(application_id, ()))

    def undecided(
        self, *, at: datetime, submitted_before: datetime, limit: int
    ) -> list[UUID]:
        def due(row: Application) -> bool:
            if row.next_ask_at is not None:
                return row.next_ask_at <= at
            return row.submitted_at <= submitted_before

        found = [
            row.id
            for row in self.rows.values()
            if row.is_open and row.for_person_since is None and due(row)
        ]
        return found[:limit]

    def unsigned(self, *, at: datetime) -> set[UUID]:
        return {
            row.contract_id
            for row in self.rows.values()
            if row.contract_id is not None
            and (
                row.for_person_since is not None
                or (row.next_ask_at is not None and row.next_ask_at > at)
            )
        }

    def held(self, *, limit: int) -> list[Application]:
        found = [row for row in self.rows.values() if row.for_person_since is not None]
        return found[:limit]


class FakeContracts:
    """Implements Contracts."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Contract] = {}
        self.documents: dict[UUID, bytes] = {}
        self.reminders: set[tuple[UUID, Reminder]] = set()
        self.stated: set[tuple[UUID, str]] = set()
        self.statements: list[tuple[UUID, str, Statement]] = []

    def put(self, contract: Contract, document: bytes = b"") -> Contract:
        """What a test begins with."""
        self.add(contract, document)
        return contract

    def add(self, contract: Contract, document: bytes) -> None:
        self.rows[contract.id] = contract
        self.documents[contract.id] = document

    def get(self, contract_id: UUID) -> Contract | None:
        return self.rows.get(contract_id)

    def get_own(self, contract_id: UUID, client_id: UUID) -> Contract | None:
        row = self.rows.get(contract_id)
        return row if row is not None and row.client_id == client_id else None

    def list_own(self, client_id: UUID, page: Page) -> list[Contract]:
        return newest(self.rows.values(), client_id, page)

    def earlier_sum(self, contract: Contract, *, since: datetime) -> Money:
        minor = sum(
            row.amount.amount_minor
            for row in self.rows.values()
            if row.client_id == contract.client_id
            and row.id != contract.id
            and row.state in PAID_OUT
            and row.signed_at is not None
            and row.signed_at >= since
        )
        return Money(minor)

    def unfinished_of(self, client_id: UUID) -> Contract | None:
        return next(
            (
                row
                for row in self.rows.values()
                if row.client_id == client_id and not row.is_final
            ),
            None,
        )

    def has_unfinished(self, client_id: UUID) -> bool:
        finished = (*PAID_OUT, ContractState.EXPIRED, ContractState.ANNULLED)
        own = [row for row in self.rows.values() if row.client_id == client_id]
        return any(row.state not in finished for row in own)

    def document(self, contract: Contract) -> bytes:
        return self.documents[contract.id]

    def save(self, contract: Contract, *, was: ContractState) -> bool:
        if self.rows[contract.id].state is not was:
            return False
        self.rows[contract.id] = contract
        return True

    def add_statement(
        self,
        contract_id: UUID,
        statement: Statement,
        *,
        text: StatementText,
        since: UUID | None = None,
    ) -> None:
        key = (since or contract_id, text.kind)
        assert key not in self.stated, "a statement given twice"
        self.stated.add(key)
        self.statements.append((contract_id, text.version, statement))

    def refused(self, *, limit: int) -> list[Contract]:
        found = [
            row
            for row in self.rows.values()
            if row.refusal_asked_at is not None and not row.is_final
        ]
        return found[:limit]

    def awaiting_company(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        waiting = [row.id for row in self.rows.values() if awaits_company(row)]
        return [one for one in waiting if one not in but_for][:limit]

    def to_remind(self, *, ending_by: datetime, limit: int) -> list[UUID]:
        found = [
            row.id
            for row in self.rows.values()
            if row.silence_at is not None and row.silence_at <= ending_by
        ]
        return found[:limit]

    def add_reminder(
        self, contract_id: UUID, reminder: Reminder, *, at: datetime
    ) -> bool:
        del at
        new = (contract_id, reminder) not in self.reminders
        self.reminders.add((contract_id, reminder))
        return new

    def silent(self, *, at: datetime, limit: int) -> list[UUID]:
        found = [
            row.id
            for row in self.rows.values()
            if row.silence_at is not None
            and row.silence_at <= at
            and (row.suspended_since is None or row.suspended_since >= row.silence_at)
        ]
        return found[:limit]


class FakeClients:
    """Implements Clients."""

    def __init__(self) -> None:
        self.active: set[UUID] = set()
        self.accounts: dict[UUID, bool] = {}
        self.suspensions: dict[UUID, tuple[datetime | None, datetime | None]] = {}
        self.identities: dict[UUID, datetime] = {}

    def activate(self, client_id: UUID, *, iin_token: str, at: datetime) -> None:
        del iin_token, at
        self.active.add(client_id)

    def is_active(self, client_id: UUID) -> bool:
        return client_id in self.active

    def note_identity(self, client_id: UUID, *, changed_at: datetime) -> None:
        known = self.identities.get(client_id, changed_at)
        self.identities[client_id] = max(known, changed_at)

    def identity_changed_at(self, client_id: UUID) -> datetime | None:
        return self.identities.get(client_id)

    def put_account(
        self, account_id: UUID, client_id: UUID, *, owned: bool, at: datetime
    ) -> None:
        del client_id, at
        self.accounts[account_id] = owned

    def note_suspension(
        self,
        client_id: UUID,
        *,
        suspended_at: datetime | None = None,
        released_at: datetime | None = None,
    ) -> datetime | None:
        was = self.suspensions.get(client_id, (None, None))
        now = (
            max(filter(None, (was[0], suspended_at)), default=None),
            max(filter(None, (was[1], released_at)), default=None),
        )
        self.suspensions[client_id] = now
        if now[0] is None or (now[1] is not None and now[1] >= now[0]):
            return None
        return now[0]

    def account_lost(self, account_id: UUID) -> bool:
        return self.accounts.get(account_id) is False


@dataclass
class FakeVisits:
    """Implements Visits."""

    rows: list[Visit] = field(default_factory=list)

    def add(self, visit: Visit, *, at: datetime) -> bool:
        del at
        if any(row.approval_id == visit.approval_id for row in self.rows):
            return False
        self.rows.append(visit)
        return True

    def newest(self, client_id: UUID | None, *, limit: int) -> list[Visit]:
        found = [row for row in self.rows if client_id in (None, row.client_id)]
        return found[::-1][:limit]

    def has(self, client_id: UUID) -> bool:
        return any(row.client_id == client_id for row in self.rows)


@dataclass
class FakeSchedules:
    rows: dict[UUID, list[KeptSchedule]] = field(default_factory=dict)

    def add(self, contract_id: UUID, schedule: Schedule, *, final: bool) -> None:
        kept = self.rows.setdefault(contract_id, [])
        assert all(one.final is not final for one in kept)
        kept.append(KeptSchedule(schedule=schedule, final=final))

    def latest(self, contract_id: UUID) -> KeptSchedule | None:
        kept = self.rows.get(contract_id, [])
        return max(kept, key=lambda one: one.final, default=None)


class FakeDisclosures:
    """Implements Disclosures."""

    def __init__(self) -> None:
        self.rows: dict[UUID, Disclosure] = {}
        self.requests: dict[str, bytes] = {}

    def keep_document(
        self, sha256: str, document: bytes, *, client_id: UUID | None, at: datetime
    ) -> None:
        del client_id, at
        self.requests[sha256] = document

    def document(self, sha256: str) -> bytes | None:
        return self.requests.get(sha256)

    def add(self, entry: Disclosure) -> None:
        self.rows[entry.disclosure_id] = entry

    def find(self, disclosure_id: UUID) -> Disclosure | None:
        return self.rows.get(disclosure_id)

    def newest(self, *, limit: int) -> list[Disclosure]:
        return list(reversed(self.rows.values()))[:limit]

    def told_to(self, client_id: UUID, page: Page) -> list[Disclosure]:
        own = [one for one in self.rows.values() if one.asked.client_id == client_id]
        return [one for one in own if one.told][: page.limit + 1]


class FakeAmendments:
    """Implements Amendments."""

    def __init__(self, under_way: Callable[[], set[UUID | None]]) -> None:
        self.rows: dict[UUID, Amendment] = {}
        self._under_way = under_way

    def add(self, amendment: Amendment) -> None:
        assert not any(one.is_open for one in self.of_contract(amendment.contract_id))
        self.rows[amendment.id] = amendment

    def get(self, amendment_id: UUID) -> Amendment | None:
        return self.rows.get(amendment_id)

    def of_contract(self, contract_id: UUID) -> Sequence[Amendment]:
        return [row for row in self.rows.values() if row.contract_id == contract_id]

    def save(self, amendment: Amendment, *, was: AmendmentState) -> bool:
        if self.rows[amendment.id].state is not was:
            return False
        self.rows[amendment.id] = amendment
        return True

    def requested(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        wanted = AmendmentState.REQUESTED
        found = [row.id for row in self.rows.values() if row.state is wanted]
        return [one for one in found if one not in but_for][:limit]

    def awaiting_company(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        found = [row.id for row in self.rows.values() if row.awaits_company]
        return [one for one in found if one not in but_for][:limit]

    def unsigned(self, *, ending_by: datetime, limit: int) -> list[UUID]:
        found = [
            row.id
            for row in self.rows.values()
            if row.is_open
            and not row.awaits_company
            and row.until is not None
            and row.until <= ending_by
        ]
        return found[:limit]

    def lapsed_under_way(self, *, limit: int) -> list[UUID]:
        lapsed = AmendmentState.LAPSED
        found = [row.id for row in self.rows.values() if row.state is lapsed]
        return [one for one in found if one in self._under_way()][:limit]
