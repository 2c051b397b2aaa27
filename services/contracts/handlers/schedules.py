"""What a loan costs: products, drafts before anything is signed, the final schedule.

A draft counts from the day the money is expected, the final schedule from the day it
arrived (clause 5.3): interest accrues from then on and not before.
"""

from datetime import date, datetime, timedelta
from decimal import Decimal
from uuid import UUID

from kernel.calendar import WorkingCalendar, overrides_of
from kernel.clock import Clock, almaty_date
from kernel.context import jsonable
from kernel.crypto import Json
from kernel.events.contracts import ScheduleIssued
from kernel.money import Money
from kernel.policy import Policy
from services.contracts.domain.contract import Contract
from services.contracts.domain.gesv import GesvCap
from services.contracts.domain.products import HUNDREDTH, Product
from services.contracts.domain.schedule import RepaymentMethod, Schedule, schedule_of
from services.contracts.handlers.views import not_found
from services.contracts.ports import Unit, Work


def list_products(*, policy: Policy, clock: Clock) -> Json:
    """The products on offer now, with the limits and the price of each."""
    items = Product.all_at(policy, clock.now())
    return jsonable({"items": [_product_view(product) for product in items]})


def draft_schedules(
    *, product: str, amount: Money, term_days: int, policy: Policy, clock: Clock
) -> Json:
    """The full price of a loan by every method of repayment, to choose from.

    Refused: ``product_unknown``, ``terms_outside_product``.
    """
    now = clock.now()
    chosen = Product.at(policy, product, now)
    chosen.refuse_outside(amount, term_days)
    drafts = [
        draft(
            amount,
            product=chosen,
            repayment=repayment,
            term_days=term_days,
            policy=policy,
            at=now,
        )
        for repayment in RepaymentMethod
    ]
    return jsonable({"items": [schedule_view(one, final=False) for one in drafts]})


def draft(
    amount: Money,
    *,
    product: Product,
    repayment: RepaymentMethod,
    term_days: int,
    policy: Policy,
    at: datetime,
) -> Schedule:
    """The schedule of a loan whose contract would be made at an instant."""
    hold = timedelta(hours=policy.integer("cooling.hours", at))
    return schedule_of(
        amount,
        annual_percent=product.annual_percent,
        repayment=repayment,
        issued_on=almaty_date(at + hold),
        term_days=term_days,
        calendar=_calendar(policy, at),
    )


def get_schedule(*, client_id: UUID, contract_id: UUID, work: Work) -> Json:
    """The schedule in force of the client's own contract.  Refused ``not_found``."""
    with work.begin() as unit:
        contract = unit.contracts.get_own(contract_id, client_id)
        kept = None if contract is None else unit.schedules.latest(contract_id)
    if kept is None:
        raise not_found()
    return jsonable(schedule_view(kept.schedule, final=kept.final))


def issue(
    contract: Contract, *, settled_at: datetime, unit: Unit, policy: Policy
) -> None:
    """Make the schedule from the day the money arrived, and say so.

    Days off may stand otherwise than in the draft and move ГЭСВ a little.  Should it
    pass the cap of the contract's date, the price goes down until it does not: what the
    law forbids is never asked for.
    """
    cap = GesvCap.at(
        policy,
        contract.offered_at,
        amount=contract.amount,
        term_days=contract.term_days,
    )
    issued_on, percent = almaty_date(settled_at), contract.annual_percent
    schedule = _final(contract, percent, issued_on=issued_on, policy=policy)
    while not cap.allows(gesv=schedule.gesv, annual_percent=percent):
        percent -= HUNDREDTH
        schedule = _final(contract, percent, issued_on=issued_on, policy=policy)
    unit.schedules.add(contract.id, schedule, final=True)
    unit.publish(
        ScheduleIssued(
            contract_id=contract.id,
            client_id=contract.client_id,
            issued_on=schedule.issued_on.isoformat(),
            instalments=len(schedule.instalments),
            total=schedule.total,
            annual_percent=str(schedule.annual_percent),
            gesv_percent=str(schedule.gesv),
        )
    )


def _final(
    contract: Contract, annual_percent: Decimal, *, issued_on: date, policy: Policy
) -> Schedule:
    return schedule_of(
        contract.amount,
        annual_percent=annual_percent,
        repayment=contract.repayment,
        issued_on=issued_on,
        term_days=contract.term_days,
        calendar=_calendar(policy, contract.offered_at),
    )


def _calendar(policy: Policy, at: datetime) -> WorkingCalendar:
    return WorkingCalendar(overrides_of(policy.texts("calendar.overrides", at)))


def _product_view(product: Product) -> dict[str, object]:
    return {
        "product": product.code,
        "version": product.version,
        "annual_percent": product.annual_percent,
        "least": product.least,
        "most": product.most,
        "shortest_days": product.shortest_days,
        "longest_days": product.longest_days,
        "methods": list(RepaymentMethod),
    }


def schedule_view(schedule: Schedule, *, final: bool) -> dict[str, object]:
    """A schedule with everything the client pays (МФО law, article 4)."""
    return {
        "repayment": schedule.repayment,
        "final": final,
        "issued_on": schedule.issued_on,
        "amount": schedule.amount,
        "annual_percent": schedule.annual_percent,
        "gesv_percent": schedule.gesv,
        "interest": schedule.interest,
        "total": schedule.total,
        "instalments": [
            {
                "number": one.number,
                "due_on": one.due_on,
                "principal": one.principal,
                "interest": one.interest,
                "total": one.total,
                "balance": one.balance,
            }
            for one in schedule.instalments
        ],
    }
