"""Signed, short-lived tokens: in whose name one asks, and what staff may do.

Form: ``<key id>.<payload>.<signature>``, both parts URL-safe base64.  There is one
algorithm and no header that could name another (RFC 8725 §2.1); the key id must be
one the trust store ties to the issuer, and ``typ`` keeps a token of one kind from
being taken for the other (RFC 8725 §3.11).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock, parse_rfc3339, rfc3339
from kernel.context import StaffMember
from kernel.crypto import (
    Json,
    SigningKey,
    TrustStore,
    as_object,
    b64url,
    canonical,
    parse_canonical,
    unb64url,
)
from kernel.errors import Broken, Refused

LIFETIME_S: Final = 30
TYPE: Final = "client-assertion"
ISSUER: Final = "gateway"
"""The only principal that sees clients, so the only one that may speak for them."""

STAFF_LIFETIME_S: Final = 60
STAFF_TYPE: Final = "staff-token"
STAFF_ISSUER: Final = "staff"
"""Whose key says what staff may do; the service process `auth` alone holds it."""


class _TokenInvalidError(ValueError):
    """Whatever is wrong with a token: who shows it learns no more."""


@dataclass(frozen=True, slots=True)
class Assertions:
    """Issues and verifies client assertions."""

    key: SigningKey
    trust: TrustStore
    clock: Clock

    def issue(
        self, *, audience: str, client_id: UUID, lifetime_s: int = LIFETIME_S
    ) -> str:
        """A token that lets ``audience`` act for the client for a few seconds."""
        expires_at = self.clock.now() + timedelta(seconds=lifetime_s)
        return _signed(
            self.key,
            {
                "typ": TYPE,
                "aud": audience,
                "sub": str(client_id),
                "exp": rfc3339(expires_at),
            },
        )

    def verify(self, token: str, *, audience: str) -> UUID:
        """The client of a token meant for ``audience`` now.

        Raises Refused(``assertion_invalid``) for every other token.
        """
        try:
            claims = _claims(
                token, issuer=ISSUER, kind=TYPE, trust=self.trust, clock=self.clock
            )
            if claims["aud"] != audience:
                raise _assertion_invalid()
            return UUID(str(claims["sub"]))
        except (ValueError, KeyError) as error:
            raise _assertion_invalid() from error


@dataclass(frozen=True, slots=True)
class StaffTokens:
    """Issues staff tokens; only who holds the key of `STAFF_ISSUER` can."""

    key: SigningKey
    clock: Clock

    def issue(
        self,
        staff_id: UUID,
        permissions: Iterable[str],
        *,
        lifetime_s: int = STAFF_LIFETIME_S,
    ) -> tuple[str, datetime]:
        """A token that opens what ``permissions`` name, and when it stops to."""
        expires_at = self.clock.now() + timedelta(seconds=lifetime_s)
        token = _signed(
            self.key,
            {
                "typ": STAFF_TYPE,
                "sub": str(staff_id),
                "permissions": tuple(sorted(permissions)),
                "exp": rfc3339(expires_at),
            },
        )
        return token, expires_at


def staff_of(token: str, *, trust: TrustStore, clock: Clock) -> StaffMember:
    """Who shows a staff token, and what they may do now.

    Raises Refused(``staff_token_invalid``) for every other token.
    """
    try:
        claims = _claims(
            token, issuer=STAFF_ISSUER, kind=STAFF_TYPE, trust=trust, clock=clock
        )
        permissions = claims["permissions"]
        if not isinstance(permissions, list):
            raise _staff_token_invalid()
        return StaffMember(
            UUID(str(claims["sub"])), frozenset(str(name) for name in permissions)
        )
    except (ValueError, KeyError) as error:
        raise _staff_token_invalid() from error


def _signed(key: SigningKey, claims: Mapping[str, Json]) -> str:
    payload = canonical(claims)
    return f"{key.keyid}.{b64url(payload)}.{b64url(key.sign(payload))}"


def _claims(
    token: str, *, issuer: str, kind: str, trust: TrustStore, clock: Clock
) -> Mapping[str, Json]:
    """What a token says, if its issuer may say such things and it is alive."""
    try:
        keyid, payload_text, signature_text = token.split(".")
        payload = unb64url(payload_text)
        signer = trust.verify(keyid, payload, unb64url(signature_text))
        claims = as_object(parse_canonical(payload))
        expires_at = parse_rfc3339(str(claims["exp"]))
    except (ValueError, TypeError, KeyError, Broken) as error:
        raise _TokenInvalidError from error
    if signer != issuer or claims["typ"] != kind or expires_at <= clock.now():
        raise _TokenInvalidError
    return claims


def _assertion_invalid() -> Refused:
    return Refused(
        "assertion_invalid",
        "The request does not prove in whose name it is made.",
        next_step="Log in again.",
    )


def _staff_token_invalid() -> Refused:
    return Refused(
        "staff_token_invalid",
        "The request does not prove which member of the staff makes it.",
        next_step="Ask for a fresh token; if that is refused, log in again.",
    )
