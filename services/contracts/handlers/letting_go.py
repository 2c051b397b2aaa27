"""Antifraud is asked once more before the company signs (clause 6.1g, ADR 0053).

The client has signed and has nothing to do meanwhile.  Without the company's signature
there is no contract, so that nothing passes while the answer is waited for.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from kernel.clock import Clock
from kernel.errors import Broken, Transient
from kernel.judged import Antifraud
from kernel.policy import Policy
from services.contracts.domain import application as applications
from services.contracts.domain import contract as machine
from services.contracts.domain.application import Application
from services.contracts.domain.checks import (
    ANTIFRAUD,
    Check,
    Verdict,
    check_antifraud,
    unknown,
)
from services.contracts.domain.contract import Contract
from services.contracts.handlers import decisions
from services.contracts.handlers.decisions import ANTIFRAUD_AT_SIGNING
from services.contracts.handlers.saving import save_and_say
from services.contracts.ports import TraceLine, Unit, Work


def is_let_go(
    contract: Contract,
    *,
    work: Work,
    antifraud: Antifraud,
    policy: Policy,
    clock: Clock,
) -> bool:
    """Whether the company may sign what the client has signed.

    Only antifraud's own yes lets it go on, and only its no ends the contract; whatever
    else it says, and its silence, is asked about again in the rounds of an application,
    and at last a person is called.  A yes counts for ``antifraud.allow_minutes``, for
    the case that the signer is away; not if the client was suspended since.
    """
    now = clock.now()
    with work.begin() as unit:
        trace = unit.applications.trace(contract.application_id)
        answered = unit.applications.answered(contract.application_id)
        came_from = unit.origins.facts(contract.signing)
    lasts = timedelta(minutes=policy.integer("antifraud.allow_minutes", now))
    if contract.suspended_since is None and _allowed(trace, since=now - lasts):
        return True
    name = decisions.numbered(ANTIFRAUD_AT_SIGNING, answered)
    try:
        check = check_antifraud(
            antifraud.decide(
                operation=contract.signing,
                client_id=contract.client_id,
                amount=contract.amount,
                facts={**_facts(contract), **came_from},
            ),
            name=name,
        )
    except Transient:
        check = unknown(name, ANTIFRAUD)
    with work.begin() as unit:
        found = unit.contracts.get(contract.id)
        application = unit.applications.get(contract.application_id)
        if found is None or application is None:
            raise Broken("A contract to be signed is gone, or its application")
        if not machine.awaits_company(found):
            return False
        unit.applications.record(application.id, [check], at=clock.now())
        _follow(check, application, found, unit=unit, policy=policy, clock=clock)
    return check.passed


def _allowed(trace: Sequence[TraceLine], *, since: datetime) -> bool:
    return any(
        line.check.name.startswith(ANTIFRAUD_AT_SIGNING)
        and line.check.passed
        and line.at > since
        for line in trace
    )


def _facts(contract: Contract) -> dict[str, str | int]:
    token = contract.account_token
    return {
        "term_days": contract.term_days,
        "account_id": str(contract.account_id),
        # Of contracts offered before tokens were told there is none.
        **({} if token is None else {"account_token": token}),
    }


def _follow(
    check: Check,
    application: Application,
    contract: Contract,
    *,
    unit: Unit,
    policy: Policy,
    clock: Clock,
) -> None:
    """What an answer makes of the contract, or of its waiting."""
    match check.verdict:
        case Verdict.UNKNOWN:
            decisions.hold(
                application,
                [ANTIFRAUD_AT_SIGNING],
                unit=unit,
                policy=policy,
                clock=clock,
            )
        case Verdict.FAILED:
            ended = machine.annul(contract, "antifraud", at=clock.now())
            save_and_say(unit, ended, was=contract)
        case Verdict.PASSED:
            let_go = applications.go_on(application)
            unit.applications.save(let_go, was=application.state)
