"""Erasing the orders of clients whom onboarding has erased, once their term is over."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from uuid import UUID

from kernel import erasure
from kernel.events.disbursement import ClientOrdersErased
from kernel.events.onboarding import PersonalDataErased
from kernel.policy import Policy
from services.disbursement.ports import Orders


def when_personal_data_erased(
    event: PersonalDataErased, *, orders: Orders, now: datetime
) -> None:
    """Onboarding keeps nothing of the person any more: look what has to stay here."""
    erasure.hear(orders, event.client_id, at=now)


def erase_heard(
    begin: Callable[[], AbstractContextManager[Orders]],
    *,
    policy: Policy,
    now: datetime,
) -> int:
    """Erase whoever onboarding has erased and whose terms are over; how many."""
    years = policy.integer("documents.retention_years", now)

    def kept_until(orders: Orders, client_id: UUID) -> datetime | None:
        return orders.ends.kept(client_id).until(years, at=now)

    def say(orders: Orders, client_id: UUID) -> None:
        orders.publish(ClientOrdersErased(client_id=client_id))

    return erasure.erase_heard(begin, at=now, kept_until=kept_until, say=say)
