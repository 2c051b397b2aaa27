"""The door to the base of losses."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kernel.context import Call
from kernel.crypto import Json
from kernel.entrypoints import answers, every
from kernel.events import WireMoney
from services.antifraud.domain.losses import Cause, Facts, Side
from services.antifraud.wiring import UseCases

Words = Annotated[str, Field(max_length=20_000)]
Day = Annotated[date, Field(strict=False)]
Id = Annotated[UUID, Field(strict=False)]


class WireFacts(BaseModel):
    """What a loss is of, as the staff send it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    cause: Cause = Field(strict=False)
    risk_id: Id
    case_id: Id | None = None
    contract_id: Id | None = None
    occurred_on: Day
    found_on: Day
    booked_on: Day
    words: Words

    @property
    def facts(self) -> Facts:
        return Facts(**self.model_dump())


class LossDoor:
    """The staff keep what frauds have cost (clause 6.1h vii)."""

    use_cases: UseCases

    @answers(permission="antifraud.risks_look")
    def losses_list(
        self, call: Call, *, since: date | None = None, until: date | None = None
    ) -> Json:
        """Losses found within these days, with their sums by cause and by risk."""
        return self.use_cases.losses.listed(call, since=since, until=until)

    @answers(permission="antifraud.risks_look")
    def losses_show(self, call: Call, *, loss_id: UUID) -> Json:
        """A loss with all that was told of it and every entry."""
        return self.use_cases.losses.show(call, loss_id=loss_id)

    @answers(permission="antifraud.risks")
    def record_loss(self, call: Call, *, facts: WireFacts, gross: WireMoney) -> Json:
        """A fraud came true: what it is of, and what it cost."""
        return self.use_cases.losses.record(call, facts=facts.facts, gross=gross)

    @answers(permission="antifraud.risks")
    def recover_loss(
        self, call: Call, *, loss_id: UUID, amount: WireMoney, on: date, words: Words
    ) -> Json:
        """Some of it came back."""
        return self.use_cases.losses.recover(
            call, loss_id=loss_id, amount=amount, on=on, words=words
        )

    @answers(permission="antifraud.risks")
    def correct_loss(
        self, call: Call, *, loss_id: UUID, side: Side, amount: WireMoney, words: Words
    ) -> Json:
        """A side is to be this much; the difference is an entry."""
        return self.use_cases.losses.correct(
            call, loss_id=loss_id, side=side, amount=amount, words=words
        )

    @answers(permission="antifraud.risks")
    def amend_loss(self, call: Call, *, loss_id: UUID, facts: WireFacts) -> Json:
        """Tell anew what a loss is of; what was told before stays."""
        return self.use_cases.losses.amend(call, loss_id=loss_id, facts=facts.facts)

    @every(seconds=60)
    def watch_losses(self) -> None:
        """Tell of frauds whose cost nobody has recorded in time."""
        self.use_cases.losses.watch()
