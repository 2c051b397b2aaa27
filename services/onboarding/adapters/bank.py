"""The bank: whose account an IBAN is (clauses 5.3, 5.4)."""

from typing import Final

from pydantic import Field

from kernel.clock import parse_rfc3339
from kernel.values import Iban, Iin
from services.onboarding.adapters.http import HTTP_OK, Answered, OuterServer
from services.onboarding.domain.account import Ownership, OwnershipVerdict

MAX_BYTES: Final = 8 * 1024


class _Answer(Answered):
    verdict: OwnershipVerdict
    evidence_id: str = Field(min_length=1, max_length=200)
    checked_at: str


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
        answer = self._server.read(reply, _Answer)
        return Ownership(
            verdict=answer.verdict,
            evidence_id=answer.evidence_id,
            checked_at=parse_rfc3339(answer.checked_at),
        )
