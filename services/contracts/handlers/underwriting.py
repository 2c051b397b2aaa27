"""What the staff do about applications nobody could answer, and about visits.

An application waits for a person when those who must be asked gave no answer for long.
The person lets them be asked anew or refuses; nobody approves in their place.
"""

from datetime import date, datetime
from typing import Final
from uuid import UUID

from kernel.clock import Clock, almaty_date
from kernel.context import StaffMember, jsonable
from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.events.contracts import BranchVisitRecorded
from kernel.policy import Policy
from kernel.values import refuse_unfit_reason
from services.contracts.domain import application as machine
from services.contracts.domain import rules
from services.contracts.domain.application import Application
from services.contracts.domain.checks import Check, Cited, Verdict
from services.contracts.domain.contract import annul, awaits_company
from services.contracts.handlers.decisions import OURS, end
from services.contracts.handlers.saving import save_and_say
from services.contracts.ports import TraceLine, Unit, Visit, Work

LISTED: Final = 100
VISIT: Final = "record_visit"
"""The operation two of the staff carry out together."""


def list_held(*, work: Work) -> Json:
    """The applications that wait for a person, the longest waiting first."""
    with work.begin() as unit:
        found = unit.applications.held(limit=LISTED)
        return {
            "applications": [
                {**_facts(one), "unanswered": _unanswered(one, unit)} for one in found
            ]
        }


def show(application_id: UUID, *, work: Work) -> Json:
    """One application with its whole decision trace.  Refused ``not_found``.

    Each line: what was checked, who answered, what was found, when, and the records
    of the dated settings it was measured by.
    """
    with work.begin() as unit:
        application = _known(unit, application_id)
        lines = unit.applications.trace(application_id)
    return {**_facts(application), "checks": [_line(line) for line in lines]}


def ask_again(application_id: UUID, *, work: Work, clock: Clock) -> Json:
    """Let everybody be asked anew.  Refused ``not_found``, ``not_held``."""
    with work.begin() as unit:
        application = _known(unit, application_id)
        asked = machine.ask_again(application, at=clock.now())
        unit.applications.save(asked, was=application.state)
    return _facts(asked)


def refuse(
    application_id: UUID, *, reason: str, by: StaffMember, work: Work, clock: Clock
) -> Json:
    """Refuse what could not be established; the reason stands in the trace.

    A contract both have not signed ends with it.

    Refused ``not_found``, ``not_held``, ``reason_unfit``.
    """
    refuse_unfit_reason(reason)
    line = Check(
        name="underwriter",
        verdict=Verdict.FAILED,
        source=f"staff:{by.id}",
        found={"reason": reason},
    )
    with work.begin() as unit:
        application = _known(unit, application_id)
        return _facts(_give_up(application, line, unit=unit, at=clock.now()))


def end_unestablished(*, work: Work, policy: Policy, clock: Clock) -> int:
    """End what no person found out in time (`lending.held_wd`); how many.

    Nobody is refused for what they are: the trace cites the limit, and the client is
    told that the application may be made anew.
    """
    now = clock.now()
    with work.begin() as unit:
        held = unit.applications.held(limit=LISTED)
    ended = 0
    for application in held:
        if not rules.held_too_long(application.for_person_since, policy, at=now):
            continue
        with work.begin() as unit:
            found = _known(unit, application.id)
            if not found.is_held:
                continue  # a person was quicker
            line = Check(
                name="held_too_long",
                verdict=Verdict.FAILED,
                source=OURS,
                found={},
                cited=(Cited.of(policy.setting_at(rules.HELD_WD, now)),),
            )
            ended += _give_up(found, line, unit=unit, at=now) is not found
    return ended


def _give_up(
    application: Application, line: Check, *, unit: Unit, at: datetime
) -> Application:
    """Refuse what is held; after the offer it is the contract that ends, unsigned."""
    given_up = machine.give_up(application)
    unit.applications.record(application.id, [line], at=at)
    if application.contract_id is None:
        return end(application, given_up, unit=unit)
    contract = unit.contracts.get(application.contract_id)
    if contract is None:
        raise Broken("An offered application has no contract")
    if awaits_company(contract):
        ended = annul(contract, machine.NOT_ESTABLISHED, at=at)
        save_and_say(unit, ended, was=contract)
    unit.applications.save(given_up, was=application.state)
    return given_up


def visit_effect(client_id: UUID, visited_on: date, *, clock: Clock) -> str:
    """What two of the staff say together of a client.  Refused ``visit_in_future``."""
    if visited_on > almaty_date(clock.now()):
        raise Refused(
            "visit_in_future",
            "The visit lies in the future.",
            next_step="Record it on the day it is made, or later.",
        )
    return (
        f"Client {client_id} is taken to have come in person on {visited_on}, so that a"
        " first online microcredit above the limit may be given"
    )


def list_visits(client_id: UUID | None, *, work: Work) -> Json:
    """The newest visits two have confirmed, of one client or of all."""
    with work.begin() as unit:
        found = unit.visits.newest(client_id, limit=LISTED)
    return {
        "visits": [
            jsonable(
                {
                    "approval_id": visit.approval_id,
                    "client_id": visit.client_id,
                    "visited_on": visit.visited_on,
                    "recorded_by": visit.recorded_by,
                    "confirmed_by": visit.confirmed_by,
                }
            )
            for visit in found
        ]
    }


def record_visit(visit: Visit, *, unit: Unit, clock: Clock) -> None:
    """Two have said so: the visit counts from now on."""
    if unit.visits.add(visit, at=clock.now()):
        unit.publish(
            BranchVisitRecorded(
                client_id=visit.client_id,
                approval_id=visit.approval_id,
                visited_on=visit.visited_on.isoformat(),
                recorded_by=visit.recorded_by,
                confirmed_by=visit.confirmed_by,
            )
        )


def _known(unit: Unit, application_id: UUID) -> Application:
    application = unit.applications.get(application_id)
    if application is None:
        raise Refused(
            "not_found",
            "There is no such application.",
            next_step="List the applications that wait for a person.",
        )
    return application


def _unanswered(application: Application, unit: Unit) -> Json:
    answered = unit.applications.answered(application.id)
    lines = unit.applications.trace(application.id)
    return jsonable(sorted({line.check.name for line in lines} - set(answered)))


def _facts(application: Application) -> dict[str, Json]:
    told = (
        *("client_id", "state", "product", "amount", "term_days", "submitted_at"),
        *("tries", "next_ask_at", "for_person_since", "refusal_code"),
    )
    shown = {name: jsonable(getattr(application, name)) for name in told}
    return {"application_id": str(application.id), **shown}


def _line(line: TraceLine) -> Json:
    check = line.check
    return jsonable(
        {
            "check": check.name,
            "verdict": check.verdict,
            "source": check.source,
            "at": line.at,
            "found": check.found,
            "settings": check.cited,
        }
    )
