"""An accepted ЭЦП years later: what is kept, and what each new time stamp covers.

Certificates end, keys grow weak, НУЦ's answers cannot be had again. What was believed
once stays provable because a time stamp says when all of it lay together, and because
a new stamp over everything is taken before the last one ages (after RFC 4998 and the
archive form of CAdES, EN 319 122-1).
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from kernel.crypto import canonical, sha256_hex


@dataclass(frozen=True, slots=True, kw_only=True)
class Restamp:
    """A time stamp over everything before it.

    `revocation`: what said that its stamper, and the authorities above, were good then;
    nothing for one taken before that was kept.
    """

    token: bytes
    revocation: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptEvidence:
    """All evidence of one accepted signature, as it was stored together.

    `chain` from the signer's certificate up to the root; `revocation` OCSP answers or
    CRLs, of the first stamper too; `stamp` is over the signature value, each of
    `restamps` over all before it.
    """

    document: bytes
    cms: bytes
    chain: tuple[bytes, ...]
    revocation: tuple[bytes, ...]
    stamp: bytes
    restamps: tuple[Restamp, ...]
    accepted_at: datetime

    @property
    def last_stamp(self) -> bytes:
        """The token on which the evidence rests today."""
        return self.restamps[-1].token if self.restamps else self.stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptSignature(KeptEvidence):
    """A client's; `iin` is theirs, whom the certificate must name."""

    ceremony_id: UUID
    iin: str


def covered(kept: KeptEvidence, *, restamps: int) -> bytes:
    """What re-stamp number `restamps` is over: all evidence and every stamp before.

    Canonical JSON of SHA-256 digests, so that no part can pass for another.  Stampers
    of before theirs was kept have no evidence, and change nothing of the form.
    """
    before = kept.restamps[:restamps]
    stampers = tuple(
        tuple(sha256_hex(said) for said in one.revocation) for one in before
    )
    return canonical(
        {
            "document": sha256_hex(kept.document),
            "cms": sha256_hex(kept.cms),
            "chain": [sha256_hex(one) for one in kept.chain],
            "revocation": [sha256_hex(one) for one in kept.revocation],
            "stamps": [
                sha256_hex(one) for one in (kept.stamp, *(one.token for one in before))
            ],
            **({"stampers": stampers} if any(stampers) else {}),
        }
    )
