"""The nameko door of the process `auth`: decode, call one use case, answer."""

from typing import Literal
from uuid import UUID

from kernel.clock import rfc3339
from kernel.context import Call
from kernel.crypto import Json
from kernel.database import Transaction
from kernel.entrypoints import UseCasesProvider, answers, every, handles
from kernel.events import Envelope
from kernel.events.disbursement import PayoutDue, PayoutSettled
from kernel.events.onboarding import ClientActivated
from kernel.values import Phone
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
        purpose: Literal["registration"],  # noqa: ARG002 - the only one so far
        reference: UUID,
    ) -> Json:
        """Send a code to a number; Refused ``phone_invalid``, ``code_too_often``."""
        challenge = self.use_cases.send_code(
            call.context, phone=Phone(phone), reference=reference
        )
        return {
            "challenge_id": str(challenge.challenge_id),
            "expires_at": rfc3339(challenge.expires_at),
        }

    @answers(callers=("onboarding",))
    def check_code(self, call: Call, *, challenge_id: UUID, code: str) -> Json:
        """Confirm a number.

        Refused ``code_wrong``, ``code_expired``, ``code_spent``,
        ``challenge_not_found``.
        """
        challenge = self.use_cases.check_code(
            call.context, challenge_id=challenge_id, code=code
        )
        return {"confirmed": True, "phone_token": challenge.phone_token}

    @handles(ClientActivated)
    def when_client_activated(
        self, tx: Transaction, event: ClientActivated, _envelope: Envelope
    ) -> None:
        """A registered client gets a login (clause 4.4)."""
        self.use_cases.when_client_activated(tx, event)

    @handles(PayoutDue)
    def when_payout_due(
        self, tx: Transaction, event: PayoutDue, _envelope: Envelope
    ) -> None:
        """The cooling period is over: the client is called back (clause 5.5)."""
        self.use_cases.when_payout_due(tx, event)

    @handles(PayoutSettled)
    def when_payout_settled(
        self, tx: Transaction, event: PayoutSettled, _envelope: Envelope
    ) -> None:
        """The money has come: the client is told."""
        self.use_cases.when_payout_settled(tx, event)

    @every(seconds=0.5)
    def deliver_messages(self) -> None:
        """Send what waits for a phone."""
        self.use_cases.deliver_messages()

    @every(seconds=1)
    def sweep(self) -> None:
        """End stale sessions and locks that have run out."""
        self.use_cases.sweep()

    @every(seconds=3600)
    def forget(self) -> None:
        """Remove counts and codes nobody will ask for any more."""
        self.use_cases.forget()
