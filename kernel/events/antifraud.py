"""The facts antifraud publishes: what it decided and what it stopped."""

from datetime import date
from typing import Literal
from uuid import UUID

from kernel.events.base import Event, WireMoney, Word


class DecisionMade(Event):
    """An operation was judged before it went on (clause 6.1g)."""

    TYPE = "antifraud.decision_made.v1"
    SUBJECT = "decision"

    decision_id: UUID
    operation: str
    client_id: UUID
    outcome: Word[Literal["allow", "review", "suspend", "refuse"]]
    score: int
    rules: tuple[str, ...]


class OperationSuspended(Event):
    """The operation does not move until it is released (clause 6.1g)."""

    TYPE = "antifraud.operation_suspended.v1"
    SUBJECT = "decision"

    decision_id: UUID
    operation: str
    client_id: UUID


class RulesChanged(Event):
    """Operations are judged by another version of the rules (clause 6.1g).

    ``sha256`` is the digest of what the version says; ``approved_by`` is None for a
    step back, which one person may take at once.
    """

    TYPE = "antifraud.rules_changed.v1"
    SUBJECT = "change"

    change_id: UUID
    version: str
    instead_of: str
    sha256: str
    asked_by: UUID
    approved_by: UUID | None


class OperationReleased(Event):
    """A person let a suspended operation, or a client, move again (clause 6.1g)."""

    TYPE = "antifraud.operation_released.v1"
    SUBJECT = "decision"

    decision_id: UUID
    operation: str
    client_id: UUID


class NameSuspended(Event):
    """Nothing is done with an account, or from a device, until released (6.1g).

    ``held`` is its keyed name, ``account:<token>``; ``until_on`` the last day of the
    term, at whose end a person has to have decided.
    """

    TYPE = "antifraud.name_suspended.v1"
    SUBJECT = "hold"

    hold_id: UUID
    held: str
    until_on: date


class NameReleased(Event):
    """A person let a suspended account or device be used again (clause 6.1g)."""

    TYPE = "antifraud.name_released.v1"
    SUBJECT = "hold"

    hold_id: UUID
    held: str


class SuspensionKept(Event):
    """A person has reviewed a suspension, and it goes on (clause 6.1g)."""

    TYPE = "antifraud.suspension_kept.v1"
    SUBJECT = "hold"

    hold_id: UUID
    held: str
    client_id: UUID | None
    until_on: date


class SuspensionReviewDue(Event):
    """The term of a suspension ends soon, or has ended: a person has to decide.

    The clock releases nothing (clause 6.1g iii).
    """

    TYPE = "antifraud.suspension_review_due.v1"
    SUBJECT = "hold"

    hold_id: UUID
    held: str
    client_id: UUID | None
    until_on: date
    overdue: bool


class RuleTripped(Event):
    """A rule stopped too large a share of operations: it asks for a look only.

    Of ``judged`` operations it could speak of, it alone stopped ``stopped`` (6.1g v).
    """

    TYPE = "antifraud.rule_tripped.v1"
    SUBJECT = "trip"

    trip_id: UUID
    version: str
    rule: str
    judged: int
    stopped: int


class RuleRearmed(Event):
    """Two persons let a tripped rule stop operations again (clause 6.1g v)."""

    TYPE = "antifraud.rule_rearmed.v1"
    SUBJECT = "trip"

    trip_id: UUID
    version: str
    rule: str
    asked_by: UUID
    approved_by: UUID


class CaseOpened(Event):
    """Something was suspended or is to be looked at: persons have a case (7.2c).

    ``about`` is ``client:<id>``, or the keyed name of an account or a device.
    """

    TYPE = "antifraud.case_opened.v1"
    SUBJECT = "case"

    case_id: UUID
    about: str
    client_id: UUID | None
    priority: Word[Literal["urgent", "high", "normal"]]
    due_on: date


class CaseAssigned(Event):
    """A case is somebody's of the staff (clause 6.1h v)."""

    TYPE = "antifraud.case_assigned.v1"
    SUBJECT = "case"

    case_id: UUID
    assigned_to: UUID
    assigned_by: UUID


class CaseRead(Event):
    """A member of the staff read what a case holds in words or files (6.1c)."""

    TYPE = "antifraud.case_read.v1"
    SUBJECT = "case"

    case_id: UUID
    client_id: UUID | None
    reader: UUID
    what: Word[Literal["notes", "file"]]


class CaseClosed(Event):
    """A case has its outcome, which tests of the rules count by (clause 6.1h vii)."""

    TYPE = "antifraud.case_closed.v1"
    SUBJECT = "case"

    case_id: UUID
    client_id: UUID | None
    outcome: Word[Literal["fraud", "not_fraud", "unclear"]]
    closed_by: UUID


class AppealReceived(Event):
    """A client's appeal stands in the register (clause 6.1h iv)."""

    TYPE = "antifraud.appeal_received.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    number: str
    client_id: UUID
    against: str
    answer_by: date


class AppealExtended(Event):
    """The answer to an appeal takes longer, as the law allows once."""

    TYPE = "antifraud.appeal_extended.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    client_id: UUID
    answer_by: date


class AppealRead(Event):
    """A member of the staff read what an appeal says (clause 6.1c)."""

    TYPE = "antifraud.appeal_read.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    client_id: UUID
    reader: UUID


class AppealAnswered(Event):
    """A person without a part in the first decision has answered (6.1h iv)."""

    TYPE = "antifraud.appeal_answered.v1"
    SUBJECT = "appeal"

    appeal_id: UUID
    client_id: UUID
    outcome: Word[Literal["upheld", "partly", "rejected"]]
    decided_by: UUID


class RiskAssessed(Event):
    """A risk of fraud stands in the register, or was assessed anew (6.1h i, iii).

    ``inherent`` and ``residual`` are likelihood × impact, 1 to 25; ``sha256`` is the
    digest of everything the revision says.
    """

    TYPE = "antifraud.risk_assessed.v1"
    SUBJECT = "risk"

    risk_id: UUID
    number: str
    revision: int
    step: Word[Literal["opened", "revised", "reviewed", "closed"]]
    inherent: int
    residual: int
    treatment: Word[Literal["avoid", "reduce", "transfer", "accept"]]
    sha256: str
    by: UUID


class RiskAccepted(Event):
    """Two persons bear what was assessed in a revision, until a day (6.1h vi)."""

    TYPE = "antifraud.risk_accepted.v1"
    SUBJECT = "risk"

    risk_id: UUID
    revision: int
    until_on: date
    asked_by: UUID
    approved_by: UUID


class RiskDutyOverdue(Event):
    """The day of something owed about risks has passed (clause 6.1h vi).

    ``about`` is ``risk:<id>``, ``case:<id>`` of a fraud without a loss on record,
    ``indicator:<id>`` of what turned red and nobody has answered, ``step:<id>`` or
    ``measure:<id>`` of an investigation, or ``quarter:2026Q4`` without a report.
    """

    TYPE = "antifraud.risk_duty_overdue.v1"
    SUBJECT = "duty"

    duty_id: UUID
    about: str
    duty: Word[
        Literal[
            "review",
            "treatment",
            "acceptance",
            "loss",
            "answer",
            "step",
            "measure",
            "report",
        ]
    ]
    due_on: date


class LossRecorded(Event):
    """A fraud came true: what it cost, and of which risk it is (clause 6.1h vii)."""

    TYPE = "antifraud.loss_recorded.v1"
    SUBJECT = "loss"

    loss_id: UUID
    number: str
    risk_id: UUID
    case_id: UUID | None
    contract_id: UUID | None
    cause: str
    gross: WireMoney
    by: UUID


class LossRecovered(Event):
    """Some of a loss came back (clause 6.1h vii)."""

    TYPE = "antifraud.loss_recovered.v1"
    SUBJECT = "loss"

    loss_id: UUID
    entry_id: UUID
    amount: WireMoney
    net: WireMoney
    by: UUID


class LossCorrected(Event):
    """A loss was put right by an entry, or by facts told anew (clause 6.1h vii).

    ``entry_id`` is None for facts.
    """

    TYPE = "antifraud.loss_corrected.v1"
    SUBJECT = "loss"

    loss_id: UUID
    entry_id: UUID | None
    what: Word[Literal["gross", "recovered", "facts"]]
    gross: WireMoney
    recovered: WireMoney
    by: UUID


class IndicatorCrossed(Event):
    """An indicator of fraud passed a limit, up or down (clause 6.1h ii)."""

    TYPE = "antifraud.indicator_crossed.v1"
    SUBJECT = "crossing"

    crossing_id: UUID
    code: str
    was: Word[Literal["green", "amber", "red"]]
    colour: Word[Literal["green", "amber", "red"]]
    value: int
    amber: int
    red: int


class IndicatorAnswered(Event):
    """A person said what a red indicator was, and of which risk a sign (6.1h ii)."""

    TYPE = "antifraud.indicator_answered.v1"
    SUBJECT = "item"

    item_id: UUID
    code: str
    risk_id: UUID | None
    by: UUID


class InvestigationOpened(Event):
    """An internal investigation began, of a ground (clause 6.1h v).

    ``ground`` is ``case:<id>``, ``appeal:<id>``, ``incident:<id>`` and the like.
    """

    TYPE = "antifraud.investigation_opened.v1"
    SUBJECT = "investigation"

    investigation_id: UUID
    number: str
    ground: str
    by: UUID


class InvestigationEntered(Event):
    """Something was said, planned, found or ordered in an investigation (6.1h v).

    ``sha256`` is the digest of its content, which stays sealed; whom it is about is
    not told.
    """

    TYPE = "antifraud.investigation_entered.v1"
    SUBJECT = "investigation"

    investigation_id: UUID
    entry_id: UUID
    kind: str
    sha256: str
    due_on: date | None
    by: UUID


class InvestigationRead(Event):
    """A member of the staff read an investigation, or a file of it (clause 6.1c)."""

    TYPE = "antifraud.investigation_read.v1"
    SUBJECT = "investigation"

    investigation_id: UUID
    entry_id: UUID | None
    reader: UUID


class InvestigationClosed(Event):
    """Two persons closed an investigation with its conclusion (clause 6.1h v)."""

    TYPE = "antifraud.investigation_closed.v1"
    SUBJECT = "investigation"

    investigation_id: UUID
    finding: Word[Literal["confirmed", "not_confirmed", "unclear"]]
    cause: str
    sha256: str
    concluded_by: UUID
    approved_by: UUID


class RiskReportMade(Event):
    """The report of a quarter on the risks of fraud was made (clause 6.1h).

    By the digests of its files, one for each language and form.
    """

    TYPE = "antifraud.risk_report_made.v1"
    SUBJECT = "report"

    report_id: UUID
    quarter: str
    pdf_ru_sha256: str
    pdf_kk_sha256: str
    html_ru_sha256: str
    html_kk_sha256: str
    by: UUID
