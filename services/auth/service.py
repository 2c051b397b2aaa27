"""The nameko door of the process `auth`: decode, call one use case, answer."""

from uuid import UUID

from kernel.clock import rfc3339
from kernel.context import Call
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import UseCasesProvider, answers, every, handles
from kernel.events import Envelope, Event
from kernel.events.antifraud import OperationSuspended
from kernel.events.contracts import ContractAnnulled, ContractSigned
from kernel.events.disbursement import PayoutDue, PayoutSettled
from kernel.events.onboarding import (
    AccountOwnershipLost,
    BankAccountChanged,
    ClientActivated,
    PhoneChanged,
)
from kernel.values import Phone
from services.auth.domain.codes import NumberPurpose
from services.auth.wiring import UseCases


class Service:
    """Codes for onboarding; logins, messages and sweeps by itself."""

    name = "auth"
    use_cases: UseCases = UseCasesProvider()

    @answers(callers=("onboarding",))
    def send_code(
        self,
        call: Call,
        *,
        phone: str,
        purpose: NumberPurpose,
        reference: UUID,
    ) -> Json:
        """Send a code to a number; Refused ``phone_invalid``, ``code_too_often``."""
        challenge = self.use_cases.send_code(
            call.context, phone=Phone(phone), purpose=purpose, reference=reference
        )
        return {
            "challenge_id": str(challenge.challenge_id),
            "expires_at": rfc3339(challenge.expires_at),
        }

    @answers(callers=("onboarding",))
    def check_code(
        self,
        call: Call,
        *,
        challenge_id: UUID,
        code: str,
        purpose: NumberPurpose = "registration",
    ) -> Json:
        """Confirm a number.

        Refused ``code_wrong``, ``code_expired``, ``code_spent``,
        ``challenge_not_found``.
        """
        challenge = self.use_cases.check_code(
            call.context, challenge_id=challenge_id, code=code, purpose=purpose
        )
        return {"confirmed": True, "phone_token": challenge.phone_token}

    @handles(ClientActivated)
    def when_client_activated(
        self, tx: Transaction, event: ClientActivated, _envelope: Envelope
    ) -> None:
        """A registered client gets a login (clause 4.4)."""
        self.use_cases.when_client_activated(tx, event)

    @handles(PhoneChanged)
    def when_phone_changed(
        self, tx: Transaction, event: PhoneChanged, envelope: Envelope
    ) -> None:
        """The client's login moves to the new number (clauses 4.4, 4.10)."""
        self.use_cases.when_phone_changed(tx, event, happened_at=envelope.time)

    @handles(BankAccountChanged)
    def when_bank_account_changed(
        self, tx: Transaction, event: BankAccountChanged, envelope: Envelope
    ) -> None:
        """Money goes to another account from now on: the client is told (4.10)."""
        self._tell_client(tx, event, envelope)

    @handles(ContractSigned)
    def when_contract_signed(
        self, tx: Transaction, event: ContractSigned, envelope: Envelope
    ) -> None:
        """A contract was signed in the client's name."""
        self._tell_client(tx, event, envelope)

    @handles(ContractAnnulled)
    def when_contract_annulled(
        self, tx: Transaction, event: ContractAnnulled, envelope: Envelope
    ) -> None:
        """The contract ended without money."""
        self._tell_client(tx, event, envelope)

    @handles(PayoutDue)
    def when_payout_due(
        self, tx: Transaction, event: PayoutDue, envelope: Envelope
    ) -> None:
        """The cooling period is over: the client is called back (clause 5.5)."""
        self._tell_client(tx, event, envelope)

    @handles(PayoutSettled)
    def when_payout_settled(
        self, tx: Transaction, event: PayoutSettled, envelope: Envelope
    ) -> None:
        """The money has come: the client is told."""
        self._tell_client(tx, event, envelope)

    @handles(AccountOwnershipLost)
    def when_account_ownership_lost(
        self, tx: Transaction, event: AccountOwnershipLost, envelope: Envelope
    ) -> None:
        """The account can no longer be paid to (clause 5.4)."""
        self._tell_client(tx, event, envelope)

    @handles(OperationSuspended)
    def when_operation_suspended(
        self, tx: Transaction, event: OperationSuspended, envelope: Envelope
    ) -> None:
        """The client's operation does not move (clause 6.1g)."""
        self._tell_client(tx, event, envelope)

    @every(seconds=0.5)
    def deliver_messages(self) -> None:
        """Send what waits for a phone."""
        self.use_cases.deliver_messages()

    @every(seconds=5)
    def follow_messages(self) -> None:
        """Ask what became of what was sent."""
        self.use_cases.follow_messages()

    @every(seconds=1)
    def sweep(self) -> None:
        """End stale sessions and locks that have run out."""
        self.use_cases.sweep()

    @every(seconds=3600)
    def forget(self) -> None:
        """Remove counts and codes nobody will ask for any more."""
        self.use_cases.forget()

    def _tell_client(self, tx: Transaction, event: Event, envelope: Envelope) -> None:
        self.use_cases.when_client_concerned(tx, event, happened_at=envelope.time)
