"""Beginning to record a renewed identity document, or other names (4.1c, 4.10)."""

from collections.abc import Mapping
from uuid import UUID

from kernel.clock import Clock, almaty_date
from kernel.crypto import Json
from kernel.errors import Broken, Refused
from kernel.ids import Ids
from services.onboarding.domain.change import (
    LIFETIME,
    Change,
    ChangeKind,
    ChangeState,
    unchanged,
)
from services.onboarding.domain.person import Identity
from services.onboarding.handlers.changes import start_change
from services.onboarding.ports import Begin, Blind, Client, Unit


def start_identity_change(
    *,
    client_id: UUID,
    identity: Identity,
    begin: Begin,
    clock: Clock,
    ids: Ids,
    blind: Blind,
) -> Mapping[str, Json]:
    """Begin; the state is asked before the ceremony is opened, both proofs follow.

    Refused: ``document_expired``, ``change_without_difference``, ``change_too_often``.
    """
    now, change_id = clock.now(), ids.new()
    if identity.document.is_expired(almaty_date(now)):
        raise Refused(
            "document_expired",
            "The identity document is no longer valid.",
            next_step="Give the document that is valid now.",
        )

    def plan(unit: Unit, _: Client) -> Change:
        person = unit.registrations.person(client_id)
        if person is None:
            raise Broken("a client has no person")
        present = person.identity
        if present == identity:
            raise unchanged()
        return Change(
            change_id=change_id,
            client_id=client_id,
            kind=ChangeKind.IDENTITY,
            state=ChangeState.CONFIRMED,
            old=present,
            old_token=blind("identity", present.packed()),
            value=identity,
            value_token=blind("identity", identity.packed()),
            started_at=now,
            expires_at=now + LIFETIME,
        )

    return start_change(client_id, plan, begin=begin)
