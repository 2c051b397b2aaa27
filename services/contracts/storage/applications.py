"""Rows of applications and of their decision traces."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, select
from sqlalchemy.dialects.postgresql import insert

from kernel.crypto import FieldKeys, canonical
from kernel.money import Money
from kernel.pages import Page
from services.contracts.domain.application import (
    Application,
    ApplicationState,
    Check,
)
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.storage.tables import application_checks, applications

_COLUMNS: Final[Sequence[ColumnElement[Any]]] = (
    applications.c.id,
    applications.c.client_id,
    applications.c.product,
    applications.c.repayment,
    applications.c.amount_minor,
    applications.c.term_days,
    applications.c.submitted_at,
    applications.c.state,
    applications.c.account_id,
    applications.c.refusal_code,
    applications.c.contract_id,
)


class ApplicationRows:
    """Implements Applications on one open transaction."""

    def __init__(self, connection: Connection, *, field_keys: FieldKeys) -> None:
        self._connection = connection
        self._field_keys = field_keys

    def add(self, application: Application) -> bool:
        done = self._connection.execute(
            insert(applications)
            .values(
                id=application.id,
                client_id=application.client_id,
                product=application.product,
                repayment=application.repayment.value,
                amount_minor=application.amount.amount_minor,
                term_days=application.term_days,
                submitted_at=application.submitted_at,
                state=application.state.value,
            )
            .on_conflict_do_nothing()
        )
        return done.rowcount == 1

    def get(self, application_id: UUID) -> Application | None:
        query = select(*_COLUMNS).where(applications.c.id == application_id)
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _application(row)

    def get_own(self, application_id: UUID, client_id: UUID) -> Application | None:
        query = select(*_COLUMNS).where(
            applications.c.id == application_id, applications.c.client_id == client_id
        )
        row = self._connection.execute(query).one_or_none()
        return None if row is None else _application(row)

    def list_own(self, client_id: UUID, page: Page) -> list[Application]:
        query = (
            select(*_COLUMNS)
            .where(applications.c.client_id == client_id)
            .order_by(applications.c.id.desc())
            .limit(page.rows)
        )
        if page.before is not None:
            query = query.where(applications.c.id < page.before)
        return [_application(row) for row in self._connection.execute(query)]

    def save(self, application: Application, *, was: ApplicationState) -> bool:
        done = self._connection.execute(
            applications.update()
            .where(
                applications.c.id == application.id,
                applications.c.state == was.value,
            )
            .values(
                state=application.state.value,
                account_id=application.account_id,
                refusal_code=application.refusal_code,
                contract_id=application.contract_id,
            )
        )
        return done.rowcount == 1

    def record(
        self, application_id: UUID, checks: Sequence[Check], *, at: datetime
    ) -> None:
        for check in checks:
            found = self._field_keys.seal(
                canonical(check.found),
                table="application_checks",
                column="found",
                row=f"{application_id}/{check.name}",
            )
            self._connection.execute(
                application_checks.insert().values(
                    application_id=application_id,
                    name=check.name,
                    passed=check.passed,
                    source=check.source,
                    found=found,
                    checked_at=at,
                )
            )

    def undecided(self, *, submitted_before: datetime, limit: int) -> list[UUID]:
        query = (
            select(applications.c.id)
            .where(
                applications.c.state.in_(("submitted", "checked")),
                applications.c.submitted_at <= submitted_before,
            )
            .order_by(applications.c.submitted_at)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())


def _application(row: Row[Any]) -> Application:
    return Application(
        id=row.id,
        client_id=row.client_id,
        product=row.product,
        repayment=RepaymentMethod(row.repayment),
        amount=Money(row.amount_minor),
        term_days=row.term_days,
        submitted_at=row.submitted_at,
        state=ApplicationState(row.state),
        account_id=row.account_id,
        refusal_code=row.refusal_code,
        contract_id=row.contract_id,
    )
