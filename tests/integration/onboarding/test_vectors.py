"""The verifier against published signatures of НУЦ's TEST system, where present.

An extra check: the vectors are no part of this repository, and without `EDS_VECTORS`
in the environment this file is not collected. Every case must get the verdict of its
manifest; the reason is the published one, or one of those it names as right as well.
"""

import hashlib
import os
from pathlib import Path

import pytest
from asn1crypto import tsp

from kernel.crypto import sha256_hex
from services.onboarding.adapters.eds import status
from services.onboarding.adapters.eds.algorithms import HASHES
from services.onboarding.adapters.eds.examiner import certificate_facts
from services.onboarding.adapters.eds.path import issued_by
from services.onboarding.adapters.eds.timestamp import TokenChecker
from services.onboarding.domain.signature import Code, Trust
from tests.eds.pkcs12 import CannotOpenError, fits, private_key
from tests.eds.verdicts import FRESH, Case, cases, split

_FOLDER = Path(os.environ["EDS_VECTORS"])


@pytest.mark.parametrize("case", cases(_FOLDER, "cms"))
def test_signature_gets_the_published_verdict(case: Case) -> None:
    raw, expected = case.read(), case.said["expect"]
    apart = not case.said.get("single_signer", True)
    found = [case.verdict(one) for one in (split(raw) if apart else [raw])]
    if isinstance(expected, list):
        assert expected == found
    else:
        assert found[0] in case.reasons


@pytest.mark.parametrize("case", cases(_FOLDER, "cert"))
def test_certificate_gets_the_published_verdict(case: Case) -> None:
    certificate = case.certificate(case.said["file"])
    path = case.trust().path(certificate, moment=case.clock.now())
    found: str = path.trust
    if path.trust is Trust.TRUSTED:
        found = case.fetch(certificate, path.issuer).trust
    facts = certificate_facts(certificate)
    if found == Trust.TRUSTED:
        signs = "non_repudiation" in facts.key_usage
        found = "ok" if signs else Code.WRONG_USAGE
        found = (case.holder().refusal(facts) or found) if signs else found
    assert found in case.reasons


@pytest.mark.parametrize("case", cases(_FOLDER, "crl"))
def test_crl_gets_the_published_verdict(case: Case) -> None:
    try:
        found = status.read_crl(case.read(), case.named(case.said["issuer"]))
    except status.UnusableError:
        assert case.said["expect"] == "bad_signature"
        return
    inside = found.covers(case.clock.now())
    assert case.said["expect"] == ("ok" if inside else "outside_validity")
    assert len(found.revoked) == case.said.get("entries", len(found.revoked))


class _Asked:
    """A certificate of which only the serial number is known."""

    def __init__(self, serial: int) -> None:
        self.serial_number = serial


@pytest.mark.parametrize("case", cases(_FOLDER, "ocsp"))
def test_ocsp_answer_gets_the_published_verdict(case: Case) -> None:
    words = {Trust.TRUSTED: "good", Trust.REVOKED: "revoked"}
    try:
        found: str = words[
            status.ocsp_status(
                case.read(),
                _Asked(int(case.said["serial"], 16)),
                case.certificate(case.said["issuer"]),
                moment=case.clock.now(),
                nonce=bytes.fromhex(case.said["nonce"]),
                life=FRESH.ocsp,
            )
        ]
    except status.UnusableError as error:
        found = error.reason
    assert case.said["expect"] == found


@pytest.mark.parametrize("case", cases(_FOLDER, "tst"))
def test_time_stamp_gets_the_published_verdict(case: Case) -> None:
    imprints = dict(HASHES)
    if case.said.get("allow_sha1"):
        imprints["sha1"] = _sha1
    checker = TokenChecker(trust=case.trust(), clock=case.clock, imprints=imprints)
    raw = case.read()
    if case.said.get("response"):
        raw = tsp.TimeStampResp.load(raw)["time_stamp_token"].dump()
    found = checker.fault(raw, case.read("document"), nonce=case.said.get("nonce"))
    assert case.said["expect"] == (found or "ok")


def _sha1(data: bytes) -> bytes:
    return hashlib.sha1(data, usedforsecurity=False).digest()


@pytest.mark.parametrize("case", cases(_FOLDER, "ca"))
def test_authority_is_signed_and_pinned_as_published(case: Case) -> None:
    certificate = case.certificate(case.said["file"])
    assert issued_by(certificate, case.certificate(case.said["issuer"])) is True
    assert case.said["sha256"] == sha256_hex(certificate.dump())


@pytest.mark.parametrize("case", cases(_FOLDER, "p12"))
def test_published_key_fits_its_certificate(case: Case) -> None:
    """The signers of the other vectors: what they signed is theirs."""
    name = Path(case.said["file"]).stem
    try:
        found = private_key(case.read(), case.said["password"])
    except CannotOpenError:
        assert case.said["expect"] == "cannot_open"
        return
    assert case.said["expect"] == "ok"
    assert fits(found, case.certificate(f"certs/from_p12/{name}.cer"))
