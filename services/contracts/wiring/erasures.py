"""Use cases of erasing clients, for the door's beats and one reaction."""

from dataclasses import dataclass

from kernel.database import Transaction
from kernel.erasure import seal_by_own_keys
from kernel.events.onboarding import PersonalDataErased
from kernel.logging import get_logger
from services.contracts.handlers import erasures
from services.contracts.wiring.parts import Parts

log = get_logger("contracts")


@dataclass(frozen=True, slots=True)
class ErasureUseCases:
    """Hearing that a person was erased, and the end of the key kept here."""

    parts: Parts

    def when_personal_data_erased(
        self, tx: Transaction, event: PersonalDataErased
    ) -> None:
        erasures.when_personal_data_erased(
            event, unit=self.parts.unit(tx), clock=self.parts.platform.clock
        )

    def erase_heard(self) -> int:
        """Erase whose terms are over; how many."""
        platform = self.parts.platform
        return erasures.erase_heard(
            work=self.parts.work(platform.context()),
            policy=platform.policy,
            clock=platform.clock,
        )

    def seal_by_own_keys(self) -> None:
        """Go on with what is not sealed by the key of its client alone."""
        platform = self.parts.platform
        work = self.parts.work(platform.context())
        for client_id in seal_by_own_keys(work.begin, at=platform.clock.now()):
            log.error("sealed_field_broken", client_id=str(client_id))
