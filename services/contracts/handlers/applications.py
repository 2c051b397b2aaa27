"""From the wish for a loan to a contract document, or to a refusal with its reason.

What a power cut leaves: after each numbered step the application stands in a state of
its own, and `decide_application` goes on from there, whoever calls it.
"""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock, almaty_date
from kernel.context import jsonable
from kernel.crypto import Json, sha256_hex
from kernel.errors import Broken, Refused, Transient
from kernel.events.contracts import (
    ApplicationRefused,
    ApplicationSubmitted,
    ContractOffered,
)
from kernel.ids import Ids
from kernel.money import Money
from kernel.pages import Page
from kernel.policy import Policy
from services.contracts.domain import application as machine
from services.contracts.domain import texts
from services.contracts.domain.application import (
    Application,
    ApplicationState,
    Check,
)
from services.contracts.domain.contract import Contract
from services.contracts.domain.gesv import GesvCap
from services.contracts.domain.products import Product
from services.contracts.domain.rules import LendingRules
from services.contracts.domain.schedule import RepaymentMethod, Schedule
from services.contracts.handlers import schedules
from services.contracts.handlers.views import application_view
from services.contracts.ports import Judges, Unit, Work

HELD_AFTER: Final = timedelta(seconds=15)
"""An application undecided for so long was left by its request."""
BATCH: Final = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a client asks for."""

    product: str
    repayment: RepaymentMethod
    amount: Money
    term_days: int


def submit_application(
    *,
    client_id: UUID,
    wish: Wish,
    work: Work,
    judges: Judges,
    policy: Policy,
    clock: Clock,
    ids: Ids,
) -> Json:
    """Take an application and decide it.

    When somebody who must be asked is away, the application is kept and waits: the
    reply says ``wait_for_decision`` and `decide_held` goes on.  Refused:
    ``loan_in_progress``, ``product_unknown`` and what `machine.submit` refuses.
    """
    now = clock.now()
    with work.begin() as unit:
        application_id = unit.once(
            lambda: _register(
                machine.submit(
                    application_id=ids.new(),
                    client_id=client_id,
                    product=Product.at(policy, wish.product, now),
                    repayment=wish.repayment,
                    amount=wish.amount,
                    term_days=wish.term_days,
                    at=now,
                ),
                unit=unit,
            )
        )
    found = UUID(str(application_id))
    # Somebody away holds the application: its state says so, and the beat goes on.
    with contextlib.suppress(Transient):
        decide_application(
            found, work=work, judges=judges, policy=policy, clock=clock, ids=ids
        )
    return get_application(client_id=client_id, application_id=found, work=work)


def _register(application: Application, *, unit: Unit) -> Json:
    """Step 1: `submitted`.  A client has one unfinished loan at a time."""
    if not unit.clients.is_active(application.client_id):
        raise Transient("The news of the client's registration has not arrived yet")
    # Insert first, look second: a contract made by the application that just left
    # the way is then visible.
    free = unit.applications.add(application)
    if not free or unit.contracts.has_unfinished(application.client_id):
        raise Refused(
            "loan_in_progress",
            "Another application or contract is not finished.",
            next_step="Finish or refuse it first.",
        )
    unit.publish(
        ApplicationSubmitted(
            application_id=application.id,
            client_id=application.client_id,
            amount=application.amount,
            term_days=application.term_days,
        )
    )
    return str(application.id)


def decide_application(
    application_id: UUID,
    *,
    work: Work,
    judges: Judges,
    policy: Policy,
    clock: Clock,
    ids: Ids,
) -> None:
    """Carry an undecided application as far as it goes.

    Raises Transient when somebody who must be asked is away; nobody's silence is
    ever taken for a yes.
    """
    with work.begin() as unit:
        application = _known(unit, application_id)
    if application.state is ApplicationState.SUBMITTED:
        application = _check(
            application, work=work, judges=judges, policy=policy, clock=clock
        )
    if application.state is ApplicationState.CHECKED:
        _offer(
            application, work=work, judges=judges, policy=policy, clock=clock, ids=ids
        )


def _check(
    application: Application,
    *,
    work: Work,
    judges: Judges,
    policy: Policy,
    clock: Clock,
) -> Application:
    """Step 2: `checked` or `refused`; nobody is asked more than the decision needs."""
    lending = LendingRules.at(policy, application.submitted_at)
    checks = [machine.check_amount(application, lending)]
    account_id = None
    if checks[-1].passed:
        checks.append(_check_gesv(application, policy))
    if checks[-1].passed:
        account_id = judges.onboarding.account_of(application.client_id)
        checks.append(_check_account(account_id, work=work))
    if checks[-1].passed:
        borrower = judges.onboarding.borrower(
            application.client_id, purpose="credit_report"
        )
        report = judges.bureau.report(borrower.iin)
        checks.append(machine.check_stop_credit(report))
        checks.append(machine.check_first_loan(application, report, lending))
    decided = machine.pass_checks(application, tuple(checks), account_id=account_id)
    return _save(application, decided, checks=checks, work=work, at=clock.now())


def _check_gesv(application: Application, policy: Policy) -> Check:
    at = application.submitted_at
    cap = GesvCap.at(
        policy, at, amount=application.amount, term_days=application.term_days
    )
    return machine.check_gesv(_draft(application, policy, at=at), cap)


def _draft(application: Application, policy: Policy, *, at: datetime) -> Schedule:
    """By the product's terms of the day the client applied."""
    return schedules.draft(
        application.amount,
        product=Product.at(policy, application.product, application.submitted_at),
        repayment=application.repayment,
        term_days=application.term_days,
        policy=policy,
        at=at,
    )


def _check_account(account_id: UUID | None, *, work: Work) -> Check:
    with work.begin() as unit:
        lost = account_id is not None and unit.clients.account_lost(account_id)
    return machine.check_account(account_id, lost=lost)


def _offer(
    application: Application,
    *,
    work: Work,
    judges: Judges,
    policy: Policy,
    clock: Clock,
    ids: Ids,
) -> None:
    """Step 3: ask antifraud; then `offered` with a document, or `refused`."""
    decision = judges.antifraud.decide(
        operation=f"application:{application.id}",
        client_id=application.client_id,
        amount=application.amount,
        facts={
            "term_days": application.term_days,
            "account_id": str(_account(application)),
        },
    )
    check = machine.check_antifraud(decision)
    if not check.passed:
        refused = machine.refuse(application, check)
        _save(application, refused, checks=[check], work=work, at=clock.now())
        return
    borrower = judges.onboarding.borrower(
        application.client_id, purpose="contract_document"
    )
    at = clock.now()
    schedule = _draft(application, policy, at=at)
    contract, document = _draw_up(
        application, borrower, schedule, contract_id=ids.new(), at=at
    )
    offered = machine.offer(application, contract_id=contract.id)
    with work.begin() as unit:
        if not unit.applications.save(offered, was=application.state):
            return  # decided meanwhile by the other caller: one document is enough
        unit.applications.record(application.id, [check], at=contract.offered_at)
        unit.contracts.add(contract, document)
        unit.schedules.add(contract.id, schedule, final=False)
        unit.publish(
            ContractOffered(
                contract_id=contract.id,
                application_id=application.id,
                client_id=contract.client_id,
                amount=contract.amount,
                document_sha256=contract.document_sha256,
            )
        )


def _draw_up(
    application: Application,
    borrower: texts.Borrower,
    schedule: Schedule,
    *,
    contract_id: UUID,
    at: datetime,
) -> tuple[Contract, bytes]:
    """The contract and its document (clause 5.1)."""
    terms = texts.Terms(
        number=texts.contract_number(contract_id, almaty_date(at)),
        contract_on=almaty_date(at),
        amount=application.amount,
        term_days=application.term_days,
    )
    document = texts.contract_document(terms, schedule, borrower)
    contract = Contract(
        id=contract_id,
        application_id=application.id,
        client_id=application.client_id,
        account_id=_account(application),
        number=terms.number,
        contract_on=terms.contract_on,
        product=application.product,
        repayment=application.repayment,
        annual_percent=schedule.annual_percent,
        amount=terms.amount,
        term_days=terms.term_days,
        document_sha256=sha256_hex(document),
        offered_at=at,
    )
    return contract, document


def _account(application: Application) -> UUID:
    if application.account_id is None:
        raise Broken("A checked application has an account")
    return application.account_id


def _save(
    before: Application,
    after: Application,
    *,
    checks: Sequence[Check],
    work: Work,
    at: datetime,
) -> Application:
    """Save a decision with its trace; what another caller decided first stands."""
    with work.begin() as unit:
        if not unit.applications.save(after, was=before.state):
            return _known(unit, before.id)
        unit.applications.record(before.id, checks, at=at)
        if after.refusal_code is not None:
            unit.publish(
                ApplicationRefused(
                    application_id=after.id,
                    client_id=after.client_id,
                    code=after.refusal_code,
                )
            )
    return after


def _known(unit: Unit, application_id: UUID) -> Application:
    application = unit.applications.get(application_id)
    if application is None:
        raise Broken("The application to be decided does not exist")
    return application


def decide_held(
    *, work: Work, judges: Judges, policy: Policy, clock: Clock, ids: Ids
) -> int:
    """Go on with applications that wait for somebody who was away; how many.

    The first one that must wait longer ends the round: the next ones ask the same.
    A defect of one does not hold up the others; it is raised after them.
    """
    with work.begin() as unit:
        waiting = unit.applications.undecided(
            submitted_before=clock.now() - HELD_AFTER, limit=BATCH
        )
    defect: Broken | None = None
    for application_id in waiting:
        try:
            decide_application(
                application_id,
                work=work,
                judges=judges,
                policy=policy,
                clock=clock,
                ids=ids,
            )
        except Broken as error:
            defect = error
    if defect is not None:
        raise defect
    return len(waiting)


def list_applications(*, client_id: UUID, page: Page, work: Work) -> Json:
    """A page of the client's own applications, the newest first."""
    with work.begin() as unit:
        found = unit.applications.list_own(client_id, page)
    shown, next_before = page.cut(found, id_of=lambda application: application.id)
    return {
        "items": [application_view(application) for application in shown],
        "next_before": jsonable(next_before),
    }


def get_application(*, client_id: UUID, application_id: UUID, work: Work) -> Json:
    """The client's own application.  Refused ``not_found``."""
    with work.begin() as unit:
        application = unit.applications.get_own(application_id, client_id)
    if application is None:
        raise Refused(
            "not_found",
            "There is no such application.",
            next_step="Look at your applications in the cabinet.",
        )
    return application_view(application)
