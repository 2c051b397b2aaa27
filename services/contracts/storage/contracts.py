"""Rows of contracts: the sealed document, the progress, the statements."""

from collections.abc import Collection
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, exists, func, or_, select, true
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import UnsealError, constant_time_equal, sha256_hex
from kernel.errors import Broken
from kernel.money import Money
from kernel.pages import Page
from services.contracts.domain.contract import (
    OFFER_EXPIRED,
    REPAID,
    Contract,
    Statement,
)
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.domain.states import ContractState
from services.contracts.domain.texts import StatementText
from services.contracts.ports import Reminder
from services.contracts.storage.keys import KeyRing
from services.contracts.storage.tables import (
    contracts,
    reminders,
    reminders_anew,
    statements,
    statements_anew,
)

_AS_THEY_ARE: Final = tuple(
    field.name
    for field in fields(Contract)
    if field.name not in ("amount", "repayment", "state")
)
COLUMNS: Final = (
    *(contracts.c[name] for name in _AS_THEY_ARE),
    contracts.c.amount_minor,
    contracts.c.repayment,
    contracts.c.state,
)
_ANNULLED: Final = ContractState.ANNULLED.value
ACTIVE: Final = ContractState.ACTIVE.value
"""Paid out, repaid or not: see `_written`."""
IS_OPEN: Final = (contracts.c.state != _ANNULLED) & (
    (contracts.c.state != ACTIVE) | contracts.c.end_code.is_(None)
)
"""Whether somebody owes something by it, or may yet."""
PROGRESS: Final = (
    "ceremony_id",
    "protocol_id",
    "certificate_serial",
    "signature_sha256",
    "client_signed_at",
    "signed_at",
    "consented_at",
    "hold_until",
    "confirmation_required",
    "silence_at",
    "suspended_since",
    "payout_id",
    "released_at",
    "refusal_asked_at",
    "final_at",
    "end_code",
    "closed_at",
    "amendment_id",
    "amended_account_id",
    "amended_token",
    "amended_sha256",
    "hold_from",
    "hold_from_id",
)
"""What may change besides the state; the migration grants exactly these."""


class ContractRows:
    """Implements Contracts on one open transaction."""

    def __init__(self, connection: Connection, *, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys

    def add(self, contract: Contract, document: bytes) -> None:
        sealed = self._keys.of_client(contract.client_id).seal(
            document, table="contracts", column="document", row=contract.id
        )
        values = {name: getattr(contract, name) for name in _AS_THEY_ARE}
        self._connection.execute(
            contracts.insert().values(
                **values,
                amount_minor=contract.amount.amount_minor,
                repayment=contract.repayment.value,
                state=_written(contract.state),
                document=sealed,
            )
        )

    def get(self, contract_id: UUID) -> Contract | None:
        return self._locked(contracts.c.id == contract_id)

    def get_own(self, contract_id: UUID, client_id: UUID) -> Contract | None:
        return self._locked(
            (contracts.c.id == contract_id) & (contracts.c.client_id == client_id)
        )

    def list_own(self, client_id: UUID, page: Page) -> list[Contract]:
        query = (
            select(*COLUMNS)
            .where(contracts.c.client_id == client_id)
            .order_by(contracts.c.id.desc())
            .limit(page.rows)
        )
        if page.before is not None:
            query = query.where(contracts.c.id < page.before)
        return [contract_of(row) for row in self._connection.execute(query)]

    def earlier_sum(self, contract: Contract, *, since: datetime) -> Money:
        total = self._connection.execute(
            select(func.coalesce(func.sum(contracts.c.amount_minor), 0)).where(
                contracts.c.client_id == contract.client_id,
                contracts.c.id != contract.id,
                contracts.c.state == ACTIVE,
                contracts.c.signed_at >= since,
            )
        ).scalar_one()
        return Money(int(total))

    def unfinished_of(self, client_id: UUID) -> Contract | None:
        return self._locked(
            (contracts.c.client_id == client_id) & contracts.c.final_at.is_(None)
        )

    def has_unfinished(self, client_id: UUID) -> bool:
        unfinished = exists().where(_unfinished(client_id))
        return bool(self._connection.execute(select(unfinished)).scalar_one())

    def document(self, contract: Contract) -> bytes:
        query = select(contracts.c.document).where(contracts.c.id == contract.id)
        sealed = self._connection.execute(query).scalar_one()
        try:
            document = self._keys.of_client(contract.client_id).unseal(
                bytes(sealed), table="contracts", column="document", row=contract.id
            )
        except UnsealError as error:
            raise Broken("A stored document was changed") from error
        digest = sha256_hex(document).encode()
        if not constant_time_equal(digest, contract.document_sha256.encode()):
            raise Broken("A stored document no longer has its digest")
        return document

    def save(self, contract: Contract, *, was: ContractState) -> bool:
        done = self._connection.execute(
            contracts.update()
            .where(contracts.c.id == contract.id, contracts.c.state == _written(was))
            .values(
                state=_written(contract.state),
                **{name: getattr(contract, name) for name in PROGRESS},
            )
        )
        return done.rowcount == 1

    def add_statement(
        self,
        contract_id: UUID,
        statement: Statement,
        *,
        text: StatementText,
        since: UUID | None = None,
    ) -> None:
        table = statements if since is None else statements_anew
        anew = {} if since is None else {"amendment_id": since}
        self._connection.execute(
            table.insert().values(
                **anew,
                contract_id=contract_id,
                kind=text.kind,
                text_version=text.version,
                text_sha256=statement.text_sha256,
                channel=statement.channel,
                second_factor_at=statement.second_factor_at,
                given_at=statement.given_at,
            )
        )

    def refused(self, *, limit: int) -> list[Contract]:
        query = (
            select(*COLUMNS)
            .where(
                contracts.c.refusal_asked_at.is_not(None),
                contracts.c.final_at.is_(None),
            )
            .order_by(contracts.c.refusal_asked_at)
            .limit(limit)
        )
        return [contract_of(row) for row in self._connection.execute(query)]

    def awaiting_company(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        query = (
            select(contracts.c.id)
            .where(
                contracts.c.client_signed_at.is_not(None),
                contracts.c.signed_at.is_(None),
                contracts.c.final_at.is_(None),
                contracts.c.id.not_in(but_for),
            )
            .order_by(contracts.c.client_signed_at)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def to_remind(self, *, ending_by: datetime, limit: int) -> list[UUID]:
        query = (
            select(contracts.c.id)
            .where(
                contracts.c.silence_at <= ending_by,
                contracts.c.state.in_(("concluded", "consented", "awaiting_release")),
            )
            .order_by(contracts.c.silence_at)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def add_reminder(
        self, contract_id: UUID, reminder: Reminder, *, at: datetime
    ) -> bool:
        since = reminder.since
        about = (
            {"contract_id": contract_id} if since is None else {"amendment_id": since}
        )
        done = self._connection.execute(
            insert(reminders if since is None else reminders_anew)
            .values(
                **about,
                awaits=reminder.awaits,
                days_left=reminder.days_left,
                sent_at=at,
            )
            .on_conflict_do_nothing()
        )
        return done.rowcount == 1

    def silent(self, *, at: datetime, limit: int) -> list[UUID]:
        query = (
            select(contracts.c.id)
            .where(
                contracts.c.silence_at <= at,
                or_(
                    contracts.c.suspended_since.is_(None),
                    contracts.c.suspended_since >= contracts.c.silence_at,
                ),
            )
            .order_by(contracts.c.silence_at)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def _locked(self, which: ColumnElement[bool]) -> Contract | None:
        query = select(*COLUMNS).where(which).with_for_update()
        row = self._connection.execute(query).one_or_none()
        return None if row is None else contract_of(row)


def _unfinished(client_id: UUID) -> ColumnElement[bool]:
    """At most one: a unique index sees to it."""
    return (contracts.c.client_id == client_id) & contracts.c.state.not_in(
        (ACTIVE, _ANNULLED)
    )


def contract_of(row: Row[Any]) -> Contract:
    return Contract(
        **{name: getattr(row, name) for name in _AS_THEY_ARE},
        amount=Money(row.amount_minor),
        repayment=RepaymentMethod(row.repayment),
        state=_read(row.state, row.end_code),
    )


def in_state(state: ContractState) -> ColumnElement[bool]:
    """The rows that are read as this state."""
    expired = contracts.c.end_code == OFFER_EXPIRED
    repaid = contracts.c.end_code == REPAID
    match state:
        case ContractState.EXPIRED:
            return (contracts.c.state == _ANNULLED) & expired
        case ContractState.ANNULLED:
            return (contracts.c.state == _ANNULLED) & expired.is_not(true())
        case ContractState.CLOSED:
            return (contracts.c.state == ACTIVE) & repaid
        case ContractState.ACTIVE:
            return (contracts.c.state == ACTIVE) & repaid.is_not(true())
        case _:
            return contracts.c.state == state.value


def _written(state: ContractState) -> str:
    """An expired offer stands as `annulled`, a repaid contract as `active`.

    Releases before read no other words.
    """
    match state:
        case ContractState.EXPIRED:
            return _ANNULLED
        case ContractState.CLOSED:
            return ACTIVE
        case _:
            return state.value


def _read(state: str, end_code: str | None) -> ContractState:
    """The state; the code tells an offer that expired from what was annulled.

    So do the offers that ran out before there was such a state.
    """
    if state == _ANNULLED and end_code == OFFER_EXPIRED:
        return ContractState.EXPIRED
    if state == ACTIVE and end_code == REPAID:
        return ContractState.CLOSED
    return ContractState(state)
