"""The register of risks: assess, review, accept by two, close; what is overdue."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Final
from uuid import UUID

from kernel.clock import almaty_date
from kernel.crypto import Json
from kernel.events.antifraud import RiskAccepted, RiskAssessed
from kernel.words import refuse_unfit_words
from services.antifraud.domain.assessing import Assessment, RiskRules
from services.antifraud.domain.duties import Duty
from services.antifraud.domain.risks import (
    Acceptance,
    History,
    Revision,
    Risk,
    State,
    Step,
    number_of,
    risk_changed,
    risk_closed,
    risk_is_yours,
    risk_not_found,
)
from services.antifraud.domain.versions import live_of
from services.antifraud.handlers import duties
from services.antifraud.handlers.ruling import rule_set_by, starting_version
from services.antifraud.handlers.tools import Tools
from services.antifraud.ports import Unit
from services.antifraud.ports.duties import DutyAlarms
from services.antifraud.ports.risks import RiskUnit, RiskUnits

ACCEPT: Final = "accept_risk"
"""The operation two persons agree on."""
WATCHED: Final = (Duty.REVIEW, Duty.TREATMENT, Duty.ACCEPTANCE)


def listed(
    *, state: State | None, units: RiskUnits, tools: Tools
) -> Sequence[tuple[Risk, State]]:
    """The register, what is left the most first; with how each stands today."""
    today = almaty_date(tools.clock.now())
    with units.begin() as unit:
        found = [(risk, risk.state(today)) for risk in unit.risks.listed()]
    wanted = [one for one in found if state in {None, one[1]}]
    return sorted(
        wanted,
        key=lambda one: (-one[0].revision.says.residual.score, one[0].number),
    )


def show(risk_id: UUID, *, units: RiskUnits) -> History:
    """A risk with all that was ever said of it.  Refused ``risk_not_found``."""
    with units.begin() as unit:
        found = unit.risks.history(risk_id)
    if found is None:
        raise risk_not_found()
    return found


def open_risk(said: Assessment, *, by: UUID, units: RiskUnits, tools: Tools) -> Risk:
    """A risk was identified and assessed (clause 6.1h i, iii).

    Refused as `RiskRules.refuse_unfit`.
    """
    now = tools.clock.now()
    rules = RiskRules.at(tools.policy, now)
    with units.begin() as unit:
        rules.refuse_unfit(said, rules=_judging(unit, tools))
        unit.risks.lock()
        risk_id, number = tools.ids.new(), unit.risks.next_number()
        unit.risks.add(risk_id, number=number, at=now, by=by)
        revision = Revision(
            number=1,
            assessed=1,
            at=now,
            by=by,
            step=Step.OPENED,
            words="",
            says=said,
        )
        risk = Risk(
            risk_id=risk_id,
            number=number,
            opened_at=now,
            revision=revision,
            acceptance=None,
        )
        _add(risk, revision, unit=unit)
    return risk


def revise(
    risk_id: UUID, said: Assessment, *, by: UUID, units: RiskUnits, tools: Tools
) -> Revision:
    """Assess a risk anew; an acceptance of what was said before ends.

    Refused as `RiskRules.refuse_unfit`, ``risk_not_found``, ``risk_closed``.
    """
    rules = RiskRules.at(tools.policy, tools.clock.now())
    with units.begin() as unit:
        rules.refuse_unfit(said, rules=_judging(unit, tools))
        return _next(risk_id, Step.REVISED, said, by=by, unit=unit, tools=tools)


def review(
    risk_id: UUID,
    *,
    review_on: date,
    words: str,
    by: UUID,
    units: RiskUnits,
    tools: Tools,
) -> Revision:
    """Somebody looked, and it stands: with words, and the day of the next look.

    Refused as `refuse_unfit_words`, ``review_day_unfit``, ``risk_not_found``,
    ``risk_closed``.
    """
    rules = RiskRules.at(tools.policy, tools.clock.now())
    refuse_unfit_words(words, most=rules.most_characters)
    rules.refuse_unfit_review(review_on)
    with units.begin() as unit:
        said = _open(risk_id, unit).revision.says.reviewed(review_on)
        return _next(
            risk_id, Step.REVIEWED, said, words=words, by=by, unit=unit, tools=tools
        )


def close(
    risk_id: UUID, *, words: str, by: UUID, units: RiskUnits, tools: Tools
) -> Revision:
    """The risk is none any more; why stays with it.

    Refused as `refuse_unfit_words`, ``risk_not_found``, ``risk_closed``.
    """
    rules = RiskRules.at(tools.policy, tools.clock.now())
    refuse_unfit_words(words, most=rules.most_characters)
    with units.begin() as unit:
        said = _open(risk_id, unit).revision.says
        return _next(
            risk_id, Step.CLOSED, said, words=words, by=by, unit=unit, tools=tools
        )


def acceptance(
    risk_id: UUID, *, until_on: date, reason: str, unit: RiskUnit, tools: Tools
) -> tuple[dict[str, Json], str]:
    """What is to be agreed on, with arguments and effect.

    Refused as `refuse_unfit_words`, ``acceptance_day_unfit``, ``risk_not_found``,
    ``risk_closed``.
    """
    rules = RiskRules.at(tools.policy, tools.clock.now())
    refuse_unfit_words(reason, most=rules.most_characters)
    rules.refuse_unfit_acceptance(until_on)
    risk = _open(risk_id, unit)
    level = risk.revision.says.residual
    effect = (
        f"the risk {number_of(risk.number)} “{risk.revision.says.title}” is borne until"
        f" {until_on}, with {level.score} of 25 left; because: {reason}"
    )
    arguments: dict[str, Json] = {
        "risk_id": str(risk_id),
        "revision": risk.revision.assessed,
        "until_on": until_on.isoformat(),
        "reason": reason,
    }
    return arguments, effect


def accept(
    arguments: Mapping[str, Json],
    *,
    asked_by: UUID,
    approved_by: UUID,
    unit: RiskUnit,
    tools: Tools,
) -> None:
    """What two agree on: it holds for what was assessed when it was asked.

    Refused ``risk_not_found``, ``risk_closed``, ``risk_changed``, ``risk_is_yours``,
    ``acceptance_day_unfit``.
    """
    now = tools.clock.now()
    until_on = date.fromisoformat(str(arguments["until_on"]))
    RiskRules.at(tools.policy, now).refuse_unfit_acceptance(until_on)
    risk = _open(UUID(str(arguments["risk_id"])), unit)
    if risk.revision.assessed != arguments["revision"]:
        raise risk_changed()
    if approved_by == risk.revision.says.owner:
        raise risk_is_yours()
    unit.risks.accept(
        risk.risk_id,
        Acceptance(
            revision=risk.revision.assessed,
            accepted_at=now,
            asked_by=asked_by,
            approved_by=approved_by,
            reason=str(arguments["reason"]),
            until_on=until_on,
        ),
        acceptance_id=tools.ids.new(),
    )
    unit.publish(
        RiskAccepted(
            risk_id=risk.risk_id,
            revision=risk.revision.assessed,
            until_on=until_on,
            asked_by=asked_by,
            approved_by=approved_by,
        )
    )


def watch(*, units: RiskUnits, tools: Tools, alarms: DutyAlarms) -> None:
    """Tell once of each review, plan and acceptance whose day has passed."""
    today = almaty_date(tools.clock.now())
    with units.begin() as unit:
        found = [owed for risk in unit.risks.listed() for owed in risk.overdue(today)]
    duties.tell(found, of=WATCHED, units=units, tools=tools, alarms=alarms)


def _judging(unit: Unit, tools: Tools) -> Collection[str]:
    """Codes of the rules that judge now."""
    starting = starting_version(tools.clock.now())
    live = live_of(unit.register(), starting=starting)
    return {rule.code for rule in rule_set_by(live, unit).rules}


def _open(risk_id: UUID, unit: RiskUnit) -> Risk:
    """The risk, which nobody else changes until the commit."""
    unit.risks.lock()
    risk = unit.risks.find(risk_id)
    if risk is None:
        raise risk_not_found()
    if risk.is_closed:
        raise risk_closed()
    return risk


def _next(
    risk_id: UUID,
    step: Step,
    said: Assessment,
    *,
    words: str = "",
    by: UUID,
    unit: RiskUnit,
    tools: Tools,
) -> Revision:
    risk = _open(risk_id, unit)
    number = risk.revision.number + 1
    revision = Revision(
        number=number,
        assessed=number if step is Step.REVISED else risk.revision.assessed,
        at=tools.clock.now(),
        by=by,
        step=step,
        words=words,
        says=said,
    )
    _add(risk, revision, unit=unit)
    return revision


def _add(risk: Risk, revision: Revision, *, unit: RiskUnit) -> None:
    unit.risks.revise(risk.risk_id, revision)
    said = revision.says
    unit.publish(
        RiskAssessed(
            risk_id=risk.risk_id,
            number=number_of(risk.number),
            revision=revision.number,
            step=revision.step.value,
            inherent=said.inherent.score,
            residual=said.residual.score,
            treatment=said.treatment.value,
            sha256=said.sha256,
            by=revision.by,
        )
    )
