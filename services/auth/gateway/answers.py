"""What goes out: one model per answer, the very thing that is sent and described.

An answer of another service is read into the model and leaves as it stands there: a
member the model does not know stays inside, one that is missing is a defect of the
answer (ADR 0007: callers ignore what is added).
"""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kernel.crypto import Json
from kernel.errors import Broken
from services.auth.domain.languages import Language

_EXAMPLE_ID = "01a2130e-4a68-713f-b993-5feed469ea37"

AnswerId = Annotated[UUID, Field(strict=False, examples=[_EXAMPLE_ID])]
"""A UUID; in JSON it is a text."""

Moment = Annotated[
    str,
    Field(
        json_schema_extra={"format": "date-time"},
        examples=["2026-11-23T07:00:00.000000Z"],
    ),
]
"""An instant in UTC (RFC 3339)."""

CalendarDay = Annotated[
    str, Field(json_schema_extra={"format": "date"}, examples=["2026-11-23"])
]
"""A day in Almaty."""

Amount = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]{2}$", examples=["400000.00"])]
"""Money in tenge, a decimal text."""

Percent = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]{2}$", examples=["36.00"])]
"""Per cent a year, a decimal text."""

ProductCode = Annotated[str, Field(pattern="^[a-z_]{1,40}$", examples=["standard"])]
Method = Literal["annuity", "differentiated"]
"""Equal payments, or equal parts of the debt."""

Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=["5e" * 32])]
"""A digest in hexadecimal."""

Token = Annotated[str, Field(min_length=1, examples=["bGV0dGVycyBhbmQgZGlnaXRz"])]
"""A secret of whoever was given it."""


def word(*known: str) -> Any:  # noqa: ANN401 - a field's description has no better type
    """A word of a list that may grow: a client needs a branch for other words."""
    return Field(json_schema_extra={"x-extensible-enum": [*known]}, examples=[known[0]])


class Answer(BaseModel):
    """The body of an answer."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)

    @classmethod
    def read(cls, answer: Json) -> Self:
        """Read another service's answer; Broken when it is not what is described."""
        try:
            return cls.model_validate_json(orjson.dumps(answer))
        except ValidationError as error:
            where = sorted({".".join(map(str, e["loc"])) for e in error.errors()})
            raise Broken(f"an answer that is no {cls.__name__}: {where}") from None


class Health(Answer):
    """How the process is."""

    status: Literal["live", "ready"]


class ChallengeAnswer(Answer):
    """A code was sent."""

    challenge_id: AnswerId
    expires_at: Moment


class SessionAnswer(Answer):
    """A stay in the cabinet and how much silence it still bears (clause 4.8)."""

    session_id: AnswerId
    client_id: AnswerId
    opened_at: Moment
    idle_seconds_left: Annotated[int, Field(ge=0, examples=[600])]


class LanguageAnswer(Answer):
    """The language of messages."""

    language: Language


class RegistrationStarted(Answer):
    """The registration, the code that was sent for it, and the token that goes on."""

    registration_id: AnswerId
    challenge_id: AnswerId
    token: Token


_REGISTRATION_STATE = word(
    "draft",
    "phone_confirmed",
    "data_in_review",
    "data_complete",
    "photo_in_review",
    "photo_held",
    "photo_accepted",
    "identified",
    "active",
    "refused",
)
_REGISTRATION_STEP = word(
    "confirm_phone",
    "put_person",
    "put_photo",
    "wait_or_put_photo",
    "identify",
    "wait",
    "set_password",
    "none",
)


class RegistrationStep(Answer):
    """Where the registration stands after a step, and what comes next."""

    registration_id: AnswerId
    client_id: AnswerId
    state: Annotated[str, _REGISTRATION_STATE]
    next_step: Annotated[str, _REGISTRATION_STEP]


class PhotoJudged(RegistrationStep):
    """What onboarding says of a photo that it did not refuse."""

    faults: list[str] = Field(default_factory=list)


class Hint(Answer):
    """What would make the photo better, or why a person looks at it."""

    code: Annotated[
        str,
        word(
            "photo_not_front",
            "photo_expression",
            "photo_mouth_open",
            "photo_background",
            "photo_place",
            "photo_eyes",
            "photo_blurred",
            "photo_exposure",
            "photo_other_person",
            "photo_not_one_face",
        ),
    ]
    message: Annotated[str, Field(examples=["Close your mouth."])]


class PhotoStep(RegistrationStep):
    """Where the registration stands with this photo; no hints when it is accepted."""

    hints: list[Hint]


class RegistrationAnswer(RegistrationStep):
    """A registration; `refused_code` says why one ended without an account."""

    refused_code: Annotated[str | None, Field(examples=[None])]


_CEREMONY_STATE = word(
    "open", "biometrics_done", "signature_done", "completed", "failed"
)
_OPERATION = Field(examples=[f"contract:{_EXAMPLE_ID}"])


class CeremonyStep(Answer):
    """Where an identification stands after a proof."""

    ceremony_id: AnswerId
    state: Annotated[str, _CEREMONY_STATE]
    operation: Annotated[str, _OPERATION]


class CeremonyAnswer(CeremonyStep):
    """An identification: the document to be signed, and where biometrics are given."""

    document_b64: Annotated[str, Field(examples=["0JTQvtCz0L7QstC+0YA="])]
    document_sha256: Sha256
    biometrics_url: Annotated[
        str | None, Field(examples=["https://coid.example/visit/1"])
    ]
    expires_at: Moment


class ChangeStep(Answer):
    """Where a change stands after a step, and what comes next."""

    change_id: AnswerId
    kind: Annotated[str, word("phone", "account", "identity")]
    act: Annotated[str, word("replace", "add", "select", "remove")] = "replace"
    account_id: AnswerId | None = None
    state: Annotated[
        str, word("draft", "confirmed", "checked", "proved", "applied", "refused")
    ]
    next_step: Annotated[str, word("confirm_phone", "identify", "wait", "none")]


class ChangeAnswer(ChangeStep):
    """A change; `refused_code` says why one left everything as it was."""

    refused_code: Annotated[str | None, Field(examples=[None])]


class ProductAnswer(Answer):
    """A product: its limits, both ends included, and its price."""

    product: ProductCode
    version: CalendarDay
    annual_percent: Percent
    least: Amount
    most: Amount
    shortest_days: Annotated[int, Field(examples=[30])]
    longest_days: Annotated[int, Field(examples=[1826])]
    methods: list[Method]


class ProductList(Answer):
    """The products on offer."""

    items: list[ProductAnswer]


class InstalmentAnswer(Answer):
    """One payment, its parts, and the debt left after it."""

    number: Annotated[int, Field(examples=[1])]
    due_on: CalendarDay
    principal: Amount
    interest: Amount
    total: Amount
    balance: Amount


class ScheduleAnswer(Answer):
    """Every payment of a loan; `final` once it counts from the money's arrival."""

    repayment: Method
    final: bool
    issued_on: CalendarDay
    amount: Amount
    annual_percent: Percent
    gesv_percent: Percent
    interest: Amount
    total: Amount
    instalments: list[InstalmentAnswer]


class ScheduleList(Answer):
    """The same loan by each method of repayment."""

    items: list[ScheduleAnswer]


class AccountAnswer(Answer):
    """One account, masked; `proved_at` is when its owner was last shown."""

    account_id: AnswerId
    kind: Annotated[str, word("iban", "card")]
    masked: Annotated[str, Field(examples=["***338"])]
    state: Annotated[str, word("proved", "unproved", "lost")]
    proved_at: Moment | None
    selected: bool


class AccountsAnswer(Answer):
    """The client's accounts; money goes to the selected one."""

    version: Annotated[str, Field(examples=["5f" * 16])]
    items: list[AccountAnswer]


class Explanation(Answer):
    """Where something stands and what the client can do, in each language."""

    kk: Annotated[str, Field(examples=["Өтінішіңізді тексеріп жатырмыз."])]
    ru: Annotated[str, Field(examples=["Мы проверяем заявку."])]
    en: Annotated[str, Field(examples=["Your application is being checked."])]


class ApplicationAnswer(Answer):
    """An application and the decision on it."""

    application_id: AnswerId
    state: Annotated[str, word("submitted", "checked", "offered", "refused")]
    product: ProductCode
    repayment: Method
    amount: Amount
    term_days: Annotated[int, Field(examples=[30])]
    submitted_at: Moment
    refusal_code: Annotated[str | None, Field(examples=[None])]
    contract_id: AnswerId | None
    next_step: Annotated[str, word("wait_for_decision", "sign", "none")]
    explanation: Explanation | None = None


class StatementText(Answer):
    """The text a statement of clause 5.5 agrees to; its hash goes back with the act."""

    kind: Literal["consent", "release"]
    version: Annotated[str, Field(examples=["1"])]
    text: Annotated[str, Field(examples=["Я даю дополнительное согласие…"])]
    sha256: Sha256


class ContractAnswer(Answer):
    """A contract, the time left of its cooling period, and whose turn it is."""

    contract_id: AnswerId
    version: Annotated[str, Field(pattern="^[0-9a-f]{32}$", examples=["5f" * 16])]
    application_id: AnswerId
    number: Annotated[str, Field(examples=["KSK-20261123-5FEED469EA"])]
    contract_on: CalendarDay
    annual_percent: Percent
    state: Annotated[
        str,
        word(
            "offered",
            "signing",
            "concluded",
            "consented",
            "awaiting_release",
            "released",
            "active",
            "closed",
            "expired",
            "annulled",
            "blocked",
        ),
    ]
    product: ProductCode
    repayment: Method
    amount: Amount
    term_days: Annotated[int, Field(examples=[30])]
    document_sha256: Sha256
    signed_at: Moment | None
    consented_at: Moment | None
    hold_until: Moment | None
    confirmation_required: bool | None
    released_at: Moment | None
    refusal_asked_at: Moment | None
    amendment_id: AnswerId | None = None
    """The amendment under way."""
    amended_sha256: Sha256 | None = None
    """The document of the last amendment both have signed."""
    hold_from: Moment | None = None
    end_code: Annotated[str | None, Field(examples=[None])]
    next_step: Annotated[
        str,
        word(
            "sign",
            "wait_for_signature",
            "give_consent",
            "wait_for_hold",
            "confirm_release",
            "wait_for_payout",
            "repay",
            "amendment",
            "none",
        ),
    ]
    explanation: Explanation | None = None
    seconds_left: Annotated[int | None, Field(examples=[86400])]
    may_refuse: bool
    statement: StatementText | None


_STEP_NAME = word(
    "applied",
    "offered",
    "signed_by_client",
    "signed_by_company",
    "consented",
    "released",
    "paid_out",
    "repaid",
)


class ProgressStep(Answer):
    """One step of the way, and when it was done."""

    step: Annotated[str, _STEP_NAME]
    state: Annotated[str, word("done", "current", "ahead", "skipped")]
    at: Moment | None


class ProgressAnswer(Answer):
    """Where an application stands, contract included: what next, whose turn, by when.

    ``until`` ends the client's time to answer, or the cooling period.
    """

    application_id: AnswerId
    contract_id: AnswerId | None
    state: Annotated[str, word("submitted", "refused", "concluded", "active")]
    next_step: Annotated[
        str,
        word(
            "wait_for_decision",
            "sign",
            "wait_for_signature",
            "give_consent",
            "wait_for_hold",
            "confirm_release",
            "wait_for_payout",
            "wait_for_refusal",
            "repay",
            "none",
        ),
    ]
    actor: Annotated[str, word("client", "lender", "time", "nobody")]
    until: Moment | None
    explanation: Explanation
    steps: list[ProgressStep]


class PageAnswer(Answer):
    """A page of a list, the newest first; `next` is the cursor of the page after it."""

    next: Annotated[str | None, Field(examples=[None])]


class ApplicationPage(PageAnswer):
    """A page of the client's applications."""

    items: list[ApplicationAnswer]


class ContractPage(PageAnswer):
    """A page of the client's contracts."""

    items: list[ContractAnswer]


class AmendmentAnswer(Answer):
    """An amendment of a contract: a document of its own, chained by digest (5.2)."""

    amendment_id: AnswerId
    contract_id: AnswerId
    number: Annotated[str, Field(examples=["KSK-20261123-5FEED469EA/1"])]
    state: Annotated[
        str,
        word("requested", "offered", "signing", "concluded", "withdrawn", "lapsed"),
    ]
    cause: Annotated[str, word("account_changed", "client_asked")]
    account_id: AnswerId | None
    document_sha256: Sha256 | None
    previous_sha256: Sha256
    requested_at: Moment
    offered_at: Moment | None
    until: Moment | None
    signed_at: Moment | None
    ended_at: Moment | None
    end_code: Annotated[str | None, Field(examples=[None])]
    next_step: Annotated[str, word("wait", "sign", "wait_for_signature", "none")]
    explanation: Explanation


class AmendmentList(Answer):
    """The amendments of one contract, the oldest first."""

    items: list[AmendmentAnswer]


class RefusalAnswer(Answer):
    """The client's refusal: ``final``, or ``pending`` while the payout is stopped."""

    refusal: Annotated[str, word("final", "pending")]
    contract: ContractAnswer


class DocumentAnswer(Answer):
    """The very bytes of a contract in base64, and their hash (clause 5.1)."""

    document_b64: Annotated[str, Field(examples=["0JTQvtCz0L7QstC+0YA="])]
    media_type: Annotated[str, Field(examples=["application/pdf"])]
    sha256: Sha256


_DocumentKind = Annotated[str, word("contract", "evidence")]
_Edition = Annotated[str, Field(examples=["contract-3"])]


class FiledDocument(Answer):
    """A document on file; `content_sha256` is what its printed code names."""

    sha256: Sha256
    content_sha256: Sha256
    kind: _DocumentKind
    template: _Edition
    media_type: Annotated[str, Field(examples=["application/pdf"])]
    made_at: Moment


class DocumentList(Answer):
    """The documents of one contract, the oldest first."""

    items: list[FiledDocument]


class LookUpAnswer(Answer):
    """What a digest stands for: a document of ours and its contract's state."""

    kind: _DocumentKind
    template: _Edition
    sha256: Sha256
    state: Annotated[
        str,
        word(
            "offered",
            "signing",
            "concluded",
            "consented",
            "awaiting_release",
            "released",
            "active",
            "closed",
            "expired",
            "annulled",
            "blocked",
        ),
    ]
    contract_on: CalendarDay
    signed_at: Moment | None


class PayoutAnswer(Answer):
    """Where the money is."""

    payout_id: AnswerId
    contract_id: AnswerId
    state: Annotated[
        str,
        word(
            "concluded",
            "consented",
            "held",
            "awaiting_release",
            "ready",
            "amending",
            "sending",
            "unknown",
            "paid",
            "rejected",
            "cancelled",
            "blocked",
        ),
    ]
    amount: Amount
    hold_until: Moment | None
    confirmation_required: bool
    settled_at: Moment | None
    seconds_left: Annotated[int | None, Field(examples=[86400])] = None
    """Of the hold, rounded up: for a countdown, whatever the viewer's clock says."""
    server_time: Moment | None = None
