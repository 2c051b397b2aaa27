"""What a person is told of the data kept about them: consents and readings."""

from typing import Annotated

from pydantic import Field

from services.auth.gateway.answers import (
    Answer,
    AnswerId,
    CalendarDay,
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
    what: Annotated[str | None, word("person", "document", "letters")] = None
    at: Moment


class ReadingPage(PageAnswer):
    """A page of the readings."""

    items: list[ReadingAnswer]


class DisclosureAnswer(Answer):
    """One disclosure: to what kind of recipient, on what ground, from when to when."""

    disclosure_id: AnswerId
    recipient: Annotated[str, Field(examples=["third_person"])]
    ground: Annotated[str, Field(examples=["written_consent"])]
    at: Moment
    until: Moment


class DisclosurePage(PageAnswer):
    """A page of the disclosures."""

    items: list[DisclosureAnswer]


class AccessAnswer(Answer):
    """One access to the client's data: who, to what, why, when.

    ``until`` ends a disclosure, of which ``what`` is not told.
    """

    access_id: AnswerId
    kind: Annotated[str, word("reading", "disclosure")]
    who: Annotated[str, Field(examples=["staff"])]
    what: Annotated[str | None, word("person", "document", "letters")]
    why: Annotated[str, Field(examples=["client_request"])]
    at: Moment
    until: Moment | None


class AccessPage(PageAnswer):
    """A page of the history of access."""

    items: list[AccessAnswer]


class ExportedDocument(Answer):
    """The identity document as it was given."""

    kind: Annotated[str, Field(examples=["id_card"])]
    number: Annotated[str, Field(examples=["012345678"])]
    valid_until: CalendarDay


class ExportedPerson(Answer):
    """Who the client is."""

    surname: Annotated[str, Field(examples=["Ахметова"])]
    given_name: Annotated[str, Field(examples=["Айгерим"])]
    patronymic: Annotated[str | None, Field(examples=["Сериковна"])]
    iin: Annotated[str, Field(examples=["900101300017"])]
    phone: Annotated[str, Field(examples=["+77011234567"])]
    document: ExportedDocument


class ExportedAccount(Answer):
    """An account as a document names it, and whether it is shown to be the client's."""

    account: Annotated[str, Field(examples=["KZ86125KZT5004100100"])]
    state: Annotated[str, word("unproved", "proved", "lost")]


class ExportedPhoto(Answer):
    """The registration photo, its bytes in base64."""

    media_type: Annotated[str, Field(examples=["image/jpeg"])]
    sha256: Sha256
    photo_b64: Annotated[str, Field(examples=["/9j/4AAQSkZJRg=="])]


class ExportedChange(Answer):
    """A change of number, account or identity, both values in clear.

    There is no old value of what was added, and no new one of what was removed.
    """

    change_id: AnswerId
    kind: Annotated[str, word("phone", "account", "identity")]
    act: Annotated[str, word("add", "replace", "select", "remove")]
    state: Annotated[str, word("draft", "confirmed", "checked", "applied", "refused")]
    old_value: Annotated[str | None, Field(examples=["+77011234567"])]
    new_value: Annotated[str | None, Field(examples=["+77029876543"])]
    started_at: Moment


class ExportedIdentification(Answer):
    """An identification, and the digest of what was identified for."""

    ceremony_id: AnswerId
    operation: Annotated[str, Field(examples=["registration"])]
    state: Annotated[
        str, word("open", "biometrics_done", "signature_done", "completed", "failed")
    ]
    document_sha256: Sha256
    opened_at: Moment


class ExportAnswer(Answer):
    """What is kept of a client as a person; of the readings the newest hundred."""

    client_id: AnswerId
    exported_at: Moment
    person: ExportedPerson
    accounts: list[ExportedAccount]
    photo: ExportedPhoto | None
    consents: list[ConsentLine]
    changes: list[ExportedChange]
    identifications: list[ExportedIdentification]
    readings: list[ReadingAnswer]


class ErasureAnswer(Answer):
    """The wish to be erased, if one stands, and from when it can be fulfilled.

    ``possible_from`` is null while a contract obliges; it is later again if the client
    signs or identifies anew.
    """

    asked_at: Moment | None
    possible_from: Moment | None
    waits_for: Annotated[str | None, word("obligations", "retention")]
