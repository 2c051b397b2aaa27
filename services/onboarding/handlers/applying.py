"""A proved change of number or account takes effect, when antifraud lets it (6.1g)."""

from collections.abc import Mapping
from uuid import UUID

from kernel.clock import Clock
from kernel.errors import Broken
from kernel.judged import Going
from services.onboarding.domain.change import (
    DECLINED,
    Change,
    ChangeKind,
    ChangeState,
)
from services.onboarding.domain.judging import Question
from services.onboarding.domain.refusal import Reason
from services.onboarding.handlers import changes, judging
from services.onboarding.handlers.judging import Judge
from services.onboarding.handlers.waiting import let_change_wait
from services.onboarding.ports import Begin


def apply_proved(*, begin: Begin, clock: Clock, judge: Judge, change_id: UUID) -> bool:
    """Proved → applied by antifraud's yes, → refused by its no; else it waits.

    True when it is applied afterwards; safe to repeat.
    """
    with begin() as unit:
        change = unit.changes.get(change_id)
        if change is None or change.state is not ChangeState.PROVED:
            return change is not None and change.state is ChangeState.APPLIED
        question = unit.questions.get(change.operation)
        came_from = unit.origins.facts(change.operation)
    if question is None:
        question = Question(operation=change.operation, client_id=change.client_id)
    if not question.is_due(clock.now()):
        return False
    facts = {**_facts(change), **came_from}
    ruling = judge.ask(question, facts=facts, at=clock.now())
    now = clock.now()
    with begin() as unit:
        if unit.clients.lock(change.client_id) is None:
            raise Broken("a change is nobody's")
        proved = unit.changes.get(change_id)
        if proved is None or proved.state is not ChangeState.PROVED:
            return False  # given up meanwhile, or settled by a twin of this act
        judging.note(unit, ruling, at=now)
        match ruling.going:
            case Going.ON:
                quarantine = judge.rules.quarantine(now)
                changes.apply(unit, proved, quarantine=quarantine, at=now)
            case Going.NEVER:
                unit.changes.refuse(
                    change_id, code=DECLINED, reason=Reason.ANTIFRAUD, at=now
                )
            case Going.WAITS:
                if ruling.calls_person:
                    let_change_wait(
                        unit,
                        proved,
                        rules=judge.rules.reviews(now),
                        ids=judge.ids,
                        at=now,
                    )
    return ruling.going is Going.ON


def _facts(change: Change) -> Mapping[str, str | int]:
    """What comes: rules and lists are asked about the new value."""
    name = "phone_token" if change.kind is ChangeKind.PHONE else "account_token"
    coming = {} if change.value_token is None else {name: change.value_token}
    return {"act": change.act.value, **coming}
