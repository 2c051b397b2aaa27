"""The nameko door: questions, operators' acts and reactions."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from kernel import dated
from kernel.approvals import Approval
from kernel.context import Call, StaffMember, jsonable
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import UseCasesProvider, answers, every, executes, handles
from kernel.events import Envelope, Event, WireMoney
from kernel.events.audit import MeasureOrdered, SettingChanged
from kernel.events.auth import (
    AccessLocked,
    DeviceAdmitted,
    DeviceCheckOpened,
    FactorAdded,
    FactorRemoved,
    LoginFailed,
    LoginSucceeded,
    OfficeVisitRecorded,
    OperationCalled,
    PasswordChanged,
    RecoveryOpened,
    RecoveryPassed,
    RecoveryRequested,
    SourceThrottled,
    StaffLoggedIn,
    StaffRoleGranted,
)
from kernel.events.contracts import (
    ApplicationHeld,
    ApplicationRefused,
    ApplicationSubmitted,
    BranchVisitRecorded,
    ContractAnnulled,
    ContractClosed,
    ContractOffered,
    ContractSigned,
    CreditReceived,
    DocumentRead,
    EarlyRepaymentOrdered,
    InquiryRead,
    PaymentOverdue,
)
from kernel.events.disbursement import (
    PayoutSettled,
)
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    BankAccountAdded,
    BankAccountChanged,
    BankAccountRemoved,
    ClientActivated,
    ConsentWithdrawn,
    IdentificationCompleted,
    IdentificationFailed,
    IdentityChanged,
    PersonalDataRead,
    PhoneChanged,
    PhoneConfirmed,
    ReviewSettled,
)
from services.antifraud import handlers
from services.antifraud.domain.lists import MAX_AT_ONCE, Line
from services.antifraud.service.appeals import AppealDoor
from services.antifraud.service.cases import CaseDoor
from services.antifraud.service.centre import CentreDoor
from services.antifraud.service.indicators import IndicatorDoor
from services.antifraud.service.investigations import InvestigationDoor
from services.antifraud.service.losses import LossDoor
from services.antifraud.service.reports import ReportDoor
from services.antifraud.service.risks import RiskDoor
from services.antifraud.service.suspensions import SuspensionDoor
from services.antifraud.wiring import UseCases


class WireLine(BaseModel):
    """One line for a list, as the staff send it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    entity: str = Field(max_length=20)
    value: str = Field(max_length=200)
    expires_on: date = Field(strict=False)
    reason: str = Field(max_length=200)
    source: str = Field(max_length=200)


Days = Annotated[int, Field(ge=1, le=366)]
WireLines = Annotated[list[WireLine], Field(max_length=MAX_AT_ONCE)]
WireKeys = Annotated[list[str], Field(max_length=MAX_AT_ONCE)]


class AntifraudService(
    SuspensionDoor,
    CaseDoor,
    AppealDoor,
    CentreDoor,
    RiskDoor,
    LossDoor,
    IndicatorDoor,
    InvestigationDoor,
    ReportDoor,
):
    """Judges before operations go on; holds what must not move (clause 6.1g)."""

    name = "antifraud"
    use_cases: UseCases = UseCasesProvider()

    @answers(callers=("contracts", "disbursement-worker", "onboarding"))
    def decide(
        self,
        call: Call,
        *,
        operation: str,
        client_id: UUID,
        amount: WireMoney,
        facts: dict[str, str | int],
    ) -> Json:
        """Judge ``application:<id>``, ``payout:<id>`` …; a new decision each time."""
        made = self.use_cases.decide(
            call.context,
            operation=operation,
            client_id=client_id,
            amount=amount,
            facts=facts,
            asked_by=call.caller,
        )
        return {
            "decision_id": str(made.decision_id),
            "outcome": made.verdict.outcome.value,
            "score": made.verdict.score,
            "rules": list(made.verdict.codes),
        }

    @answers(permission="antifraud.hold")
    def suspend_client(self, call: Call, *, client_id: UUID, ground: str) -> Json:
        """Hold every operation of a client until released."""
        decision_id = self.use_cases.suspend_client(
            call.context, client_id=client_id, ground=ground, by=str(call.by.id)
        )
        return {"decision_id": str(decision_id)}

    @answers(permission="antifraud.look")
    def get_decision(self, call: Call, *, decision_id: UUID) -> Json:
        """A decision with its inputs and the rules that fired."""
        found = self.use_cases.get_decision(call.context, decision_id=decision_id)
        return jsonable(found)

    @answers(permission="antifraud.look")
    def explain(self, call: Call, *, decision_id: UUID) -> Json:
        """A decision made again: what spoke, what it saw, why the rule is there."""
        found = self.use_cases.explain(call.context, decision_id=decision_id)
        stored, again = found.stored, found.again
        return {
            "decision_id": str(stored.decision_id),
            "operation": str(stored.inputs["operation"]),
            "outcome": stored.outcome,
            "score": stored.score,
            "rule_set": stored.rule_set,
            "decided_at": jsonable(stored.decided_at),
            "asked_by": stored.asked_by,
            "fired": jsonable(stored.fired),
            "why": dict(found.rules),
            "took_us": dict(stored.took_us),
            "comes_out_again": again is None
            or (again.outcome.value, again.score) == (stored.outcome, stored.score),
        }

    @answers(permission="antifraud.counts")
    def get_counts(self, call: Call) -> Json:
        """How many decisions, holds and messages to the centre there are."""
        return dict(self.use_cases.counts(call.context))

    @answers(permission="antifraud.look")
    def show_list(self, call: Call, *, of: str) -> Json:
        """What stands on a list now: keyed names, reasons, until when."""
        found = self.use_cases.show_list(call.context, of=of)
        return {"entries": jsonable(found)}

    @answers(permission="antifraud.hold")
    def put_on_list(self, call: Call, *, of: str, lines: WireLines) -> Json:
        """Put names on a list, all or none; values are kept as keyed tokens alone."""
        added = self.use_cases.put_on_list(
            call.context,
            of=of,
            lines=[Line(**line.model_dump()) for line in lines],
            by=str(call.by.id),
        )
        return {"lines": len(lines), "added": added}

    @answers(permission="antifraud.release")
    def take_from_list(self, call: Call, *, of: str, keys: WireKeys) -> Json:
        """Take keyed names off a list."""
        ended = self.use_cases.take_from_list(
            call.context, of=of, keys=keys, by=str(call.by.id)
        )
        return {"ended": ended}

    @answers(permission="antifraud.look")
    def rules_list(self, call: Call) -> Json:
        """Every version of the rules, and what judges now."""
        return self.use_cases.rules.versions(call)

    @answers(permission="antifraud.look")
    def rules_show(self, call: Call, *, version: str) -> Json:
        """What a version says, and what was done with it."""
        return self.use_cases.rules.show(call, version=version)

    @answers(permission="antifraud.look")
    def rules_diff(self, call: Call, *, old: str, new: str) -> Json:
        """What one version changes of another."""
        return self.use_cases.rules.compare(call, old=old, new=new)

    @answers(permission="antifraud.look")
    def rules_calendar(self, call: Call) -> Json:
        """When the live rules were tested, and until when they have to be again."""
        return self.use_cases.rules.calendar(call)

    @answers(permission="antifraud.rules")
    def draft_rules(
        self, call: Call, *, version: str, rules: dict[str, object], note: str
    ) -> Json:
        """Save a version, if the checker takes it."""
        return self.use_cases.rules.draft(
            call, version=version, rules=jsonable(rules), note=note
        )

    @answers(permission="antifraud.rules")
    def test_rules(self, call: Call, *, version: str, days: Days = 90) -> Json:
        """Judge the decisions of the last days anew; the report is kept."""
        return self.use_cases.rules.test(call, version=version, days=days)

    @answers(permission="antifraud.rules")
    def shadow_rules(self, call: Call, *, version: str) -> Json:
        """Let a tested version judge beside the live one."""
        return self.use_cases.rules.to_shadow(call, version=version)

    @answers(permission="antifraud.rules")
    def ask_promotion(self, call: Call, *, version: str) -> Json:
        """Ask that a version become live; another person decides."""
        return self.use_cases.rules.ask_promotion(call, version=version)

    @executes(permission="antifraud.rules_decide")
    def promote_rules(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: the version judges from now on."""
        self.use_cases.rules.promote(tx, approval, by.id)

    @answers(permission="antifraud.rules")
    def rollback_rules(self, call: Call, *, reason: str) -> Json:
        """Back to what was live before, at once."""
        return self.use_cases.rules.rollback(call, reason=reason)

    @answers(permission="antifraud.rules")
    def label_decision(self, call: Call, *, decision_id: UUID, fraud: bool) -> Json:
        """Say whether what was decided on was fraud; tests on history count by it."""
        return self.use_cases.rules.label(call, decision_id=decision_id, fraud=fraud)

    @every(seconds=60)
    def watch_calendar(self) -> None:
        """An alarm while the regular analysis of the rules is overdue."""
        self.use_cases.watch_calendar()

    @handles(SettingChanged)
    def when_setting_changed(
        self, tx: Transaction, event: SettingChanged, _envelope: Envelope
    ) -> None:
        """A dated setting has another value: kept here, soon in force (6.3)."""
        dated.keep(tx, event)

    @handles(MeasureOrdered)
    def when_measure_ordered(
        self, tx: Transaction, event: MeasureOrdered, _envelope: Envelope
    ) -> None:
        """An incident's first measure: a client's operations wait (7.2)."""
        self.use_cases.when_measure_ordered(tx, event)

    @handles(ApplicationSubmitted)
    @handles(ApplicationRefused)
    @handles(ApplicationHeld)
    @handles(ContractOffered)
    @handles(ContractSigned)
    @handles(ContractAnnulled)
    @handles(ContractClosed)
    @handles(CreditReceived)
    @handles(PaymentOverdue)
    @handles(EarlyRepaymentOrdered)
    @handles(DocumentRead)
    @handles(InquiryRead)
    @handles(BranchVisitRecorded)
    @handles(PayoutSettled)
    @handles(ClientActivated)
    @handles(PhoneConfirmed)
    @handles(IdentificationCompleted)
    @handles(IdentificationFailed)
    @handles(IdentityChanged)
    @handles(PhoneChanged)
    @handles(ConsentWithdrawn)
    @handles(BankAccountAdded)
    @handles(BankAccountChanged)
    @handles(AccountOwnershipProved)
    @handles(AccountOwnershipLost)
    @handles(BankAccountRemoved)
    @handles(PersonalDataRead)
    @handles(ReviewSettled)
    @handles(LoginSucceeded)
    @handles(LoginFailed)
    @handles(AccessLocked)
    @handles(SourceThrottled)
    @handles(DeviceAdmitted)
    @handles(DeviceCheckOpened)
    @handles(RecoveryRequested)
    @handles(RecoveryOpened)
    @handles(RecoveryPassed)
    @handles(PasswordChanged)
    @handles(FactorAdded)
    @handles(FactorRemoved)
    @handles(OperationCalled)
    @handles(OfficeVisitRecorded)
    @handles(StaffLoggedIn)
    @handles(StaffRoleGranted)
    def when_it_happened(
        self, tx: Transaction, event: Event, envelope: Envelope
    ) -> None:
        """Everything that rules may ask about is remembered."""
        handlers.remember(event, envelope, unit=self.use_cases.unit(tx))


Service = AntifraudService
