"""Security keys of the staff: offered by the member, let in by another person (6.1f).

What a key proves stands in the request for the second pair of eyes itself; before the
yes nothing is kept that could open a door.
"""

from collections.abc import Mapping
from uuid import UUID

from kernel.context import StaffMember
from kernel.crypto import Json
from kernel.errors import Refused
from kernel.events.auth import StaffPasskeyAdded, StaffPasskeyRemoved
from services.auth.domain.passkeys import (
    CEREMONY_LASTS,
    MOST_PASSKEYS,
    NewCredential,
    Passkey,
    passkey_wrong,
    passkeys_too_many,
)
from services.auth.domain.rules import STEP_UP_FRESH
from services.auth.domain.staff import (
    Stay,
    asker_suspended,
    login_not_fresh,
    passkey_not_found,
    unknown_staff_id,
)
from services.auth.handlers.staff_affairs import concerned
from services.auth.handlers.staff_office import Office


def ask(login_token: str, login: str | None, challenge: bytes, *, at: Office) -> None:
    """Keep what a security key has to answer with the next attempt on a login.

    The same is done for a login nobody has: it tells nothing.
    """
    member = None if login is None else at.staff.by_login(login)
    login_id = unknown_staff_id(login_token) if member is None else member.staff_id
    at.passkeys.ask(login_id, challenge, until=at.now + CEREMONY_LASTS)


def begin(stay: Stay, challenge: bytes, *, at: Office) -> None:
    """Keep what a new key has to answer.

    A login is both factors at once, so a fresh one is the step-up.  Refused
    ``login_not_fresh``, ``passkeys_too_many``.
    """
    if at.now - stay.opened_at > STEP_UP_FRESH:
        raise login_not_fresh()
    if len(at.passkeys.of_login(stay.staff_id)) >= MOST_PASSKEYS:
        raise passkeys_too_many()
    at.passkeys.ask(stay.session_id, challenge, until=at.now + CEREMONY_LASTS)


def offered(
    stay: Stay, credential: Mapping[str, Json], *, at: Office
) -> NewCredential | Refused:
    """What a new key proved; a refusal must be committed, the challenge is gone."""
    challenge = at.passkeys.take(stay.session_id, now=at.now)
    if challenge is None:
        return passkey_wrong()
    return at.authenticators.registered(credential, challenge) or passkey_wrong()


def add(passkey: Passkey, *, by: StaffMember, at: Office) -> None:
    """Let a member come in by the key they offered, as another person agrees.

    Refused ``asker_suspended``, ``passkey_wrong`` when somebody has this very key.
    """
    member = at.staff.by_id(passkey.login_id)
    if member is None or member.state != "active":
        raise asker_suspended()
    if not at.passkeys.add(passkey):
        raise passkey_wrong()
    at.publish(
        StaffPasskeyAdded(
            staff_id=passkey.login_id, passkey_id=passkey.passkey_id, approved_by=by.id
        )
    )


def remove(staff_id: UUID, passkey_id: UUID, *, by: StaffMember, at: Office) -> None:
    """Forget a member's key; it needs no second person, for it opens nothing.

    Refused ``staff_not_found``, ``concerns_yourself``, ``passkey_not_found``.
    """
    keys = at.passkeys.of_login(concerned(staff_id, by, at=at).staff_id)
    found = next((key for key in keys if key.passkey_id == passkey_id), None)
    if found is None:
        raise passkey_not_found()
    at.passkeys.remove(found)
    at.publish(
        StaffPasskeyRemoved(staff_id=staff_id, passkey_id=passkey_id, removed_by=by.id)
    )
