"""Consents (согласия) a person gives on registering: which texts, and when."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from kernel.errors import Refused

MAX_CONSENTS: Final = 20
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ConsentKind(StrEnum):
    """What is consented to."""

    PERSONAL_DATA = "personal_data"
    BIOMETRICS = "biometrics"
    CREDIT_BUREAU = "credit_bureau"


REQUIRED: Final = frozenset({ConsentKind.PERSONAL_DATA, ConsentKind.BIOMETRICS})
"""Without these two nobody may be looked up or compared with a photo."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """The consent to a text, named by the SHA-256 of the text shown."""

    kind: ConsentKind
    text_sha256: str


def parse_consents(given: tuple[tuple[str, str], ...]) -> tuple[Consent, ...]:
    """Pairs of kind and text digest, each kind once, the required ones among them.

    Refused: ``consent_invalid``, ``consent_missing``.
    """
    kinds = [kind for kind, _ in given]
    if (
        len(given) > MAX_CONSENTS
        or len(set(kinds)) != len(kinds)
        or not set(kinds) <= set(ConsentKind)
        or not all(_SHA256.fullmatch(digest) for _, digest in given)
    ):
        raise Refused(
            "consent_invalid",
            "A consent names its kind and the text that was shown.",
            next_step="Load the page again and give the consents there.",
        )
    if not set(kinds) >= REQUIRED:
        raise Refused(
            "consent_missing",
            "Registration needs consent to the use of personal and biometric data.",
            next_step="Give both consents to go on.",
        )
    return tuple(
        Consent(kind=ConsentKind(kind), text_sha256=digest) for kind, digest in given
    )
