"""Erasing clients whom onboarding has erased, as soon as nothing has to be kept."""

from datetime import datetime
from uuid import UUID

from kernel import erasure
from kernel.clock import Clock
from kernel.events.contracts import ClientRecordsErased
from kernel.events.onboarding import PersonalDataErased
from kernel.policy import Policy
from services.contracts.ports import Unit, Work


def when_personal_data_erased(
    event: PersonalDataErased, *, unit: Unit, clock: Clock
) -> None:
    """Onboarding keeps nothing of the person any more: look what has to stay here."""
    erasure.hear(unit, event.client_id, at=clock.now())


def erase_heard(*, work: Work, policy: Policy, clock: Clock) -> int:
    """Erase whoever onboarding has erased and whose terms are over; how many."""
    now = clock.now()
    years = policy.integer("documents.retention_years", now)

    def kept_until(unit: Unit, client_id: UUID) -> datetime | None:
        return unit.ends.kept(client_id).until(years, at=now)

    def say(unit: Unit, client_id: UUID) -> None:
        unit.publish(ClientRecordsErased(client_id=client_id))

    return erasure.erase_heard(work.begin, at=now, kept_until=kept_until, say=say)
