"""Bank accounts and cards in PostgreSQL, with every answer about their owners."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Row, Update, func, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from kernel.values import Iban
from services.onboarding.domain.account import (
    Account,
    AccountState,
    Card,
    Destination,
    Ownership,
    OwnershipVerdict,
)
from services.onboarding.domain.change import Change
from services.onboarding.storage.keys import KeyRing
from services.onboarding.storage.tables import accounts, ownership_checks

_PROVED_AT: Final = (
    select(func.max(ownership_checks.c.checked_at))
    .where(
        ownership_checks.c.account_id == accounts.c.account_id,
        ownership_checks.c.iban_token == accounts.c.iban_token,
        ownership_checks.c.verdict == OwnershipVerdict.MATCH.value,
        accounts.c.state == AccountState.PROVED.value,
    )
    .correlate(accounts)
    .scalar_subquery()
    .label("proved_at")
)
_KEPT: Final = (
    select(
        accounts.c.account_id,
        accounts.c.client_id,
        accounts.c.iban_sealed,
        accounts.c.card_sealed,
        accounts.c.iban_token,
        accounts.c.state,
        accounts.c.selected,
        _PROVED_AT,
    )
    .where(accounts.c.removed_at.is_(None))
    .order_by(accounts.c.added_at, accounts.c.account_id)
)


@dataclass(frozen=True, slots=True)
class SqlAccounts:
    """`ports.Accounts` on one connection; the database looks for the proofs as well."""

    connection: Connection
    keys: KeyRing

    def add(self, account: Account, *, at: datetime) -> bool:
        added = self.connection.execute(
            postgresql_insert(accounts)
            .values(
                account_id=account.account_id,
                client_id=account.client_id,
                iban_token=account.token,
                state=account.state.value,
                selected=account.selected,
                added_at=at,
                **self._sealed(
                    account.account_id, account.destination, of=account.client_id
                ),
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def of_client(self, client_id: UUID) -> tuple[Account, ...]:
        rows = self.connection.execute(_KEPT.where(accounts.c.client_id == client_id))
        return tuple(self._account(row) for row in rows)

    def get(self, account_id: UUID) -> Account | None:
        row = self.connection.execute(
            _KEPT.where(accounts.c.account_id == account_id)
        ).one_or_none()
        return None if row is None else self._account(row)

    def replace(self, change: Change) -> bool:
        """One conditional update; nothing is known yet of the new account's owner."""
        account_id = change.account_id
        return account_id is not None and self._hit(
            _as_it_was(change).values(
                iban_token=change.value_token,
                state=AccountState.UNPROVED.value,
                **self._sealed(account_id, change.destination, of=change.client_id),
            )
        )

    def select(self, change: Change) -> bool:
        """First the old one is let go: two are never selected."""
        let_go = (
            update(accounts)
            .where(
                accounts.c.client_id == change.client_id,
                accounts.c.selected,
                accounts.c.iban_token == change.old_token,
            )
            .values(selected=False)
        )
        chosen = (
            update(accounts)
            .where(
                accounts.c.account_id == change.account_id,
                accounts.c.client_id == change.client_id,
                accounts.c.iban_token == change.value_token,
                accounts.c.removed_at.is_(None),
            )
            .values(selected=True)
        )
        return self._hit(let_go) and self._hit(chosen)

    def remove(self, change: Change, *, at: datetime) -> bool:
        return self._hit(
            _as_it_was(change).where(~accounts.c.selected).values(removed_at=at)
        )

    def record(
        self,
        account: Account,
        ownership: Ownership,
        *,
        check_id: UUID,
        becomes: AccountState,
    ) -> bool:
        """The answer was about one value of the account: of another it says nothing."""
        if not self._hit(
            update(accounts)
            .where(
                accounts.c.account_id == account.account_id,
                accounts.c.iban_token == account.token,
                accounts.c.state == account.state.value,
            )
            .values(state=becomes.value)
        ):
            return False
        self.connection.execute(
            insert(ownership_checks).values(
                check_id=check_id,
                account_id=account.account_id,
                iban_token=account.token,
                verdict=ownership.verdict.value,
                evidence_id=ownership.evidence_id,
                checked_at=ownership.checked_at,
            )
        )
        return True

    def _hit(self, statement: Update) -> bool:
        return self.connection.execute(statement).rowcount == 1

    def _sealed(
        self, account_id: UUID, destination: Destination, *, of: UUID
    ) -> dict[str, Any]:
        seal, card = self.keys.seal("accounts", account_id, of=of), destination.card
        return {
            "iban_sealed": seal.seal_text("iban_sealed", destination.iban.reveal()),
            "card_sealed": card and seal.seal_text("card_sealed", card.packed()),
        }

    def _account(self, row: Row[*tuple[Any, ...]]) -> Account:
        seal = self.keys.seal("accounts", row.account_id, of=row.client_id)
        return Account(
            account_id=row.account_id,
            client_id=row.client_id,
            destination=Destination(
                iban=Iban(seal.open_text("iban_sealed", row.iban_sealed)),
                card=row.card_sealed
                and Card.unpacked(seal.open_text("card_sealed", row.card_sealed)),
            ),
            token=row.iban_token,
            state=AccountState(row.state),
            selected=row.selected,
            proved_at=row.proved_at,
        )


def _as_it_was(change: Change) -> Update:
    """An update of the change's account, if it still has the value it is to leave."""
    return update(accounts).where(
        accounts.c.account_id == change.account_id,
        accounts.c.client_id == change.client_id,
        accounts.c.iban_token == change.old_token,
        accounts.c.removed_at.is_(None),
    )
