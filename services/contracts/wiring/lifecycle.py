"""Use cases of a contract's life: signing, consent, release, refusal, silence."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.context import Call
from kernel.crypto import Json
from kernel.logging import get_logger
from kernel.pages import Page
from services.contracts.adapters.neighbours import RpcDisbursement
from services.contracts.adapters.onboarding import RpcOnboarding
from services.contracts.domain.contract import LENDER_CHANNEL, Statement
from services.contracts.handlers import (
    contracts,
    reminding,
    renewing,
    schedules,
    signing,
)
from services.contracts.wiring.parts import Parts, client_of

RENEWED: Final = 5
"""The company's signatures looked at per beat: each takes some ten milliseconds."""

log = get_logger("contracts")


@dataclass(frozen=True, slots=True)
class ContractUseCases:
    """What client, company and time do to a contract."""

    parts: Parts

    def list_contracts(self, call: Call, page: Page) -> Json:
        return contracts.list_contracts(
            client_id=client_of(call),
            page=page,
            work=self.parts.work(call.context),
            clock=self.parts.platform.clock,
        )

    def get_contract(self, call: Call, *, contract_id: UUID) -> Json:
        return contracts.get_contract(
            client_id=client_of(call),
            contract_id=contract_id,
            work=self.parts.work(call.context),
            clock=self.parts.platform.clock,
        )

    def read_contract(self, call: Call, *, contract_id: UUID) -> Json:
        return contracts.read_contract(
            contract_id=contract_id, work=self.parts.work(call.context)
        )

    def ask_stop_credit(self, call: Call, *, contract_id: UUID) -> Json:
        return contracts.ask_stop_credit(
            contract_id=contract_id,
            work=self.parts.work(call.context),
            onboarding=RpcOnboarding(self.parts.platform.rpc, call.context),
            bureau=self.parts.bureau,
            clock=self.parts.platform.clock,
        )

    def get_schedule(self, call: Call, *, contract_id: UUID) -> Json:
        return schedules.get_schedule(
            client_id=client_of(call),
            contract_id=contract_id,
            work=self.parts.work(call.context),
        )

    def open_signing(self, call: Call, *, contract_id: UUID) -> Json:
        return contracts.open_signing(
            client_id=client_of(call),
            contract_id=contract_id,
            work=self.parts.work(call.context),
            onboarding=RpcOnboarding(self.parts.platform.rpc, call.context),
            bureau=self.parts.bureau,
            clock=self.parts.platform.clock,
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
            client_id=client_of(call),
            contract_id=contract_id,
            work=self.parts.work(call.context, call),
            seen=seen,
            policy=self.parts.platform.policy,
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
            client_id=client_of(call),
            contract_id=contract_id,
            work=self.parts.work(call.context, call),
            seen=seen,
            policy=self.parts.platform.policy,
            wish=self._statement(text_sha256, second_factor_at),
        )

    def refuse_contract(self, call: Call, *, contract_id: UUID) -> Json:
        return contracts.refuse_contract(
            client_id=client_of(call),
            contract_id=contract_id,
            work=self.parts.work(call.context, call),
            disbursement=RpcDisbursement(self.parts.platform.rpc, call.context),
            clock=self.parts.platform.clock,
        )

    def sign_for_company(self) -> None:
        signing.sign_for_company(self.parts.signing_desk(self.parts.platform.context()))

    def renew_signatures(self) -> None:
        """Renew time stamps of the company's signatures before they age."""
        platform = self.parts.platform
        looked = renewing.renew_ageing(
            self.parts.signing_desk(platform.context()), ids=platform.ids, limit=RENEWED
        )
        for sha256, code in looked.broken:
            log.error("evidence_broken", document_sha256=sha256, code=code)

    def remind(self) -> None:
        reminding.remind(
            work=self.parts.work(self.parts.platform.context()),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
        )

    def annul_silent(self) -> None:
        contracts.annul_silent(
            work=self.parts.work(self.parts.platform.context()),
            clock=self.parts.platform.clock,
        )

    def finish_refusals(self) -> None:
        context = self.parts.platform.context()
        contracts.finish_refusals(
            work=self.parts.work(context),
            disbursement=RpcDisbursement(self.parts.platform.rpc, context),
            clock=self.parts.platform.clock,
        )

    def _statement(self, text_sha256: str, second_factor_at: datetime) -> Statement:
        return Statement(
            text_sha256=text_sha256,
            channel=LENDER_CHANNEL,
            second_factor_at=second_factor_at,
            given_at=self.parts.platform.clock.now(),
        )
