"""What a person is told of the data kept about them: consents and readings."""

from typing import Annotated

from pydantic import Field

from services.auth.gateway.answers import (
    Answer,
    AnswerId,
    Moment,
    PageAnswer,
    Sha256,
    word,
)

_PURPOSE = word("personal_data", "biometrics", "credit_bureau")
_VERSION = Field(examples=["1"])


class ConsentTextAnswer(Answer):
    """A text that may be consented to; its digest goes back with the consent."""

    kind: Annotated[str, _PURPOSE]
    version: Annotated[str, _VERSION]
    text: Annotated[str, Field(examples=["Даю согласие…"])]
    sha256: Sha256
    required: bool


class ConsentTexts(Answer):
    """The texts in force, one per purpose."""

    items: list[ConsentTextAnswer]


class ConsentLine(Answer):
    """One act about one consent."""

    kind: Annotated[str, _PURPOSE]
    act: Annotated[str, word("given", "withdrawn")]
    text_version: Annotated[str | None, _VERSION]
    text_sha256: Sha256
    channel: Annotated[str, word("lender")]
    at: Moment


class ConsentsAnswer(Answer):
    """Every act, the newest first, and which consents stand now."""

    standing: Annotated[list[str], Field(examples=[["biometrics", "personal_data"]])]
    items: list[ConsentLine]


class ReadingAnswer(Answer):
    """One reading of the client's data in clear: by whom, what for, when."""

    reading_id: AnswerId
    reader: Annotated[str, word("staff", "auth", "contracts", "disbursement-worker")]
    purpose: Annotated[str, Field(examples=["client_request"])]
    at: Moment


class ReadingPage(PageAnswer):
    """A page of the readings."""

    items: list[ReadingAnswer]
