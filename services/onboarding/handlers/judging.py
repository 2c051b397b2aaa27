"""Antifraud is asked before a registration or a change takes effect (clause 6.1g)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from kernel.errors import Broken, Transient
from kernel.events.antifraud import OperationReleased
from kernel.ids import Ids
from kernel.judged import Antifraud, Going
from kernel.money import Money
from services.onboarding.domain.judging import Question, Ruling
from services.onboarding.domain.review import Settlement
from services.onboarding.ports import Rules, Unit

NO_MONEY: Final = Money(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Who is asked, and how what has no answer waits."""

    antifraud: Antifraud
    rules: Rules
    ids: Ids

    def ask(
        self, question: Question, *, facts: Mapping[str, str | int], at: datetime
    ) -> Ruling:
        """Ask now.  No usable answer is none, as with silence: it is asked again."""
        try:
            decision = self.antifraud.decide(
                operation=question.operation,
                client_id=question.client_id,
                amount=NO_MONEY,
                facts=facts,
            )
        except (Transient, Broken):
            decision = None
        return question.answered(decision, rounds=self.rules.rounds(at), at=at)


def note(unit: Unit, ruling: Ruling, *, at: datetime) -> None:
    """Keep how the question stands; after a yes or a no it waits for nobody."""
    unit.questions.save(ruling.question, at=at)
    if ruling.going is not Going.WAITS:
        subject_id = ruling.question.subject_id
        unit.reviews.settle_subject(subject_id, Settlement.SUPERSEDED, at=at)


def when_operation_released(
    event: OperationReleased, *, unit: Unit, at: datetime
) -> None:
    """Antifraud's people let it move again: it is asked about at once.

    With a client all waits anew that is theirs.
    """
    if event.operation == f"client:{event.client_id}":
        unit.questions.ask_now(at=at, client_id=event.client_id)
    else:
        unit.questions.ask_now(at=at, operation=event.operation)
