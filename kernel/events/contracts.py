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


class ApplicationChecked(Event):
    """Everybody who must be asked before the decision has answered, nobody said no.

    Antifraud is asked next, by its own rules; what each answered is the decision trace.
    """

    TYPE = "contracts.application_checked.v1"
    SUBJECT = "application"

    application_id: UUID
    client_id: UUID


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


class SigningBegun(Event):
    """The client has begun to sign: a ceremony over these bytes may be opened (5.2)."""

    TYPE = "contracts.signing_begun.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
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
    account_token: str | None = None
    """Of the account the document names; None where it is not known."""


class AmendmentOffered(Event):
    """An amendment (дополнительное соглашение) stands ready to be signed (5.2).

    ``previous_sha256`` is the document it amends: the contract, or the amendment
    before.  While it stands nothing is paid; unsigned it ends at ``until``.
    """

    TYPE = "contracts.amendment_offered.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    amendment_id: UUID
    document_sha256: str
    previous_sha256: str
    until: Instant


class ContractAmended(Event):
    """Both have signed an amendment (clauses 5.2, 5.3): the contract is as it says.

    The hold is counted anew from ``signed_at``.
    """

    TYPE = "contracts.contract_amended.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    amendment_id: UUID
    document_sha256: str
    previous_sha256: str
    account_id: UUID
    account_token: str
    ceremony_id: UUID
    signed_at: Instant


class AmendmentEnded(Event):
    """An amendment ended unsigned; ``code`` says why.

    ``resumed_at``: the contract goes on as it was, its hold counted anew from then;
    None when it does not.
    """

    TYPE = "contracts.amendment_ended.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    amendment_id: UUID
    code: str
    resumed_at: Instant | None


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
    """The client is reminded of an answer: consent, confirmation, or an amendment.

    Without it the contract ends at ``until``, without money; an amendment the client
    has asked for ends alone.
    """

    TYPE = "contracts.answer_awaited.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    awaits: Word[Literal["consent", "release", "amendment"]]
    until: Instant


class ReleaseAwaited(Event):
    """The hold is over, and money waits for the release confirmation (clause 5.5)."""

    TYPE = "contracts.release_awaited.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    payout_id: UUID


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

    ``reason`` `offer_expired`: nobody signed, and the offer's time is over;
    `identity_changed`: it names the client as before, and nobody signed it then.
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


class InquiryOpened(Event):
    """The client wrote to the lender (обращение): what it is about, and the limit.

    ``about_id`` is an application, a contract, or nothing in particular.
    ``answer_by``: the day, YYYY-MM-DD, by which the staff answer.
    """

    TYPE = "contracts.inquiry_opened.v1"
    SUBJECT = "inquiry"

    inquiry_id: UUID
    client_id: UUID
    about: Word[Literal["application", "contract", "other"]]
    about_id: UUID | None
    answer_by: str


class LetterWritten(Event):
    """The client wrote on; the limit is counted anew if an answer had been given."""

    TYPE = "contracts.letter_written.v1"
    SUBJECT = "inquiry"

    inquiry_id: UUID
    client_id: UUID
    letter_id: UUID
    answer_by: str


class InquiryAnswered(Event):
    """One of the staff answered; what was written stays with contracts."""

    TYPE = "contracts.inquiry_answered.v1"
    SUBJECT = "inquiry"

    inquiry_id: UUID
    client_id: UUID
    letter_id: UUID
    answered_by: UUID


class InquiryExtended(Event):
    """The answer takes longer, once, as the law allows; the client is told."""

    TYPE = "contracts.inquiry_extended.v1"
    SUBJECT = "inquiry"

    inquiry_id: UUID
    client_id: UUID
    answer_by: str
    extended_by: UUID
    reason: str


class InquiryClosed(Event):
    """The correspondence is at its end."""

    TYPE = "contracts.inquiry_closed.v1"
    SUBJECT = "inquiry"

    inquiry_id: UUID
    client_id: UUID
    closed_by: UUID


class InquiryRead(Event):
    """One of the staff was shown the letters, for a purpose; the client sees it."""

    TYPE = "contracts.inquiry_read.v1"
    SUBJECT = "inquiry"

    inquiry_id: UUID
    client_id: UUID
    reader: str
    purpose: str


class CreditReceived(Event):
    """Money for the contract came, and counts from ``value_on``, a day YYYY-MM-DD.

    ``recognised_by``: the contract's number or the client's ИИН in the purpose of the
    payment, or two of the staff by ``approval_id``.
    """

    TYPE = "contracts.credit_received.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    credit_id: UUID
    amount: WireMoney
    value_on: str
    recognised_by: Word[Literal["number", "iin", "staff"]]
    approval_id: UUID | None = None


class CreditReversed(Event):
    """The bank took a credit of the contract, or a part of it, back (сторно).

    So much less of it counts, from its value date on.
    """

    TYPE = "contracts.credit_reversed.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    credit_id: UUID
    amount: WireMoney


class CreditParked(Event):
    """An entry of the bank waits for a person.

    ``unrecognised``: nobody knows whose contract it is for.  ``contradicted``: the bank
    says something else under a reference it has used.  ``reversal_differs``: it took
    another sum back than it had booked.
    """

    TYPE = "contracts.credit_parked.v1"
    SUBJECT = "credit"

    credit_id: UUID
    reason: Word[Literal["unrecognised", "contradicted", "reversal_differs"]]


class ContradictionSettled(Event):
    """Two of the staff have settled an entry in which the bank contradicts itself.

    On the bank's answer; what was said first stands, and no account changes.
    """

    TYPE = "contracts.contradiction_settled.v1"
    SUBJECT = "credit"

    credit_id: UUID
    reason: Word[Literal["contradicted", "reversal_differs"]]
    document_sha256: str
    approval_id: UUID
    asked_by: UUID
    approved_by: UUID


class AccountPosted(Event):
    """The ledger of the contract's account has new lines, and this is what it says.

    ``counted_on``: the day, YYYY-MM-DD.  ``unused`` is the client's money: it waits for
    the next payment, or is to be given back.
    """

    TYPE = "contracts.account_posted.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    counted_on: str
    postings: int
    principal: WireMoney
    owed: WireMoney
    overdue: WireMoney
    days_overdue: int
    unused: WireMoney


class PaymentOverdue(Event):
    """A payment has not come for so many days; the client is told (просрочка)."""

    TYPE = "contracts.payment_overdue.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    amount: WireMoney
    days: int


class OverdueEnded(Event):
    """Everything that was overdue is paid."""

    TYPE = "contracts.overdue_ended.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID


class EarlyRepaymentOrdered(Event):
    """The client wants to repay a part on a day, YYYY-MM-DD, before it falls due."""

    TYPE = "contracts.early_repayment_ordered.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    order_id: UUID
    day: str
    amount: WireMoney
    effect: Word[Literal["shorter", "smaller"]]


class ScheduleReissued(Event):
    """A part was repaid early, and the rest of the schedule was made anew.

    ``last_on``: the day of the last payment, YYYY-MM-DD.
    """

    TYPE = "contracts.schedule_reissued.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    order_id: UUID
    instalments: int
    next_payment: WireMoney
    last_on: str


class AccrualStopped(Event):
    """Neither interest nor penalty accrues from ``since`` on, a day YYYY-MM-DD.

    On an investigator's notice (представление), as two of the staff agree.  ``told``:
    whether the law lets the client know.
    """

    TYPE = "contracts.accrual_stopped.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    approval_id: UUID
    since: str
    document_sha256: str
    told: bool
    asked_by: UUID
    approved_by: UUID


class AccrualResumed(Event):
    """Interest accrues again from ``since`` on; as `AccrualStopped` otherwise."""

    TYPE = "contracts.accrual_resumed.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    approval_id: UUID
    since: str
    document_sha256: str
    told: bool
    asked_by: UUID
    approved_by: UUID


class ContractClosed(Event):
    """Everything owed is repaid: the contract obliges the client no more.

    ``closed_on``: the day, YYYY-MM-DD.  ``unused`` was paid too much and is the
    client's.
    """

    TYPE = "contracts.contract_closed.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    closed_on: str
    unused: WireMoney


class ContractReopened(Event):
    """A payment of a closed contract was taken back: it obliges the client again."""

    TYPE = "contracts.contract_reopened.v1"
    SUBJECT = "contract"

    contract_id: UUID
    client_id: UUID
    owed: WireMoney
