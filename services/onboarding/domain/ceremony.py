"""The identification ceremony: biometrics through ЦОИД and ЭЦП over the same bytes.

::

    open → biometrics_done ─┐
      └──→ signature_done ──┴→ completed          any of the three → failed

A ceremony is bound to one client, one operation, the SHA-256 of one document and a
nonce; it can be completed once, and not after it has run out (clauses 4.2, 5.2).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.clock import rfc3339
from kernel.crypto import sha256_hex
from kernel.errors import Refused
from services.onboarding.domain.visits import Allowance, VisitRules

MAX_DOCUMENT_BYTES: Final = 1024 * 1024
MAX_SIGNATURE_TRIES: Final = 10
"""Refused signatures after which the ceremony fails."""

NONCE_BYTES: Final = 32
REFERENCE_BYTES: Final = 32

_OPERATION = re.compile(
    r"(?P<kind>[a-z][a-z_]{0,39}):"
    r"(?P<id>[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"
)
REGISTRATION: Final = "registration"
DEVICE: Final = "device"
"""A login in a new browser: the gateway asks for its biometrics alone."""

RECOVERIES: Final = ("password_recovery", "number_recovery")
"""Of who has lost one of the two: the gateway asks for their biometrics alone."""

_OPENED_BY: Final = {
    **dict.fromkeys(
        (REGISTRATION, "phone_change", "account_change", "identity_change"),
        "onboarding",
    ),
    **dict.fromkeys((DEVICE, *RECOVERIES), "gateway"),
}
_OF_GATEWAY: Final = frozenset({DEVICE, *RECOVERIES})


class CeremonyState(StrEnum):
    """Which proofs are there."""

    OPEN = "open"
    BIOMETRICS_DONE = "biometrics_done"
    SIGNATURE_DONE = "signature_done"
    COMPLETED = "completed"
    FAILED = "failed"


UNFINISHED: Final = (
    CeremonyState.OPEN,
    CeremonyState.BIOMETRICS_DONE,
    CeremonyState.SIGNATURE_DONE,
)


class Proof(StrEnum):
    """The two proofs a ceremony needs, in any order."""

    BIOMETRICS = "biometrics"
    SIGNATURE = "signature"


MOVES: Final = {
    Proof.BIOMETRICS: (
        (CeremonyState.OPEN, CeremonyState.BIOMETRICS_DONE),
        (CeremonyState.SIGNATURE_DONE, CeremonyState.COMPLETED),
    ),
    Proof.SIGNATURE: (
        (CeremonyState.OPEN, CeremonyState.SIGNATURE_DONE),
        (CeremonyState.BIOMETRICS_DONE, CeremonyState.COMPLETED),
    ),
}
"""From where to where each proof moves a ceremony; anything else is refused."""


class AttemptState(StrEnum):
    """One visit to a provider of identification."""

    OPEN = "open"
    POSITIVE = "positive"
    NEGATIVE = "negative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ceremony:
    """One identification over one document."""

    ceremony_id: UUID
    client_id: UUID
    operation: str
    document: bytes
    document_sha256: str
    nonce: str
    state: CeremonyState
    opened_at: datetime
    expires_at: datetime

    def refuse_over(self, *, at: datetime) -> None:
        """Refused: ``ceremony_failed``, ``ceremony_spent``, ``ceremony_expired``."""
        if self.state is CeremonyState.FAILED:
            raise _again("ceremony_failed", "The identification has failed.")
        if self.state is CeremonyState.COMPLETED:
            raise _again("ceremony_spent", "The identification is complete already.")
        if at >= self.expires_at:
            raise _again(
                "ceremony_expired", "The identification was not finished in time."
            )

    def refuse_done(self, proof: Proof) -> None:
        """Refused with ``proof_given`` when this proof is there already."""
        if self.state not in {source for source, _ in MOVES[proof]}:
            raise Refused(
                "proof_given",
                "This part of the identification is done.",
                next_step="Go on with the other part.",
            )

    @property
    def registration_id(self) -> UUID | None:
        """The registration it is for; None for another service's operation."""
        kind, _, subject = self.operation.partition(":")
        return UUID(subject) if kind == REGISTRATION else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A session at a provider. The reference is kept as its SHA-256 only."""

    attempt_id: UUID
    ceremony_id: UUID
    provider: str
    reference_sha256: bytes
    session_id: str
    redirect_url: str
    state: AttemptState
    opened_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CeremonyRules:
    """The dated settings in force when a ceremony is judged."""

    minutes: int
    visits: VisitRules
    min_match_percent: Decimal
    valid_document_for: frozenset[str]
    """Kinds of operations that an expired identity document stops."""


def document_over() -> Refused:
    """The identity document's last day has passed: nothing new is signed by it."""
    return Refused(
        "identity_document_expired",
        "Your identity document is no longer valid.",
        next_step="Renew it and get in touch with us.",
    )


def parse_operation(text: str, *, by: str) -> str:
    """An operation such as ``contract:<uuid>``; Refused with ``operation_invalid``.

    Only onboarding itself opens ceremonies of registrations and changes, and only the
    gateway those of new browsers and recoveries, which are all it may open.
    """
    found = _OPERATION.fullmatch(text)
    if found is None or (
        by != _OPENED_BY.get(found["kind"], by)
        or (by == "gateway" and found["kind"] not in _OF_GATEWAY)
    ):
        raise Refused(
            "operation_invalid",
            "No ceremony can be opened for this operation.",
            next_step="Name the operation as <kind>:<id>.",
        )
    return text


def document_digest(document: bytes) -> str:
    """SHA-256 of the bytes to be signed, hex; Refused with ``document_size``."""
    if not 0 < len(document) <= MAX_DOCUMENT_BYTES:
        raise Refused(
            "document_size",
            "The document is empty or larger than 1 MiB.",
            next_step="Open the ceremony with the document itself.",
        )
    return sha256_hex(document)


def unknown_ceremony() -> Refused:
    """No such ceremony, or not yours: one answer for both."""
    return Refused(
        "ceremony_unknown",
        "There is no such identification.",
        next_step="Begin the identification again.",
    )


def negative(code: str, allowed: Allowance) -> Refused:
    """One biometric attempt failed; with none left the result is negative."""
    details: dict[str, str | int] = {"attempts_left": allowed.attempts_left}
    if allowed.retry_at is not None:
        details["retry_at"] = rfc3339(allowed.retry_at)
    return Refused(
        code,
        "The biometric identification was not successful.",
        next_step=(
            "Try again in good light."
            if allowed.attempts_left
            else "Begin again later."
        ),
        **details,
    )


def _again(code: str, sentence: str) -> Refused:
    return Refused(code, sentence, next_step="Begin the identification again.")
