"""Verifying an accepted signature again, long after its certificates have ended.

1. Every stamp is over what it must cover: the signature value, then all evidence.
2. Every stamp was in its time when the next one was taken, and the last one is now.
3. No stamper was revoked when it stamped, by what was stored with the stamp.
4. The signature is examined as of the first stamp's instant, by the revocation data
   that were stored then; nobody is asked.
"""

import contextlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from asn1crypto import x509

from kernel.clock import Clock
from services.onboarding.adapters.eds.asn1 import UNPARSABLE
from services.onboarding.adapters.eds.examiner import CmsExaminer
from services.onboarding.adapters.eds.revocation import Revocation, of_path
from services.onboarding.adapters.eds.signed_data import (
    UnreadableError,
    read,
    single_signature,
)
from services.onboarding.adapters.eds.status import (
    FreshnessAt,
    UnusableError,
    crl_status,
    ocsp_status,
    told_at,
)
from services.onboarding.adapters.eds.timestamp import TokenChecker, stamped_at
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.domain.archive import KeptEvidence, Restamp, covered
from services.onboarding.domain.signature import (
    Code,
    Examination,
    SignatureFacts,
    Trust,
    Unreadable,
)
from services.onboarding.ports import ProofTimes


@dataclass(frozen=True, slots=True)
class _Instant:
    """A clock that stands at the stamped instant."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True, slots=True)
class _Stored:
    """`RevocationSource` of what was stored on acceptance."""

    raw: tuple[bytes, ...]
    at: datetime
    life: timedelta
    """How long an answer without an end was fresh then."""

    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        for one in self.raw:
            for status in (self._by_ocsp, self._by_lists):
                try:
                    trust = status(one, certificate, issuer, moment=self.at)
                except UnusableError:
                    continue
                return Revocation(trust, self.raw)
        return Revocation()

    def fetch_authority(
        self, authority: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """By the root's list; evidence of before such lists were asked for has none."""
        for one in self.raw:
            try:
                trust = crl_status(one, authority, issuer, moment=self.at)
            except UnusableError:
                continue
            return Revocation(trust)
        return Revocation(Trust.TRUSTED)

    def _by_lists(
        self,
        raw: bytes,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        *,
        moment: datetime,
    ) -> Trust:
        """A full list, as the delta that was stored with it leaves it."""
        for other in self.raw:
            try:
                return crl_status(raw, certificate, issuer, moment=moment, delta=other)
            except UnusableError:
                continue
        return crl_status(raw, certificate, issuer, moment=moment)

    def _by_ocsp(
        self,
        raw: bytes,
        certificate: x509.Certificate,
        issuer: x509.Certificate,
        *,
        moment: datetime,
    ) -> Trust:
        # The nonce was compared when the answer came; it is kept by nobody.
        return ocsp_status(
            raw, certificate, issuer, moment=moment, nonce=None, life=self.life
        )


class SignatureArchive:
    """`ports.Archive`: examines kept evidence, asks nobody."""

    def __init__(
        self, *, trust: PinnedTrust, clock: Clock, freshness: FreshnessAt
    ) -> None:
        self._trust = trust
        self._clock = clock
        self._freshness = freshness

    def examine(self, kept: KeptEvidence) -> Examination:
        """What is to be said of the signature today; `stamp` judges the stamps."""
        try:
            trust = self._trust_of(kept)
            fault = self._stamps_fault(kept, trust)  # steps 1 to 3
            moment = stamped_at(kept.stamp)
        except (UnreadableError, *UNPARSABLE):
            return Unreadable(Code.MALFORMED)
        clock = _Instant(moment)
        examiner = CmsExaminer(  # step 4
            trust=trust,
            revocation=_Stored(
                kept.revocation, moment, life=self._freshness(moment).ocsp
            ),
            tokens=TokenChecker(trust=trust, clock=clock),
            clock=clock,
        )
        found = examiner.examine(kept.cms, kept.document)
        if isinstance(found, SignatureFacts):
            return replace(found, stamp=fault or found.stamp)
        return found

    def times(self, revocation: tuple[bytes, ...], stamp: bytes) -> ProofTimes:
        """The newest of the answers counts."""
        return ProofTimes(
            checked_at=max(told_at(one) for one in revocation),
            stamped_at=stamped_at(stamp),
        )

    def ages_at(self, token: bytes) -> datetime:
        """When the first certificate under a token ends."""
        stamper = single_signature(read(token)).certificate
        path = self._trust.path(stamper, moment=stamped_at(token))
        return _ends(path.chain)

    def _trust_of(self, kept: KeptEvidence) -> PinnedTrust:
        """The pinned roots; issuing authorities also by what was stored then."""
        stored = tuple(x509.Certificate.load(one) for one in kept.chain[1:])
        return PinnedTrust(
            roots=self._trust.roots, issuers=(*self._trust.issuers, *stored)
        )

    def _stamps_fault(self, kept: KeptEvidence, trust: PinnedTrust) -> Code | None:
        checker = TokenChecker(trust=trust, clock=self._clock)
        signature = single_signature(read(kept.cms)).value
        covers = [
            signature,
            *(covered(kept, restamps=one) for one in range(len(kept.restamps))),
        ]
        tokens = (kept.stamp, *(one.token for one in kept.restamps))
        for token, data in zip(tokens, covers, strict=True):
            fault = checker.fault(token, data, nonce=None)
            if fault is not None:
                return fault
        nexts = [*map(stamped_at, tokens[1:]), self._clock.now()]
        for token, following in zip(tokens, nexts, strict=True):
            stamper = single_signature(read(token)).certificate
            moment = stamped_at(token)
            chain = trust.path(stamper, moment=moment).chain
            if not moment <= following <= _ends(chain):
                return Code.OUTSIDE_VALIDITY
        return self._stampers_fault(kept, checker)

    def _stampers_fault(self, kept: KeptEvidence, checker: TokenChecker) -> Code | None:
        """Of a stamper of before its state was kept nothing is known, and it stands."""
        of_stamps = (
            Restamp(token=kept.stamp, revocation=kept.revocation),
            *kept.restamps,
        )
        for number, one in enumerate(of_stamps):
            moment = _asked_at(one)
            said = _Stored(one.revocation, moment, life=self._freshness(moment).ocsp)
            trust = of_path(said, checker.path_of(one.token)).trust
            known_then = number > 0 and one.revocation
            if trust in (Trust.REVOKED, Trust.AUTHORITY_REVOKED):
                return Code.UNTRUSTED
            if known_then and trust is not Trust.TRUSTED:
                return Code.REVOCATION_UNKNOWN
        return None


def _asked_at(stamp: Restamp) -> datetime:
    """When its stamper was asked about: after it had stamped."""
    told = [stamped_at(stamp.token)]
    for one in stamp.revocation:
        with contextlib.suppress(*UNPARSABLE):
            told.append(told_at(one))
    return max(told)


def _ends(chain: tuple[x509.Certificate, ...]) -> datetime:
    ends: datetime = min(one.not_valid_after for one in chain)
    return ends
