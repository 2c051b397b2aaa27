"""Use cases of repayments: statement, accounts, early repayment, stops."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final
from uuid import UUID

from prometheus_client import Counter

from kernel import approvals
from kernel.approvals import Approval
from kernel.context import Call
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.errors import Broken
from kernel.logging import get_logger
from kernel.money import Money
from services.contracts.domain.repayment import Effect
from services.contracts.handlers import accounts, accruals, doubts, repayments
from services.contracts.handlers.accruals import AskedTurn
from services.contracts.handlers.doubts import AskedSettlement
from services.contracts.ports.repayments import Assignment, Settlement
from services.contracts.storage.work import DatabaseUnit
from services.contracts.wiring.disclosures import bytes_of
from services.contracts.wiring.parts import Parts, client_of

CREDITS: Final = Counter(
    "bank_entries_total", "Entries of the bank's statement taken for the first time"
)
CREDITS_PARKED: Final = Counter(
    "credits_parked_total", "Entries that wait for a person, by reason", ("reason",)
)
_log = get_logger("contracts")


@dataclass(frozen=True, slots=True)
class RepaymentUseCases:
    """What client, bank, staff and time do to a contract's account."""

    parts: Parts
    resting: dict[UUID, datetime] = field(default_factory=dict)
    """Accounts a defect keeps from being counted, and until when they rest."""

    def read_statement(self) -> None:
        platform = self.parts.platform
        reading = repayments.read_statement(
            bank=self.parts.bank,
            work=self.parts.work(platform.context()),
            blind=self._blind,
            clock=platform.clock,
            ids=platform.ids,
        )
        CREDITS.inc(reading.new)
        for reason in reading.parked:
            CREDITS_PARKED.labels(reason).inc()
            _log.error("credit_parked", reason=reason)
        if reading.new:
            self.count_all()

    def count_all(self) -> None:
        platform = self.parts.platform
        accounts.count_all(
            work=self.parts.work(platform.context()),
            policy=platform.policy,
            clock=platform.clock,
            resting=self.resting,
        )

    def get_debt(self, call: Call, *, contract_id: UUID) -> Json:
        return accounts.get_debt(
            client_id=client_of(call),
            contract_id=contract_id,
            iban=self.parts.platform.settings.collection_iban,
            work=self.parts.work(call.context),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
        )

    def quote_payoff(self, call: Call, *, contract_id: UUID, day: date) -> Json:
        return accounts.quote_payoff(
            client_id=client_of(call),
            contract_id=contract_id,
            day=day,
            work=self.parts.work(call.context),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
        )

    def order_early_repayment(
        self, call: Call, *, contract_id: UUID, day: date, amount: Money, effect: Effect
    ) -> Json:
        return accounts.order_early_repayment(
            client_id=client_of(call),
            contract_id=contract_id,
            day=day,
            amount=amount,
            effect=effect,
            work=self.parts.work(call.context, call),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
            ids=self.parts.platform.ids,
        )

    def listed(self, call: Call) -> Json:
        with self._begin(call) as (_, unit):
            waiting = [*repayments.listed(unit=unit), *doubts.listed(unit=unit)]
            return {"credits": waiting}

    def shown(self, call: Call, credit_id: UUID) -> Json:
        with self._begin(call) as (_, unit):
            known = unit.entries.get(credit_id) is not None
            shown = repayments.shown if known else doubts.shown
            return shown(credit_id, unit=unit)

    def account(self, call: Call, contract_id: UUID) -> Json:
        return accounts.show_account(
            contract_id,
            work=self.parts.work(call.context),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
        )

    def ask_assignment(self, call: Call, credit_id: UUID, contract_id: UUID) -> Json:
        arguments: dict[str, Json] = {
            "credit_id": str(credit_id),
            "contract_id": str(contract_id),
        }
        with self._begin(call) as (tx, unit):
            effect = repayments.assignment_effect(credit_id, contract_id, unit=unit)
            return self._request(tx, call, repayments.ASSIGN, arguments, effect)

    def assign(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        """What two agree on."""
        repayments.assign(
            Assignment(
                entry_id=UUID(str(approval.arguments["credit_id"])),
                contract_id=UUID(str(approval.arguments["contract_id"])),
                recognised_by="staff",
                approval_id=approval.approval_id,
                asked_by=approval.requested_by,
                approved_by=by,
            ),
            unit=self.parts.unit(tx),
            now=tx.now,
        )

    def ask_settlement(self, call: Call, credit_id: UUID, document_b64: str) -> Json:
        document = bytes_of(document_b64)
        with self._begin(call) as (tx, unit):
            asked, effect = doubts.ask(credit_id, document, unit=unit, now=tx.now)
            return self._request(tx, call, doubts.SETTLE, asked.arguments, effect)

    def settle(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        """What two agree on."""
        asked = AskedSettlement.of(approval.arguments)
        doubts.settle(
            Settlement(
                entry_id=asked.entry_id,
                document_sha256=asked.document_sha256,
                approval_id=approval.approval_id,
                asked_by=approval.requested_by,
                approved_by=by,
            ),
            unit=self.parts.unit(tx),
            now=tx.now,
        )

    def ask_turn(self, call: Call, asked: AskedTurn, document_b64: str) -> Json:
        document = bytes_of(document_b64)
        with self._begin(call) as (tx, unit):
            asked, effect = accruals.ask(asked, document, unit=unit, now=tx.now)
            return self._request(tx, call, accruals.TURN, asked.arguments, effect)

    def turn(self, tx: Transaction, approval: Approval, by: UUID) -> None:
        """What two agree on."""
        accruals.record(
            AskedTurn.of(approval.arguments),
            approval_id=approval.approval_id,
            asked_by=approval.requested_by,
            approved_by=by,
            unit=self.parts.unit(tx),
            now=tx.now,
        )

    @contextmanager
    def _begin(self, call: Call) -> Iterator[tuple[Transaction, DatabaseUnit]]:
        with self.parts.platform.database.begin(call.context) as tx:
            yield tx, self.parts.unit(tx)

    def _request(
        self,
        tx: Transaction,
        call: Call,
        operation: str,
        arguments: dict[str, Json],
        effect: str,
    ) -> Json:
        asked = approvals.request(
            tx,
            operation=operation,
            arguments=arguments,
            effect=effect,
            by=call.by,
            policy=self.parts.platform.policy,
            ids=self.parts.platform.ids,
        )
        return {"approval_id": str(asked.approval_id), "effect": asked.effect}

    def _blind(self, iin: str) -> str:
        keys = self.parts.platform.blind_keys
        if keys is None:
            raise Broken("Payments are recognised with the matching keys")
        return keys.token("iin", iin)
