"""What a client is shown of the correspondence with the lender."""

from typing import Annotated

from pydantic import Field

from services.auth.gateway.answers import (
    Answer,
    AnswerId,
    CalendarDay,
    Moment,
    PageAnswer,
    word,
)


class InquiryAnswer(Answer):
    """An inquiry: whose turn it is, and by which day the lender answers."""

    inquiry_id: AnswerId
    about: Annotated[str, word("application", "contract", "other")]
    about_id: AnswerId | None
    state: Annotated[str, word("waiting", "answered", "closed")]
    opened_at: Moment
    written_at: Moment
    answer_by: CalendarDay
    extended: bool


class LetterAnswer(Answer):
    """One letter; of the staff the client hears that it was the staff."""

    letter_id: AnswerId
    writer: Annotated[str, word("client", "staff")]
    text: Annotated[str, Field(examples=["Здравствуйте."])]
    written_at: Moment


class WholeInquiry(InquiryAnswer):
    """An inquiry with its letters, the oldest first."""

    letters: list[LetterAnswer]


class InquiryPage(PageAnswer):
    """A page of the client's inquiries."""

    items: list[InquiryAnswer]
