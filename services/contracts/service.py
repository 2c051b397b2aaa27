"""The nameko door: decode, call one use case, answer."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import Field

from kernel import dated
from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import UseCasesProvider, answers, every, executes, handles
from kernel.events import Envelope, Instant, WireMoney
from kernel.events.antifraud import OperationReleased, OperationSuspended
from kernel.events.audit import SettingChanged
from kernel.events.disbursement import (
    PayoutDue,
    PayoutRejected,
    PayoutRepeated,
    PayoutScheduled,
    PayoutSettled,
)
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    BankAccountChanged,
    BankAccountRemoved,
    ClientActivated,
    IdentificationCompleted,
    IdentityChanged,
    PersonalDataErased,
)
from kernel.pages import USUAL, Page
from services.contracts.domain.disclosure import Asked
from services.contracts.domain.editions import MOST_CHARACTERS, TemplateKind
from services.contracts.domain.inquiries import About, InquiryState, Subject
from services.contracts.domain.reading import ReadPurpose
from services.contracts.domain.repayment import Effect
from services.contracts.domain.schedule import RepaymentMethod
from services.contracts.domain.search import Wanted
from services.contracts.domain.states import ContractState
from services.contracts.handlers.accruals import AskedTurn
from services.contracts.handlers.applications import Wish
from services.contracts.wiring import UseCases
from services.contracts.wiring.parts import client_of

_GATEWAY = ("gateway",)
Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Wording = Annotated[str, Field(min_length=1, max_length=MOST_CHARACTERS)]


class Service:
    """Contracts on the bus."""

    name = "contracts"
    use_cases: UseCases = UseCasesProvider()

    @answers(callers=_GATEWAY, client=True)
    def submit_application(
        self,
        call: Call,
        *,
        product: str,
        repayment: RepaymentMethod,
        amount: WireMoney,
        term_days: int,
        account_id: UUID | None = None,
    ) -> Json:
        wish = Wish(
            product=product,
            repayment=repayment,
            amount=amount,
            term_days=term_days,
            account_id=account_id,
        )
        return self.use_cases.applications.submit_application(call, wish)

    @answers(callers=_GATEWAY, client=True)
    def list_products(self, call: Call) -> Json:
        return self.use_cases.applications.list_products(call)

    @answers(callers=_GATEWAY, client=True)
    def draft_schedules(
        self, call: Call, *, product: str, amount: WireMoney, term_days: int
    ) -> Json:
        return self.use_cases.applications.draft_schedules(
            call, product=product, amount=amount, term_days=term_days
        )

    @answers(callers=_GATEWAY, client=True)
    def get_schedule(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.contracts.get_schedule(call, contract_id=contract_id)

    @answers(callers=_GATEWAY, client=True)
    def get_application(self, call: Call, *, application_id: UUID) -> Json:
        return self.use_cases.applications.get_application(
            call, application_id=application_id
        )

    @answers(callers=_GATEWAY, client=True)
    def get_progress(self, call: Call, *, application_id: UUID) -> Json:
        return self.use_cases.applications.get_progress(
            call, application_id=application_id
        )

    @answers(callers=_GATEWAY, client=True)
    def list_applications(
        self, call: Call, *, limit: int = USUAL, before: UUID | None = None
    ) -> Json:
        return self.use_cases.applications.list_applications(
            call, Page(limit=limit, before=before)
        )

    @answers(callers=_GATEWAY, client=True)
    def list_contracts(
        self, call: Call, *, limit: int = USUAL, before: UUID | None = None
    ) -> Json:
        return self.use_cases.contracts.list_contracts(
            call, Page(limit=limit, before=before)
        )

    @answers(callers=_GATEWAY, client=True)
    def get_contract(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.contracts.get_contract(call, contract_id=contract_id)

    @answers(callers=("disbursement-worker",))
    def read_contract(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.contracts.read_contract(call, contract_id=contract_id)

    @answers(callers=("disbursement-worker",))
    def ask_stop_credit(self, call: Call, *, contract_id: UUID) -> Json:
        """``{"stop_credit": bool, "evidence_id": …}``, asked of the bureau now."""
        return self.use_cases.contracts.ask_stop_credit(call, contract_id=contract_id)

    @answers(callers=_GATEWAY, client=True)
    def get_document(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.documents.get_document(call, contract_id=contract_id)

    @answers(callers=_GATEWAY, client=True)
    def list_documents(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.documents.list_documents(call, contract_id=contract_id)

    @answers(callers=_GATEWAY, client=True)
    def read_document(
        self, call: Call, *, contract_id: UUID, sha256: Sha256Hex
    ) -> Json:
        return self.use_cases.documents.read_document(
            call, contract_id=contract_id, sha256=sha256
        )

    @answers(callers=_GATEWAY)
    def look_up_document(self, call: Call, *, digest: Sha256Hex) -> Json:
        return self.use_cases.documents.look_up_document(call, digest=digest)

    @answers(permission="documents.look")
    def documents_list(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.documents.documents_list(call, contract_id=contract_id)

    @answers(permission="documents.read")
    def documents_read(
        self, call: Call, *, contract_id: UUID, sha256: Sha256Hex, purpose: ReadPurpose
    ) -> Json:
        return self.use_cases.documents.documents_read(
            call, contract_id=contract_id, sha256=sha256, purpose=purpose
        )

    @answers(permission="documents.read")
    def documents_export(
        self,
        call: Call,
        *,
        contract_id: UUID,
        disclosure_id: UUID,
        purpose: ReadPurpose,
    ) -> Json:
        return self.use_cases.documents.documents_export(
            call, contract_id=contract_id, disclosure_id=disclosure_id, purpose=purpose
        )

    @answers(permission="templates.look")
    def templates_list(self, call: Call) -> Json:
        return self.use_cases.documents.templates_list(call)

    @answers(permission="templates.look")
    def templates_show(
        self, call: Call, *, kind: TemplateKind, version: int | None = None
    ) -> Json:
        return self.use_cases.documents.templates_show(call, kind=kind, version=version)

    @answers(permission="templates.propose")
    def propose_template(
        self, call: Call, *, kind: TemplateKind, kk: Wording, ru: Wording
    ) -> Json:
        return self.use_cases.documents.propose_template(call, kind=kind, kk=kk, ru=ru)

    @executes(permission="templates.decide")
    def put_template_in_force(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two others agree: documents are made of the edition from now on."""
        self.use_cases.documents.put_template_in_force(tx, approval, by)

    @answers(callers=_GATEWAY, client=True)
    def open_signing(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.contracts.open_signing(call, contract_id=contract_id)

    @answers(callers=_GATEWAY, client=True)
    def give_consent(
        self,
        call: Call,
        *,
        contract_id: UUID,
        text_sha256: str,
        second_factor_at: Instant,
        seen: str | None = None,
    ) -> Json:
        return self.use_cases.contracts.give_consent(
            call,
            contract_id=contract_id,
            text_sha256=text_sha256,
            second_factor_at=second_factor_at,
            seen=seen,
        )

    @answers(callers=_GATEWAY, client=True)
    def confirm_release(
        self,
        call: Call,
        *,
        contract_id: UUID,
        text_sha256: str,
        second_factor_at: Instant,
        seen: str | None = None,
    ) -> Json:
        return self.use_cases.contracts.confirm_release(
            call,
            contract_id=contract_id,
            text_sha256=text_sha256,
            second_factor_at=second_factor_at,
            seen=seen,
        )

    @answers(callers=_GATEWAY, client=True)
    def refuse_contract(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.contracts.refuse_contract(call, contract_id=contract_id)

    @answers(callers=_GATEWAY, client=True)
    def request_amendment(
        self, call: Call, *, contract_id: UUID, account_id: UUID
    ) -> Json:
        return self.use_cases.amendments.request(
            call, contract_id=contract_id, account_id=account_id
        )

    @answers(callers=_GATEWAY, client=True)
    def list_amendments(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.amendments.listed(call, contract_id)

    @answers(callers=_GATEWAY, client=True)
    def open_amendment_signing(
        self, call: Call, *, contract_id: UUID, amendment_id: UUID
    ) -> Json:
        return self.use_cases.amendments.open_signing(
            call, contract_id=contract_id, amendment_id=amendment_id
        )

    @answers(callers=_GATEWAY, client=True)
    def withdraw_amendment(
        self, call: Call, *, contract_id: UUID, amendment_id: UUID
    ) -> Json:
        return self.use_cases.amendments.withdraw(
            call, contract_id=contract_id, amendment_id=amendment_id
        )

    @answers(permission="documents.look")
    def amendments_list(self, call: Call, *, contract_id: UUID) -> Json:
        """The amendments of a contract; Refused ``not_found``."""
        return self.use_cases.amendments.listed_for_staff(call, contract_id)

    @answers(permission="documents.look")
    def amendments_show(self, call: Call, *, amendment_id: UUID) -> Json:
        """One amendment with its proofs; Refused ``amendment_not_found``."""
        return self.use_cases.amendments.shown_for_staff(call, amendment_id)

    @answers(permission="applications.look")
    def applications_held(self, call: Call) -> Json:
        """The applications that wait for a person."""
        return self.use_cases.applications.applications_held(call)

    @answers(permission="applications.look")
    def applications_show(self, call: Call, *, application_id: UUID) -> Json:
        """One application with its decision trace; Refused ``not_found``."""
        return self.use_cases.applications.applications_show(call, application_id)

    @answers(permission="applications.decide")
    def ask_again(self, call: Call, *, application_id: UUID) -> Json:
        """Have everybody asked anew; Refused ``not_found``, ``not_held``."""
        return self.use_cases.applications.ask_again(call, application_id)

    @answers(permission="applications.decide")
    def refuse_application(
        self, call: Call, *, application_id: UUID, reason: str
    ) -> Json:
        """Refuse what could not be established.

        Refused ``not_found``, ``not_held``, ``reason_unfit``.
        """
        return self.use_cases.applications.refuse_application(
            call, application_id, reason
        )

    @answers(permission="disclosures.ask")
    def ask_disclosure(
        self,
        call: Call,
        *,
        ground: str,
        recipient: str,
        days: int,
        document_b64: str,
        proofs: tuple[str, ...] = (),
        client_id: UUID | None = None,
    ) -> Json:
        """Ask for a disclosure of one client, or of the whole log; another decides.

        Refused ``ground_not_listed``, ``proof_missing``, ``scope_too_wide``,
        ``expiry_unfit``, ``reason_unfit``, ``document_unfit``.
        """
        asked = Asked(
            ground=ground,
            recipient=recipient,
            client_id=client_id,
            document_sha256="",
            proofs=tuple(sorted(proofs)),
            days=days,
        )
        return self.use_cases.disclosures.ask(call, asked, document_b64)

    @executes(permission="disclosures.decide")
    def record_disclosure(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: the entry stands in the register."""
        self.use_cases.disclosures.record(tx, approval, by.id)

    @answers(permission="disclosures.look")
    def disclosures_list(self, call: Call) -> Json:
        """The newest entries of the register."""
        return self.use_cases.disclosures.listed(call)

    @answers(permission="disclosures.look")
    def disclosures_show(self, call: Call, *, disclosure_id: UUID) -> Json:
        """One entry; Refused ``disclosure_not_found``."""
        return self.use_cases.disclosures.shown(call, disclosure_id)

    @answers(permission="disclosures.look")
    def disclosure_document(self, call: Call, *, document_sha256: str) -> Json:
        """The request an entry stands on; Refused ``document_not_found``."""
        return self.use_cases.disclosures.document(call, document_sha256)

    @answers(callers=("audit",))
    def check_disclosure(
        self, call: Call, *, disclosure_id: UUID, client_id: UUID | None = None
    ) -> Json:
        """The entry that covers a copy now; Refused ``disclosure_not_valid``."""
        return self.use_cases.disclosures.valid(call, disclosure_id, client_id)

    @answers(callers=("audit",))
    def sign_for_audit(self, call: Call, *, document_b64: str) -> Json:
        """The company's signature under what audit gives out of the log.

        Refused ``document_unfit``: neither a PDF nor the manifest of a part.
        """
        return self.use_cases.documents.sign_for_audit(call, document_b64)

    @answers(callers=_GATEWAY, client=True)
    def list_own_disclosures(
        self, call: Call, *, limit: int = USUAL, before: UUID | None = None
    ) -> Json:
        return self.use_cases.disclosures.own(
            call, client_of(call), Page(limit=limit, before=before)
        )

    @answers(callers=_GATEWAY, client=True)
    def open_inquiry(
        self, call: Call, *, about: About, text: str, about_id: UUID | None = None
    ) -> Json:
        subject = Subject(about=about, id=about_id)
        return self.use_cases.inquiries.open(call, subject, text)

    @answers(callers=_GATEWAY, client=True)
    def write_letter(self, call: Call, *, inquiry_id: UUID, text: str) -> Json:
        return self.use_cases.inquiries.write_on(call, inquiry_id, text)

    @answers(callers=_GATEWAY, client=True)
    def list_own_inquiries(
        self, call: Call, *, limit: int = USUAL, before: UUID | None = None
    ) -> Json:
        page = Page(limit=limit, before=before)
        return self.use_cases.inquiries.list_own(call, page)

    @answers(callers=_GATEWAY, client=True)
    def get_own_inquiry(self, call: Call, *, inquiry_id: UUID) -> Json:
        return self.use_cases.inquiries.show_own(call, inquiry_id)

    @answers(permission="contracts.search")
    def search_contracts(
        self,
        call: Call,
        *,
        number: str | None = None,
        client_id: UUID | None = None,
        state: ContractState | None = None,
        since: date | None = None,
        until: date | None = None,
        iin: str | None = None,
        phone: str | None = None,
    ) -> Json:
        """Contracts that fit everything named; of a person, that is on record.

        Refused ``search_too_wide``, ``iin_invalid``, ``phone_invalid``.
        """
        wanted = Wanted(
            number=number, client_id=client_id, state=state, since=since, until=until
        )
        return self.use_cases.history.search(call, wanted, iin=iin, phone=phone)

    @answers(permission="contracts.look")
    def contract_timeline(self, call: Call, *, contract_id: UUID) -> Json:
        """One contract's whole way with its evidence; Refused ``not_found``."""
        return self.use_cases.history.timeline(call, contract_id)

    @answers(permission="inquiries.look")
    def inquiries_list(self, call: Call, *, state: InquiryState) -> Json:
        """Inquiries in a state, the one due first before the others."""
        return self.use_cases.inquiries.queue(call, state)

    @answers(permission="inquiries.read")
    def read_inquiry(
        self, call: Call, *, inquiry_id: UUID, purpose: ReadPurpose
    ) -> Json:
        """One with its letters; the client sees that.  Refused ``not_found``."""
        return self.use_cases.inquiries.read(call, inquiry_id, purpose)

    @answers(permission="inquiries.answer")
    def answer_inquiry(self, call: Call, *, inquiry_id: UUID, text: str) -> Json:
        """Answer the client.

        Refused ``not_found``, ``inquiry_closed``, ``letter_unfit``,
        ``card_number_refused``.
        """
        return self.use_cases.inquiries.answer(call, inquiry_id, text)

    @answers(permission="inquiries.answer")
    def extend_inquiry(self, call: Call, *, inquiry_id: UUID, reason: str) -> Json:
        """Put the limit off, once.

        Refused ``not_found``, ``inquiry_closed``, ``inquiry_answered``,
        ``inquiry_extended``, ``reason_unfit``.
        """
        return self.use_cases.inquiries.extend(call, inquiry_id, reason)

    @answers(permission="inquiries.answer")
    def close_inquiry(self, call: Call, *, inquiry_id: UUID) -> Json:
        """End it.  Refused ``not_found``, ``inquiry_waiting``, ``inquiry_closed``."""
        return self.use_cases.inquiries.close(call, inquiry_id)

    @answers(callers=_GATEWAY, client=True)
    def get_debt(self, call: Call, *, contract_id: UUID) -> Json:
        return self.use_cases.repayments.get_debt(call, contract_id=contract_id)

    @answers(callers=_GATEWAY, client=True)
    def quote_payoff(self, call: Call, *, contract_id: UUID, day: date) -> Json:
        return self.use_cases.repayments.quote_payoff(
            call, contract_id=contract_id, day=day
        )

    @answers(callers=_GATEWAY, client=True)
    def order_early_repayment(
        self,
        call: Call,
        *,
        contract_id: UUID,
        day: date,
        amount: WireMoney,
        effect: Effect,
    ) -> Json:
        return self.use_cases.repayments.order_early_repayment(
            call, contract_id=contract_id, day=day, amount=amount, effect=effect
        )

    @answers(permission="repayments.look")
    def repayments_list(self, call: Call) -> Json:
        """Credits nobody recognised, and entries the bank contradicts itself in."""
        return self.use_cases.repayments.listed(call)

    @answers(permission="repayments.read")
    def repayments_show(self, call: Call, *, credit_id: UUID) -> Json:
        """One credit with what its payer wrote; Refused ``credit_not_found``."""
        return self.use_cases.repayments.shown(call, credit_id)

    @answers(permission="repayments.look")
    def repayments_account(self, call: Call, *, contract_id: UUID) -> Json:
        """A contract's account with its whole ledger; Refused ``not_found``."""
        return self.use_cases.repayments.account(call, contract_id)

    @answers(permission="repayments.assign")
    def ask_assignment(self, call: Call, *, credit_id: UUID, contract_id: UUID) -> Json:
        """Say whose a credit is; another decides.

        Refused ``credit_not_found``, ``credit_assigned``, ``contract_not_paid_out``.
        """
        return self.use_cases.repayments.ask_assignment(call, credit_id, contract_id)

    @executes(permission="repayments.decide")
    def assign_credit(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: the credit counts for the contract."""
        self.use_cases.repayments.assign(tx, approval, by.id)

    @answers(permission="repayments.assign")
    def ask_settlement(self, call: Call, *, credit_id: UUID, document_b64: str) -> Json:
        """Say that the bank has answered about an entry; another decides.

        Refused ``credit_not_found``, ``document_unfit``.
        """
        return self.use_cases.repayments.ask_settlement(call, credit_id, document_b64)

    @executes(permission="repayments.decide")
    def settle_contradiction(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: an entry in which the bank contradicts itself is settled."""
        self.use_cases.repayments.settle(tx, approval, by.id)

    @answers(permission="accruals.ask")
    def ask_accrual(
        self,
        call: Call,
        *,
        contract_id: UUID,
        day: date,
        stopped: bool,
        told: bool,
        document_b64: str,
    ) -> Json:
        """Stop accrual on an investigator's notice, or lift that; another decides.

        Refused ``not_found``, ``document_unfit``, ``accrual_day_unfit``,
        ``accrual_not_stopped``.
        """
        asked = AskedTurn(
            contract_id=contract_id,
            day=day,
            stopped=stopped,
            told=told,
            document_sha256="",
        )
        return self.use_cases.repayments.ask_turn(call, asked, document_b64)

    @executes(permission="accruals.decide")
    def turn_accrual(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two agree: accrual stops, or goes on."""
        self.use_cases.repayments.turn(tx, approval, by.id)

    @answers(permission="visits.record")
    def visits_list(self, call: Call, *, client_id: UUID | None = None) -> Json:
        """The newest visits, of one client or of all."""
        return self.use_cases.applications.visits_list(call, client_id)

    @answers(permission="visits.record")
    def ask_visit(self, call: Call, *, client_id: UUID, visited_on: date) -> Json:
        """Say that a client came in person; another of the staff confirms it."""
        return self.use_cases.applications.ask_visit(call, client_id, visited_on)

    @executes(permission="visits.decide")
    def record_visit(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        """Two others agree: the client came in person."""
        self.use_cases.applications.record_visit(tx, approval, by.id)

    @handles(SettingChanged)
    def when_setting_changed(
        self, tx: Transaction, event: SettingChanged, _envelope: Envelope
    ) -> None:
        """A dated setting has another value: kept here, soon in force (6.3)."""
        dated.keep(tx, event)

    @handles(ClientActivated)
    def when_client_activated(
        self, tx: Transaction, event: ClientActivated, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_client_activated(tx, event)

    @handles(AccountOwnershipProved)
    def when_account_ownership_proved(
        self, tx: Transaction, event: AccountOwnershipProved, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_account_ownership_proved(tx, event)

    @handles(AccountOwnershipLost)
    def when_account_ownership_lost(
        self, tx: Transaction, event: AccountOwnershipLost, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_account_ownership_lost(tx, event)

    @handles(BankAccountChanged)
    def when_bank_account_changed(
        self, tx: Transaction, event: BankAccountChanged, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_bank_account_changed(tx, event)

    @handles(BankAccountRemoved)
    def when_bank_account_removed(
        self, tx: Transaction, event: BankAccountRemoved, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_bank_account_removed(tx, event)

    @handles(OperationSuspended)
    def when_operation_suspended(
        self, tx: Transaction, event: OperationSuspended, envelope: Envelope
    ) -> None:
        """The client is suspended: silence is not counted."""
        self.use_cases.reactions.when_operation_suspended(tx, event, envelope)

    @handles(OperationReleased)
    def when_operation_released(
        self, tx: Transaction, event: OperationReleased, envelope: Envelope
    ) -> None:
        """The client may go on: so does the count."""
        self.use_cases.reactions.when_operation_released(tx, event, envelope)

    @handles(IdentificationCompleted)
    def when_identification_completed(
        self, tx: Transaction, event: IdentificationCompleted, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_identification_completed(tx, event)

    @handles(IdentityChanged)
    def when_identity_changed(
        self, tx: Transaction, event: IdentityChanged, envelope: Envelope
    ) -> None:
        """What names the client as before is signed no more."""
        self.use_cases.reactions.when_identity_changed(tx, event, envelope)

    @handles(PersonalDataErased)
    def when_personal_data_erased(
        self, tx: Transaction, event: PersonalDataErased, _envelope: Envelope
    ) -> None:
        self.use_cases.erasures.when_personal_data_erased(tx, event)

    @handles(PayoutScheduled)
    def when_payout_scheduled(
        self, tx: Transaction, event: PayoutScheduled, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_payout_scheduled(tx, event)

    @handles(PayoutDue)
    def when_payout_due(
        self, tx: Transaction, event: PayoutDue, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_payout_due(tx, event)

    @handles(PayoutRejected)
    def when_payout_rejected(
        self, tx: Transaction, event: PayoutRejected, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_payout_rejected(tx, event)

    @handles(PayoutRepeated)
    def when_payout_repeated(
        self, tx: Transaction, event: PayoutRepeated, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_payout_repeated(tx, event)

    @handles(PayoutSettled)
    def when_payout_settled(
        self, tx: Transaction, event: PayoutSettled, _envelope: Envelope
    ) -> None:
        self.use_cases.reactions.when_payout_settled(tx, event)

    @every(seconds=15)
    def decide_held(self) -> None:
        self.use_cases.applications.decide_held()

    @every(seconds=600)
    def count_overdue_inquiries(self) -> None:
        self.use_cases.inquiries.count_overdue()

    @every(seconds=60)
    def end_unestablished(self) -> None:
        self.use_cases.applications.end_unestablished()

    @every(seconds=60)
    def forget_origins(self) -> None:
        """Forget where what has ended was asked for."""
        self.use_cases.applications.forget_origins()

    @every(seconds=1)
    def sign_for_company(self) -> None:
        self.use_cases.contracts.sign_for_company()

    @every(seconds=60)
    def renew_signatures(self) -> None:
        """Renew time stamps of the company's signatures before they age."""
        self.use_cases.contracts.renew_signatures()

    @every(seconds=1)
    def offer_amendments(self) -> None:
        self.use_cases.amendments.offer()

    @every(seconds=1)
    def sign_amendments(self) -> None:
        self.use_cases.amendments.sign_for_company()

    @every(seconds=60)
    def end_amendments(self) -> None:
        self.use_cases.amendments.end()

    @every(seconds=60)
    def remind(self) -> None:
        self.use_cases.contracts.remind()

    @every(seconds=60)
    def annul_silent(self) -> None:
        self.use_cases.contracts.annul_silent()

    @every(seconds=60)
    def finish_refusals(self) -> None:
        self.use_cases.contracts.finish_refusals()

    @every(seconds=60)
    def erase_heard(self) -> None:
        """Erase clients whom onboarding has erased and whose terms are over."""
        self.use_cases.erasures.erase_heard()

    @every(seconds=15)
    def seal_by_own_keys(self) -> None:
        """Seal by clients' own keys what is not yet."""
        self.use_cases.erasures.seal_by_own_keys()

    @every(seconds=10)
    def read_statement(self) -> None:
        self.use_cases.repayments.read_statement()

    @every(seconds=15)
    def count_accounts(self) -> None:
        self.use_cases.repayments.count_all()
