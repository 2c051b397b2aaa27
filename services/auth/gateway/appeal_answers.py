"""What a client is shown of the register of appeals."""

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


class AppealAnswer(Answer):
    """An appeal: its number, and by which day it is decided on."""

    appeal_id: AnswerId
    number: Annotated[str, Field(examples=["A-2026-00001"])]
    about: Annotated[
        str,
        word(
            *("application", "contract", "payout", "phone_change", "account_change"),
            *("registration", "everything", "other"),
        ),
    ]
    about_id: AnswerId | None
    state: Annotated[str, word("open", "answered")]
    received_on: CalendarDay
    answer_by: CalendarDay
    extended: bool
    outcome: Annotated[str | None, word("upheld", "partly", "rejected")]
    answered_at: Moment | None


class WholeAppeal(AppealAnswer):
    """An appeal with what was said on both sides."""

    text: Annotated[str, Field(examples=["Прошу пересмотреть решение."])]
    answer: Annotated[str | None, Field(examples=[None])]


class AppealPage(PageAnswer):
    """A page of the client's appeals."""

    items: list[AppealAnswer]


class RegistrationAppeals(Answer):
    """The newest appeals of who was stopped at registration."""

    items: list[AppealAnswer]
