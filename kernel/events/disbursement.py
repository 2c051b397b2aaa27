"""The facts disbursement publishes: every step of money, taken or not."""

from uuid import UUID

from kernel.events.base import Event, Instant, WireMoney


class PayoutScheduled(Event):
    """The payout waits for ``hold_until`` (clause 5.5)."""

    TYPE = "disbursement.payout_scheduled.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    client_id: UUID
    amount: WireMoney
    hold_until: Instant
    hold_from: Instant | None = None
    """From when the hold is counted anew, after an amendment (5.3)."""


class PayoutDue(Event):
    """The hold has passed."""

    TYPE = "disbursement.payout_due.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    client_id: UUID
    confirmation_required: bool
    hold_from: Instant | None = None
    """As with `PayoutScheduled`: tells news of one hold from that of the next."""


class PayoutHeld(Event):
    """A check of the gate said no; ``code`` names it (clauses 5.4, 6.1g)."""

    TYPE = "disbursement.payout_held.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    code: str


class PayoutSent(Event):
    """The order is committed and goes to the bank under this key."""

    TYPE = "disbursement.payout_sent.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    order_key: str
    attempt: int


class PayoutSettled(Event):
    """The bank reports the transfer done."""

    TYPE = "disbursement.payout_settled.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    client_id: UUID
    amount: WireMoney
    order_id: str
    settled_at: Instant


class PayoutRejected(Event):
    """The bank refused the order."""

    TYPE = "disbursement.payout_rejected.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    code: str


class PayoutRepeatable(Event):
    """The bank refused the order; until then two of the staff may have it paid again.

    No money has moved. `PayoutRejected` follows when nobody has, or the contract ends.
    """

    TYPE = "disbursement.payout_repeatable.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    code: str
    until: Instant


class PayoutRepeated(Event):
    """Another payout stands in the place of one that the bank refused.

    By two of the staff; its order has a key of its own and passes the whole gate.
    """

    TYPE = "disbursement.payout_repeated.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    predecessor_id: UUID
    number: int


class PayoutOutcomeUnknown(Event):
    """No usable answer came; only asking the bank may end this."""

    TYPE = "disbursement.payout_outcome_unknown.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    order_key: str


class SendingHalted(Event):
    """No payout leaves until a person resumes sending."""

    TYPE = "disbursement.sending_halted.v1"
    SUBJECT = "halt"

    halt_id: UUID
    code: str


class SendingResumed(Event):
    """Two persons agreed that payouts leave again."""

    TYPE = "disbursement.sending_resumed.v1"
    SUBJECT = "halt"

    halt_id: UUID
    asked_by: UUID
    resumed_by: UUID


class PayoutReconciled(Event):
    """The bank's statement shows the payout, of its amount and to its account."""

    TYPE = "disbursement.payout_reconciled.v1"
    SUBJECT = "payout"

    payout_id: UUID
    contract_id: UUID
    bank_reference: str
    booked_at: Instant


class ReconciliationCaseOpened(Event):
    """Payouts and the bank's statement disagree; a severe case halts all sending."""

    TYPE = "disbursement.reconciliation_case_opened.v1"
    SUBJECT = "case"

    case_id: UUID
    code: str
    severe: bool
    payout_id: UUID | None
    bank_reference: str | None


class ReconciliationCaseResolved(Event):
    """A person, or the entry that was missing, has explained the case."""

    TYPE = "disbursement.reconciliation_case_resolved.v1"
    SUBJECT = "case"

    case_id: UUID
    resolved_by: UUID | None


class ClientOrdersErased(Event):
    """What disbursement kept of the client can be opened by nobody any more.

    It follows `onboarding.personal_data_erased`, once no term obliges to keep it.
    """

    TYPE = "disbursement.client_orders_erased.v1"
    SUBJECT = "client"

    client_id: UUID


class ClockStepped(Event):
    """The wall clock was set by ``by_s`` seconds; no hold has become shorter by it."""

    TYPE = "disbursement.clock_stepped.v1"
    SUBJECT = "clock"

    clock_id: UUID
    by_s: int


class LedgerProved(Event):
    """A day of the books is closed: ``closed_on``, the day, YYYY-MM-DD.

    Its debits and its credits are ``turnover``, both.  ``sha256`` is over the day's
    postings, the balances after it and ``previous_sha256``, the digest of the day
    closed before: whoever keeps one knows all that came earlier.
    """

    TYPE = "disbursement.ledger_proved.v1"
    SUBJECT = "proof"

    proof_id: UUID
    closed_on: str
    transactions: int
    turnover: WireMoney
    previous_sha256: str
    sha256: str
