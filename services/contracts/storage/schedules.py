"""Rows of schedules: what was offered, and what counts since the money arrived."""

from typing import Final
from uuid import UUID

from sqlalchemy import Connection, select

from kernel.money import Money
from services.contracts.domain.schedule import Instalment, RepaymentMethod, Schedule
from services.contracts.ports import KeptSchedule
from services.contracts.storage.tables import contracts, instalments, schedules

DRAFT: Final = "draft"
FINAL: Final = "final"


class ScheduleRows:
    """Implements Schedules on one open transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, contract_id: UUID, schedule: Schedule, *, final: bool) -> None:
        key = {"contract_id": contract_id, "kind": FINAL if final else DRAFT}
        self._connection.execute(
            schedules.insert().values(
                **key,
                issued_on=schedule.issued_on,
                annual_percent=schedule.annual_percent,
                gesv_percent=schedule.gesv,
            )
        )
        self._connection.execute(
            instalments.insert(),
            [
                {
                    **key,
                    "number": one.number,
                    "due_on": one.due_on,
                    "principal_minor": one.principal.amount_minor,
                    "interest_minor": one.interest.amount_minor,
                    "balance_minor": one.balance.amount_minor,
                }
                for one in schedule.instalments
            ],
        )

    def latest(self, contract_id: UUID) -> KeptSchedule | None:
        newest = self._connection.execute(
            select(
                schedules.c.kind,
                schedules.c.issued_on,
                schedules.c.annual_percent,
                contracts.c.amount_minor,
                contracts.c.repayment,
            )
            .join(contracts, contracts.c.id == schedules.c.contract_id)
            .where(schedules.c.contract_id == contract_id)
            .order_by((schedules.c.kind == FINAL).desc())
            .limit(1)
        ).one_or_none()
        if newest is None:
            return None
        parts = self._connection.execute(
            select(instalments)
            .where(
                instalments.c.contract_id == contract_id,
                instalments.c.kind == newest.kind,
            )
            .order_by(instalments.c.number)
        )
        schedule = Schedule(
            amount=Money(newest.amount_minor),
            issued_on=newest.issued_on,
            annual_percent=newest.annual_percent,
            repayment=RepaymentMethod(newest.repayment),
            instalments=tuple(
                Instalment(
                    number=part.number,
                    due_on=part.due_on,
                    principal=Money(part.principal_minor),
                    interest=Money(part.interest_minor),
                    balance=Money(part.balance_minor),
                )
                for part in parts
            ),
        )
        return KeptSchedule(schedule=schedule, final=newest.kind == FINAL)
