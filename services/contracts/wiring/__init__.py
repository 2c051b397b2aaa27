"""The composition root: use cases on top of the platform's parts."""

from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from uuid import UUID

import httpx

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call, Context, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.errors import Broken
from kernel.events.disbursement import (
    PayoutDue,
    PayoutRejected,
    PayoutScheduled,
    PayoutSettled,
)
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    BankAccountRemoved,
    ClientActivated,
    IdentificationCompleted,
)
from kernel.money import Money
from kernel.pages import Page
from kernel.platform import Platform
from kernel.tls import client_context
from services.contracts.adapters import (
    REGISTER_TIMEOUT,
    HttpBureau,
    HttpMonitoring,
    HttpState,
    RpcAntifraud,
    RpcDisbursement,
    RpcOnboarding,
    RpcWitness,
)
from services.contracts.adapters.printing import PdfPrinter
from services.contracts.adapters.signing import SoftSigner
from services.contracts.domain.contract import LENDER_CHANNEL, Statement
from services.contracts.domain.editions import TemplateKind
from services.contracts.domain.reading import ReadPurpose
from services.contracts.handlers import (
    applications,
    contracts,
    documents,
    exports,
    reactions,
    reminding,
    schedules,
    signing,
    templates,
    underwriting,
)
from services.contracts.handlers.applications import Wish
from services.contracts.handlers.signing import SigningDesk
from services.contracts.ports import (
    Bureau,
    CompanySigner,
    Judges,
    Monitoring,
    Printer,
    StateRegisters,
    Visit,
)
from services.contracts.settings import Settings
from services.contracts.storage.work import DatabaseUnit, DatabaseWork
from services.contracts.wiring.disclosures import DisclosureUseCases


@dataclass(frozen=True, slots=True)
class UseCases:
    """Everything the door can ask for; one object serves all workers."""

    platform: Platform[Settings]
    bureau: Bureau
    state: StateRegisters
    monitoring: Monitoring
    printer: Printer
    signer: CompanySigner
    resting: dict[UUID, datetime] = field(default_factory=dict)
    """Contracts whose signing failed by a defect, and until when they rest."""

    def submit_application(self, call: Call, wish: Wish) -> Json:
        return applications.submit_application(
            client_id=_client(call),
            wish=wish,
            work=self._work(call.context, call),
            judges=self._judges(call.context),
            policy=self.platform.policy,
            clock=self.platform.clock,
            ids=self.platform.ids,
        )

    def list_products(self, _call: Call) -> Json:
        return schedules.list_products(
            policy=self.platform.policy, clock=self.platform.clock
        )

    def draft_schedules(
        self, _call: Call, *, product: str, amount: Money, term_days: int
    ) -> Json:
        return schedules.draft_schedules(
            product=product,
            amount=amount,
            term_days=term_days,
            policy=self.platform.policy,
            clock=self.platform.clock,
        )

    def get_schedule(self, call: Call, *, contract_id: UUID) -> Json:
        return schedules.get_schedule(
            client_id=_client(call),
            contract_id=contract_id,
            work=self._work(call.context),
        )

    def get_application(self, call: Call, *, application_id: UUID) -> Json:
        return applications.get_application(
            client_id=_client(call),
            application_id=application_id,
            work=self._work(call.context),
        )

    def list_applications(self, call: Call, page: Page) -> Json:
        return applications.list_applications(
            client_id=_client(call), page=page, work=self._work(call.context)
        )

    def list_contracts(self, call: Call, page: Page) -> Json:
        return contracts.list_contracts(
            client_id=_client(call),
            page=page,
            work=self._work(call.context),
            clock=self.platform.clock,
        )

    def get_contract(self, call: Call, *, contract_id: UUID) -> Json:
        return contracts.get_contract(
            client_id=_client(call),
            contract_id=contract_id,
            work=self._work(call.context),
            clock=self.platform.clock,
        )

    def read_contract(self, call: Call, *, contract_id: UUID) -> Json:
        return contracts.read_contract(
            contract_id=contract_id, work=self._work(call.context)
        )

    def get_document(self, call: Call, *, contract_id: UUID) -> Json:
        return documents.get_document(
            client_id=_client(call),
            contract_id=contract_id,
            work=self._work(call.context),
        )

    def list_documents(self, call: Call, *, contract_id: UUID) -> Json:
        return documents.list_documents(
            client_id=_client(call),
            contract_id=contract_id,
            work=self._work(call.context),
        )

    def read_document(self, call: Call, *, contract_id: UUID, sha256: str) -> Json:
        return documents.read_document(
            client_id=_client(call),
            contract_id=contract_id,
            sha256=sha256,
            work=self._work(call.context),
        )

    def look_up_document(self, call: Call, *, digest: str) -> Json:
        return documents.look_up(digest=digest, work=self._work(call.context))

    def documents_list(self, call: Call, *, contract_id: UUID) -> Json:
        return documents.list_for_staff(
            contract_id=contract_id, work=self._work(call.context)
        )

    def documents_read(
        self, call: Call, *, contract_id: UUID, sha256: str, purpose: ReadPurpose
    ) -> Json:
        return documents.read_for_staff(
            contract_id=contract_id,
            sha256=sha256,
            purpose=purpose,
            by=call.by,
            work=self._work(call.context),
        )

    def documents_export(
        self,
        call: Call,
        *,
        contract_id: UUID,
        disclosure_id: UUID,
        purpose: ReadPurpose,
    ) -> Json:
        return exports.export_contract(
            contract_id,
            disclosure_id=disclosure_id,
            purpose=purpose,
            by=call.by,
            desk=self._signing_desk(call.context),
        )

    def templates_list(self, call: Call) -> Json:
        return templates.list_templates(work=self._work(call.context))

    def templates_show(
        self, call: Call, *, kind: TemplateKind, version: int | None
    ) -> Json:
        return templates.show_template(
            kind=kind, version=version, work=self._work(call.context)
        )

    def propose_template(
        self, call: Call, *, kind: TemplateKind, kk: str, ru: str
    ) -> Json:
        with self.platform.database.begin(call.context) as tx:
            template = templates.proposed(kind, kk=kk, ru=ru, unit=self._unit(tx))
            asked = approvals.request(
                tx,
                operation=templates.OPERATION,
                arguments=templates.arguments_of(template),
                effect=f"documents are made of {template.name}"
                f" ({template.sha256[:16]}…) from then on",
                by=call.by,
                policy=self.platform.policy,
                ids=self.platform.ids,
            )
        return {
            "approval_id": str(asked.approval_id),
            "template": template.name,
            "effect": asked.effect,
        }

    def put_template_in_force(
        self, tx: Transaction, approval: Approval, by: StaffMember
    ) -> None:
        templates.put_in_force(
            approval.arguments,
            approval_id=approval.approval_id,
            asked_by=approval.requested_by,
            approved_by=by.id,
            unit=self._unit(tx),
            clock=self.platform.clock,
        )

    def open_signing(self, call: Call, *, contract_id: UUID) -> Json:
        return contracts.open_signing(
            client_id=_client(call),
            contract_id=contract_id,
            work=self._work(call.context),
            onboarding=RpcOnboarding(self.platform.rpc, call.context),
            bureau=self.bureau,
            clock=self.platform.clock,
        )

    def give_consent(
        self,
        call: Call,
        *,
        contract_id: UUID,
        text_sha256: str,
        second_factor_at: datetime,
        seen: str | None,
    ) -> Json:
        return contracts.give_consent(
            client_id=_client(call),
            contract_id=contract_id,
            work=self._work(call.context, call),
            seen=seen,
            policy=self.platform.policy,
            wish=self._statement(text_sha256, second_factor_at),
        )

    def confirm_release(
        self,
        call: Call,
        *,
        contract_id: UUID,
        text_sha256: str,
        second_factor_at: datetime,
        seen: str | None,
    ) -> Json:
        return contracts.confirm_release(
            client_id=_client(call),
            contract_id=contract_id,
            work=self._work(call.context, call),
            seen=seen,
            policy=self.platform.policy,
            wish=self._statement(text_sha256, second_factor_at),
        )

    def refuse_contract(self, call: Call, *, contract_id: UUID) -> Json:
        return contracts.refuse_contract(
            client_id=_client(call),
            contract_id=contract_id,
            work=self._work(call.context, call),
            disbursement=RpcDisbursement(self.platform.rpc, call.context),
            clock=self.platform.clock,
        )

    def decide_held(self) -> None:
        context = self.platform.context()
        applications.decide_held(
            work=self._work(context),
            judges=self._judges(context),
            policy=self.platform.policy,
            clock=self.platform.clock,
            ids=self.platform.ids,
        )

    def applications_held(self, call: Call) -> Json:
        return underwriting.list_held(work=self._work(call.context))

    def applications_show(self, call: Call, application_id: UUID) -> Json:
        return underwriting.show(application_id, work=self._work(call.context))

    def ask_again(self, call: Call, application_id: UUID) -> Json:
        return underwriting.ask_again(
            application_id, work=self._work(call.context), clock=self.platform.clock
        )

    def refuse_application(self, call: Call, application_id: UUID, reason: str) -> Json:
        return underwriting.refuse(
            application_id,
            reason=reason,
            by=call.by,
            work=self._work(call.context),
            clock=self.platform.clock,
        )

    @property
    def disclosures(self) -> DisclosureUseCases:
        return DisclosureUseCases(self.platform)

    def list_own_disclosures(self, call: Call, page: Page) -> Json:
        return self.disclosures.own(call, _client(call), page)

    def ask_visit(self, call: Call, client_id: UUID, visited_on: date) -> Json:
        platform = self.platform
        effect = underwriting.visit_effect(client_id, visited_on, clock=platform.clock)
        with platform.database.begin(call.context) as tx:
            asked = approvals.request(
                tx,
                operation=underwriting.VISIT,
                arguments={
                    "client_id": str(client_id),
                    "visited_on": visited_on.isoformat(),
                },
                effect=effect,
                by=call.by,
                policy=platform.policy,
                ids=platform.ids,
            )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def record_visit(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        asked = approval.arguments
        underwriting.record_visit(
            Visit(
                client_id=UUID(str(asked["client_id"])),
                visited_on=date.fromisoformat(str(asked["visited_on"])),
                approval_id=approval.approval_id,
                recorded_by=approval.requested_by,
                confirmed_by=by,
            ),
            unit=self._unit(tx),
            clock=self.platform.clock,
        )

    def sign_for_company(self) -> None:
        signing.sign_for_company(self._signing_desk(self.platform.context()))

    def remind(self) -> None:
        reminding.remind(
            work=self._work(self.platform.context()),
            policy=self.platform.policy,
            clock=self.platform.clock,
        )

    def annul_silent(self) -> None:
        contracts.annul_silent(
            work=self._work(self.platform.context()), clock=self.platform.clock
        )

    def finish_refusals(self) -> None:
        context = self.platform.context()
        contracts.finish_refusals(
            work=self._work(context),
            disbursement=RpcDisbursement(self.platform.rpc, context),
            clock=self.platform.clock,
        )

    def when_client_activated(self, tx: Transaction, event: ClientActivated) -> None:
        reactions.when_client_activated(
            event, unit=self._unit(tx), clock=self.platform.clock
        )

    def when_account_ownership_proved(
        self, tx: Transaction, event: AccountOwnershipProved
    ) -> None:
        reactions.when_account_ownership_proved(
            event, unit=self._unit(tx), clock=self.platform.clock
        )

    def when_account_ownership_lost(
        self, tx: Transaction, event: AccountOwnershipLost
    ) -> None:
        reactions.when_account_ownership_lost(
            event, unit=self._unit(tx), clock=self.platform.clock
        )

    def when_bank_account_removed(
        self, tx: Transaction, event: BankAccountRemoved
    ) -> None:
        reactions.when_bank_account_removed(
            event, unit=self._unit(tx), clock=self.platform.clock
        )

    def when_identification_completed(
        self, tx: Transaction, event: IdentificationCompleted
    ) -> None:
        reactions.when_identification_completed(event, unit=self._unit(tx))

    def when_payout_scheduled(self, tx: Transaction, event: PayoutScheduled) -> None:
        reactions.when_payout_scheduled(
            event, unit=self._unit(tx), clock=self.platform.clock
        )

    def when_payout_due(self, tx: Transaction, event: PayoutDue) -> None:
        reactions.when_payout_due(event, unit=self._unit(tx), clock=self.platform.clock)

    def when_payout_rejected(self, tx: Transaction, event: PayoutRejected) -> None:
        reactions.when_payout_rejected(
            event, unit=self._unit(tx), clock=self.platform.clock
        )

    def when_payout_settled(self, tx: Transaction, event: PayoutSettled) -> None:
        reactions.when_payout_settled(
            event, unit=self._unit(tx), policy=self.platform.policy
        )

    def _work(self, context: Context, call: Call | None = None) -> DatabaseWork:
        return DatabaseWork(
            self.platform.database,
            context,
            field_keys=self.platform.field_keys,
            call=call,
        )

    def _unit(self, tx: Transaction) -> DatabaseUnit:
        return DatabaseUnit(tx, field_keys=self.platform.field_keys)

    def _signing_desk(self, context: Context) -> SigningDesk:
        return SigningDesk(
            work=self._work(context),
            signer=self.signer,
            witness=RpcWitness(self.platform.rpc, context),
            printer=self.printer,
            policy=self.platform.policy,
            clock=self.platform.clock,
            resting=self.resting,
        )

    def _judges(self, context: Context) -> Judges:
        return Judges(
            onboarding=RpcOnboarding(self.platform.rpc, context),
            bureau=self.bureau,
            state=self.state,
            monitoring=self.monitoring,
            antifraud=RpcAntifraud(self.platform.rpc, context),
            printer=self.printer,
        )

    def _statement(self, text_sha256: str, second_factor_at: datetime) -> Statement:
        return Statement(
            text_sha256=text_sha256,
            channel=LENDER_CHANNEL,
            second_factor_at=second_factor_at,
            given_at=self.platform.clock.now(),
        )


def build(platform: Platform[Settings]) -> UseCases:
    """Connect nothing yet; the first request does."""
    settings = platform.settings

    def client(url: str) -> httpx.Client:
        return httpx.Client(
            base_url=url,
            verify=client_context(
                settings.outer_ca, settings.outer_cert, settings.outer_key
            ),
            timeout=REGISTER_TIMEOUT,
            follow_redirects=False,
            trust_env=False,
        )

    return UseCases(
        platform,
        bureau=HttpBureau(client(settings.bureau_url)),
        state=HttpState(client(settings.state_url)),
        monitoring=HttpMonitoring(client(settings.monitoring_url)),
        printer=PdfPrinter(site=settings.public_url),
        signer=SoftSigner(Path(settings.signer_key), Path(settings.signer_certificate)),
    )


def _client(call: Call) -> UUID:
    """The client in whose name the gateway asks; the door has verified it."""
    if call.client_id is None:
        raise Broken("A client's request came without a client")
    return call.client_id
