"""Twins of what is kept of accounts and changes."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from services.onboarding.domain.account import (
    Account,
    AccountState,
    Ownership,
)
from services.onboarding.domain.change import (
    OPEN,
    Act,
    Change,
    ChangeKind,
    ChangeState,
)
from services.onboarding.domain.refusal import Reason


@dataclass
class FakeAccounts:
    rows: dict[UUID, Account] = field(default_factory=dict)
    checks: list[Ownership] = field(default_factory=list)

    def add(self, account: Account, *, at: datetime) -> bool:
        for one in self.of_client(account.client_id):
            if one.token == account.token or (one.selected and account.selected):
                return False
        self.rows[account.account_id] = account
        return True

    def of_client(self, client_id: UUID) -> tuple[Account, ...]:
        return tuple(row for row in self.rows.values() if row.client_id == client_id)

    def get(self, account_id: UUID) -> Account | None:
        return self.rows.get(account_id)

    def replace(self, change: Change) -> bool:
        row = self._as_it_was(change)
        if row is None:
            return False
        self.rows[row.account_id] = replace(
            row,
            destination=change.destination,
            token=str(change.value_token),
            state=AccountState.UNPROVED,
        )
        return True

    def select(self, change: Change) -> bool:
        for row in self.of_client(change.client_id):
            if row.selected and row.token != change.old_token:
                return False
            self.rows[row.account_id] = replace(
                row, selected=row.account_id == change.account_id
            )
        return True

    def remove(self, change: Change, *, at: datetime) -> bool:
        row = self._as_it_was(change)
        if row is None or row.selected:
            return False
        del self.rows[row.account_id]
        return True

    def _as_it_was(self, change: Change) -> Account | None:
        row = change.account_id and self.rows.get(change.account_id)
        return row if row and row.token == change.old_token else None

    def record(
        self,
        account: Account,
        ownership: Ownership,
        *,
        check_id: UUID,
        becomes: AccountState,
    ) -> bool:
        row = self.rows[account.account_id]
        if (row.token, row.state) != (account.token, account.state):
            return False
        self.rows[account.account_id] = replace(row, state=becomes)
        self.checks.append(ownership)
        return True


@dataclass
class FakeChanges:
    rows: dict[UUID, Change] = field(default_factory=dict)
    applied: dict[UUID, tuple[UUID, datetime]] = field(default_factory=dict)
    """By which ceremony and when."""
    covered: dict[str, UUID] = field(default_factory=dict)

    def add(self, change: Change) -> None:
        self.rows[change.change_id] = change

    def get(self, change_id: UUID) -> Change | None:
        return self.rows.get(change_id)

    def of_client(self, client_id: UUID) -> tuple[Change, ...]:
        return tuple(row for row in self.rows.values() if row.client_id == client_id)

    def begun_since(self, client_id: UUID, *, since: datetime) -> int:
        return sum(
            row.client_id == client_id and row.started_at > since
            for row in self.rows.values()
        )

    def supersede(
        self, client_id: UUID, kind: ChangeKind, *, code: str, at: datetime
    ) -> None:
        for row in list(self.rows.values()):
            if (row.client_id, row.kind) == (client_id, kind):
                self.refuse(row.change_id, code=code, at=at)

    def note_code(self, change_id: UUID, challenge_id: UUID) -> None:
        self._change(change_id, challenge_id=challenge_id)

    def move(
        self,
        change_id: UUID,
        *,
        source: ChangeState,
        target: ChangeState,
        at: datetime,
    ) -> bool:
        if self.rows[change_id].state is not source:
            return False
        self._change(change_id, state=target)
        return True

    def apply(self, change_id: UUID, ceremony_id: UUID, *, at: datetime) -> bool:
        if self.rows[change_id].state not in (ChangeState.CHECKED, ChangeState.PROVED):
            return False
        self._change(change_id, state=ChangeState.APPLIED)
        self.applied[change_id] = (ceremony_id, at)
        return True

    def prove(self, change_id: UUID, ceremony_id: UUID, *, at: datetime) -> bool:
        if self.rows[change_id].state is not ChangeState.CHECKED:
            return False
        self._change(change_id, state=ChangeState.PROVED, proved_by=ceremony_id)
        return True

    def proved(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        waiting = [
            row.change_id
            for row in self.rows.values()
            if row.state is ChangeState.PROVED
        ]
        return tuple(waiting[:limit])

    def refuse(
        self,
        change_id: UUID,
        *,
        code: str,
        at: datetime,
        reason: Reason | None = None,
    ) -> bool:
        if self.rows[change_id].state not in OPEN:
            return False
        refused = ChangeState.REFUSED
        self._change(change_id, state=refused, refused_code=code, refused_reason=reason)
        return True

    def adding(self, account_id: UUID) -> Change | None:
        for row in self.rows.values():
            if (row.account_id, row.act) == (account_id, Act.ADD):
                return row
        return None

    def cover(self, change_id: UUID, operation: str) -> bool:
        self.covered[operation] = change_id
        return True

    def covered_by(self, operation: str) -> Change | None:
        change_id = self.covered.get(operation)
        return None if change_id is None else self.rows[change_id]

    def is_quarantined(
        self, phone_token: str, *, since: datetime, but_for: UUID | None
    ) -> bool:
        return any(
            row.old_token == phone_token
            and row.kind is ChangeKind.PHONE
            and row.client_id != but_for
            and row.change_id in self.applied
            and self.applied[row.change_id][1] > since
            for row in self.rows.values()
        )

    def _change(self, change_id: UUID, **changed: object) -> None:
        self.rows[change_id] = replace(self.rows[change_id], **changed)  # type: ignore[arg-type] # as called
