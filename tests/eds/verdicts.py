"""What the verifier says of a case in the form of the national test vectors.

A case names its files and its moment (`cases.json`); the clock stands, and revocation
data come out of files instead of НУЦ.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, x509

from services.onboarding.adapters.eds import status
from services.onboarding.adapters.eds.examiner import CmsExaminer
from services.onboarding.adapters.eds.revocation import Revocation
from services.onboarding.adapters.eds.timestamp import TokenChecker
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.domain.signature import (
    Algorithm,
    CertificateFacts,
    Code,
    Holder,
    NaturalPerson,
    Trust,
    judge,
)

ALL = frozenset(Algorithm)
FRESH = status.Freshness(ocsp=timedelta(minutes=30), crl=timedelta(minutes=10))
"""As the platform's own settings say."""


class AnySigner:
    """Where the case lets anybody sign."""

    def refusal(self, certificate: CertificateFacts) -> Code | None:
        return None


class _SomePerson:
    """A natural person, of any name."""

    def refusal(self, certificate: CertificateFacts) -> Code | None:
        named = next(iter(certificate.serial_numbers), "")
        return NaturalPerson(named.removeprefix("IIN")).refusal(certificate)


@dataclass(frozen=True)
class Moment:
    """A clock that stands."""

    at: datetime

    def now(self) -> datetime:
        return self.at


@dataclass(frozen=True)
class Case:
    """One case of a folder."""

    folder: Path
    said: dict[str, Any]

    @property
    def clock(self) -> Moment:
        return Moment(datetime.fromisoformat(self.said["time"]))

    @property
    def reasons(self) -> set[str]:
        """The published reason, and what is right as well."""
        return {self.said["expect"], *self.said.get("also", ())}

    def read(self, field: str = "file") -> bytes:
        return self.named(self.said[field])

    def named(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def certificate(self, name: str) -> x509.Certificate:
        return x509.Certificate.load(self.named(name))

    def trust(self) -> PinnedTrust:
        return PinnedTrust(
            roots=tuple(map(self.certificate, self.said["roots"])),
            issuers=tuple(map(self.certificate, self.said.get("intermediates", ()))),
        )

    def holder(self) -> Holder:
        if self.said.get("usage") == "any_signer":
            return AnySigner()
        iin = self.said.get("iin")
        return NaturalPerson(iin) if iin else _SomePerson()

    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """`RevocationSource` out of the files that the case names."""
        if self.said.get("revocation") == "not_checked":
            return Revocation(Trust.TRUSTED)
        now = self.clock.now()
        for name in self.said.get("ocsps", ()):
            raw = self.named(name)
            try:
                found = status.ocsp_status(
                    raw, certificate, issuer, moment=now, nonce=None, life=FRESH.ocsp
                )
            except status.UnusableError:
                continue
            return Revocation(found, (raw,))
        for name in self.said.get("crls", ()):
            raw = self.named(name)
            try:
                found = status.crl_status(raw, certificate, issuer, moment=now)
            except status.UnusableError:
                continue
            return Revocation(found, (raw,))
        return Revocation()

    def fetch_authority(
        self, authority: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """By the root's lists, where the case has some; the national ones have none."""
        names = self.said.get("root_crls")
        if names is None:
            return Revocation(Trust.TRUSTED)
        for name in names:
            raw, now = self.named(name), self.clock.now()
            try:
                found = status.crl_status(raw, authority, issuer, moment=now)
            except status.UnusableError:
                continue
            return Revocation(found, (raw,))
        return Revocation()

    def examiner(self) -> CmsExaminer:
        trust = self.trust()
        return CmsExaminer(
            trust=trust,
            revocation=self,
            tokens=TokenChecker(trust=trust, clock=self.clock),
            clock=self.clock,
        )

    def verdict(self, raw: bytes) -> str:
        """Code of the refusal, or ``ok``."""
        found = self.examiner().examine(raw, self.read("document"))
        return judge(found, self.holder(), accepted=ALL) or "ok"


def cases(folder: Path, *kinds: str) -> list[Any]:
    """The cases of these kinds, as parameters of a test."""
    found = json.loads((folder / "cases.json").read_text())["cases"]
    return [
        pytest.param(Case(folder, said), id=str(said["id"]))
        for said in found
        if said["kind"] in kinds
    ]


def split(raw: bytes) -> Iterable[bytes]:
    """One SignedData per SignerInfo."""
    try:
        whole = cms.ContentInfo.load(raw, strict=True)["content"]
        infos = whole["signer_infos"]
        count = len(infos)
    except (ValueError, KeyError, TypeError):
        return [raw]
    if count < 2:
        return [raw]
    return [
        cms.ContentInfo(
            {
                "content_type": "signed_data",
                "content": cms.SignedData(
                    {
                        "version": "v1",
                        "digest_algorithms": whole["digest_algorithms"],
                        "encap_content_info": whole["encap_content_info"],
                        "certificates": whole["certificates"],
                        "signer_infos": [info],
                    }
                ),
            }
        ).dump()
        for info in infos
    ]
