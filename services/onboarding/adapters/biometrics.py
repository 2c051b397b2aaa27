"""ЦОИД and other providers of biometric identification.

The person is sent to the provider's page and comes back with a code; the code is
changed for the protocol over mutual TLS. What the protocol says is believed only after
its signature has been verified.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Final

from pydantic import Field, ValidationError

from kernel.clock import parse_rfc3339
from kernel.crypto import CanonicalError, parse_canonical
from kernel.errors import Broken, Refused
from kernel.policy import Policy
from kernel.values import Iin
from services.onboarding.adapters.http import (
    HTTP_CREATED,
    HTTP_OK,
    Answered,
    OuterServer,
    Reply,
)
from services.onboarding.domain.comparison import Comparison
from services.onboarding.domain.consent import ConsentKind, Leave
from services.onboarding.domain.protocol import Protocol
from services.onboarding.ports import Provider, Session, SignedProtocol

MAX_SESSION_BYTES: Final = 8 * 1024
MAX_RESULT_BYTES: Final = 256 * 1024
HTTP_NOT_FOUND: Final = 404
_SESSION_ID = re.compile(r"[0-9A-Za-z_-]{8,100}")
_SCORE = r"^(100(\.0{1,2})?|[0-9]{1,2}(\.[0-9]{1,2})?)$"


class _Opened(Answered):
    session_id: str
    redirect_url: str = Field(max_length=2000, pattern=r"^https://")


class _Result(Answered):
    protocol: str
    signature: str


class _Protocol(Answered):
    protocol_id: str = Field(min_length=8, max_length=100)
    session_id: str
    reference: str
    nonce: str
    iin: str
    document_sha256: str
    attempt_no: int = Field(strict=True, ge=1)
    score: str = Field(pattern=_SCORE)
    liveness_passed: bool = Field(strict=True)
    liveness_commands: int = Field(strict=True, ge=0)
    reference_source: str = Field(max_length=100)
    completed_at: str


class _Comparison(Answered):
    protocol_id: str = Field(min_length=8, max_length=100)
    nonce: str
    iin: str
    photo_sha256: str
    score: str = Field(pattern=_SCORE)
    completed_at: str


class HttpProvider:
    """A provider over HTTPS with mutual TLS; `server` is where its API begins."""

    def __init__(self, server: OuterServer, *, return_url: str) -> None:
        self._server = server
        self._return_url = return_url

    def open(
        self, *, reference: str, nonce: str, iin: Iin, document_sha256: str, by: Leave
    ) -> Session:
        """Open a session for one comparison. Transient when the provider is away."""
        by.demand(ConsentKind.BIOMETRICS)
        reply = self._server.post_json(
            "/sessions",
            {
                "reference": reference,
                "iin": iin.reveal(),
                "nonce": nonce,
                "document_sha256": document_sha256,
                "return_url": self._return_url,
            },
            limit=MAX_SESSION_BYTES,
        )
        if reply.status != HTTP_CREATED:
            raise self._server.unexpected(reply)
        opened = self._server.read(reply, _Opened)
        if not _SESSION_ID.fullmatch(opened.session_id):
            raise Broken("the provider gave a session number of another form")
        return Session(session_id=opened.session_id, redirect_url=opened.redirect_url)

    def result(self, session_id: str, code: str, *, by: Leave) -> SignedProtocol:
        """The protocol behind a code.

        Refused with ``biometrics_code_unknown``; Transient when the provider is away.
        """
        by.demand(ConsentKind.BIOMETRICS)
        path = f"/sessions/{session_id}/result"
        reply = self._server.post_json(path, {"code": code}, limit=MAX_RESULT_BYTES)
        if reply.status == HTTP_NOT_FOUND:
            raise Refused(
                "biometrics_code_unknown",
                "The biometric identification is not known.",
                next_step="Pass the biometric identification again.",
            )
        if reply.status != HTTP_OK:
            raise self._server.unexpected(reply)
        return self._signed(reply)

    def compare(
        self, *, iin: Iin, nonce: str, photo: bytes, by: Leave
    ) -> SignedProtocol:
        """Compare a JPEG with the state's reference of a person.

        Transient when the provider is away.
        """
        by.demand(ConsentKind.BIOMETRICS)
        reply = self._server.post_json(
            "/comparisons",
            {
                "iin": iin.reveal(),
                "nonce": nonce,
                "photo": base64.b64encode(photo).decode(),
            },
            limit=MAX_RESULT_BYTES,
        )
        if reply.status != HTTP_OK:
            raise self._server.unexpected(reply)
        return self._signed(reply)

    def _signed(self, reply: Reply) -> SignedProtocol:
        result = self._server.read(reply, _Result)
        try:
            return SignedProtocol(
                protocol=base64.b64decode(result.protocol, validate=True),
                signature=base64.b64decode(result.signature, validate=True),
            )
        except ValueError:
            raise Broken("the provider gave a result that is not base64") from None


@dataclass(frozen=True, slots=True)
class DatedProviders:
    """`ports.Providers`: those that are configured, chosen by a dated setting."""

    known: Mapping[str, Provider]
    policy: Policy

    def in_force(self, at: datetime) -> Provider:
        """Broken when the setting names a provider that is not configured."""
        return self.named(self.policy.text("biometric.provider", at))

    def named(self, name: str) -> Provider:
        """The provider of this name; Broken when it is not configured."""
        if name not in self.known:
            raise Broken(f"the provider of identification {name} is not configured")
        return self.known[name]


class CanonicalProtocols:
    """Reads protocols: canonical JSON with known fields."""

    def read(self, raw: bytes) -> Protocol | None:
        """The protocol; None when the bytes are none."""
        try:
            parse_canonical(raw)
            said = _Protocol.model_validate_json(raw)
            return Protocol(
                protocol_id=said.protocol_id,
                session_id=said.session_id,
                reference=said.reference,
                nonce=said.nonce,
                iin=Iin(said.iin),
                document_sha256=said.document_sha256,
                attempt_no=said.attempt_no,
                score=Decimal(said.score),
                liveness_passed=said.liveness_passed,
                liveness_commands=said.liveness_commands,
                reference_source=said.reference_source,
                completed_at=parse_rfc3339(said.completed_at),
            )
        except (CanonicalError, ValidationError, Refused, Broken):
            return None

    def read_comparison(self, raw: bytes) -> Comparison | None:
        """The comparison; None when the bytes are none."""
        try:
            parse_canonical(raw)
            said = _Comparison.model_validate_json(raw)
            return Comparison(
                protocol_id=said.protocol_id,
                nonce=said.nonce,
                iin=Iin(said.iin),
                photo_sha256=said.photo_sha256,
                score=Decimal(said.score),
                completed_at=parse_rfc3339(said.completed_at),
            )
        except (CanonicalError, ValidationError, Refused, Broken):
            return None
