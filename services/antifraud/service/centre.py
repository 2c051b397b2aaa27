"""The part of the door that has to do with the National Bank's centre."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from kernel.context import Call
from kernel.crypto import Json
from kernel.entrypoints import UseCasesProvider, answers, every
from services.antifraud.wiring import UseCases

Number = Annotated[int, Field(ge=1, lt=2**53)]
State = Literal[
    "pending", "sent", "parked", "rejected", "applied", "repeated", "closed"
]


class CentreDoor:
    """Beats towards the centre, and what the staff ask about it (clause 6.1g iv)."""

    use_cases: UseCases = UseCasesProvider()

    @every(seconds=5)
    def send_reports(self) -> None:
        """Send what is due to the anti-fraud centre."""
        self.use_cases.with_centre.send()

    @every(seconds=10)
    def hear_centre(self) -> None:
        """Take what the centre tells: lists and notices."""
        self.use_cases.with_centre.hear()

    @every(seconds=30)
    def follow_reports(self) -> None:
        """Ask what became of acknowledged messages."""
        self.use_cases.with_centre.follow()

    @every(seconds=60)
    def complete_day(self) -> None:
        """Hold each day that is over against what the centre has."""
        self.use_cases.with_centre.complete()

    @every(seconds=60)
    def watch_centre(self) -> None:
        """Alarms while something between the centre and us needs a person."""
        self.use_cases.with_centre.watch()

    @answers(permission="antifraud.look")
    def centre_status(self, call: Call) -> Json:
        """How far the feed is heard, what waits, what needs a person."""
        return self.use_cases.with_centre.status(call)

    @answers(permission="antifraud.look")
    def centre_messages(self, call: Call, *, state: State | None = None) -> Json:
        """Messages to the centre and changes it told, by state."""
        return self.use_cases.with_centre.messages(call, state=state)

    @answers(permission="antifraud.hold")
    def centre_replay(self, call: Call, *, name: UUID | Number) -> Json:
        """A message sent once more, or a change heard anew."""
        return self.use_cases.with_centre.replay(call, name=name)

    @answers(permission="antifraud.release")
    def centre_close(self, call: Call, *, name: UUID | Number, ground: str) -> Json:
        """Somebody has looked, and nothing is to be done."""
        return self.use_cases.with_centre.close(call, name=name, ground=ground)

    @answers(permission="antifraud.look")
    def centre_completeness(self, call: Call, *, day: date | None = None) -> Json:
        """The daily reports; of one day made anew, if it is named."""
        return self.use_cases.with_centre.completeness(call, day=day)
