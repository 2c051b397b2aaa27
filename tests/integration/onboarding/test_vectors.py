"""The verifier against published signatures of НУЦ's TEST system, where present.

An extra check: the vectors are no part of this repository, and without `EDS_VECTORS`
in the environment this file is not collected. Only what RSA can show is compared.
"""

import json
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import x509

from services.onboarding.adapters.eds import CmsExaminer
from services.onboarding.adapters.timestamp import TokenChecker
from services.onboarding.adapters.trust import PinnedTrust, Revocation
from services.onboarding.domain.signature import Code, NaturalPerson, judge

_FOLDER = Path(os.environ["EDS_VECTORS"])
_CASES = _FOLDER / "cases.json"
TEST_PERSON = "123456789011"


class _Moment:
    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        return self._at


class _Silence:
    def fetch(
        self, certificate: x509.Certificate, issuer: x509.Certificate
    ) -> Revocation:
        return Revocation()


def _cases() -> list[dict[str, Any]]:
    found = json.loads(_CASES.read_text())["cases"]
    return [c for c in found if c["kind"] == "cms" and c.get("single_signer", True)]


def _load(name: str) -> x509.Certificate:
    return x509.Certificate.load((_FOLDER / name).read_bytes())


@pytest.mark.parametrize("case", _cases(), ids=lambda case: str(case["id"]))
def test_verdict_agrees(case: dict[str, Any]) -> None:
    clock = _Moment(datetime.fromisoformat(case["time"]))
    trust = PinnedTrust(
        roots=tuple(map(_load, case["roots"])),
        issuers=tuple(map(_load, case["intermediates"])),
    )
    examiner = CmsExaminer(
        trust=trust,
        revocation=_Silence(),
        tokens=TokenChecker(trust=trust, clock=clock),
        clock=clock,
    )
    found = judge(
        examiner.examine(
            (_FOLDER / case["file"]).read_bytes(),
            (_FOLDER / case["document"]).read_bytes(),
        ),
        NaturalPerson(case.get("iin", TEST_PERSON)),
    )
    assert found is not None
    assert found in _acceptable(case)


def _acceptable(case: dict[str, Any]) -> set[Code]:
    """The published reason; without revocation data ``ok`` cannot be reached."""
    expected = case["expect"]
    if expected == "ok":
        return {Code.REVOCATION_UNKNOWN, Code.WEAK_OR_UNKNOWN_ALGORITHM}
    wanted = {expected} if isinstance(expected, str) else {"several_signers"}
    reasons = {code for code in Code if code.value in wanted}
    if "rsa" not in case["file"]:
        # GOST: read as far as the algorithm, which is not accepted yet.
        reasons |= {Code.WEAK_OR_UNKNOWN_ALGORITHM, Code.SEVERAL_SIGNERS}
    return reasons
