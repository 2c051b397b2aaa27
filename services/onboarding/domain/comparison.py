"""The comparison (сличение) of the registration photo with the state's reference.

ЦОИД is given the cleaned photo and the ИИН and signs what it finds. The answer counts
only for the photo it was asked about: same photo, ИИН and nonce. Whatever does not
prove that the photo shows the person holds the registration for a person to look at:
a photo of somebody else, and an answer that is not to our question alike (clause 3.4).
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from kernel.values import Iin
from services.onboarding.domain.protocol import MAX_AGE, MAX_AHEAD


class ComparisonCode(StrEnum):
    """Why a comparison proves nothing. Stable: they stand in the record."""

    SIGNATURE = "comparison_signature_invalid"
    MALFORMED = "comparison_malformed"
    OTHER_NONCE = "comparison_other_nonce"
    OTHER_PERSON = "comparison_other_person"
    OTHER_PHOTO = "comparison_other_photo"
    TOO_OLD = "comparison_too_old"
    SCORE = "comparison_score_too_low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What ЦОИД says; `score` is a percentage, 0 to 100."""

    protocol_id: str
    nonce: str
    iin: Iin
    photo_sha256: str
    score: Decimal
    completed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonAsked:
    """What was asked, and the percentage in force."""

    nonce: str
    iin: Iin
    photo_sha256: str
    min_match_percent: Decimal


def judge_comparison(
    said: Comparison, asked: ComparisonAsked, *, at: datetime
) -> ComparisonCode | None:
    """The first rule the answer breaks; None when the photo shows the person.

    1. It answers the question asked: nonce, person, photo.
    2. It is recent.
    3. The likeness reaches the percentage in force.
    """
    answers = (
        (said.nonce == asked.nonce, ComparisonCode.OTHER_NONCE),  # step 1
        (said.iin == asked.iin, ComparisonCode.OTHER_PERSON),
        (said.photo_sha256 == asked.photo_sha256, ComparisonCode.OTHER_PHOTO),
        (-MAX_AHEAD <= at - said.completed_at <= MAX_AGE, ComparisonCode.TOO_OLD),  # 2
        (said.score >= asked.min_match_percent, ComparisonCode.SCORE),  # step 3
    )
    return next((code for holds, code in answers if not holds), None)
