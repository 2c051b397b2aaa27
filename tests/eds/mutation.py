"""Signatures by a seed, and what chance does to their bytes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from random import Random

from asn1crypto import parser, x509

from services.onboarding.adapters.eds.examiner import CmsExaminer
from services.onboarding.adapters.eds.revocation import Revocation
from services.onboarding.adapters.eds.timestamp import TokenChecker
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.domain.signature import Trust, judge
from tests.eds.authority import House, house
from tests.eds.keys import SCHEMES, stream
from tests.eds.making import NOW
from tests.eds.messages import Wish, cms
from tests.eds.verdicts import ALL, AnySigner, Moment

BASES = 8
"""Signatures made per kind of key; the rest are mutations of them."""


@dataclass(frozen=True)
class Sample:
    """A CMS; `changed` the offset of the one changed byte, if it is one."""

    kind: str
    raw: bytes
    document: bytes
    how: str
    base: bytes
    attached: bool
    changed: int | None = None

    @property
    def in_signed_bytes(self) -> bool:
        """Whether the changed byte is signed, or part of a signature."""
        return self.changed is not None and any(
            begin <= self.changed < end for begin, end in _signed(self.base, self.kind)
        )


class NoRevocation:
    """НУЦ is not asked: the second opinion cannot either."""

    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        return Revocation(Trust.TRUSTED)

    fetch_authority = fetch


@cache
def home(kind: str) -> House:
    return house(kind)


@cache
def examiner(kind: str) -> CmsExaminer:
    """The verifier under the house of one kind of key."""
    members, clock = home(kind), Moment(NOW)
    trust = PinnedTrust(
        roots=(x509.Certificate.load(members.root.certificate),),
        issuers=(x509.Certificate.load(members.issuing.certificate),),
    )
    return CmsExaminer(
        trust=trust,
        revocation=NoRevocation(),
        tokens=TokenChecker(trust=trust, clock=clock),
        clock=clock,
    )


def verdict(sample: Sample) -> str:
    """Our code of refusal, or ``ok``."""
    found = examiner(sample.kind).examine(sample.raw, sample.document)
    return judge(found, AnySigner(), accepted=ALL) or "ok"


@cache
def base(kind: str, number: int) -> tuple[bytes, bytes]:
    """A right signature and its document; odd ones carry the document inside."""
    document = stream(f"document {number}", 40 + 900 * number)
    wish = Wish(
        attached=document if number % 2 else None,
        claimed_at=NOW - timedelta(hours=number) if number % 4 < 2 else None,
    )
    return cms(document, home(kind).person, wish), document


def samples(seed: str, count: int, kinds: tuple[str, ...]) -> Iterator[Sample]:
    """`count` signatures: one in five right, the others changed by chance."""
    for number in range(count):
        chance = Random(f"{seed} {number}")
        kind = kinds[number % len(kinds)]
        which = chance.randrange(BASES)
        raw, document = base(kind, which)
        yield _changed(
            chance, Sample(kind, raw, document, "right", raw, bool(which % 2))
        )


def _changed(chance: Random, sample: Sample) -> Sample:
    raw, place = bytearray(sample.raw), chance.randrange(len(sample.raw))
    way = chance.randrange(10)
    where: int | None = None
    if way < 2:
        return sample
    if way < 6:
        raw[place] ^= 1 << chance.randrange(8)
        how, where = "bit", place
    elif way < 7:
        fresh = chance.randrange(256)
        if fresh == raw[place]:
            return sample
        raw[place] = fresh
        how, where = "byte", place
    elif way < 8:
        length = min(chance.randrange(1, 9), len(raw) - place)
        del raw[place : place + length]
        how = "cut"
    elif way < 9:
        raw[place:place] = chance.randbytes(chance.randrange(1, 9))
        how = "inserted"
    else:
        length = chance.randrange(1, 65)
        other = chance.randrange(len(raw))
        raw[place : place + length] = raw[other : other + length]
        how = "copied"
    if bytes(raw) == sample.raw:
        return sample
    return replace(sample, raw=bytes(raw), how=how, changed=where)


def _signed(raw: bytes, kind: str) -> Iterator[tuple[int, int]]:
    """Where signed bytes lie: the certificate, then all from the attributes' digest.

    The end of a CMS of ours is the signature value.
    """
    certificate = home(kind).person.certificate
    begin = raw.index(certificate)
    tbs = parser.parse(parser.parse(certificate)[4])
    yield begin + 4, begin + 4 + len(tbs[3]) + len(tbs[4])
    size = {"rsa": 256, "ecdsa": 60}.get(kind, 128 if kind.endswith("512") else 64)
    yield len(raw) - size, len(raw)


KINDS = tuple(SCHEMES)
