"""The pinned authorities: roots and issuing authorities by their very bytes.

They come from configuration, never from a signature (facts on ЭЦП, section 6).
"""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path as FilePath
from typing import Final, Self

from asn1crypto import pem, x509

from kernel.crypto import canonical, sha256_hex
from kernel.errors import Broken
from services.onboarding.adapters.eds.asn1 import der
from services.onboarding.adapters.eds.path import Path, find_path

VERIFIER: Final = "kredit-eds 3"
"""Kept with every verdict: another version may judge otherwise."""

# Roots of НУЦ's TEST system: their private keys are public. They must never be pinned.
_TEST_ROOTS: Final = frozenset(
    {
        "b995e79e7c07429f8f79e185451e5599ce342ac720000f01b3854fdfa03031a6",
        "beeffc0bdb77cd798c35983eb0715f6ef0051cccb71d7cd05505e8a4fb2c6f4d",
        "0307e8bdf77cb708b7c9d9a5799facdc6de7154447cb394af9ac9b528c3d82c7",
        "7e96a36409dc11e0fc99efae41f8c639e16a495d77c2f2278edb98580f997231",
    }
)


@dataclass(frozen=True, kw_only=True)
class PinnedTrust:
    """Roots and issuing authorities by their very bytes."""

    roots: tuple[x509.Certificate, ...]
    issuers: tuple[x509.Certificate, ...]

    @classmethod
    def load(cls, *, roots: FilePath, issuers: FilePath, production: bool) -> Self:
        """Two PEM bundles. Broken if unreadable, or with a TEST root in production."""
        trust = cls(roots=_bundle(roots), issuers=_bundle(issuers))
        if production and trust.pins & _TEST_ROOTS:
            raise Broken("a TEST authority is pinned in production")
        return trust

    @cached_property
    def pins(self) -> frozenset[str]:
        """SHA-256 of every pinned certificate."""
        return frozenset(sha256_hex(der(one)) for one in (*self.roots, *self.issuers))

    @cached_property
    def sha256(self) -> str:
        """One digest of the whole trust list, kept with every verdict."""
        return sha256_hex(canonical(tuple(sorted(self.pins))))

    def path(self, certificate: x509.Certificate, *, moment: datetime) -> Path:
        """Where a certificate leads at an instant."""
        return find_path(
            certificate, roots=self.roots, issuers=self.issuers, moment=moment
        )


def _bundle(path: FilePath) -> tuple[x509.Certificate, ...]:
    try:
        blocks = list(pem.unarmor(path.read_bytes(), multiple=True))
        found = tuple(x509.Certificate.load(der, strict=True) for _, _, der in blocks)
    except (OSError, ValueError) as error:
        raise Broken(f"{path.name} is no bundle of certificates") from error
    if not found:
        raise Broken(f"{path.name} holds no certificate")
    return found
