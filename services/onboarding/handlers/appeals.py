"""Who was refused at registration has no cabinet: its token appeals (6.1h iv)."""

from collections.abc import Mapping
from uuid import UUID

from kernel.crypto import Json
from services.onboarding.domain.registration import Registration
from services.onboarding.handlers.registration import load
from services.onboarding.ports import Begin
from services.onboarding.ports.appeals import Appeals


def file_appeal(
    *, begin: Begin, appeals: Appeals, registration_id: UUID, token: str, text: str
) -> Mapping[str, Json]:
    """Appeal against what antifraud made of a registration.

    Also while it waits.  Refused: ``registration_unknown``, and with antifraud's codes.
    """
    found = _held_by(token, registration_id, begin)
    return appeals.file(registration_id, found.client_id, text)


def list_appeals(
    *, begin: Begin, appeals: Appeals, registration_id: UUID, token: str
) -> Mapping[str, Json]:
    """The newest appeals against it.  Refused ``registration_unknown``."""
    found = _held_by(token, registration_id, begin)
    return appeals.listed(registration_id, found.client_id)


def get_appeal(
    *,
    begin: Begin,
    appeals: Appeals,
    registration_id: UUID,
    token: str,
    appeal_id: UUID,
) -> Mapping[str, Json]:
    """One of them with its answer.  Refused ``registration_unknown``, ``not_found``."""
    found = _held_by(token, registration_id, begin)
    return appeals.get(registration_id, found.client_id, appeal_id)


def _held_by(token: str, registration_id: UUID, begin: Begin) -> Registration:
    """Whenever it ended: the law gives the appeal longer than a registration lasts."""
    with begin() as unit:
        return load(unit, registration_id, token)
