"""Client assertions: in whose name the gateway asks, signed and short-lived.

Form: ``<key id>.<payload>.<signature>``, both parts URL-safe base64.  There is one
algorithm and no header that could name another (RFC 8725 §2.1); the key id must be
one the trust store ties to the issuer.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from kernel.clock import Clock, parse_rfc3339, rfc3339
from kernel.crypto import (
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
        payload = canonical(
            {
                "typ": TYPE,
                "aud": audience,
                "sub": str(client_id),
                "exp": rfc3339(self.clock.now() + timedelta(seconds=lifetime_s)),
            }
        )
        signature = self.key.sign(payload)
        return f"{self.key.keyid}.{b64url(payload)}.{b64url(signature)}"

    def verify(self, token: str, *, audience: str) -> UUID:
        """The client of a token meant for ``audience`` now.

        Raises Refused(``assertion_invalid``) for every other token.
        """
        try:
            keyid, payload_text, signature_text = token.split(".")
            payload = unb64url(payload_text)
            issuer = self.trust.verify(keyid, payload, unb64url(signature_text))
            claims = as_object(parse_canonical(payload))
            expires_at = parse_rfc3339(str(claims["exp"]))
            client_id = UUID(str(claims["sub"]))
        except (ValueError, TypeError, KeyError, Broken) as error:
            raise _invalid() from error
        if (
            issuer != ISSUER
            or claims["typ"] != TYPE
            or claims["aud"] != audience
            or expires_at <= self.clock.now()
        ):
            raise _invalid()
        return client_id


def _invalid() -> Refused:
    return Refused(
        "assertion_invalid",
        "The request does not prove in whose name it is made.",
        next_step="Log in again.",
    )
