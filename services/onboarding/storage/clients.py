"""Clients and their bank accounts in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Select, insert, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from kernel.crypto import FieldKeys
from kernel.values import Iban, Phone
from services.onboarding.domain.account import Account, AccountState, Ownership
from services.onboarding.domain.change import Change
from services.onboarding.ports import Client
from services.onboarding.storage.sealing import RowSeal
from services.onboarding.storage.tables import accounts, clients, ownership_checks

_CLIENT: Final = select(
    clients.c.registration_id,
    clients.c.iin_token,
    clients.c.phone_token,
    clients.c.phone_sealed,
)


@dataclass(frozen=True, slots=True)
class SqlClients:
    """`ports.Clients` on one connection."""

    connection: Connection
    keys: FieldKeys

    def add(self, client: Client, *, at: datetime) -> bool:
        seal = RowSeal(self.keys, "clients", client.client_id)
        added = self.connection.execute(
            postgresql_insert(clients)
            .values(
                client_id=client.client_id,
                registration_id=client.registration_id,
                iin_token=client.iin_token,
                phone_token=client.phone_token,
                phone_sealed=seal.seal_text("phone_sealed", client.phone.reveal()),
                activated_at=at,
            )
            .on_conflict_do_nothing()
        )
        return added.rowcount == 1

    def get(self, client_id: UUID) -> Client | None:
        return self._one(client_id, _CLIENT)

    def lock(self, client_id: UUID) -> Client | None:
        return self._one(client_id, _CLIENT.with_for_update())

    def change_phone(self, change: Change) -> bool:
        """One conditional update; the database looks for the proof as well."""
        seal = RowSeal(self.keys, "clients", change.client_id)
        changed = self.connection.execute(
            update(clients)
            .where(
                clients.c.client_id == change.client_id,
                clients.c.phone_token == change.old_token,
            )
            .values(
                phone_token=change.value_token,
                phone_sealed=seal.seal_text("phone_sealed", change.value.reveal()),
            )
        )
        return changed.rowcount == 1

    def _one(self, client_id: UUID, chosen: Select[*tuple[Any, ...]]) -> Client | None:
        row = self.connection.execute(
            chosen.where(clients.c.client_id == client_id)
        ).one_or_none()
        if row is None:
            return None
        seal = RowSeal(self.keys, "clients", client_id)
        return Client(
            client_id=client_id,
            registration_id=row.registration_id,
            iin_token=row.iin_token,
            phone=Phone(seal.open_text("phone_sealed", row.phone_sealed)),
            phone_token=row.phone_token,
        )

    def has_phone(self, phone_token: str) -> bool:
        found = self.connection.execute(
            select(clients.c.client_id).where(clients.c.phone_token == phone_token)
        )
        return found.first() is not None


@dataclass(frozen=True, slots=True)
class SqlAccounts:
    """`ports.Accounts` on one connection."""

    connection: Connection
    keys: FieldKeys

    def add(self, account: Account, *, at: datetime) -> None:
        seal = RowSeal(self.keys, "accounts", account.account_id)
        self.connection.execute(
            insert(accounts).values(
                account_id=account.account_id,
                client_id=account.client_id,
                iban_sealed=seal.seal_text("iban_sealed", account.iban.reveal()),
                iban_token=account.token,
                state=account.state.value,
                added_at=at,
            )
        )

    def of_client(self, client_id: UUID) -> Account | None:
        return self._one(accounts.c.client_id == client_id)

    def get(self, account_id: UUID) -> Account | None:
        return self._one(accounts.c.account_id == account_id)

    def change_iban(self, change: Change) -> bool:
        """One conditional update; nothing is known yet of the new account's owner."""
        account = self.of_client(change.client_id)
        if account is None:
            return False
        seal = RowSeal(self.keys, "accounts", account.account_id)
        changed = self.connection.execute(
            update(accounts)
            .where(
                accounts.c.account_id == account.account_id,
                accounts.c.iban_token == change.old_token,
            )
            .values(
                iban_token=change.value_token,
                iban_sealed=seal.seal_text("iban_sealed", change.value.reveal()),
                state=AccountState.UNPROVED.value,
            )
        )
        return changed.rowcount == 1

    def record(
        self,
        account: Account,
        ownership: Ownership,
        *,
        check_id: UUID,
        becomes: AccountState,
    ) -> bool:
        """The answer was about one IBAN: of another it says nothing."""
        changed = self.connection.execute(
            update(accounts)
            .where(
                accounts.c.account_id == account.account_id,
                accounts.c.iban_token == account.token,
                accounts.c.state == account.state.value,
            )
            .values(state=becomes.value)
        )
        if changed.rowcount != 1:
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

    def _one(self, condition: ColumnElement[bool]) -> Account | None:
        row = self.connection.execute(
            select(
                accounts.c.account_id,
                accounts.c.client_id,
                accounts.c.iban_sealed,
                accounts.c.iban_token,
                accounts.c.state,
            ).where(condition)
        ).one_or_none()
        if row is None:
            return None
        seal = RowSeal(self.keys, "accounts", row.account_id)
        return Account(
            account_id=row.account_id,
            client_id=row.client_id,
            iban=Iban(seal.open_text("iban_sealed", row.iban_sealed)),
            token=row.iban_token,
            state=AccountState(row.state),
        )
