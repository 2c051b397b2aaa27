"""The bank: whose an account or a card is (clauses 5.3, 5.4).

The bank the company pays through processes its cards too: what we know of a card is
the token it gave.
"""

from typing import Annotated, Final

from pydantic import Field

from kernel.clock import parse_rfc3339
from kernel.errors import Broken, Refused
from kernel.values import CardToken, Iban, Iin
from services.onboarding.adapters.http import HTTP_OK, Answered, OuterServer
from services.onboarding.domain.account import (
    Card,
    CardRecord,
    Destination,
    Ownership,
    OwnershipVerdict,
)

MAX_BYTES: Final = 8 * 1024


class _Answer(Answered):
    verdict: OwnershipVerdict
    evidence_id: str = Field(min_length=1, max_length=200)
    checked_at: str

    def ownership(self) -> Ownership:
        """The answer as the domain knows it."""
        return Ownership(
            verdict=self.verdict,
            evidence_id=self.evidence_id,
            checked_at=parse_rfc3339(self.checked_at),
        )


class _CardAnswer(_Answer):
    last4: Annotated[str | None, Field(pattern=r"^[0-9]{4}$")] = None
    iban: Annotated[str | None, Field(max_length=34)] = None


class HttpBank:
    """The bank over HTTPS with mutual TLS."""

    def __init__(self, server: OuterServer) -> None:
        self._server = server

    def ownership(self, iban: Iban, iin: Iin) -> Ownership:
        """The bank's answer. Transient when it gives none, Broken for nonsense."""
        reply = self._server.post_json(
            "/v1/accounts/ownership",
            {"iban": iban.reveal(), "iin": iin.reveal()},
            limit=MAX_BYTES,
        )
        if reply.status != HTTP_OK:
            raise self._server.unexpected(reply)
        return self._server.read(reply, _Answer).ownership()


class HttpCards:
    """The card processor over HTTPS with mutual TLS."""

    def __init__(self, server: OuterServer) -> None:
        self._server = server

    def look_up(self, token: CardToken, iin: Iin) -> CardRecord:
        """The processor's answer. Transient when it gives none, Broken for nonsense."""
        reply = self._server.post_json(
            "/v1/cards/lookup",
            {"token": token.reveal(), "iin": iin.reveal()},
            limit=MAX_BYTES,
        )
        if reply.status != HTTP_OK:
            raise self._server.unexpected(reply)
        answer = self._server.read(reply, _CardAnswer)
        if answer.verdict is not OwnershipVerdict.MATCH:
            return CardRecord(ownership=answer.ownership(), destination=None)
        if answer.last4 is None or answer.iban is None:
            raise Broken("the card processor confirms a card and does not describe it")
        try:
            iban = Iban(answer.iban)
        except Refused as refused:
            raise Broken("the card processor names no account") from refused
        return CardRecord(
            ownership=answer.ownership(),
            destination=Destination(
                iban=iban, card=Card(token=token, last4=answer.last4)
            ),
        )
