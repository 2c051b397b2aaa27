"""Thousands of signatures, judged by two, and mutated for minutes.

Generated and mutated CMS of every kind of key; our verdict beside that of OpenSSL,
with gost-engine for GOST in the Russian profile. Where they differ, ours must be the
stricter for a reason that is written down. Mutations alone: nothing may crash, and no
change of a signed byte may be accepted.
"""

import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from typing_extensions import override

from tests.eds import mutation
from tests.eds.authority import house
from tests.eds.making import NOW
from tests.eds.mutation import Sample, home, samples, verdict
from tests.eds.oracle import OpenSsl

STRICTER = {
    "malformed": "bytes after the end, unsorted attributes, encodings that are not DER",
    "algorithm_mismatch": "the hash must be the one that the signature names",
    "weak_or_unknown_algorithm": "the identifier of the key decides, not the library",
    "signing_time_in_future": "a claimed time outside the certificate's is impossible",
    "several_signers": "a client signs alone",
    "untrusted": "name and key identifier of the issuer are compared",
    "wrong_imprint": "a broken time stamp is not ignored",
}
"""Refusals of ours that OpenSSL does not make, and why (ADR 0016)."""


@dataclass
class Tally:
    """How often both agreed, and each way in which they did not."""

    agreed: Counter[str] = field(default_factory=Counter)
    stricter: Counter[str] = field(default_factory=Counter)
    wrong: list[tuple[Sample, str]] = field(default_factory=list)

    @override
    def __str__(self) -> str:
        total = sum(self.agreed.values())
        return f"{total} alike {dict(self.agreed)}, stricter {dict(self.stricter)}"

    def add(self, sample: Sample, ours: str, *, theirs: bool) -> None:
        if (ours == "ok") == theirs:
            self.agreed[f"{sample.kind} {'accepted' if theirs else 'refused'}"] += 1
        elif theirs and ours in STRICTER:
            self.stricter[f"{sample.kind} {ours}"] += 1
        else:
            self.wrong.append((sample, ours))


def compare(seed: str, count: int, kinds: Sequence[str], *, gost: bool) -> Tally:
    """Judge `count` signatures twice."""
    tally = Tally()
    with tempfile.TemporaryDirectory() as folder:
        openssl = OpenSsl(Path(folder), gost)
        for sample in samples(seed, count, tuple(kinds)):
            members = home(sample.kind)
            theirs = openssl.accepts(
                sample.raw,
                sample.document,
                attached=sample.attached,
                root=members.root.certificate,
                issuing=members.issuing.certificate,
                at=NOW,
            )
            tally.add(sample, verdict(sample), theirs=theirs)
    return tally


def fuzz(
    seed: str, kinds: Sequence[str], *, seconds: float
) -> tuple[int, list[Sample]]:
    """Mutations for so long: how many, and the accepted with a signed byte changed."""
    ends = time.monotonic() + seconds
    tried, accepted, round_ = 0, list[Sample](), 0
    while time.monotonic() < ends:
        round_ += 1
        for sample in samples(f"{seed} {round_}", 500, tuple(kinds)):
            tried += 1
            if verdict(sample) == "ok" and sample.in_signed_bytes:
                accepted.append(sample)
    return tried, accepted


def forget() -> None:
    """Houses, signatures and verifiers of another profile are none of this one."""
    for kept in (mutation.home, mutation.examiner, mutation.base, house):
        kept.cache_clear()
