"""The door to cases."""

import base64
import binascii
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BeforeValidator, Field

from kernel.context import Call
from kernel.crypto import Json
from kernel.entrypoints import answers, every
from services.antifraud.domain.cases import CaseOutcome
from services.antifraud.wiring import UseCases

State = Literal["open", "mine", "closed"]
Words = Annotated[str, Field(max_length=20_000)]


def _decoded(value: object) -> object:
    try:
        return base64.b64decode(str(value), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


Content = Annotated[bytes, BeforeValidator(_decoded)]


class CaseDoor:
    """The staff look into what was suspended or is to be looked at (6.1h, 7.2c)."""

    use_cases: UseCases

    @answers(permission="antifraud.cases")
    def cases_list(self, call: Call, *, state: State = "open") -> Json:
        """The queue, the most pressing first; or one's own, or the closed ones."""
        return self.use_cases.cases.listed(call, state=state)

    @answers(permission="antifraud.cases")
    def cases_show(self, call: Call, *, case_id: UUID) -> Json:
        """A case with its notes; that it was read is told."""
        return self.use_cases.cases.show(call, case_id=case_id)

    @answers(permission="antifraud.cases")
    def take_case(self, call: Call, *, case_id: UUID) -> Json:
        """Take a case nobody has."""
        return self.use_cases.cases.take(call, case_id=case_id)

    @answers(permission="antifraud.cases")
    def assign_case(self, call: Call, *, case_id: UUID, to: UUID) -> Json:
        """Hand a case to somebody of the staff."""
        return self.use_cases.cases.assign(call, case_id=case_id, to=to)

    @answers(permission="antifraud.cases")
    def note_case(self, call: Call, *, case_id: UUID, text: Words) -> Json:
        """Add words to a case; they stay."""
        return self.use_cases.cases.add_note(call, case_id=case_id, text=text)

    @answers(permission="antifraud.cases")
    def add_case_file(self, call: Call, *, case_id: UUID, content_b64: Content) -> Json:
        """Add a picture to a case; it is made anew, and stays, sealed."""
        return self.use_cases.cases.add_file(call, case_id=case_id, content=content_b64)

    @answers(permission="antifraud.cases")
    def read_case_file(self, call: Call, *, case_id: UUID, file_id: UUID) -> Json:
        """A file's bytes; that it was read is told."""
        return self.use_cases.cases.read_file(call, case_id=case_id, file_id=file_id)

    @answers(permission="antifraud.cases")
    def close_case(
        self, call: Call, *, case_id: UUID, outcome: CaseOutcome, conclusion: Words
    ) -> Json:
        """Say what it was, by whoever has the case."""
        return self.use_cases.cases.close(
            call, case_id=case_id, outcome=outcome, conclusion=conclusion
        )

    @every(seconds=60)
    def watch_cases(self) -> None:
        """An alarm while cases are past their day."""
        self.use_cases.cases.watch()
