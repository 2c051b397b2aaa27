"""The nameko door: questions, operators' acts, reactions, and the beat of reports."""

from uuid import UUID

from kernel.context import Call, jsonable
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import UseCasesProvider, answers, every, handles
from kernel.events import Envelope, WireMoney
from kernel.events.auth import LoginFailed
from kernel.events.contracts import ApplicationRefused, ApplicationSubmitted
from kernel.events.onboarding import (
    AccountOwnershipLost,
    AccountOwnershipProved,
    BankAccountAdded,
    BankAccountChanged,
    ClientActivated,
    PhoneChanged,
)
from services.antifraud import handlers
from services.antifraud.wiring import UseCases


class AntifraudService:
    """Judges before operations go on; holds what must not move (clause 6.1g)."""

    name = "antifraud"
    use_cases: UseCases = UseCasesProvider()

    @answers(callers=("contracts", "disbursement-worker"))
    def decide(
        self,
        call: Call,
        *,
        operation: str,
        client_id: UUID,
        amount: WireMoney,
        facts: dict[str, str | int],
    ) -> Json:
        """Judge `application:<id>` or `payout:<id>`; a new decision each time."""
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

    @answers(permission="antifraud.release")
    def release(self, call: Call, *, held: str, ground: str) -> Json:
        """Let `application:<id>`, `payout:<id>` or `client:<id>` move again."""
        decision_id = self.use_cases.release(
            call.context, held=held, ground=ground, by=str(call.by.id)
        )
        return {"decision_id": str(decision_id)}

    @answers(permission="antifraud.look")
    def get_decision(self, call: Call, *, decision_id: UUID) -> Json:
        """A decision with its inputs and the rules that fired."""
        found = self.use_cases.get_decision(call.context, decision_id=decision_id)
        return jsonable(found)

    @answers(permission="antifraud.counts")
    def get_counts(self, call: Call) -> Json:
        """How many decisions, holds and messages to the centre there are."""
        return dict(self.use_cases.counts(call.context))

    @every(seconds=5)
    def send_reports(self) -> None:
        """Send what is due to the anti-fraud centre."""
        self.use_cases.send_reports()

    @handles(ApplicationSubmitted)
    def when_application_submitted(
        self, tx: Transaction, event: ApplicationSubmitted, envelope: Envelope
    ) -> None:
        handlers.when_application_submitted(
            event, envelope, unit=self.use_cases.unit(tx)
        )

    @handles(ApplicationRefused)
    def when_application_refused(
        self, tx: Transaction, event: ApplicationRefused, envelope: Envelope
    ) -> None:
        handlers.when_application_refused(event, envelope, unit=self.use_cases.unit(tx))

    @handles(LoginFailed)
    def when_login_failed(
        self, tx: Transaction, event: LoginFailed, envelope: Envelope
    ) -> None:
        handlers.when_login_failed(event, envelope, unit=self.use_cases.unit(tx))

    @handles(ClientActivated)
    def when_client_activated(
        self, tx: Transaction, event: ClientActivated, envelope: Envelope
    ) -> None:
        handlers.when_client_activated(event, envelope, unit=self.use_cases.unit(tx))

    @handles(AccountOwnershipProved)
    def when_account_ownership_proved(
        self, tx: Transaction, event: AccountOwnershipProved, envelope: Envelope
    ) -> None:
        handlers.when_account_ownership_proved(
            event, envelope, unit=self.use_cases.unit(tx)
        )

    @handles(AccountOwnershipLost)
    def when_account_ownership_lost(
        self, tx: Transaction, event: AccountOwnershipLost, envelope: Envelope
    ) -> None:
        handlers.when_account_ownership_lost(
            event, envelope, unit=self.use_cases.unit(tx)
        )

    @handles(PhoneChanged)
    def when_phone_changed(
        self, tx: Transaction, event: PhoneChanged, envelope: Envelope
    ) -> None:
        handlers.when_phone_changed(event, envelope, unit=self.use_cases.unit(tx))

    @handles(BankAccountChanged)
    def when_bank_account_changed(
        self, tx: Transaction, event: BankAccountChanged, envelope: Envelope
    ) -> None:
        handlers.when_bank_account_named(event, envelope, unit=self.use_cases.unit(tx))

    @handles(BankAccountAdded)
    def when_bank_account_added(
        self, tx: Transaction, event: BankAccountAdded, envelope: Envelope
    ) -> None:
        handlers.when_bank_account_named(event, envelope, unit=self.use_cases.unit(tx))


Service = AntifraudService
