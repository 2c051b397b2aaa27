"""Erasing persons: asked for by the client, or due because nothing must be kept.

A wish cannot be refused for coming early: it stands, says from when it is possible, and
is carried out by itself. What is erased is told to the other services by one event.
"""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from kernel.clock import Clock, rfc3339
from kernel.crypto import Json
from kernel.erasure import ASKED_AGAIN, AT_ONCE
from kernel.events.onboarding import (
    ErasureRequested,
    ErasureWithdrawn,
    PersonalDataErased,
)
from kernel.ids import Ids
from services.onboarding.domain.erasure import (
    ErasureRequest,
    not_asked,
    waits_for,
)
from services.onboarding.domain.person import unknown_client
from services.onboarding.ports import Begin, Rules, Unit


def ask_erasure(
    *, begin: Begin, clock: Clock, ids: Ids, rules: Rules, client_id: UUID
) -> Mapping[str, Json]:
    """Record that a client wants to be erased; once more changes nothing.

    Refused ``client_unknown``.
    """
    now = clock.now()
    with begin() as unit:
        _lock(unit, client_id)
        request = ErasureRequest(
            request_id=ids.new(), client_id=client_id, asked_at=now
        )
        if unit.erasures.ask(request):
            possible = _possible_from(unit, client_id, rules, at=now)
            unit.erasures.look_again(client_id, at=_next_look(possible, at=now))
            unit.publish(ErasureRequested(client_id=client_id, possible_from=possible))
        return _shown(unit, client_id, rules, at=now)


def withdraw_erasure(
    *, begin: Begin, clock: Clock, rules: Rules, client_id: UUID
) -> Mapping[str, Json]:
    """Take the wish back, as long as it is not fulfilled.

    Refused: ``client_unknown``, ``erasure_not_asked``.
    """
    now = clock.now()
    with begin() as unit:
        _lock(unit, client_id)
        if not unit.erasures.withdraw(client_id, at=now):
            raise not_asked()
        unit.erasures.look_again(client_id, at=None)
        unit.publish(ErasureWithdrawn(client_id=client_id))
        return _shown(unit, client_id, rules, at=now)


def show_erasure(
    *, begin: Begin, clock: Clock, rules: Rules, client_id: UUID
) -> Mapping[str, Json]:
    """Whether an erasure was asked for, from when it is possible, what it waits for.

    Refused ``client_unknown``.
    """
    with begin() as unit:
        if unit.clients.get(client_id) is None:
            raise unknown_client()
        return _shown(unit, client_id, rules, at=clock.now())


def erase_due(*, begin: Begin, clock: Clock, rules: Rules) -> int:
    """Erase who is due: clients who asked, and who never became one; how many.

    1. Persons whose time to be looked at has come.
    2. Each in a transaction of its own, passed over while somebody else has it.
    3. A client who did not ask stays; a term that runs, or a contract, puts it off.
    4. The key is destroyed, the tokens go, and the event leaves, in one commit.
    """
    now = clock.now()
    with begin() as unit:  # step 1
        due = unit.erasures.due(at=now, limit=AT_ONCE)
    return sum(_erase_if_due(begin, rules, one, at=now) for one in due)


def _erase_if_due(begin: Begin, rules: Rules, client_id: UUID, *, at: datetime) -> bool:
    with begin() as unit:
        unit.clients.lock(client_id)
        if not unit.erasures.take(client_id):  # step 2
            return False
        kept = unit.erasures.kept(
            client_id, obliged=unit.obligations.are_open(client_id, at=at)
        )
        possible = kept.possible_from(rules.retention(at))
        if kept.is_client and unit.erasures.asked(client_id) is None:  # step 3
            unit.erasures.look_again(client_id, at=None)
            return False
        if waits_for(possible, at=at) is not None:
            unit.erasures.look_again(client_id, at=_next_look(possible, at=at))
            return False
        if not unit.erasures.erase(client_id, at=at):  # step 4
            return False
        unit.publish(PersonalDataErased(client_id=client_id))
        return True


def _possible_from(
    unit: Unit, client_id: UUID, rules: Rules, *, at: datetime
) -> datetime | None:
    obliged = unit.obligations.are_open(client_id, at=at)
    return unit.erasures.kept(client_id, obliged=obliged).possible_from(
        rules.retention(at)
    )


def _next_look(possible: datetime | None, *, at: datetime) -> datetime:
    return at + ASKED_AGAIN if possible is None else max(possible, at)


def _shown(
    unit: Unit, client_id: UUID, rules: Rules, *, at: datetime
) -> Mapping[str, Json]:
    request = unit.erasures.asked(client_id)
    possible = _possible_from(unit, client_id, rules, at=at)
    return {
        "asked_at": None if request is None else rfc3339(request.asked_at),
        "possible_from": None if possible is None else rfc3339(possible),
        "waits_for": waits_for(possible, at=at),
    }


def _lock(unit: Unit, client_id: UUID) -> None:
    """Acts about one client's data queue up."""
    if unit.clients.lock(client_id) is None:
        raise unknown_client()
