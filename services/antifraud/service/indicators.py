"""The door to indicators."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from kernel.context import Call
from kernel.crypto import Json
from kernel.entrypoints import answers, every
from services.antifraud.wiring import UseCases

Words = Annotated[str, Field(max_length=20_000)]
Days = Annotated[int, Field(ge=1, le=366)]


class IndicatorDoor:
    """The staff see risks of fraud early, and answer for what is red (6.1h ii)."""

    use_cases: UseCases

    @answers(permission="antifraud.risks_look")
    def indicators_list(self, call: Call) -> Json:
        """What is measured, with the newest reading and its limits."""
        return self.use_cases.indicators.listed(call)

    @answers(permission="antifraud.risks_look")
    def indicators_series(self, call: Call, *, code: str, days: Days = 30) -> Json:
        """The readings of one indicator, the oldest first."""
        return self.use_cases.indicators.series(call, code=code, days=days)

    @answers(permission="antifraud.risks_look")
    def indicators_items(self, call: Call, *, waiting: bool = True) -> Json:
        """What turned red and waits for an answer, or all that ever did."""
        return self.use_cases.indicators.items(call, waiting=waiting)

    @answers(permission="antifraud.risks")
    def answer_indicator(
        self, call: Call, *, item_id: UUID, words: Words, risk_id: UUID | None = None
    ) -> Json:
        """Say what it was, and of which risk it is a sign."""
        return self.use_cases.indicators.answer(
            call, item_id=item_id, words=words, risk_id=risk_id
        )

    @every(seconds=60)
    def watch_indicators(self) -> None:
        """Read what is due, and tell of crossings."""
        self.use_cases.indicators.watch()
