"""Rows of applications and of their decision traces."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, or_, select
from sqlalchemy.dialects.postgresql import insert

from kernel.money import Money
from kernel.pages import Page
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.checks import Check
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.ports import TraceLine
from services.contracts.storage.decisions import TraceRows
from services.contracts.storage.keys import KeyRing
from services.contracts.storage.tables import applications, contracts

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
    applications.c.tries,
    applications.c.next_ask_at,
    applications.c.for_person_since,
)

_AWAITS_COMPANY: Final = and_(
    contracts.c.application_id == applications.c.id,
    contracts.c.client_signed_at.is_not(None),
    contracts.c.signed_at.is_(None),
    contracts.c.final_at.is_(None),
)


class ApplicationRows:
    """Implements Applications on one open transaction."""

    def __init__(self, connection: Connection, *, keys: KeyRing) -> None:
        self._connection = connection
        self._keys = keys
        self._traces = TraceRows(connection, keys=keys)

    def add(self, application: Application) -> bool:
        self._keys.make(application.client_id, at=application.submitted_at)
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
                account_id=application.account_id,
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
                tries=application.tries,
                next_ask_at=application.next_ask_at,
                for_person_since=application.for_person_since,
            )
        )
        return done.rowcount == 1

    def record(
        self, application_id: UUID, checks: Sequence[Check], *, at: datetime
    ) -> None:
        self._traces.record(application_id, checks, at=at)

    def answered(self, application_id: UUID) -> dict[str, Check]:
        return self._traces.answered(application_id)

    def trace(self, application_id: UUID) -> list[TraceLine]:
        return self._traces.trace(application_id)

    def undecided(
        self, *, at: datetime, submitted_before: datetime, limit: int
    ) -> list[UUID]:
        next_ask_at = applications.c.next_ask_at
        due = or_(
            next_ask_at <= at,
            and_(
                next_ask_at.is_(None), applications.c.submitted_at <= submitted_before
            ),
        )
        query = (
            select(applications.c.id)
            .where(
                applications.c.state.in_(("submitted", "checked")),
                applications.c.for_person_since.is_(None),
                due,
            )
            .order_by(applications.c.submitted_at)
            .limit(limit)
        )
        return list(self._connection.execute(query).scalars())

    def unsigned(self, *, at: datetime) -> set[UUID]:
        query = select(contracts.c.id).where(
            _AWAITS_COMPANY,
            or_(
                applications.c.for_person_since.is_not(None),
                applications.c.next_ask_at > at,
            ),
        )
        return set(self._connection.execute(query).scalars())

    def held(self, *, limit: int) -> list[Application]:
        query = (
            select(*_COLUMNS)
            .where(
                applications.c.for_person_since.is_not(None),
                # A contract that ended otherwise waits for nobody.
                or_(
                    applications.c.state != ApplicationState.OFFERED.value,
                    exists().where(_AWAITS_COMPANY),
                ),
            )
            .order_by(applications.c.for_person_since)
            .limit(limit)
        )
        return [_application(row) for row in self._connection.execute(query)]


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
        tries=row.tries,
        next_ask_at=row.next_ask_at,
        for_person_since=row.for_person_since,
    )
