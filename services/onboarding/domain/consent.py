"""Consents (согласия) to the use of personal data: one per purpose, for ever on record.

What a person gave and took back is a history that only grows; what holds now is read
off it (`standing`).  Nobody outside is asked about a person without a `Leave`, which
only a consent that stands can give (law №94-V, art. 7 and 8; facts, 9.6).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from kernel.crypto import sha256_hex
from kernel.errors import Broken, Refused

MAX_CONSENTS: Final = 20
LENDER_CHANNEL: Final = "lender"
"""The lender's own digital channel: the only one a consent can come by today."""
_SHA256 = re.compile(r"[0-9a-f]{64}")


class ConsentKind(StrEnum):
    """What is consented to; each is a purpose of its own."""

    PERSONAL_DATA = "personal_data"
    BIOMETRICS = "biometrics"
    CREDIT_BUREAU = "credit_bureau"


REQUIRED: Final = frozenset({ConsentKind.PERSONAL_DATA, ConsentKind.BIOMETRICS})
"""Without these two nobody may be looked up or compared with a photo."""

NEEDED: Final[Mapping[str, ConsentKind]] = {
    "credit_report": ConsentKind.CREDIT_BUREAU,
    "lending_checks": ConsentKind.PERSONAL_DATA,
}
"""Purposes, as neighbours name them, for which clear values leave by a consent only."""


class ConsentAct(StrEnum):
    """What a person did about a consent."""

    GIVEN = "given"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """The words of one version for one purpose."""

    kind: ConsentKind
    version: str
    text: str

    @property
    def sha256(self) -> str:
        """The digest of the words in UTF-8."""
        return sha256_hex(self.text.encode())


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRecord:
    """One act about one consent: to which text, by which channel, when.

    ``version`` None: given to a text of before the texts had versions.
    """

    kind: ConsentKind
    act: ConsentAct
    version: str | None
    text_sha256: str
    channel: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Leave:
    """The right to ask one outer system about one person, by a consent that stands.

    Every port that tells a stranger whom we deal with takes one;
    `handlers.consents.leave` alone gives it.
    """

    kind: ConsentKind

    def demand(self, kind: ConsentKind) -> None:
        """Broken when the consent was to something else: consents are per purpose."""
        if self.kind is not kind:
            raise Broken("an outer system was about to be asked by another consent")


def standing(history: Iterable[ConsentRecord]) -> Mapping[ConsentKind, ConsentRecord]:
    """What holds after a history, the oldest act first: the last of each purpose."""
    last = {record.kind: record for record in history}
    return {
        kind: record for kind, record in last.items() if record.act is ConsentAct.GIVEN
    }


def parse_consents(
    given: tuple[tuple[str, str], ...], texts: Mapping[ConsentKind, ConsentText]
) -> tuple[ConsentText, ...]:
    """Pairs of kind and text digest, each kind once, the required ones among them.

    Refused: ``consent_invalid``, ``consent_missing``, ``consent_text_changed``.
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
    if missing := sorted(REQUIRED - set(kinds)):
        raise consent_missing(ConsentKind(missing[0]))
    return tuple(shown(ConsentKind(kind), digest, texts) for kind, digest in given)


def shown(
    kind: ConsentKind, text_sha256: str, texts: Mapping[ConsentKind, ConsentText]
) -> ConsentText:
    """The text in force, if it is what was shown.  Refused ``consent_text_changed``."""
    text = texts[kind]
    if text.sha256 != text_sha256:
        raise Refused(
            "consent_text_changed",
            "The text of the consent is another by now.",
            next_step="Read the text that is in force and consent to that.",
            kind=kind.value,
        )
    return text


def consent_missing(kind: ConsentKind) -> Refused:
    """What was asked for may not be done without a consent."""
    return Refused(
        "consent_missing",
        "This needs a consent that you have not given.",
        next_step="Give the consent; you can withdraw it later.",
        kind=kind.value,
    )


def not_given(kind: ConsentKind) -> Refused:
    """There is nothing to withdraw."""
    return Refused(
        "consent_not_given",
        "There is no such consent to withdraw.",
        next_step="Look at your consents.",
        kind=kind.value,
    )


def obligations_open() -> Refused:
    """Law №94-V, art. 8: no withdrawal while obligations are not fulfilled."""
    return Refused(
        "obligations_open",
        "A consent cannot be withdrawn while a contract is not fulfilled.",
        next_step="Fulfil or refuse the contract first.",
    )
