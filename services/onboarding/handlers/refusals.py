"""Refusing a registration: on record with its reason, told without it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from kernel.clock import rfc3339
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.onboarding import RegistrationRefused
from kernel.ids import Ids
from services.onboarding.domain.refusal import (
    TELLINGS,
    Outcome,
    Reason,
    RefusalRecord,
)
from services.onboarding.domain.registration import unknown
from services.onboarding.ports import Begin, Unit

LISTED: Final = 100
"""So many refusals are listed, the newest first."""


def deny(
    unit: Unit,
    registration_id: UUID,
    reason: Reason,
    *,
    ids: Ids,
    at: datetime,
    **details: str | int,
) -> Refused | None:
    """Put a refusal on record; a final one ends the registration.

    What the person is to hear comes back, to be raised after the commit; None when
    the registration had ended already, by a twin of this act.
    """
    telling = TELLINGS[reason]
    if telling.outcome is Outcome.FINAL and not unit.registrations.refuse(
        registration_id, code=telling.code, at=at
    ):
        return None
    unit.registrations.add_refusal(
        RefusalRecord(
            refusal_id=ids.new(),
            registration_id=registration_id,
            code=telling.code,
            reason=reason,
            outcome=telling.outcome,
            at=at,
        )
    )
    unit.publish(
        RegistrationRefused(
            registration_id=registration_id,
            code=telling.code,
            reason=reason.value,
            outcome=telling.outcome.value,
        )
    )
    return telling.refused(**details)


def list_refusals(*, begin: Begin) -> Mapping[str, Json]:
    """The newest refusals with their reasons, for the staff."""
    with begin() as unit:
        found = unit.registrations.latest_refusals(limit=LISTED)
    return {"refusals": tuple(_line(record) for record in found)}


def show_registration(*, begin: Begin, registration_id: UUID) -> Mapping[str, Json]:
    """One registration for the staff: where it stands, what it was refused for.

    The number is masked.  Refused ``registration_unknown``.
    """
    with begin() as unit:
        found = unit.registrations.get(registration_id)
        if found is None:
            raise unknown()
        refusals = unit.registrations.refusals(registration_id)
    return {
        "registration_id": str(registration_id),
        "client_id": str(found.client_id),
        "state": found.state.value,
        "phone": found.phone.masked(),
        "started_at": rfc3339(found.started_at),
        "expires_at": rfc3339(found.expires_at),
        "refusals": tuple(_line(record) for record in refusals),
    }


def _line(record: RefusalRecord) -> Mapping[str, Json]:
    return {
        "refusal_id": str(record.refusal_id),
        "registration_id": str(record.registration_id),
        "outcome": record.outcome.value,
        "code": record.code,
        "reason": record.reason.value,
        "at": rfc3339(record.at),
    }
