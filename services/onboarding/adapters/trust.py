"""The pinned authorities, and how a path to them is asked of certvalidator.

Roots and issuing authorities come from configuration, never from a signature. This
module also tames the library: it keeps its warnings, which quote names and ИИН, out
of the logs, and runs its coroutines without an event loop.
"""

import logging
from collections.abc import Coroutine
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final, Self, TypeVar

from asn1crypto import crl, ocsp, pem, x509
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)

from kernel.crypto import canonical, sha256_hex
from kernel.errors import Broken

T = TypeVar("T")

TIME_TOLERANCE: Final = timedelta(seconds=5)
"""Clocks of the authority and ours; also the latest its answers may lie ahead."""

VERIFIER: Final = (
    f"pyhanko {version('pyhanko')}, certvalidator {version('pyhanko-certvalidator')}"
)
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


def silence_libraries() -> None:
    """Their warnings name the certificate's subject: a person and an ИИН."""
    for name in ("pyhanko", "pyhanko_certvalidator"):
        logger = logging.getLogger(name)
        logger.propagate = False
        logger.setLevel(logging.CRITICAL + 1)


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that never has to wait; the library fetches nothing for us.

    Under eventlet an event loop would be one loop too many. Broken if it waits.
    """
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise Broken("the signature library tried to wait for something")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revocation:
    """Revocation data fetched by us; all empty means nothing is known."""

    ocsps: tuple[ocsp.OCSPResponse, ...] = ()
    crls: tuple[crl.CertificateList, ...] = ()

    @property
    def raw(self) -> tuple[bytes, ...]:
        """The bytes to keep as evidence: they cannot be had again for that moment."""
        return tuple(answer.dump() for answer in (*self.ocsps, *self.crls))


@dataclass(frozen=True, slots=True, kw_only=True)
class PinnedTrust:
    """Roots and issuing authorities by their very bytes."""

    roots: tuple[x509.Certificate, ...]
    issuers: tuple[x509.Certificate, ...]

    @classmethod
    def load(cls, *, roots: Path, issuers: Path, production: bool) -> Self:
        """Two PEM bundles. Broken if unreadable, or with a TEST root in production."""
        trust = cls(roots=_bundle(roots), issuers=_bundle(issuers))
        if production and trust.pins & _TEST_ROOTS:
            raise Broken("a TEST authority is pinned in production")
        return trust

    @property
    def pins(self) -> frozenset[str]:
        """SHA-256 of every pinned certificate."""
        return frozenset(sha256_hex(one.dump()) for one in (*self.roots, *self.issuers))

    @property
    def sha256(self) -> str:
        """One digest of the whole trust list, kept with every verdict."""
        return sha256_hex(canonical(tuple(sorted(self.pins))))

    def context(
        self, *, moment: datetime, revocation: Revocation | None
    ) -> ValidationContext:
        """What certvalidator needs. Without `revocation` it is not looked at.

        ValueError when the library cannot read the revocation data.
        """
        required = RevocationCheckingRule.CRL_OR_OCSP_REQUIRED
        ignored = RevocationCheckingRule.NO_CHECK
        policy = RevocationCheckingPolicy(
            ee_certificate_rule=ignored if revocation is None else required,
            intermediate_ca_cert_rule=ignored,
        )
        return ValidationContext(
            trust_roots=list(self.roots),
            other_certs=list(self.issuers),
            moment=moment,
            ocsps=list(revocation.ocsps) if revocation else [],
            crls=list(revocation.crls) if revocation else [],
            allow_fetching=False,
            revinfo_policy=CertRevTrustPolicy(policy),
            time_tolerance=TIME_TOLERANCE,
        )


def _bundle(path: Path) -> tuple[x509.Certificate, ...]:
    try:
        blocks = list(pem.unarmor(path.read_bytes(), multiple=True))
        found = tuple(x509.Certificate.load(der, strict=True) for _, _, der in blocks)
    except (OSError, ValueError) as error:
        raise Broken(f"{path.name} is no bundle of certificates") from error
    if not found:
        raise Broken(f"{path.name} holds no certificate")
    return found
