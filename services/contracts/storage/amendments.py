"""Rows of amendments."""

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, select

from services.contracts.domain.amendment import Amendment, Cause
from services.contracts.domain.states import AmendmentState
from services.contracts.storage.tables import amendments, contracts

_NAMES: Final = tuple(field.name for field in fields(Amendment))
_COLUMNS: Final = tuple(amendments.c[name] for name in _NAMES)
_FIXED: Final = frozenset(
    {
        *("id", "contract_id", "client_id", "ordinal", "cause"),
        *("previous_sha256", "requested_at"),
    }
)
"""What the migration lets nobody change."""


class AmendmentRows:
    """Implements Amendments on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, amendment: Amendment) -> None:
        self._connection.execute(amendments.insert().values(**_values(amendment)))

    def get(self, amendment_id: UUID) -> Amendment | None:
        found = self._rows(amendments.c.id == amendment_id)
        return found[0] if found else None

    def of_contract(self, contract_id: UUID) -> Sequence[Amendment]:
        return self._rows(amendments.c.contract_id == contract_id)

    def save(self, amendment: Amendment, *, was: AmendmentState) -> bool:
        changed = {
            name: value
            for name, value in _values(amendment).items()
            if name not in _FIXED
        }
        done = self._connection.execute(
            amendments.update()
            .where(amendments.c.id == amendment.id, amendments.c.state == was.value)
            .values(**changed)
        )
        return done.rowcount == 1

    def requested(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        return self._ids(
            amendments.c.state == AmendmentState.REQUESTED.value,
            amendments.c.id.not_in(but_for),
            by=amendments.c.requested_at,
            limit=limit,
        )

    def awaiting_company(self, *, but_for: Collection[UUID], limit: int) -> list[UUID]:
        return self._ids(
            amendments.c.state == AmendmentState.SIGNING.value,
            amendments.c.client_signed_at.is_not(None),
            amendments.c.id.not_in(but_for),
            by=amendments.c.client_signed_at,
            limit=limit,
        )

    def unsigned(self, *, ending_by: datetime, limit: int) -> list[UUID]:
        return self._ids(
            amendments.c.state.in_(
                (AmendmentState.OFFERED.value, AmendmentState.SIGNING.value)
            ),
            amendments.c.client_signed_at.is_(None),
            amendments.c.until <= ending_by,
            by=amendments.c.until,
            limit=limit,
        )

    def lapsed_under_way(self, *, limit: int) -> list[UUID]:
        query = (
            select(amendments.c.id)
            .join(contracts, contracts.c.amendment_id == amendments.c.id)
            .where(amendments.c.state == AmendmentState.LAPSED.value)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def _rows(self, which: ColumnElement[bool]) -> list[Amendment]:
        query = select(*_COLUMNS).where(which).order_by(amendments.c.ordinal)
        return [_amendment(row) for row in self._connection.execute(query)]

    def _ids(
        self, *which: ColumnElement[bool], by: ColumnElement[Any], limit: int
    ) -> list[UUID]:
        query = select(amendments.c.id).where(*which).order_by(by).limit(limit)
        return list(self._connection.execute(query).scalars())


def _values(amendment: Amendment) -> dict[str, Any]:
    values = {name: getattr(amendment, name) for name in _NAMES}
    return {
        **values,
        "cause": amendment.cause.value,
        "state": amendment.state.value,
    }


def _amendment(row: Row[Any]) -> Amendment:
    values = {name: getattr(row, name) for name in _NAMES}
    values["cause"] = Cause(row.cause)
    values["state"] = AmendmentState(row.state)
    return Amendment(**values)
