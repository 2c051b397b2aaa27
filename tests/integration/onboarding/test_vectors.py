"""The verifier against published signatures of НУЦ's TEST system, where present.

An extra check: the vectors are no part of this repository, and without `EDS_VECTORS`
in the environment this file is not collected. Every case must get the verdict of its
manifest; the reason is the published one, or one of those it names as right as well.
"""

import hashlib
import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, tsp, x509

from kernel.clock import Clock
from kernel.crypto import sha256_hex
from services.onboarding.adapters.eds import status
from services.onboarding.adapters.eds.algorithms import HASHES
from services.onboarding.adapters.eds.examiner import CmsExaminer, certificate_facts
from services.onboarding.adapters.eds.path import issued_by
from services.onboarding.adapters.eds.revocation import Revocation
from services.onboarding.adapters.eds.timestamp import TokenChecker
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.domain.signature import (
    Algorithm,
    CertificateFacts,
    Code,
    NaturalPerson,
    Trust,
    judge,
)

_FOLDER = Path(os.environ["EDS_VECTORS"])
TEST_PERSON = "123456789011"
_ALL = frozenset(Algorithm)


class _Moment:
    """A clock that stands at the case's moment."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._at = datetime.fromisoformat(case["time"])

    def now(self) -> datetime:
        return self._at


class _AnySigner:
    """Where the case lets anybody sign, or names nobody."""

    def refusal(self, certificate: CertificateFacts) -> Code | None:
        return None


class _Person:
    """A natural person; of any name where the case names none."""

    def __init__(self, case: dict[str, Any]) -> None:
        self._iin: str | None = case.get("iin")

    def refusal(self, certificate: CertificateFacts) -> Code | None:
        iin = self._iin or next(iter(certificate.serial_numbers), "")[3:]
        return NaturalPerson(iin).refusal(certificate)


class _Files:
    """`RevocationSource` out of the files that a case names."""

    def __init__(self, case: dict[str, Any], clock: Clock) -> None:
        self._case, self._clock = case, clock

    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        if self._case.get("revocation") == "not_checked":
            return Revocation(Trust.TRUSTED)
        now = self._clock.now()
        for name in self._case.get("ocsps", ()):
            try:
                found = status.ocsp_status(
                    _bytes(name), certificate, issuer, moment=now, nonce=None
                )
                return Revocation(found)
            except status.UnusableError:
                continue
        for name in self._case.get("crls", ()):
            try:
                found = status.crl_status(_bytes(name), certificate, issuer, moment=now)
                return Revocation(found)
            except status.UnusableError:
                continue
        return Revocation()


def _bytes(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()


def _load(name: str) -> x509.Certificate:
    return x509.Certificate.load(_bytes(name))


def _cases(*kinds: str) -> list[Any]:
    found = json.loads((_FOLDER / "cases.json").read_text())["cases"]
    return [
        pytest.param(case, id=str(case["id"]))
        for case in found
        if case["kind"] in kinds
    ]


def _trust(case: dict[str, Any]) -> PinnedTrust:
    return PinnedTrust(
        roots=tuple(map(_load, case["roots"])),
        issuers=tuple(map(_load, case.get("intermediates", ()))),
    )


def _holder(case: dict[str, Any]) -> _AnySigner | _Person:
    return _AnySigner() if case.get("usage") == "any_signer" else _Person(case)


def _accepted_reasons(case: dict[str, Any], expected: str) -> set[str]:
    return {expected, *case.get("also", ())}


def _split(raw: bytes) -> Iterable[bytes]:
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


@pytest.mark.parametrize("case", _cases("cms"))
def test_signature_gets_the_published_verdict(case: dict[str, Any]) -> None:
    clock, trust = _Moment(case), _trust(case)
    examiner = CmsExaminer(
        trust=trust,
        revocation=_Files(case, clock),
        tokens=TokenChecker(trust=trust, clock=clock),
        clock=clock,
    )
    raw, document = _bytes(case["file"]), _bytes(case["document"])
    apart = not case.get("single_signer", True)
    expected = case["expect"] if isinstance(case["expect"], list) else [case["expect"]]
    found = [
        judge(examiner.examine(one, document), _holder(case), accepted=_ALL) or "ok"
        for one in (_split(raw) if apart else [raw])
    ]
    if not isinstance(case["expect"], list):
        found = found[:1]
    assert len(expected) == len(found)
    for reason, one in zip(expected, found, strict=True):
        assert one in _accepted_reasons(case, reason)


@pytest.mark.parametrize("case", _cases("cert"))
def test_certificate_gets_the_published_verdict(case: dict[str, Any]) -> None:
    clock = _Moment(case)
    certificate = _load(case["file"])
    path = _trust(case).path(certificate, moment=clock.now())
    found: str = path.trust
    if path.trust is Trust.TRUSTED:
        found = _Files(case, clock).fetch(certificate, path.issuer).trust
    facts = certificate_facts(certificate)
    if found == Trust.TRUSTED:
        signs = "non_repudiation" in facts.key_usage
        found = "ok" if signs else Code.WRONG_USAGE
        found = (_holder(case).refusal(facts) or found) if signs else found
    assert found in _accepted_reasons(case, case["expect"])


@pytest.mark.parametrize("case", _cases("crl"))
def test_crl_gets_the_published_verdict(case: dict[str, Any]) -> None:
    try:
        found = status.read_crl(_bytes(case["file"]), _load(case["issuer"]).dump())
    except status.UnusableError:
        assert case["expect"] == "bad_signature"
        return
    inside = found.covers(_Moment(case).now())
    assert case["expect"] == ("ok" if inside else "outside_validity")
    assert len(found.revoked) == case.get("entries", len(found.revoked))


class _Asked:
    """A certificate of which only the serial number is known."""

    def __init__(self, serial: int) -> None:
        self.serial_number = serial


@pytest.mark.parametrize("case", _cases("ocsp"))
def test_ocsp_answer_gets_the_published_verdict(case: dict[str, Any]) -> None:
    words = {Trust.TRUSTED: "good", Trust.REVOKED: "revoked"}
    try:
        found: str = words[
            status.ocsp_status(
                _bytes(case["file"]),
                _Asked(int(case["serial"], 16)),
                _load(case["issuer"]),
                moment=_Moment(case).now(),
                nonce=bytes.fromhex(case["nonce"]),
            )
        ]
    except status.UnusableError as error:
        found = error.reason
    assert case["expect"] == found


@pytest.mark.parametrize("case", _cases("tst"))
def test_time_stamp_gets_the_published_verdict(case: dict[str, Any]) -> None:
    imprints = dict(HASHES)
    if case.get("allow_sha1"):
        imprints["sha1"] = _sha1
    checker = TokenChecker(trust=_trust(case), clock=_Moment(case), imprints=imprints)
    raw = _bytes(case["file"])
    if case.get("response"):
        raw = tsp.TimeStampResp.load(raw)["time_stamp_token"].dump()
    found = checker.fault(raw, _bytes(case["document"]), nonce=case.get("nonce"))
    assert case["expect"] == (found or "ok")


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


@pytest.mark.parametrize("case", _cases("ca"))
def test_authority_is_signed_and_pinned_as_published(case: dict[str, Any]) -> None:
    certificate = _load(case["file"])
    assert issued_by(certificate, _load(case["issuer"])) is True
    assert case["sha256"] == sha256_hex(certificate.dump())
