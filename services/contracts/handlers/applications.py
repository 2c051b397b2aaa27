"""From the wish for a loan to a contract document, or to a refusal with its reason.

What a power cut leaves: after each numbered step the application stands in a state of
its own, and `decide_application` goes on from there, whoever calls it.
"""

import contextlib
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock, almaty_date
from kernel.context import jsonable
from kernel.crypto import Json
from kernel.errors import Broken, Refused, Transient
from kernel.events.contracts import ApplicationSubmitted, ContractOffered
from kernel.ids import Ids
from kernel.money import Money
from kernel.pages import Page
from kernel.policy import Policy
from services.contracts.domain import application as machine
from services.contracts.domain import texts
from services.contracts.domain.application import Application, ApplicationState
from services.contracts.domain.checks import (
    ANTIFRAUD,
    Verdict,
    check_account_again,
    check_antifraud,
    unknown,
)
from services.contracts.domain.contract import Contract
from services.contracts.domain.document import Document, contract_paper
from services.contracts.domain.products import Product
from services.contracts.domain.rules import offer_until
from services.contracts.domain.schedule import RepaymentMethod, Schedule
from services.contracts.handlers import decisions, documents, schedules
from services.contracts.handlers.beats import each
from services.contracts.handlers.decisions import Asking
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
    account_id: UUID | None = None
    """Where the money is to go; None means the selected account."""


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
    """Take an application and decide it; `account_id` is where the money is to go.

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
                    account_id=wish.account_id,
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
    unit.origins.note(application.operation)
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

    When somebody who must be asked is away it is held: nobody's silence is ever taken
    for a yes, nor for a no.
    """
    with work.begin() as unit:
        application = _known(unit, application_id)
    if application.state is ApplicationState.SUBMITTED:
        asking = Asking(
            application=application, work=work, judges=judges, policy=policy
        )
        application = decisions.check(asking, clock=clock)
    if application.state is not ApplicationState.CHECKED:
        return
    try:
        _offer(
            application, work=work, judges=judges, policy=policy, clock=clock, ids=ids
        )
    except Transient:
        _hold(application, work=work, policy=policy, clock=clock)


def _hold(
    application: Application, *, work: Work, policy: Policy, clock: Clock
) -> None:
    """Antifraud is away, or its people have not decided yet."""
    waits = unknown("antifraud", ANTIFRAUD)
    with work.begin() as unit:
        unit.applications.record(application.id, [waits], at=clock.now())
        decisions.hold(application, [waits.name], unit=unit, policy=policy, clock=clock)


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


def _offer(
    application: Application,
    *,
    work: Work,
    judges: Judges,
    policy: Policy,
    clock: Clock,
    ids: Ids,
) -> None:
    """Step 3: ask antifraud; then `offered` with a document, `refused`, or held."""
    with work.begin() as unit:
        came_from = unit.origins.facts(application.operation)
    decision = judges.antifraud.decide(
        operation=application.operation,
        client_id=application.client_id,
        amount=application.amount,
        facts={
            "term_days": application.term_days,
            "account_id": str(_account(application)),
            **came_from,
        },
    )
    check = check_antifraud(decision)
    if check.verdict is Verdict.UNKNOWN:
        _hold(application, work=work, policy=policy, clock=clock)
        return
    account = check.passed and judges.onboarding.account_in_full(
        application.client_id, _account(application), purpose="contract_document"
    )
    if not account:
        # An account that was removed just now is none to pay to.
        failed = check_account_again() if check.passed else check
        with work.begin() as unit:
            unit.applications.record(application.id, [failed], at=clock.now())
            decisions.refuse(application, failed, unit=unit)
        return
    at = clock.now()  # before the names are asked for: see `machine.is_outdated`
    borrower = judges.onboarding.borrower(
        application.client_id, purpose="contract_document"
    )
    schedule = _draft(application, policy, at=at)
    with work.begin() as unit:
        template = unit.templates.in_force("contract")
    contract_id = ids.new()
    terms = _terms(application, contract_id, on=almaty_date(at))
    document = documents.printed(
        contract_paper(template, terms, schedule, borrower, account=account.text),
        contract_id=contract_id,
        kind="contract",
        template=template.name,
        printer=judges.printer,
    )
    contract = _contract(application, terms, schedule, document, at=at)
    contract = replace(
        contract,
        silence_at=offer_until(policy, at),
        account_token=account.token,
    )
    offered = machine.offer(application, contract_id=contract.id)
    with work.begin() as unit:
        if not unit.applications.save(offered, was=application.state):
            return  # decided meanwhile by the other caller: one document is enough
        unit.applications.record(application.id, [check], at=contract.offered_at)
        unit.contracts.add(contract, document.data)
        unit.documents.add(document, at=at)
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


def _terms(application: Application, contract_id: UUID, *, on: date) -> texts.Terms:
    return texts.Terms(
        number=texts.contract_number(contract_id, on),
        contract_on=on,
        amount=application.amount,
        term_days=application.term_days,
    )


def _contract(
    application: Application,
    terms: texts.Terms,
    schedule: Schedule,
    document: Document,
    *,
    at: datetime,
) -> Contract:
    """The contract whose document has been printed (clause 5.1)."""
    return Contract(
        id=document.contract_id,
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
        document_sha256=document.sha256,
        offered_at=at,
    )


def _account(application: Application) -> UUID:
    if application.account_id is None:
        raise Broken("A checked application has an account")
    return application.account_id


def _known(unit: Unit, application_id: UUID) -> Application:
    application = unit.applications.get(application_id)
    if application is None:
        raise Broken("The application to be decided does not exist")
    return application


def decide_held(
    *, work: Work, judges: Judges, policy: Policy, clock: Clock, ids: Ids
) -> int:
    """Go on with applications that wait for somebody who was away; how many.

    Those that are held come when their turn does; those a person has to look at do
    not.  A defect of one does not hold up the others; it is raised after them.
    """
    now = clock.now()
    with work.begin() as unit:
        waiting = unit.applications.undecided(
            at=now, submitted_before=now - HELD_AFTER, limit=BATCH
        )

    def decide(application_id: UUID) -> bool:
        decide_application(
            application_id,
            work=work,
            judges=judges,
            policy=policy,
            clock=clock,
            ids=ids,
        )
        return True

    return each(waiting, decide)


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
