"""Sending a one-time code and having it entered (clauses 4.1d, 4.3)."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from kernel.errors import Refused
from kernel.ids import Ids
from kernel.values import Phone
from services.auth.domain.codes import (
    Challenge,
    Claim,
    Purpose,
    code_too_often,
    code_wrong,
    why_not,
)
from services.auth.domain.messages import (
    Message,
    code_template,
    code_text,
    version_of,
)
from services.auth.domain.rules import SENDS_WINDOW, Rules
from services.auth.ports import Challenges, Codes, Languages, Messages


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeOrder:
    """A code to be sent: to which number, for which act of whom."""

    purpose: Purpose
    reference: UUID
    phone: Phone
    phone_token: str
    client_id: UUID | None = None
    until: datetime | None = None
    """When the challenge ends at the latest, if not with the code's own lifetime."""
    told: bool = True
    """Whether the code leaves; for a number of nobody all but that is done."""


def send_code(
    order: CodeOrder,
    *,
    now: datetime,
    rules: Rules,
    site: str,
    ids: Ids,
    codes: Codes,
    challenges: Challenges,
    languages: Languages,
    messages: Messages,
) -> Challenge | Refused:
    """Send a fresh code; Refused ``code_too_often`` when enough were sent.

    The refusal is returned, because what went before it must be committed.
    """
    if not challenges.reserve_send(order.phone_token, order.purpose, now=now):
        again_at = challenges.sends_again_at(order.phone_token, order.purpose)
        left = min(max(again_at - now, SENDS_WINDOW * 0), SENDS_WINDOW)
        return code_too_often(seconds_left=int(left.total_seconds()) + 1)
    code = codes.new()
    challenge = _challenge(order, code, now=now, rules=rules, ids=ids, codes=codes)
    challenges.add(challenge)
    template, language = code_template(order.purpose), languages.of(order.phone_token)
    lifetime = challenge.expires_at - now
    message = Message(
        message_id=ids.new(),
        client_id=order.client_id,
        template=template,
        version=version_of(template),
        language=language,
        phone=order.phone,
        text=code_text(
            order.purpose,
            language=language,
            site=site,
            code=code,
            lifetime=lifetime,
        ),
        queued_at=now,
        expires_at=challenge.expires_at,
    )
    if order.told:
        messages.queue(message)
    else:
        messages.drop(message)
    return challenge


def hold_challenge(
    order: CodeOrder,
    *,
    now: datetime,
    rules: Rules,
    ids: Ids,
    codes: Codes,
    challenges: Challenges,
) -> Challenge:
    """A challenge whose code nobody is told: another factor is to confirm it."""
    unsaid = codes.new()
    challenge = _challenge(order, unsaid, now=now, rules=rules, ids=ids, codes=codes)
    challenges.add(challenge)
    return challenge


def _challenge(
    order: CodeOrder,
    code: str,
    *,
    now: datetime,
    rules: Rules,
    ids: Ids,
    codes: Codes,
) -> Challenge:
    challenge_id = ids.new()
    expires_at = now + rules.code_lifetime
    return Challenge(
        challenge_id=challenge_id,
        purpose=order.purpose,
        reference=order.reference,
        client_id=order.client_id,
        phone=order.phone,
        phone_token=order.phone_token,
        code_token=codes.token(challenge_id, code),
        issued_at=now,
        expires_at=min(expires_at, order.until or expires_at),
    )


def check_code(
    claim: Claim,
    code: str,
    *,
    now: datetime,
    rules: Rules,
    codes: Codes,
    challenges: Challenges,
) -> Challenge | Refused:
    """The challenge, confirmed by its code; or why not.

    1. Reserve a try, before anything is compared (P04, P05).
    2. Compare keyed hashes.
    3. Confirm, once; the same request again finds its own confirmation.

    A refusal is returned, not raised: the try it has cost must be committed.
    """
    challenge = challenges.reserve_try(claim, now=now, tries=rules.code_tries)  # 1
    if challenge is None:
        return _repeated_or_refused(claim, now=now, challenges=challenges)
    if not challenge.opened_by(codes.token(claim.challenge_id, code)):  # 2
        return code_wrong(tries_left=max(0, rules.code_tries - challenge.tries))
    if not challenges.confirm(claim, now=now):  # 3
        return why_not(challenge, claim, now=now)
    return replace(challenge, state="confirmed", confirmed_at=now)


def _repeated_or_refused(
    claim: Claim, *, now: datetime, challenges: Challenges
) -> Challenge | Refused:
    found = challenges.find(claim.challenge_id)
    if found is not None and claim.fits(found) and claim.repeats(found):
        return found
    return why_not(found, claim, now=now)
