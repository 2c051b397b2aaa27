"""What contracts does when others say something."""

from dataclasses import dataclass

from kernel.database import Transaction
from kernel.events import Envelope
from kernel.events.antifraud import OperationReleased, OperationSuspended
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
)
from services.contracts.handlers import (
    reactions,
)
from services.contracts.wiring.parts import Parts


@dataclass(frozen=True, slots=True)
class Reactions:
    """One method per event that contracts listens to."""

    parts: Parts

    def when_client_activated(self, tx: Transaction, event: ClientActivated) -> None:
        reactions.when_client_activated(
            event, unit=self.parts.unit(tx), clock=self.parts.platform.clock
        )

    def when_account_ownership_proved(
        self, tx: Transaction, event: AccountOwnershipProved
    ) -> None:
        reactions.when_account_ownership_proved(
            event, unit=self.parts.unit(tx), clock=self.parts.platform.clock
        )

    def when_account_ownership_lost(
        self, tx: Transaction, event: AccountOwnershipLost
    ) -> None:
        reactions.when_account_ownership_lost(
            event, unit=self.parts.unit(tx), clock=self.parts.platform.clock
        )

    def when_bank_account_changed(
        self, tx: Transaction, event: BankAccountChanged
    ) -> None:
        reactions.when_bank_account_changed(
            event,
            unit=self.parts.unit(tx),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
            ids=self.parts.platform.ids,
        )

    def when_bank_account_removed(
        self, tx: Transaction, event: BankAccountRemoved
    ) -> None:
        reactions.when_bank_account_removed(
            event,
            unit=self.parts.unit(tx),
            policy=self.parts.platform.policy,
            clock=self.parts.platform.clock,
            ids=self.parts.platform.ids,
        )

    def when_identity_changed(
        self, tx: Transaction, event: IdentityChanged, envelope: Envelope
    ) -> None:
        reactions.when_identity_changed(
            event,
            at=envelope.time,
            unit=self.parts.unit(tx),
            clock=self.parts.platform.clock,
            ids=self.parts.platform.ids,
        )

    def when_operation_suspended(
        self, tx: Transaction, event: OperationSuspended, envelope: Envelope
    ) -> None:
        reactions.when_operation_suspended(
            event, at=envelope.time, unit=self.parts.unit(tx)
        )

    def when_operation_released(
        self, tx: Transaction, event: OperationReleased, envelope: Envelope
    ) -> None:
        reactions.when_operation_released(
            event, at=envelope.time, unit=self.parts.unit(tx)
        )

    def when_identification_completed(
        self, tx: Transaction, event: IdentificationCompleted
    ) -> None:
        reactions.when_identification_completed(event, unit=self.parts.unit(tx))

    def when_payout_scheduled(self, tx: Transaction, event: PayoutScheduled) -> None:
        reactions.when_payout_scheduled(
            event, unit=self.parts.unit(tx), clock=self.parts.platform.clock
        )

    def when_payout_due(self, tx: Transaction, event: PayoutDue) -> None:
        reactions.when_payout_due(
            event, unit=self.parts.unit(tx), clock=self.parts.platform.clock
        )

    def when_payout_rejected(self, tx: Transaction, event: PayoutRejected) -> None:
        reactions.when_payout_rejected(
            event, unit=self.parts.unit(tx), clock=self.parts.platform.clock
        )

    def when_payout_repeated(self, tx: Transaction, event: PayoutRepeated) -> None:
        reactions.when_payout_repeated(
            event, unit=self.parts.unit(tx), clock=self.parts.platform.clock
        )

    def when_payout_settled(self, tx: Transaction, event: PayoutSettled) -> None:
        reactions.when_payout_settled(
            event, unit=self.parts.unit(tx), policy=self.parts.platform.policy
        )
