"""One transaction with everything a handler touches in it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select
from sqlalchemy.dialects.postgresql import insert

from kernel.context import Call, Context
from kernel.crypto import FieldKeys, Json
from kernel.database import Database, Transaction
from kernel.events import Event
from kernel.origins import SqlOrigins
from services.contracts.domain.application import ApplicationState
from services.contracts.domain.states import ContractState
from services.contracts.storage.accounts import AccountRows
from services.contracts.storage.amendments import AmendmentRows
from services.contracts.storage.applications import ApplicationRows
from services.contracts.storage.contracts import ContractRows
from services.contracts.storage.decisions import VisitRows
from services.contracts.storage.disclosures import DisclosureRows
from services.contracts.storage.documents import DocumentRows, TemplateRows
from services.contracts.storage.entries import EntryRows
from services.contracts.storage.erasures import ErasureRows
from services.contracts.storage.keys import KeyRing
from services.contracts.storage.schedules import ScheduleRows
from services.contracts.storage.signatures import SignatureRows
from services.contracts.storage.tables import (
    accounts,
    applications,
    clients,
    contracts,
    origins,
    suspensions,
)


class ClientRows:
    """Implements Clients on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def activate(self, client_id: UUID, *, iin_token: str, at: datetime) -> None:
        self._connection.execute(
            insert(clients)
            .values(client_id=client_id, activated_at=at, iin_token=iin_token)
            .on_conflict_do_nothing()
        )

    def is_active(self, client_id: UUID) -> bool:
        known = exists().where(clients.c.client_id == client_id)
        return bool(self._connection.execute(select(known)).scalar_one())

    def note_identity(self, client_id: UUID, *, changed_at: datetime) -> None:
        # greatest() of PostgreSQL passes over what is NULL
        self._connection.execute(
            clients.update()
            .where(clients.c.client_id == client_id)
            .values(
                identity_changed_at=func.greatest(
                    clients.c.identity_changed_at, changed_at
                )
            )
        )

    def identity_changed_at(self, client_id: UUID) -> datetime | None:
        query = select(clients.c.identity_changed_at).where(
            clients.c.client_id == client_id
        )
        at: datetime | None = self._connection.execute(query).scalar_one_or_none()
        return at

    def put_account(
        self, account_id: UUID, client_id: UUID, *, owned: bool, at: datetime
    ) -> None:
        heard = {"client_id": client_id, "owned": owned, "heard_at": at}
        self._connection.execute(
            insert(accounts)
            .values(account_id=account_id, **heard)
            .on_conflict_do_update(index_elements=["account_id"], set_=heard)
        )

    def note_suspension(
        self,
        client_id: UUID,
        *,
        suspended_at: datetime | None = None,
        released_at: datetime | None = None,
    ) -> datetime | None:
        new = insert(suspensions).values(
            client_id=client_id, suspended_at=suspended_at, released_at=released_at
        )
        was = suspensions.c
        row = self._connection.execute(
            new.on_conflict_do_update(
                index_elements=["client_id"],
                # greatest() of PostgreSQL passes over what is NULL
                set_={
                    "suspended_at": func.greatest(
                        was.suspended_at, new.excluded.suspended_at
                    ),
                    "released_at": func.greatest(
                        was.released_at, new.excluded.released_at
                    ),
                },
            ).returning(was.suspended_at, was.released_at)
        ).one()
        over = row.released_at is not None and row.suspended_at is not None
        if over and row.released_at >= row.suspended_at:
            return None
        since: datetime | None = row.suspended_at
        return since

    def account_lost(self, account_id: UUID) -> bool:
        lost = exists().where(
            accounts.c.account_id == account_id, accounts.c.owned.is_(False)
        )
        return bool(self._connection.execute(select(lost)).scalar_one())


_ASKED_ABOUT: Final = (ApplicationState.SUBMITTED.value, ApplicationState.CHECKED.value)
_SIGNED_YET: Final = (ContractState.OFFERED.value, ContractState.SIGNING.value)
"""Applications and contracts that still wait for an answer of antifraud's."""


def _is_over(thing: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Whether an application, or a signing, waits for no answer of antifraud's."""
    applied = exists().where(
        applications.c.id == thing, applications.c.state.not_in(_ASKED_ABOUT)
    )
    signed = exists().where(
        contracts.c.id == thing, contracts.c.state.not_in(_SIGNED_YET)
    )
    return or_(applied, signed)


class DatabaseUnit:
    """Implements AccountUnit on an open transaction, for the request `call`."""

    def __init__(
        self, tx: Transaction, *, field_keys: FieldKeys, call: Call | None = None
    ) -> None:
        self._tx = tx
        self._call = call
        keys = KeyRing(tx.connection, field_keys)
        self.applications = ApplicationRows(tx.connection, keys=keys)
        self.origins = SqlOrigins(tx, origins, _is_over)
        self.contracts = ContractRows(tx.connection, keys=keys)
        self.amendments = AmendmentRows(tx.connection)
        self.schedules = ScheduleRows(tx.connection)
        self.documents = DocumentRows(tx.connection, keys=keys)
        self.templates = TemplateRows(tx.connection)
        self.signatures = SignatureRows(tx.connection, keys=keys)
        self.clients = ClientRows(tx.connection)
        self.visits = VisitRows(tx.connection)
        self.disclosures = DisclosureRows(tx.connection, keys=keys)
        self.keys = keys
        self.ends = ErasureRows(tx.connection)
        self.entries = EntryRows(tx.connection, keys=keys)
        self.accounts = AccountRows(tx.connection)

    def publish(self, event: Event) -> UUID:
        return self._tx.publish(event)

    def once(self, run: Callable[[], Json]) -> Json:
        return run() if self._call is None else self._tx.once(self._call, run)


class DatabaseWork:
    """Implements Work for one request, or for a beat when there is no call."""

    def __init__(
        self,
        database: Database,
        context: Context,
        *,
        field_keys: FieldKeys,
        call: Call | None = None,
    ) -> None:
        self._database = database
        self._context = context
        self._field_keys = field_keys
        self._call = call

    @contextmanager
    def begin(self) -> Iterator[DatabaseUnit]:
        with self._database.begin(self._context) as tx:
            yield DatabaseUnit(tx, field_keys=self._field_keys, call=self._call)
