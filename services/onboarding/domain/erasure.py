"""Erasing a person: what the law lets go of, and when (law №94-V, art. 8, 12 and 18).

Everything sealed of a person opens by one key, and goes with it, whole. So the longest
term decides: the identification proves the contract, and holds name, ИИН and number.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from kernel.erasure import years_after
from kernel.errors import Refused

Wait = Literal["obligations", "retention"]
"""Why a person cannot be erased yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureRequest:
    """A client's wish to be erased; it stands until it is fulfilled or taken back."""

    request_id: UUID
    client_id: UUID
    asked_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RetentionTerms:
    """How long what is kept, in whole years and, without an account, in days."""

    biometric_years: int
    document_years: int
    unfinished: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the terms of one person run from.

    `biometrics_at`: the last protocol of a provider; `documents_at`: the last
    signature, or the end of the last contract; `registered_until`: when the
    registration ran out.
    """

    is_client: bool
    obliged: bool
    registered_until: datetime
    biometrics_at: datetime | None
    documents_at: datetime | None

    def possible_from(self, terms: RetentionTerms) -> datetime | None:
        """The instant from which nothing has to be kept; None while obliged."""
        if self.obliged:
            return None
        ends = [self.registered_until + terms.unfinished]
        if self.biometrics_at is not None:
            ends.append(years_after(self.biometrics_at, terms.biometric_years))
        if self.documents_at is not None:
            ends.append(years_after(self.documents_at, terms.document_years))
        return max(ends)


def waits_for(possible_from: datetime | None, *, at: datetime) -> Wait | None:
    """What an erasure waits for at an instant, if it does."""
    if possible_from is None:
        return "obligations"
    return "retention" if possible_from > at else None


def not_asked() -> Refused:
    """There is no wish to take back."""
    return Refused(
        "erasure_not_asked",
        "You have not asked for your data to be erased.",
        next_step="Nothing is to be done.",
    )
