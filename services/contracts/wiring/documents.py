"""Use cases of documents and of the wordings they are made of."""

from dataclasses import dataclass
from uuid import UUID

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call, StaffMember
from kernel.crypto import Json
from kernel.database import Transaction
from services.contracts.domain.editions import TemplateKind
from services.contracts.domain.reading import ReadPurpose
from services.contracts.handlers import (
    documents,
    exports,
    templates,
)
from services.contracts.wiring.parts import Parts, client_of


@dataclass(frozen=True, slots=True)
class DocumentUseCases:
    """Reading and exporting what is on file; editions of wordings."""

    parts: Parts

    def get_document(self, call: Call, *, contract_id: UUID) -> Json:
        return documents.get_document(
            client_id=client_of(call),
            contract_id=contract_id,
            work=self.parts.work(call.context),
        )

    def list_documents(self, call: Call, *, contract_id: UUID) -> Json:
        return documents.list_documents(
            client_id=client_of(call),
            contract_id=contract_id,
            work=self.parts.work(call.context),
        )

    def read_document(self, call: Call, *, contract_id: UUID, sha256: str) -> Json:
        return documents.read_document(
            client_id=client_of(call),
            contract_id=contract_id,
            sha256=sha256,
            work=self.parts.work(call.context),
        )

    def look_up_document(self, call: Call, *, digest: str) -> Json:
        return documents.look_up(digest=digest, work=self.parts.work(call.context))

    def documents_list(self, call: Call, *, contract_id: UUID) -> Json:
        return documents.list_for_staff(
            contract_id=contract_id, work=self.parts.work(call.context)
        )

    def documents_read(
        self, call: Call, *, contract_id: UUID, sha256: str, purpose: ReadPurpose
    ) -> Json:
        return documents.read_for_staff(
            contract_id=contract_id,
            sha256=sha256,
            purpose=purpose,
            by=call.by,
            work=self.parts.work(call.context),
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
            desk=self.parts.signing_desk(call.context),
        )

    def sign_for_audit(self, call: Call, document_b64: str) -> Json:
        return exports.sign_for_audit(
            document_b64, desk=self.parts.signing_desk(call.context)
        )

    def templates_list(self, call: Call) -> Json:
        return templates.list_templates(work=self.parts.work(call.context))

    def templates_show(
        self, call: Call, *, kind: TemplateKind, version: int | None
    ) -> Json:
        return templates.show_template(
            kind=kind, version=version, work=self.parts.work(call.context)
        )

    def propose_template(
        self, call: Call, *, kind: TemplateKind, kk: str, ru: str
    ) -> Json:
        with self.parts.platform.database.begin(call.context) as tx:
            template = templates.proposed(kind, kk=kk, ru=ru, unit=self.parts.unit(tx))
            asked = approvals.request(
                tx,
                operation=templates.OPERATION,
                arguments=templates.arguments_of(template),
                effect=f"documents are made of {template.name}"
                f" ({template.sha256[:16]}…) from then on",
                by=call.by,
                policy=self.parts.platform.policy,
                ids=self.parts.platform.ids,
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
            unit=self.parts.unit(tx),
            clock=self.parts.platform.clock,
        )
