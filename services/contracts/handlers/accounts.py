"""Accounts of contracts: counted anew, posted to the ledger, told to the client.

An account is counted from all that is known of it (`domain.account`); what differs from
the ledger is posted beside it, never instead: a late or reversed credit leaves its
corrections in plain sight, each tied to the event that came of the counting.
"""

from collections import Counter
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock, almaty_date
from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.events.contracts import (
    AccountPosted,
    ContractClosed,
    ContractReopened,
    EarlyRepaymentOrdered,
    OverdueEnded,
    PaymentOverdue,
    ScheduleReissued,
)
from kernel.ids import Ids
from kernel.money import Money
from kernel.policy import Policy
from services.contracts.domain import contract as machine
from services.contracts.domain.account import account_of
from services.contracts.domain.contract import Contract
from services.contracts.domain.repayment import (
    Account,
    Credit,
    EarlyOrder,
    Effect,
    Loan,
    Posting,
    PostingKind,
    RepaymentRules,
    Stop,
    stops_of,
)
from services.contracts.domain.states import PAID_OUT, ContractState
from services.contracts.handlers.saving import save
from services.contracts.handlers.views import not_found
from services.contracts.ports.repayments import AccountUnit, AccountWork, Standing

BATCH: Final = 100
REST: Final = timedelta(minutes=10)
"""So long an account rests that a defect keeps from being counted."""
_NOTHING: Final = Money(0)


def count_all(
    *,
    work: AccountWork,
    policy: Policy,
    clock: Clock,
    resting: dict[UUID, datetime],
) -> int:
    """Count what has come, and once a day every contract in force; how many were.

    A defect of one does not hold up the others; it is raised after them.
    """
    now, counted = clock.now(), 0
    defect: Broken | None = None
    with work.begin() as unit:
        due = unit.accounts.to_count(almaty_date(now), limit=BATCH + len(resting))
    for contract_id in due:
        if resting.get(contract_id, now) > now:
            continue
        try:
            with work.begin() as unit:
                count(contract_id, unit=unit, policy=policy, now=now)
            counted += 1
        except Broken as error:
            resting[contract_id] = now + REST
            defect = error
    if defect is not None:
        raise defect
    return counted


def count(
    contract_id: UUID, *, unit: AccountUnit, policy: Policy, now: datetime
) -> None:
    """Count one account up to today, post what is new, and say what came of it."""
    contract = unit.contracts.get(contract_id)
    if contract is None or contract.state not in PAID_OUT:
        raise Broken("An account is of a contract that was paid out")
    today = almaty_date(now)
    account = _account(contract, unit=unit, policy=policy, on=today)
    _post(contract, account, unit=unit, now=now)
    _move(contract, account, unit=unit, now=now)
    was = unit.accounts.standing(contract_id) or Standing(contract_id=contract_id)
    stopped = any(stop.covers(today) for stop in _stops(contract_id, unit))
    marks = () if stopped else _told_days(policy, now)
    unit.accounts.save(
        replace(
            was,
            counted_on=today,
            days_told=_tell_overdue(
                contract, account, was, unit=unit, marks=marks, stopped=stopped
            ),
            orders_told=_tell_reissued(contract, account, was, unit=unit),
            closed_on=account.closed_on,
        )
    )


def _account(
    contract: Contract,
    *,
    unit: AccountUnit,
    policy: Policy,
    on: date,
    more: tuple[Credit, ...] = (),
) -> Account:
    kept = unit.schedules.latest(contract.id)
    if kept is None or not kept.final:
        raise Broken("A contract that was paid out has a final schedule")
    rules = RepaymentRules.at(
        policy,
        contract.offered_at,
        amount=contract.amount,
        term_days=contract.term_days,
    )
    return account_of(
        Loan(schedule=kept.schedule, rules=rules),
        received=[*unit.entries.credits_of(contract.id), *more],
        orders=unit.accounts.orders(contract.id),
        stops=_stops(contract.id, unit),
        on=max(on, kept.schedule.issued_on),
    )


def _stops(contract_id: UUID, unit: AccountUnit) -> tuple[Stop, ...]:
    turns = unit.accounts.turns(contract_id)
    return stops_of([(turn.day, turn.stopped) for turn in turns])


def _post(
    contract: Contract, account: Account, *, unit: AccountUnit, now: datetime
) -> None:
    said = unit.accounts.posted(contract.id)
    counted: Counter[tuple[date, PostingKind, str | None]] = Counter()
    for one in account.postings:
        counted[one.on, one.kind, one.reference] += one.amount
    new = [
        Posting(on=on, kind=kind, reference=reference, amount=amount)
        for on, kind, reference in {**said, **counted}
        if (amount := counted[on, kind, reference] - said.get((on, kind, reference), 0))
    ]
    if not new:
        return
    event_id = unit.publish(
        AccountPosted(
            contract_id=contract.id,
            client_id=contract.client_id,
            counted_on=account.on.isoformat(),
            postings=len(new),
            principal=account.principal,
            owed=account.owed,
            overdue=account.overdue,
            days_overdue=account.days_overdue,
            unused=account.unused,
        )
    )
    new.sort(key=lambda one: (one.on, one.kind, one.reference or ""))
    unit.accounts.post(contract.id, new, event_id=event_id, at=now)


def _move(
    contract: Contract, account: Account, *, unit: AccountUnit, now: datetime
) -> None:
    """Close what is repaid, reopen what is not after all."""
    ids = {"contract_id": contract.id, "client_id": contract.client_id}
    if account.closed_on is not None and contract.state is ContractState.ACTIVE:
        save(unit, machine.close(contract, at=now), was=contract)
        unit.publish(
            ContractClosed(
                **ids,
                closed_on=account.closed_on.isoformat(),
                unused=account.unused,
            )
        )
    elif account.closed_on is None and contract.state is ContractState.CLOSED:
        save(unit, machine.reopen(contract), was=contract)
        unit.publish(ContractReopened(**ids, owed=account.owed))


def _told_days(policy: Policy, now: datetime) -> tuple[int, ...]:
    return tuple(int(one) for one in policy.texts("repayment.overdue_told_days", now))


def _tell_overdue(
    contract: Contract,
    account: Account,
    was: Standing,
    *,
    unit: AccountUnit,
    marks: tuple[int, ...],
    stopped: bool,
) -> int:
    """The last mark told; none is told twice, nor while a notice stops claims."""
    days = account.days_overdue
    if days == 0:
        if was.days_told and not stopped:
            unit.publish(
                OverdueEnded(contract_id=contract.id, client_id=contract.client_id)
            )
        return 0
    reached = max((mark for mark in marks if mark <= days), default=0)
    if reached <= was.days_told:
        return was.days_told
    unit.publish(
        PaymentOverdue(
            contract_id=contract.id,
            client_id=contract.client_id,
            amount=account.overdue,
            days=days,
        )
    )
    return reached


def _tell_reissued(
    contract: Contract, account: Account, was: Standing, *, unit: AccountUnit
) -> int:
    executed = account.executed
    if len(executed) > was.orders_told and account.ahead:
        unit.publish(
            ScheduleReissued(
                contract_id=contract.id,
                client_id=contract.client_id,
                order_id=executed[-1],
                instalments=len(account.ahead),
                next_payment=account.ahead[0].total,
                last_on=account.ahead[-1].due_on.isoformat(),
            )
        )
    return max(len(executed), was.orders_told)


def get_debt(
    *,
    client_id: UUID,
    contract_id: UUID,
    iban: str,
    work: AccountWork,
    policy: Policy,
    clock: Clock,
) -> Json:
    """What the client owes today, what is paid, and how to pay.  Refused ``not_found``.

    `iban`: the company's account for repayments.
    """
    today = almaty_date(clock.now())
    with work.begin() as unit:
        contract = _own(unit, contract_id=contract_id, client_id=client_id)
        account = _account(contract, unit=unit, policy=policy, on=today)
        paid_in = unit.entries.of_contract(contract_id)
        told = [turn for turn in unit.accounts.turns(contract_id) if turn.told]
    stops = stops_of([(turn.day, turn.stopped) for turn in told])
    return jsonable(
        {
            **_sums(account),
            "contract_id": contract.id,
            "state": contract.state,
            "closed_on": account.closed_on,
            "overdue": account.overdue,
            "days_overdue": account.days_overdue,
            "accrual_stopped": any(stop.covers(today) for stop in stops),
            "next_payment": _next_payment(account),
            "payments": _payments(account),
            "credits": [
                {
                    "credit_id": kept.entry_id,
                    "value_on": kept.entry.value_on,
                    "amount": kept.entry.amount,
                    "reversed": kept.reversed,
                    "taken_back": kept.taken_back,
                }
                for kept in paid_in
            ],
            "pay_to": {"iban": iban, "purpose": contract.number},
        }
    )


def quote_payoff(
    *,
    client_id: UUID,
    contract_id: UUID,
    day: date,
    work: AccountWork,
    policy: Policy,
    clock: Clock,
) -> Json:
    """The exact sum that ends the contract on a day, if it is the bank's value date.

    Without fees or penalties for paying early.  Refused ``not_found``,
    ``contract_not_active``, ``day_unfit``.
    """
    with work.begin() as unit:
        contract = _own(unit, contract_id=contract_id, client_id=client_id)
        _refuse_unfit_day(day, policy=policy, now=clock.now())
        account = _account(contract, unit=unit, policy=policy, on=day)
    _refuse_inactive(contract)
    return jsonable({"contract_id": contract.id, **_sums(account)})


def order_early_repayment(
    *,
    client_id: UUID,
    contract_id: UUID,
    day: date,
    amount: Money,
    effect: Effect,
    work: AccountWork,
    policy: Policy,
    clock: Clock,
    ids: Ids,
) -> Json:
    """Take the client's wish to repay a part on a day; the money must be there then.

    Refused ``not_found``, ``contract_not_active``, ``day_unfit``, ``day_taken``,
    ``overdue_first``, ``amount_unfit`` (less than the interest of that day, or enough
    for everything, which needs no order).
    """
    with work.begin() as unit:
        return unit.once(
            lambda: _order(
                EarlyOrder(on=day, order_id=ids.new(), amount=amount, effect=effect),
                contract=_own(unit, contract_id=contract_id, client_id=client_id),
                unit=unit,
                policy=policy,
                now=clock.now(),
            )
        )


def _order(
    order: EarlyOrder,
    *,
    contract: Contract,
    unit: AccountUnit,
    policy: Policy,
    now: datetime,
) -> Json:
    _refuse_inactive(contract)
    _refuse_unfit_day(order.on, policy=policy, now=now)
    account = _account(contract, unit=unit, policy=policy, on=order.on)
    if account.overdue > _NOTHING:
        raise Refused(
            "overdue_first",
            "What is overdue is repaid before anything else.",
            next_step="Pay what is overdue, then order the early repayment.",
        )
    if not account.accrued < order.amount < account.owed:
        raise Refused(
            "amount_unfit",
            "A part is more than the interest of that day and less than everything.",
            next_step="Choose another sum; to repay everything pay the sum quoted.",
            least=(account.accrued + Money(1)).to_wire(),
            owed=account.owed.to_wire(),
        )
    if not unit.accounts.add_order(contract.id, order, at=now):
        raise Refused(
            "day_taken",
            "There is an early repayment on that day already.",
            next_step="Choose another day.",
        )
    unit.accounts.touch(contract.id)
    unit.publish(
        EarlyRepaymentOrdered(
            contract_id=contract.id,
            client_id=contract.client_id,
            order_id=order.order_id,
            day=order.on.isoformat(),
            amount=order.amount,
            effect=order.effect.value,
        )
    )
    return jsonable(
        {
            "order_id": order.order_id,
            "contract_id": contract.id,
            "day": order.on,
            "amount": order.amount,
            "effect": order.effect,
        }
    )


def show_account(
    contract_id: UUID, *, work: AccountWork, policy: Policy, clock: Clock
) -> Json:
    """An account with its whole ledger, for the staff.  Refused ``not_found``."""
    with work.begin() as unit:
        contract = unit.contracts.get(contract_id)
        if contract is None or contract.state not in PAID_OUT:
            raise not_found()
        on = almaty_date(clock.now())
        account = _account(contract, unit=unit, policy=policy, on=on)
        ledger = unit.accounts.ledger(contract_id)
        turns = unit.accounts.turns(contract_id)
    return jsonable(
        {
            **_sums(account),
            "contract_id": contract.id,
            "number": contract.number,
            "state": contract.state,
            "closed_on": account.closed_on,
            "overdue": account.overdue,
            "days_overdue": account.days_overdue,
            "payments": _payments(account),
            "accrual": [
                {
                    "day": turn.day,
                    "stopped": turn.stopped,
                    "document_sha256": turn.document_sha256,
                    "told_to_client": turn.told,
                    "asked_by": turn.asked_by,
                    "approved_by": turn.approved_by,
                }
                for turn in turns
            ],
            "ledger": [
                {
                    "number": line.number,
                    "day": line.posting.on,
                    "kind": line.posting.kind,
                    "amount": Money(line.posting.amount),
                    "reference": line.posting.reference,
                    "event_id": line.event_id,
                    "posted_at": line.posted_at,
                }
                for line in ledger
            ],
        }
    )


def _own(unit: AccountUnit, *, contract_id: UUID, client_id: UUID) -> Contract:
    contract = unit.contracts.get_own(contract_id, client_id)
    if contract is None or contract.state not in PAID_OUT:
        raise not_found()
    return contract


def _refuse_inactive(contract: Contract) -> None:
    if contract.state is not ContractState.ACTIVE:
        raise Refused(
            "contract_not_active",
            "Nothing is owed by this contract.",
            next_step="Look at the contract's state in the cabinet.",
        )


def _refuse_unfit_day(day: date, *, policy: Policy, now: datetime) -> None:
    today, most = almaty_date(now), policy.integer("repayment.quote_days", now)
    if not today <= day <= today + timedelta(days=most):
        raise Refused(
            "day_unfit",
            f"The day is today or one of the next {most}.",
            next_step="Choose another day.",
            most_days=most,
        )


def _sums(account: Account) -> dict[str, object]:
    interest = sum(due.interest_left.amount_minor for due in account.dues)
    return {
        "day": account.on,
        "principal": account.principal,
        "interest": Money(interest) + account.accrued,
        "penalty": account.penalty,
        "owed": account.owed,
        "unused": account.unused,
        "to_pay": account.to_pay,
    }


def _next_payment(account: Account) -> dict[str, object] | None:
    """The day and the sum that is still lacking; what is overdue stands beside it."""
    if not account.ahead:
        return None
    one = account.ahead[0]
    lacking = one.total.amount_minor - account.unused.amount_minor
    return {"due_on": one.due_on, "amount": Money(max(0, lacking))}


def _payments(account: Account) -> list[dict[str, object]]:
    """The schedule with what is paid of it."""
    fallen: list[dict[str, object]] = [
        {
            "due_on": due.due_on,
            "principal": due.principal,
            "interest": due.interest,
            "left": due.left,
            "state": "paid"
            if due.left == _NOTHING
            else ("overdue" if due.due_on < account.on else "due"),
        }
        for due in account.dues
    ]
    ahead: list[dict[str, object]] = [
        {
            "due_on": one.due_on,
            "principal": one.principal,
            "interest": one.interest,
            "left": one.total,
            "state": "ahead",
        }
        for one in account.ahead
    ]
    return [*fallen, *ahead]
