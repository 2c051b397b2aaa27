"""The facts contracts publishes: what was asked, offered, signed and consented to."""

from typing import Literal
from uuid import UUID

from kernel.events.base import Event, Instant, WireMoney, Word


class ApplicationSubmitted(Event):
    """The client asked for a microcredit."""

    TYPE = "contracts.application_submitted.v1"
    SUBJECT = "application"

    application_id: UUID
    client_id: UUID
    amount: WireMoney
    term_days: int


class ApplicationRefused(Event):
    """The application was refused; ``code`` names the deciding check."""

    TYPE = "contracts.application_refused.v1"
    SUBJECT = "application"

    application_id: UUID
    client_id: UUID
    code: str


class ApplicationHeld(Event):
    """Who must be asked gave no answer in any round: a person has to look.

    ``unanswered`` names the checks; the application is neither approved nor refused.
    """

    TYPE = "contracts.application_held.v1"
    SUBJECT = "application"

    application_id: UUID
    client_id: UUID
    unanswered: tuple[str, ...]


class BranchVisitRecorded(Event):
    """Two of the staff have said together that the client came in person.

    ``visited_on``: the day, YYYY-MM-DD.
    """

    TYPE = "contracts.branch_visit_recorded.v1"
    SUBJECT = "client"

    client_id: UUID
    approval_id: UUID
    visited_on: str
    recorded_by: UUID
    confirmed_by: UUID


class DisclosureApproved(Event):
    """Two of the staff agree that somebody may be told of a client (clause 6.2).

    ``client_id`` is None for a copy of the whole audit log.
    """

    TYPE = "contracts.disclosure_approved.v1"
    SUBJECT = "disclosure"

    disclosure_id: UUID
    client_id: UUID | None
    ground: str
    recipient_kind: str
    document_sha256: str
    asked_by: UUID
    approved_by: UUID
    valid_until: Instant


class ContractOffered(Event):
    """A contract document stands ready to be signed (clause 5.1)."""

    TYPE = "contracts.contract_offered.v1"
    SUBJECT = "contract"

    contract_id: UUID
    application_id: UUID
    client_id: UUID
    amount: WireMoney
    document_sha256: str


class ContractSigned(Event):
    """The client signed exactly these bytes by biometrics and ЭЦП (clause 5.2)."""

    TYPE = "contracts.contract_signed.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    account_id: UUID
    amount: WireMoney
    document_sha256: str
    ceremony_id: UUID
    signed_at: Instant


class AdditionalConsentGiven(Event):
    """The additional consent (дополнительное согласие) of clause 5.5.

    It starts the hold.
    """

    TYPE = "contracts.additional_consent_given.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    channel: str
    text_sha256: str
    given_at: Instant


class AnswerAwaited(Event):
    """The client is reminded that an answer is awaited, a consent or a confirmation.

    Without it the contract ends at ``until``, without money.
    """

    TYPE = "contracts.answer_awaited.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    awaits: Word[Literal["consent", "release"]]
    until: Instant


class ReleaseConfirmed(Event):
    """The release confirmation (повторное подтверждение) of clause 5.5.

    Given at or after ``hold_until``.
    """

    TYPE = "contracts.release_confirmed.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    channel: str
    text_sha256: str
    confirmed_at: Instant


class ContractAnnulled(Event):
    """The contract ended without money: refusal, silence or a mismatch.

    ``reason`` `offer_expired`: nobody signed, and the offer's time is over.
    """

    TYPE = "contracts.contract_annulled.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    reason: str


class ScheduleIssued(Event):
    """The repayment schedule that counts, made when the money had arrived.

    ``issued_on``: the day, YYYY-MM-DD; ``annual_percent`` and ``gesv_percent``: exact
    decimals, per cent a year.
    """

    TYPE = "contracts.schedule_issued.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    issued_on: str
    instalments: int
    total: WireMoney
    annual_percent: str
    gesv_percent: str


class ContractActivated(Event):
    """The money arrived; the contract is in force."""

    TYPE = "contracts.contract_activated.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    payout_id: UUID
    activated_at: Instant


class DocumentRead(Event):
    """Somebody was given a document of the contract, for a purpose (clause 6.1c).

    ``reader`` is a service, a member of the staff by id, or the client.
    """

    TYPE = "contracts.document_read.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    document_sha256: str
    reader: str
    purpose: str


class TemplateApproved(Event):
    """Another wording of documents is in force, approved by four eyes (clause 5.1)."""

    TYPE = "contracts.template_approved.v1"
    SUBJECT = "approval"

    approval_id: UUID
    template: str
    template_sha256: str
    asked_by: UUID
    approved_by: UUID


class ClientRecordsErased(Event):
    """What contracts kept of the client can be opened by nobody any more.

    It follows `onboarding.personal_data_erased`, once no term obliges to keep it.
    """

    TYPE = "contracts.client_records_erased.v1"
    SUBJECT = "client"

    client_id: UUID


class AppealOpened(Event):
    """The client wrote to the lender (обращение): what it is about, and the limit.

    ``about_id`` is an application, a contract, or nothing in particular.
    ``answer_by``: the day, YYYY-MM-DD, by which the staff answer.
    """

    TYPE = "contracts.appeal_opened.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    client_id: UUID
    about: Word[Literal["application", "contract", "other"]]
    about_id: UUID | None
    answer_by: str


class LetterWritten(Event):
    """The client wrote on; the limit is counted anew if an answer had been given."""

    TYPE = "contracts.letter_written.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    client_id: UUID
    letter_id: UUID
    answer_by: str


class AppealAnswered(Event):
    """One of the staff answered; what was written stays with contracts."""

    TYPE = "contracts.appeal_answered.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    client_id: UUID
    letter_id: UUID
    answered_by: UUID


class AppealExtended(Event):
    """The answer takes longer, once, as the law allows; the client is told."""

    TYPE = "contracts.appeal_extended.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    client_id: UUID
    answer_by: str
    extended_by: UUID
    reason: str


class AppealClosed(Event):
    """The correspondence is at its end."""

    TYPE = "contracts.appeal_closed.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    client_id: UUID
    closed_by: UUID


class AppealRead(Event):
    """One of the staff was shown the letters, for a purpose; the client sees it."""

    TYPE = "contracts.appeal_read.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    client_id: UUID
    reader: str
    purpose: str
