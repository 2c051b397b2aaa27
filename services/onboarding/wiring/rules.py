"""The dated settings of onboarding, read off the policy in force."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta

from kernel.judged import Rounds
from kernel.policy import Policy
from services.onboarding.adapters.eds.status import Freshness
from services.onboarding.domain.ceremony import CeremonyRules
from services.onboarding.domain.consent import ConsentKind, ConsentText
from services.onboarding.domain.consent_texts import texts_of
from services.onboarding.domain.erasure import RetentionTerms
from services.onboarding.domain.portrait import PhotoLimits
from services.onboarding.domain.review import ReviewRules
from services.onboarding.domain.signature import Algorithm
from services.onboarding.domain.visits import VisitRules


class DatedRules:
    """`ports.Rules` by the policy in force."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    def ceremony(self, at: datetime) -> CeremonyRules:
        """The settings a ceremony is judged by at an instant."""
        return CeremonyRules(
            minutes=self._policy.integer("onboarding.ceremony_minutes", at),
            visits=VisitRules(
                max_attempts=self._policy.integer("biometric.max_attempts", at),
                cooldown=timedelta(
                    minutes=self._policy.integer("biometric.cooldown_minutes", at)
                ),
            ),
            min_match_percent=self._policy.decimal("biometric.min_match_percent", at),
            valid_document_for=frozenset(
                self._policy.texts("onboarding.valid_document_for", at)
            ),
        )

    def algorithms(self, at: datetime) -> frozenset[Algorithm]:
        """What a signature may be made with at an instant."""
        names = self._policy.texts("onboarding.eds_algorithms", at)
        return frozenset(Algorithm(name) for name in names)

    def freshness(self, at: datetime) -> Freshness:
        """How old an answer about a certificate may be at an instant."""

        def minutes(key: str) -> timedelta:
            return timedelta(minutes=self._policy.integer(key, at))

        return Freshness(
            ocsp=minutes("onboarding.ocsp_minutes"),
            crl=minutes("onboarding.crl_minutes"),
        )

    def restamp_before(self, at: datetime) -> timedelta:
        """How long before its end a time stamp is renewed."""
        return timedelta(days=self._policy.integer("onboarding.eds_restamp_days", at))

    def photo(self, at: datetime) -> PhotoLimits:
        """What a photo is judged by at an instant."""
        record = self._policy.setting_at("onboarding.photo_limits", at)
        texts = self._policy.texts("onboarding.photo_limits", at)
        return PhotoLimits.parse(texts, since=record.effective_at)

    def photo_tries(self, at: datetime) -> int:
        """How many photos one registration may have judged."""
        return self._policy.integer("onboarding.photo_tries", at)

    def reviews(self, at: datetime) -> ReviewRules:
        """How long a registration may wait for a person."""
        return ReviewRules(
            most=timedelta(hours=self._policy.integer("onboarding.review_hours", at)),
            warning=timedelta(
                hours=self._policy.integer("onboarding.review_warning_hours", at)
            ),
        )

    def rounds(self, at: datetime) -> Rounds:
        """How antifraud is asked again about what it has not let go on."""
        return Rounds(
            tries=self._policy.integer("onboarding.judge_tries", at),
            most_pause=timedelta(
                minutes=self._policy.integer("onboarding.judge_pause_minutes", at)
            ),
        )

    def min_age(self, on: date) -> int:
        """The age from which somebody may register."""
        return self._policy.integer("onboarding.min_age", on)

    def quarantine(self, at: datetime) -> timedelta:
        """How long a number somebody gave up is nobody else's login."""
        return timedelta(days=self._policy.integer("onboarding.quarantine_days", at))

    def most_accounts(self, at: datetime) -> int:
        """How many accounts a client may have."""
        return self._policy.integer("accounts.most", at)

    def bank_codes(self, at: datetime) -> tuple[str, ...]:
        """The banks an account may be with, by the code in its IBAN."""
        return self._policy.texts("accounts.bank_codes", at)

    def document_warning(self, on: date) -> timedelta:
        """How long before its last day a client is told of a document."""
        return timedelta(
            days=self._policy.integer("onboarding.document_warning_days", on)
        )

    def retention(self, at: datetime) -> RetentionTerms:
        """How long what is kept of a person at least."""
        return RetentionTerms(
            biometric_years=self._policy.integer("biometric.retention_years", at),
            document_years=self._policy.integer("documents.retention_years", at),
            unfinished=timedelta(
                days=self._policy.integer("onboarding.unfinished_days", at)
            ),
        )

    def consent_texts(self, at: datetime) -> Mapping[ConsentKind, ConsentText]:
        """The texts in force, one per purpose."""
        return texts_of(self._policy.text("onboarding.consent_texts", at))
