"""What an authenticator's answer is worth, a client's or a member's of the staff."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID

from kernel.crypto import Json
from services.auth.domain.passkeys import Passkey
from services.auth.ports import Authenticators, Passkeys


@dataclass(frozen=True, slots=True)
class Answer:
    """What an authenticator said to a challenge that was taken for it.

    ``challenge`` is None when none was open: nothing is right then.
    """

    login_id: UUID
    credential: Mapping[str, Json] = field(repr=False)
    challenge: bytes | None = field(repr=False)


def judge_answer(
    answer: Answer,
    *,
    now: datetime,
    passkeys: Passkeys,
    authenticators: Authenticators,
) -> Literal["wrong"] | Passkey | None:
    """Why an authenticator's answer opens nothing: it is wrong, or a copied passkey.

    1. There was a challenge; whoever took it has left none for a second answer.
    2. The passkey it names, of this login, not suspended.
    3. Signature, origin, user verified.
    4. The count of signatures has grown; if not, there is a copy of the key.
    """
    if answer.challenge is None:  # step 1
        return "wrong"
    named = authenticators.credential_id(answer.credential)  # step 2
    found = next(
        (p for p in passkeys.of_login(answer.login_id) if p.credential_id == named),
        None,
    )
    if found is None or found.suspended_at is not None:
        return "wrong"
    count = authenticators.signed(answer.credential, answer.challenge, found)  # step 3
    if count is None:
        return "wrong"
    if found.is_copied(count):  # step 4
        passkeys.suspend(found.passkey_id, now=now)
        return found
    if not passkeys.note_use(found, count, now=now):
        return "wrong"
    return None
