"""Use cases of amendments: the client's, the staff's, and the beats."""

from dataclasses import dataclass
from uuid import UUID

from kernel.context import Call
from kernel.crypto import Json
from services.contracts.adapters.neighbours import RpcDisbursement
from services.contracts.adapters.onboarding import RpcOnboarding
from services.contracts.handlers import amending, amendments
from services.contracts.handlers.amending import AmendingDesk
from services.contracts.wiring.parts import Parts, client_of


@dataclass(frozen=True, slots=True)
class AmendmentUseCases:
    """What becomes of a contract whose account is to be another."""

    parts: Parts

    def request(self, call: Call, *, contract_id: UUID, account_id: UUID) -> Json:
        return amendments.request_amendment(
            client_id=client_of(call),
            contract_id=contract_id,
            account_id=account_id,
            work=self.parts.work(call.context, call),
            onboarding=RpcOnboarding(self.parts.platform.rpc, call.context),
            clock=self.parts.platform.clock,
            ids=self.parts.platform.ids,
        )

    def listed(self, call: Call, contract_id: UUID) -> Json:
        return amendments.list_amendments(
            client_id=client_of(call),
            contract_id=contract_id,
            work=self.parts.work(call.context),
            clock=self.parts.platform.clock,
        )

    def open_signing(
        self, call: Call, *, contract_id: UUID, amendment_id: UUID
    ) -> Json:
        return amendments.open_signing(
            client_id=client_of(call),
            contract_id=contract_id,
            amendment_id=amendment_id,
            work=self.parts.work(call.context),
            onboarding=RpcOnboarding(self.parts.platform.rpc, call.context),
            clock=self.parts.platform.clock,
            ids=self.parts.platform.ids,
        )

    def withdraw(self, call: Call, *, contract_id: UUID, amendment_id: UUID) -> Json:
        return amendments.withdraw_amendment(
            client_id=client_of(call),
            contract_id=contract_id,
            amendment_id=amendment_id,
            work=self.parts.work(call.context, call),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
        )

    def listed_for_staff(self, call: Call, contract_id: UUID) -> Json:
        return amendments.list_for_staff(
            contract_id=contract_id,
            work=self.parts.work(call.context),
            clock=self.parts.platform.clock,
        )

    def shown_for_staff(self, call: Call, amendment_id: UUID) -> Json:
        return amendments.show_for_staff(
            amendment_id=amendment_id,
            work=self.parts.work(call.context),
            clock=self.parts.platform.clock,
        )

    def offer(self) -> None:
        amending.offer_amendments(self._desk())

    def sign_for_company(self) -> None:
        amending.sign_amendments(self._desk())

    def end(self) -> None:
        amending.end_amendments(self._desk())

    def _desk(self) -> AmendingDesk:
        context = self.parts.platform.context()
        rpc = self.parts.platform.rpc
        return AmendingDesk(
            signing=self.parts.signing_desk(context),
            onboarding=RpcOnboarding(rpc, context),
            disbursement=RpcDisbursement(rpc, context),
        )
