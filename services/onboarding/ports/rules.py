"""The dated settings of this service."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

from kernel.judged import Rounds
from services.onboarding.domain.ceremony import CeremonyRules
from services.onboarding.domain.consent import (
    ConsentKind,
    ConsentText,
)
from services.onboarding.domain.erasure import RetentionTerms
from services.onboarding.domain.portrait import PhotoLimits
from services.onboarding.domain.review import ReviewRules
from services.onboarding.domain.signature import Algorithm


class Rules(Protocol):
    """The dated settings of this service."""

    def ceremony(self, at: datetime) -> CeremonyRules: ...

    def algorithms(self, at: datetime) -> frozenset[Algorithm]:
        """What a signature may be made with."""
        ...

    def restamp_before(self, at: datetime) -> timedelta:
        """How long before its end a time stamp is renewed."""
        ...

    def reviews(self, at: datetime) -> ReviewRules:
        """How long a registration may wait for a person."""
        ...

    def rounds(self, at: datetime) -> Rounds:
        """How antifraud is asked again about what it has not let go on."""
        ...

    def min_age(self, on: date) -> int: ...

    def quarantine(self, at: datetime) -> timedelta:
        """How long a number somebody gave up is nobody else's login."""
        ...

    def most_accounts(self, at: datetime) -> int:
        """How many accounts a client may have."""
        ...

    def bank_codes(self, at: datetime) -> tuple[str, ...]:
        """The banks an account may be with, by the code in its IBAN."""
        ...

    def document_warning(self, on: date) -> timedelta:
        """How long before its last day a client is told of a document."""
        ...

    def retention(self, at: datetime) -> RetentionTerms:
        """How long what is kept of a person at least."""
        ...

    def consent_texts(self, at: datetime) -> Mapping[ConsentKind, ConsentText]:
        """The texts that may be consented to at an instant, one per purpose."""
        ...

    def photo(self, at: datetime) -> PhotoLimits:
        """What a photo is judged by at an instant."""
        ...

    def photo_tries(self, at: datetime) -> int:
        """How many photos one registration may have judged."""
        ...
