"""The nameko door: decode, call one use case, answer."""

from uuid import UUID

from kernel import dated
from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import UseCasesProvider, answers, every, executes, handles
from kernel.errors import Broken
from kernel.events import Envelope
from kernel.events.antifraud import OperationSuspended
from kernel.events.audit import MeasureOrdered, SettingChanged
from kernel.events.contracts import (
    AdditionalConsentGiven,
    AmendmentEnded,
    ContractAmended,
    ContractAnnulled,
    ContractSigned,
    ReleaseConfirmed,
)
from kernel.events.onboarding import (
    BankAccountChanged,
    BankAccountRemoved,
    PersonalDataErased,
)
from services.disbursement.wiring import UseCases


class Service:
    """Disbursement as other principals see it."""

    name = "disbursement"
    use_cases: UseCases = UseCasesProvider()

    @answers(callers=("contracts",))
    def stop_payout(self, call: Call, *, contract_id: UUID, client_id: UUID) -> Json:
        """``{"answer": "stopped" | "too_late" | "recorded"}``."""
        return self.use_cases.stop_payout(
            call.context, contract_id=contract_id, client_id=client_id
        )

    @answers(callers=("contracts",))
    def hold_for_amendment(
        self, call: Call, *, contract_id: UUID, client_id: UUID
    ) -> Json:
        """``{"answer": "held" | "too_late" | "ended"}``."""
        return self.use_cases.hold_for_amendment(
            call.context, contract_id=contract_id, client_id=client_id
        )

    @answers(callers=("gateway",), client=True)
    def get_payout(self, call: Call, *, contract_id: UUID) -> Json:
        """The client's own payout; Refused ``payout_unknown`` for another's."""
        if call.client_id is None:
            raise Broken("The door let a call without a client through")
        return self.use_cases.get_payout(
            call.context, contract_id=contract_id, client_id=call.client_id
        )

    @answers(permission="sending.look")
    def show_sending(self, call: Call) -> Json:
        """Whether payouts may leave: halt, open cases, how far the bank is read."""
        return self.use_cases.reconciliation.show_sending(call)

    @answers(permission="sending.halt")
    def halt_sending(self, call: Call, *, reason: str) -> Json:
        """Let no payout leave.  Refused ``reason_unfit``, ``sending_halted``."""
        return self.use_cases.reconciliation.halt_sending(call, reason)

    @answers(permission="sending.resume")
    def ask_resume(self, call: Call, *, reason: str) -> Json:
        """Ask that payouts leave again; another person decides.

        Refused ``reason_unfit``, ``sending_not_halted``, ``cases_open``.
        """
        return self.use_cases.reconciliation.ask_resume(call, reason)

    @executes(permission="sending.decide")
    def resume_sending(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: payouts leave again, through the gate."""
        self.use_cases.reconciliation.resume_sending(tx, approval, by.id)

    @answers(permission="sending.look")
    def reconcile_now(self, call: Call) -> Json:
        """Let the payer read the bank now; answers as `show_sending`, before that."""
        return self.use_cases.reconciliation.reconcile_now(call)

    @answers(permission="sending.look")
    def cases_list(self, call: Call) -> Json:
        """Where payouts and the bank disagree, the open cases first."""
        return self.use_cases.reconciliation.cases_list(call)

    @answers(permission="sending.look")
    def cases_show(self, call: Call, *, case_id: UUID) -> Json:
        """One of them.  Refused ``case_not_found``."""
        return self.use_cases.reconciliation.cases_show(call, case_id)

    @answers(permission="cases.resolve")
    def resolve_case(self, call: Call, *, case_id: UUID, reason: str) -> Json:
        """Say what a case came to.

        Refused ``reason_unfit``, ``case_not_found``, ``case_resolved``.
        """
        return self.use_cases.reconciliation.resolve_case(call, case_id, reason)

    @answers(permission="ledger.look")
    def ledger_proof(self, call: Call) -> Json:
        """The books added up anew, each closed day against its proof."""
        return self.use_cases.reconciliation.ledger_proof(call)

    @answers(permission="payouts.approve")
    def ask_payout_repeat(self, call: Call, *, payout_id: UUID) -> Json:
        """Ask that a payout the bank refused is sent again as another; another decides.

        Refused ``payout_unknown``, ``payout_not_repeatable``.
        """
        return self.use_cases.treasury.ask_payout_repeat(call, payout_id)

    @executes(permission="payouts.decide")
    def repeat_payout(
        self, tx: Transaction, approval: Approval, _by: StaffMember
    ) -> None:
        """Two agree: another payout of the contract stands in its place."""
        self.use_cases.treasury.repeat_payout(tx, approval)

    @answers(permission="payouts.look")
    def payouts_due(self, call: Call) -> Json:
        """What is due, and what will be within the hour."""
        return self.use_cases.treasury.payouts_due(call)

    @answers(permission="payouts.look")
    def payouts_held(self, call: Call) -> Json:
        """What stands still, why, and who can release it."""
        return self.use_cases.treasury.payouts_held(call)

    @answers(permission="payouts.look")
    def payouts_unknown(self, call: Call) -> Json:
        """What may be at the bank without a useful answer, and for how long."""
        return self.use_cases.treasury.payouts_unknown(call)

    @answers(permission="payouts.look")
    def payouts_explain(self, call: Call, *, payout_id: UUID) -> Json:
        """One payout with its checks and settings; Refused ``payout_unknown``."""
        return self.use_cases.treasury.payouts_explain(call, payout_id)

    @answers(permission="payouts.approve")
    def ask_payout_approval(self, call: Call, *, payout_id: UUID) -> Json:
        """Ask that a payout above the limit may leave; another decides.

        Refused ``payout_unknown``, ``order_not_drawn_up``, ``approval_not_required``.
        """
        return self.use_cases.treasury.ask_payout_approval(call, payout_id)

    @executes(permission="payouts.decide")
    def approve_payout(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: this very order may leave, when the gate opens."""
        self.use_cases.treasury.approve_payout(tx, approval, by.id)

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
        """An incident's first measure: nothing leaves (7.2)."""
        self.use_cases.reconciliation.when_measure_ordered(tx, event)

    @handles(ContractSigned)
    def when_contract_signed(
        self, tx: Transaction, event: ContractSigned, _envelope: Envelope
    ) -> None:
        self.use_cases.when_contract_signed(tx, event)

    @handles(AdditionalConsentGiven)
    def when_additional_consent_given(
        self, tx: Transaction, event: AdditionalConsentGiven, _envelope: Envelope
    ) -> None:
        self.use_cases.when_additional_consent_given(tx, event)

    @handles(ReleaseConfirmed)
    def when_release_confirmed(
        self, tx: Transaction, event: ReleaseConfirmed, _envelope: Envelope
    ) -> None:
        self.use_cases.when_release_confirmed(tx, event)

    @handles(ContractAnnulled)
    def when_contract_annulled(
        self, tx: Transaction, event: ContractAnnulled, _envelope: Envelope
    ) -> None:
        self.use_cases.when_contract_annulled(tx, event)

    @handles(ContractAmended)
    def when_contract_amended(
        self, tx: Transaction, event: ContractAmended, _envelope: Envelope
    ) -> None:
        self.use_cases.when_contract_amended(tx, event)

    @handles(AmendmentEnded)
    def when_amendment_ended(
        self, tx: Transaction, event: AmendmentEnded, _envelope: Envelope
    ) -> None:
        self.use_cases.when_amendment_ended(tx, event)

    @handles(BankAccountChanged)
    def when_bank_account_changed(
        self, tx: Transaction, event: BankAccountChanged, _envelope: Envelope
    ) -> None:
        self.use_cases.when_bank_account_changed(tx, event)

    @handles(BankAccountRemoved)
    def when_bank_account_removed(
        self, tx: Transaction, event: BankAccountRemoved, _envelope: Envelope
    ) -> None:
        self.use_cases.when_bank_account_removed(tx, event)

    @handles(OperationSuspended)
    def when_operation_suspended(
        self, tx: Transaction, event: OperationSuspended, _envelope: Envelope
    ) -> None:
        self.use_cases.when_operation_suspended(tx, event)

    @handles(PersonalDataErased)
    def when_personal_data_erased(
        self, tx: Transaction, event: PersonalDataErased, _envelope: Envelope
    ) -> None:
        self.use_cases.when_personal_data_erased(tx, event)

    @every(seconds=60)
    def erase_heard(self) -> None:
        """Erase the orders of erased clients whose terms are over."""
        self.use_cases.erase_heard()

    @every(seconds=15)
    def seal_by_own_keys(self) -> None:
        """Seal by clients' own keys what is not yet."""
        self.use_cases.seal_by_own_keys()
