"""Clients in PostgreSQL."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Select, select, update
from sqlalchemy.dialects.postgresql import insert as postgresql_insert

from kernel.values import Phone
from services.onboarding.domain.change import Change
from services.onboarding.ports import Client
from services.onboarding.storage.keys import KeyRing
from services.onboarding.storage.tables import clients

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
    keys: KeyRing

    def add(self, client: Client, *, at: datetime) -> bool:
        seal = self.keys.seal("clients", client.client_id, of=client.client_id)
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
        seal = self.keys.seal("clients", change.client_id, of=change.client_id)
        changed = self.connection.execute(
            update(clients)
            .where(
                clients.c.client_id == change.client_id,
                clients.c.phone_token == change.old_token,
            )
            .values(
                phone_token=change.value_token,
                phone_sealed=seal.seal_text("phone_sealed", change.phone.reveal()),
            )
        )
        return changed.rowcount == 1

    def _one(self, client_id: UUID, chosen: Select[*tuple[Any, ...]]) -> Client | None:
        row = self.connection.execute(
            chosen.where(clients.c.client_id == client_id)
        ).one_or_none()
        if row is None or self.keys.is_erased(client_id):
            return None
        seal = self.keys.seal("clients", client_id, of=client_id)
        return Client(
            client_id=client_id,
            registration_id=row.registration_id,
            iin_token=row.iin_token,
            phone=Phone(seal.open_text("phone_sealed", row.phone_sealed)),
            phone_token=row.phone_token,
        )

    def find(
        self, *, iin_token: str | None = None, phone_token: str | None = None
    ) -> UUID | None:
        asked = (
            (clients.c.iin_token, iin_token),
            (clients.c.phone_token, phone_token),
        )
        wanted = [column == token for column, token in asked if token is not None]
        if not wanted:
            return None
        found: UUID | None = self.connection.execute(
            select(clients.c.client_id).where(*wanted)
        ).scalar_one_or_none()
        return found

    def has_phone(self, phone_token: str) -> bool:
        found = self.connection.execute(
            select(clients.c.client_id).where(clients.c.phone_token == phone_token)
        )
        return found.first() is not None
