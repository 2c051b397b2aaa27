"""The biometric protocol (протокол) of ЦОИД: when it proves the client.

ЦОИД compares the face before the camera with the state's reference and signs a
protocol of it (facts, 4.2). It counts only for the ceremony it was asked for: the same
nonce, reference, ИИН and document; and only with enough likeness and liveness.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Final
from uuid import UUID

from kernel.values import Iin

MIN_LIVENESS_COMMANDS: Final = 3
"""At least three commands that cause a visual change (order №56/2024, kept in 2026)."""

MAX_AGE: Final = timedelta(minutes=10)
"""How old a protocol may be when it comes, and how far ahead ЦОИД's clock may be."""

MAX_AHEAD: Final = timedelta(minutes=1)


class ProtocolCode(StrEnum):
    """Why a protocol proves nothing. Stable: they stand in events and answers."""

    SIGNATURE = "protocol_signature_invalid"
    MALFORMED = "protocol_malformed"
    OTHER_SESSION = "protocol_other_session"
    OTHER_REFERENCE = "protocol_other_reference"
    OTHER_NONCE = "protocol_other_nonce"
    OTHER_PERSON = "protocol_other_person"
    OTHER_DOCUMENT = "protocol_other_document"
    TOO_OLD = "protocol_too_old"
    ATTEMPTS = "protocol_attempts_exceeded"
    LIVENESS = "biometrics_liveness_failed"
    SCORE = "biometrics_score_too_low"
    REPLAYED = "protocol_replayed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Protocol:
    """What ЦОИД says; `score` is a percentage, 0 to 100."""

    protocol_id: str
    session_id: str
    reference: str
    nonce: str
    iin: Iin
    document_sha256: str
    attempt_no: int
    score: Decimal
    liveness_passed: bool
    liveness_commands: int
    reference_source: str
    completed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What was asked of ЦОИД, and what the dated settings demand."""

    attempt_id: UUID
    session_id: str
    reference: str
    nonce: str
    iin: Iin
    document_sha256: str
    min_match_percent: Decimal
    attempts_left: int


def judge_protocol(
    protocol: Protocol, asked: Expectation, *, at: datetime
) -> ProtocolCode | None:
    """The first rule a protocol breaks; None when it proves the client.

    1. It answers the question asked: session, reference, nonce.
    2. It is about the client and about the document of the ceremony.
    3. It is recent, and within the attempts allowed.
    4. The face was alive: passed, with at least three commands.
    5. The likeness reaches the percentage in force.
    """
    answers = (  # steps 1 and 2
        (protocol.session_id == asked.session_id, ProtocolCode.OTHER_SESSION),
        (protocol.reference == asked.reference, ProtocolCode.OTHER_REFERENCE),
        (protocol.nonce == asked.nonce, ProtocolCode.OTHER_NONCE),
        (protocol.iin == asked.iin, ProtocolCode.OTHER_PERSON),
        (
            protocol.document_sha256 == asked.document_sha256,
            ProtocolCode.OTHER_DOCUMENT,
        ),
        (  # step 3
            -MAX_AHEAD <= at - protocol.completed_at <= MAX_AGE,
            ProtocolCode.TOO_OLD,
        ),
        (1 <= protocol.attempt_no <= asked.attempts_left, ProtocolCode.ATTEMPTS),
        (  # step 4
            protocol.liveness_passed
            and protocol.liveness_commands >= MIN_LIVENESS_COMMANDS,
            ProtocolCode.LIVENESS,
        ),
        (protocol.score >= asked.min_match_percent, ProtocolCode.SCORE),  # step 5
    )
    return next((code for holds, code in answers if not holds), None)
