"""What clients are told, and how it reaches their phones.

Auth alone writes to clients.  Other services publish what has happened, and the table
`NOTICES` says which of it a client is told, in which words; codes are asked for by
`handlers.codes`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from kernel.errors import Transient
from kernel.events import Event
from kernel.events.antifraud import (
    AppealAnswered,
    AppealExtended,
    OperationSuspended,
)
from kernel.events.audit import NoticeApproved
from kernel.events.auth import MessageDelivered, MessageFailed, MessageSent
from kernel.events.contracts import (
    AccrualResumed,
    AccrualStopped,
    AmendmentEnded,
    AmendmentOffered,
    AnswerAwaited,
    ApplicationRefused,
    ContractAmended,
    ContractAnnulled,
    ContractClosed,
    ContractReopened,
    ContractSigned,
    CreditReceived,
    CreditReversed,
    InquiryAnswered,
    InquiryClosed,
    InquiryExtended,
    OverdueEnded,
    PaymentOverdue,
    ScheduleReissued,
)
from kernel.events.disbursement import PayoutDue, PayoutSettled
from kernel.events.onboarding import (
    AccountOwnershipLost,
    BankAccountAdded,
    BankAccountChanged,
    BankAccountRemoved,
    BankAccountSelected,
    DocumentExpiryNoted,
    ErasureRequested,
    IdentityChanged,
)
from kernel.ids import Ids
from kernel.values import Phone
from services.auth.domain.messages import (
    MOST_SENDINGS,
    NOTICE_LIFETIME,
    REPORTED_WITHIN,
    Failure,
    Message,
    Report,
    Told,
    ask_after,
    notice_text,
    retry_after,
    version_of,
)
from services.auth.domain.passwords import Former, Login
from services.auth.domain.templates import Template
from services.auth.ports import Languages, Logins, Messages, Publish

LEASE: Final = timedelta(seconds=60)
"""How long a message stays with the process that took it; longer than a sending."""


def _due(event: PayoutDue) -> Template:
    return "payout_due_confirm" if event.confirmation_required else "payout_due"


def _awaited(event: AnswerAwaited) -> Template:
    """A word we do not know yet is told as the first."""
    told: Mapping[str, Template] = {
        "release": "release_awaited",
        "amendment": "amendment_awaited",
    }
    return told.get(event.awaits, "consent_awaited")


def _amendment_ended(event: AmendmentEnded) -> Template | None:
    """What comes in its place, or ends the contract, is told by itself."""
    told_otherwise = ("superseded", "contract_ended", "client_withdrew")
    if event.code in told_otherwise or (
        event.resumed_at is None and (event.code == "amendment_expired")
    ):
        return None
    return "amendment_ended"


def _ended(event: ContractAnnulled) -> Template:
    """An offer nobody signed was never a contract to be annulled."""
    told: dict[str, Template] = {
        "offer_expired": "offer_expired",
        "identity_changed": "offer_outdated",
    }
    return told.get(event.reason, "contract_annulled")


def _refused(event: ApplicationRefused) -> Template | None:
    """What is decided while the client waits is shown there; the rest is told."""
    held = event.code == "not_established"
    return "application_not_established" if held else None


def _stopped(event: AccrualStopped) -> Template | None:
    """Where the law does not let the client know, nothing is said."""
    return "accrual_stopped" if event.told else None


def _resumed(event: AccrualResumed) -> Template | None:
    """As `_stopped`."""
    return "accrual_resumed" if event.told else None


def _lost(event: AccountOwnershipLost) -> Template | None:
    """A client who replaced the account is told of just that."""
    return None if event.code == "account_changed" else "account_lost"


def _suspended(event: OperationSuspended) -> Template | None:
    """Who is only registering has no login yet, and sees there that it waits."""
    registering = event.operation.startswith("activation:")
    return None if registering else "operation_suspended"


def _incident(event: NoticeApproved) -> Template | None:
    """Bodies have notices of their own; of these the client hears nothing."""
    return None if event.client_id is None else "incident_notice"


def _id_of(event: Event) -> UUID | None:
    """A notice's message bears the notice's id: its leaving is that one's receipt."""
    return event.notice_id if isinstance(event, NoticeApproved) else None


def _document(event: DocumentExpiryNoted) -> Template:
    """A standing we do not know yet is told as the milder one."""
    return "document_expired" if event.standing == "expired" else "document_expiring"


TOLD_TO_FORMER: Final[Mapping[type[Event], Template]] = {
    BankAccountAdded: "account_added",
    BankAccountChanged: "account_changed",
    BankAccountSelected: "account_selected",
    BankAccountRemoved: "account_removed",
    IdentityChanged: "identity_changed",
    ContractAmended: "contract_amended",
}
"""What a number that was left lately is told of as well: who took both the number and
the cabinet would else be the only one to hear who is paid, and where."""

NOTICES: Final[Mapping[type[Event], Template | Callable[[Any], Template | None]]] = {
    **TOLD_TO_FORMER,
    ContractSigned: "contract_signed",
    ContractAnnulled: _ended,
    ApplicationRefused: _refused,
    InquiryAnswered: "inquiry_answered",
    InquiryExtended: "inquiry_extended",
    InquiryClosed: "inquiry_closed",
    AppealAnswered: "appeal_answered",
    AppealExtended: "appeal_extended",
    AnswerAwaited: _awaited,
    AmendmentOffered: "amendment_offered",
    AmendmentEnded: _amendment_ended,
    PayoutDue: _due,
    PayoutSettled: "payout_settled",
    CreditReceived: "payment_received",
    CreditReversed: "payment_reversed",
    PaymentOverdue: "payment_overdue",
    OverdueEnded: "overdue_ended",
    ScheduleReissued: "schedule_reissued",
    AccrualStopped: _stopped,
    AccrualResumed: _resumed,
    ContractClosed: "contract_closed",
    ContractReopened: "contract_reopened",
    AccountOwnershipLost: _lost,
    DocumentExpiryNoted: _document,
    ErasureRequested: "erasure_requested",
    OperationSuspended: _suspended,
    NoticeApproved: _incident,
}
"""Which facts of other services a client is told; each names its `client_id`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressee:
    """Whom a notice is for."""

    client_id: UUID
    phone: Phone
    phone_token: str


def notify(
    template: Template,
    *,
    to: Addressee,
    site: str,
    at: datetime,
    now: datetime,
    ids: Ids,
    languages: Languages,
    messages: Messages,
    message_id: UUID | None = None,
) -> None:
    """Queue a notice of what happened `at`; it leaves with the commit, not before."""
    language = languages.of(to.phone_token)
    messages.queue(
        Message(
            message_id=message_id or ids.new(),
            client_id=to.client_id,
            template=template,
            version=version_of(template),
            language=language,
            phone=to.phone,
            text=notice_text(template, language=language, site=site, at=at),
            queued_at=now,
            expires_at=at + NOTICE_LIFETIME,
        )
    )


def when_client_concerned(
    event: Event,
    *,
    happened_at: datetime,
    site: str,
    now: datetime,
    former_since: datetime,
    ids: Ids,
    logins: Logins,
    languages: Languages,
    messages: Messages,
) -> None:
    """Tell the client of a fact listed in `NOTICES`, unless it is old news.

    News of accounts go to a number left after `former_since` as well (clause 4.10).
    Old facts come when a publisher sends its events again.  Transient while the
    client's activation has not reached us.
    """
    if now - happened_at >= NOTICE_LIFETIME:
        return
    chosen = NOTICES[type(event)]
    template = chosen(event) if callable(chosen) else chosen
    if template is None:
        return
    client_id: UUID = getattr(event, "client_id")  # noqa: B009 - every one listed has it
    login = logins.by_client(client_id)
    if login is None:
        raise Transient("the client's login is not here yet")
    numbers: list[Login | Former] = [login]
    if type(event) in TOLD_TO_FORMER:
        former = logins.former_number(client_id, since=former_since)
        numbers.extend([] if former is None else [former])
    for number in numbers:
        notify(
            template,
            to=Addressee(
                client_id=client_id, phone=number.phone, phone_token=number.phone_token
            ),
            site=site,
            at=happened_at,
            now=now,
            ids=ids,
            languages=languages,
            messages=messages,
            message_id=_id_of(event),
        )


def message_sent(
    message: Message, *, now: datetime, messages: Messages, publish: Publish
) -> None:
    """Record, once, that a message has left; its report is asked for later."""
    if messages.sent(message.message_id, now=now, ask_at=now + ask_after(0)):
        publish(
            MessageSent(
                message_id=message.message_id,
                client_id=message.client_id,
                template=message.template,
                template_version=message.version,
                language=message.language,
            )
        )


def message_not_sent(
    message: Message, *, now: datetime, messages: Messages, publish: Publish
) -> Failure | None:
    """Try again later, less and less often; why it failed, if that was the last."""
    if message.attempts < MOST_SENDINGS:
        messages.postpone(message.message_id, until=now + retry_after(message.attempts))
        return None
    if messages.give_up(message.message_id, now=now):
        told = Told(
            message_id=message.message_id,
            client_id=message.client_id,
            template=message.template,
            sent_at=now,
        )
        _failed(told, "given_up", publish=publish)
    return "given_up"


def drop_expired(*, now: datetime, messages: Messages, publish: Publish) -> int:
    """Give up what is too old to be useful; how many."""
    expired = messages.take_expired(now=now)
    for told in expired:
        _failed(told, "expired", publish=publish)
    return len(expired)


def message_reported(
    told: Told,
    report: Report | None,
    *,
    now: datetime,
    messages: Messages,
    publish: Publish,
) -> None:
    """Record what became of a message; ask again later where nothing is known yet."""
    if report in (None, "accepted"):
        late = now - told.sent_at >= REPORTED_WITHIN
        messages.ask_again(
            told.message_id, at=None if late else now + ask_after(told.asked)
        )
        return
    delivered = report == "delivered"
    if not messages.reported(told.message_id, delivered=delivered, now=now):
        return
    if delivered:
        publish(
            MessageDelivered(
                message_id=told.message_id,
                client_id=told.client_id,
                template=told.template,
            )
        )
    else:
        _failed(told, "undelivered", publish=publish)


def _failed(told: Told, reason: Failure, *, publish: Publish) -> None:
    publish(
        MessageFailed(
            message_id=told.message_id,
            client_id=told.client_id,
            template=told.template,
            reason=reason,
        )
    )
