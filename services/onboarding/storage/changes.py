"""Changes of numbers and accounts in PostgreSQL; both values sealed for their row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Update,
    func,
    insert,
    select,
    update,
)

from kernel.values import Phone
from services.onboarding.domain.account import Destination
from services.onboarding.domain.change import (
    OPEN,
    Act,
    Change,
    ChangeKind,
    ChangeState,
    Value,
)
from services.onboarding.domain.person import Identity
from services.onboarding.domain.refusal import Reason
from services.onboarding.storage.keys import KeyRing
from services.onboarding.storage.questions import is_due
from services.onboarding.storage.sealing import RowSeal
from services.onboarding.storage.tables import changes

_OPEN = [state.value for state in OPEN]
_READ: Final[Mapping[ChangeKind, Callable[[str], Value]]] = {
    ChangeKind.PHONE: Phone,
    ChangeKind.ACCOUNT: Destination.unpacked,
    ChangeKind.IDENTITY: Identity.unpacked,
}
"""Back from the sealed text."""


@dataclass(frozen=True, slots=True)
class SqlChanges:
    """`ports.Changes` on one connection."""

    connection: Connection
    keys: KeyRing

    def add(self, change: Change) -> None:
        seal = self.keys.seal("changes", change.change_id, of=change.client_id)
        self.connection.execute(
            insert(changes).values(
                change_id=change.change_id,
                client_id=change.client_id,
                kind=change.kind.value,
                act=change.act.value,
                account_id=change.account_id,
                state=change.state.value,
                old_sealed=_sealed(seal, "old_sealed", change.old),
                old_token=change.old_token,
                value_sealed=_sealed(seal, "value_sealed", change.value),
                value_token=change.value_token,
                started_at=change.started_at,
                expires_at=change.expires_at,
                moved_at=change.started_at,
            )
        )

    def get(self, change_id: UUID) -> Change | None:
        return self._one(changes.c.change_id == change_id)

    def adding(self, account_id: UUID) -> Change | None:
        return self._one(
            (changes.c.account_id == account_id) & (changes.c.act == Act.ADD.value)
        )

    def covered_by(self, operation: str) -> Change | None:
        return self._one(changes.c.covered_by == operation)

    def cover(self, change_id: UUID, operation: str) -> bool:
        return self._hit(
            update(changes)
            .where(
                changes.c.change_id == change_id,
                changes.c.state == ChangeState.CHECKED.value,
            )
            .values(covered_by=operation)
        )

    def of_client(self, client_id: UUID) -> tuple[Change, ...]:
        rows = self.connection.execute(
            select(changes)
            .where(changes.c.client_id == client_id)
            .order_by(changes.c.started_at)
        )
        return tuple(self._change(row) for row in rows)

    def begun_since(self, client_id: UUID, *, since: datetime) -> int:
        count = self.connection.execute(
            select(func.count()).where(
                changes.c.client_id == client_id, changes.c.started_at > since
            )
        ).scalar_one()
        return int(count)

    def supersede(
        self, client_id: UUID, kind: ChangeKind, *, code: str, at: datetime
    ) -> None:
        self.connection.execute(
            update(changes)
            .where(
                changes.c.client_id == client_id,
                changes.c.kind == kind.value,
                changes.c.state.in_(_OPEN),
            )
            .values(state=ChangeState.REFUSED.value, refused_code=code, moved_at=at)
        )

    def note_code(self, change_id: UUID, challenge_id: UUID) -> None:
        self.connection.execute(
            update(changes)
            .where(
                changes.c.change_id == change_id,
                changes.c.state == ChangeState.DRAFT.value,
            )
            .values(challenge_id=challenge_id)
        )

    def move(
        self,
        change_id: UUID,
        *,
        source: ChangeState,
        target: ChangeState,
        at: datetime,
    ) -> bool:
        return self._hit(
            update(changes)
            .where(changes.c.change_id == change_id, changes.c.state == source.value)
            .values(state=target.value, moved_at=at)
        )

    def prove(self, change_id: UUID, ceremony_id: UUID, *, at: datetime) -> bool:
        return self._hit(
            update(changes)
            .where(
                changes.c.change_id == change_id,
                changes.c.state == ChangeState.CHECKED.value,
            )
            .values(state=ChangeState.PROVED.value, proved_by=ceremony_id, moved_at=at)
        )

    def proved(self, *, at: datetime, limit: int) -> tuple[UUID, ...]:
        rows = self.connection.execute(
            select(changes.c.change_id)
            .where(
                changes.c.state == ChangeState.PROVED.value,
                is_due(changes.c.change_id, at=at),
            )
            .order_by(changes.c.moved_at)
            .limit(limit)
        )
        return tuple(rows.scalars())

    def apply(self, change_id: UUID, ceremony_id: UUID, *, at: datetime) -> bool:
        """The ceremony is named by the same statement that applies the change."""
        return self._hit(
            update(changes)
            .where(
                changes.c.change_id == change_id,
                changes.c.state.in_(
                    (ChangeState.CHECKED.value, ChangeState.PROVED.value)
                ),
            )
            .values(
                state=ChangeState.APPLIED.value, ceremony_id=ceremony_id, moved_at=at
            )
        )

    def refuse(
        self,
        change_id: UUID,
        *,
        code: str,
        at: datetime,
        reason: Reason | None = None,
    ) -> bool:
        return self._hit(
            update(changes)
            .where(changes.c.change_id == change_id, changes.c.state.in_(_OPEN))
            .values(
                state=ChangeState.REFUSED.value,
                refused_code=code,
                refused_reason=None if reason is None else reason.value,
                moved_at=at,
            )
        )

    def is_quarantined(
        self, phone_token: str, *, since: datetime, but_for: UUID | None
    ) -> bool:
        given_up = select(changes.c.change_id).where(
            changes.c.old_token == phone_token,
            changes.c.kind == ChangeKind.PHONE.value,
            changes.c.state == ChangeState.APPLIED.value,
            changes.c.moved_at > since,
        )
        if but_for is not None:
            given_up = given_up.where(changes.c.client_id != but_for)
        return self.connection.execute(given_up.limit(1)).first() is not None

    def _hit(self, statement: Update) -> bool:
        return self.connection.execute(statement).rowcount == 1

    def _one(self, condition: ColumnElement[bool]) -> Change | None:
        row = self.connection.execute(select(changes).where(condition)).one_or_none()
        return None if row is None else self._change(row)

    def _change(self, row: Row[*tuple[Any, ...]]) -> Change:
        seal = self.keys.seal("changes", row.change_id, of=row.client_id)
        kind = ChangeKind(row.kind)

        def opened(column: str, sealed: bytes | None) -> Value | None:
            if sealed is None:
                return None
            return _READ[kind](seal.open_text(column, sealed))

        return Change(
            change_id=row.change_id,
            client_id=row.client_id,
            kind=kind,
            act=Act(row.act),
            account_id=row.account_id,
            state=ChangeState(row.state),
            old=opened("old_sealed", row.old_sealed),
            old_token=row.old_token,
            value=opened("value_sealed", row.value_sealed),
            value_token=row.value_token,
            started_at=row.started_at,
            expires_at=row.expires_at,
            challenge_id=row.challenge_id,
            proved_by=row.proved_by,
            refused_code=row.refused_code,
            refused_reason=(
                None if row.refused_reason is None else Reason(row.refused_reason)
            ),
        )


def _sealed(seal: RowSeal, column: str, value: Value | None) -> bytes | None:
    if value is None:
        return None
    text = value.reveal() if isinstance(value, Phone) else value.packed()
    return seal.seal_text(column, text)
