"""Verifications of ЭЦП: ours, pyHanko's and OpenSSL's, over the very same files.

GOST is in the Russian profile, which all three can read; the arithmetic is that of
Kazakh certificates. Everybody checks signature, path and a CRL of 195 entries.
"""

import asyncio
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from resource import RUSAGE_CHILDREN, RUSAGE_SELF, getrusage
from typing import Any, Final
from unittest import mock

from asn1crypto import cms as asn1_cms
from asn1crypto import core, crl, keys, x509
from pyhanko.sign.validation import KeyUsageConstraints, async_validate_cms_signature
from pyhanko_certvalidator import ValidationContext
from pyhanko_certvalidator import context as certvalidator
from pyhanko_certvalidator.policy_decl import (
    CertRevTrustPolicy,
    RevocationCheckingPolicy,
    RevocationCheckingRule,
)
from pyhanko_certvalidator.sig_validate import (
    DEFAULT_VALIDATION_CONTEXT,
    DefaultSignatureValidator,
)

from kernel import gost
from services.onboarding.adapters.eds import algorithms, status
from services.onboarding.adapters.eds.examiner import CmsExaminer
from services.onboarding.adapters.eds.revocation import Revocation
from services.onboarding.adapters.eds.timestamp import TokenChecker
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.domain.signature import NaturalPerson, Trust, judge
from tests.benchmarks.bench import Bench
from tests.benchmarks.rows import OURS, Aim, Figures, Row
from tests.eds import authority
from tests.eds.authority import IIN, House, house, member, person_name, signing
from tests.eds.keys import hashed, stream
from tests.eds.making import DAY, NOW
from tests.eds.messages import cms
from tests.eds.oracle import OpenSsl
from tests.eds.russian import profile
from tests.eds.verdicts import ALL, Moment

PYHANKO: Final = "pyHanko"
OPENSSL: Final = "OpenSSL"
SIGNERS: Final = 12
"""Persons who sign in turn: no certificate of theirs is remembered by us."""
REVOKED: Final = 195
DOCUMENT: Final = stream("document", 20_000)


@dataclass(frozen=True)
class Files:
    """What every party is given."""

    kind: str
    house: House
    crl: bytes
    signatures: tuple[bytes, ...]


def _files(kind: str) -> Files:
    house.cache_clear()
    members = house(kind)
    persons = [
        member(f"{kind} {one}", kind, members.issuing, signing(), person_name())
        for one in range(SIGNERS)
    ]
    listed = authority.crl(
        members.issuing,
        window=(NOW - DAY, NOW + 30 * DAY),
        revoked=[(authority.serial_of(f"{one}"), NOW - DAY) for one in range(REVOKED)],
    )
    signatures = tuple(cms(DOCUMENT, person) for person in persons)
    return Files(kind, members, listed, signatures)


@contextmanager
def _given(kind: str) -> Iterator[Files]:
    with profile() if kind.startswith("gost") else nullcontext():
        try:
            yield _files(kind)
        finally:
            house.cache_clear()


def _timed(
    files: Files,
    count: int,
    verify: Callable[[bytes], bool],
    *,
    children: bool = False,
) -> Figures:
    """Verifications a second of processor, after one of each that is not counted.

    By processor and not by clock: a busy machine slows all of them alike. Of OpenSSL
    only its own processes count, not our starting them.
    """
    assert all(map(verify, files.signatures))
    begun = _processor(children)
    for number in range(count):
        assert verify(files.signatures[number % SIGNERS])
    return {"verified": count / (_processor(children) - begun)}


def _processor(children: bool) -> float:  # noqa: FBT001 - whose
    """Seconds of processor: of this process, or of its ended children."""
    used = getrusage(RUSAGE_CHILDREN if children else RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


@dataclass(frozen=True)
class _ByList:
    crl: bytes

    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        found = status.crl_status(self.crl, certificate, issuer, moment=NOW)
        return Revocation(found, (self.crl,))

    def fetch_authority(
        self, authority: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        """Nor do the others look at more than the signer's own."""
        return Revocation(Trust.TRUSTED)


def _ours(kind: str, _: Bench, count: int) -> Figures:
    with _given(kind) as files:
        clock = Moment(NOW)
        trust = PinnedTrust(
            roots=(x509.Certificate.load(files.house.root.certificate),),
            issuers=(x509.Certificate.load(files.house.issuing.certificate),),
        )
        examiner = CmsExaminer(
            trust=trust,
            revocation=_ByList(files.crl),
            tokens=TokenChecker(trust=trust, clock=clock),
            clock=clock,
        )

        def verify(raw: bytes) -> bool:
            found = examiner.examine(raw, DOCUMENT)
            return judge(found, NaturalPerson(IIN), accepted=ALL) is None

        return _timed(files, count, verify)


class _GostValidator(DefaultSignatureValidator):  # type: ignore[misc] # untyped
    """pyHanko's validator, taught GOST with our arithmetic."""

    def validate_signature(
        self,
        signature: bytes,
        signed_data: bytes,
        public_key_info: Any,  # noqa: ANN401 - asn1crypto is untyped
        signature_algorithm: Any,  # noqa: ANN401 - as above
        context: Any = DEFAULT_VALIDATION_CONTEXT,  # noqa: ANN401 - the library's
    ) -> None:
        dotted = public_key_info["algorithm"]["algorithm"].dotted
        kind = algorithms._GOST_KEYS.get(dotted)
        if kind is None:
            super().validate_signature(
                signature, signed_data, public_key_info, signature_algorithm, context
            )
            return
        _, digest = algorithms.signature_name(signature_algorithm)
        point = core.OctetString.load(bytes(public_key_info["public_key"])).native
        hashed_data = algorithms.HASHES[str(digest)](signed_data)
        if not gost.verify(kind.curve, point, signature, hashed_data, often=False):
            raise ValueError("signature does not verify")


def _any_key(info: keys.PublicKeyInfo) -> Any:  # noqa: ANN401 - asn1crypto's own form
    """A GOST key is a plain bit string; asn1crypto knows none."""
    if info["algorithm"]["algorithm"].dotted in algorithms._GOST_KEYS:
        return core.OctetBitString, None
    return _LIBRARYS_OWN(info)


_LIBRARYS_OWN: Final = keys.PublicKeyInfo._spec_callbacks["public_key"]


def _pyhanko(kind: str, _: Bench, count: int) -> Figures:
    patches = (
        mock.patch.dict(keys.PublicKeyInfo._spec_callbacks, {"public_key": _any_key}),
        mock.patch.object(certvalidator, "DefaultSignatureValidator", _GostValidator),
    )
    with _given(kind) as files, patches[0], patches[1]:
        hashing = partial(hashed, files.house.person.key.scheme.hashing)
        listed = crl.CertificateList.load(files.crl)
        policy = RevocationCheckingPolicy(
            ee_certificate_rule=RevocationCheckingRule.CRL_OR_OCSP_REQUIRED,
            intermediate_ca_cert_rule=RevocationCheckingRule.NO_CHECK,
        )
        root = x509.Certificate.load(files.house.root.certificate)
        issuing = x509.Certificate.load(files.house.issuing.certificate)
        usage = KeyUsageConstraints(key_usage={"non_repudiation"})

        def verify(raw: bytes) -> bool:
            found = asyncio.run(
                async_validate_cms_signature(
                    asn1_cms.ContentInfo.load(raw)["content"],
                    raw_digest=hashing(DOCUMENT),
                    validation_context=ValidationContext(
                        trust_roots=[root],
                        other_certs=[issuing],
                        moment=NOW,
                        crls=[listed],
                        allow_fetching=False,
                        revinfo_policy=CertRevTrustPolicy(policy),
                    ),
                    key_usage_settings=usage,
                )
            )
            return bool(found.intact and found.valid and found.trusted)

        return _timed(files, count, verify)


def _openssl(kind: str, _: Bench, count: int) -> Figures:
    with _given(kind) as files, tempfile.TemporaryDirectory() as folder:
        openssl = OpenSsl(Path(folder), gost=kind.startswith("gost"))

        def verify(raw: bytes) -> bool:
            return openssl.accepts(
                raw,
                DOCUMENT,
                attached=False,
                root=files.house.root.certificate,
                issuing=files.house.issuing.certificate,
                crl=files.crl,
                at=NOW,
            )

        return _timed(files, count, verify, children=True)


def _row(kind: str, title: str, aim: Aim | None) -> Row:
    return Row(
        title=f"ЭЦП by {title}: a document of 20 kB, path of two, CRL of {REVOKED}",
        unit="verifications per second of processor",
        size=240,
        of="signatures",
        parties={
            OURS: partial(_ours, kind),
            PYHANKO: partial(_pyhanko, kind),
            OPENSSL: partial(_openssl, kind),
        },
        aim=aim,
    )


SIGNATURES: Final[Mapping[str, Row]] = {
    "eds-rsa": _row("rsa", "RSA-2048", Aim("verified", PYHANKO, 1)),
    "eds-ecdsa": _row("ecdsa", "ECDSA P-256", Aim("verified", PYHANKO, 1)),
    "eds-gost512": _row(
        "gost2015_512", "GOST 34.10-2015 of 512 bits", Aim("verified", PYHANKO, 2)
    ),
    "eds-gost256": _row(
        "gost2015_256", "GOST 34.10-2015 of 256 bits", Aim("verified", OPENSSL, 0.4)
    ),
    "eds-gost2004": _row("gost2004", "GOST 34.310-2004", Aim("verified", OPENSSL, 0.4)),
}
