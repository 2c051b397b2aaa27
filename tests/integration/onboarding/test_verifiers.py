"""One contract, two verifiers: ours, and an NCANode in its place."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from infra.simulators.client import Person
from kernel.clock import Clock
from kernel.errors import Transient
from kernel.tls import client_context
from services.onboarding.adapters.eds.examiner import CmsExaminer
from services.onboarding.adapters.eds.ncanode import NcanodeExaminer
from services.onboarding.adapters.eds.revocation import HttpRevocation
from services.onboarding.adapters.eds.timestamp import TokenChecker
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.adapters.http import OuterServer
from services.onboarding.domain.signature import (
    Algorithm,
    Code,
    NaturalPerson,
    SignatureFacts,
    judge,
)
from services.onboarding.ports import Signatures
from services.onboarding.wiring import build
from tests.eds.verdicts import FRESH
from tests.integration.onboarding.conftest import Cabinet
from tests.integration.simulators.stand import Stand

DOCUMENT = b"contract"


@pytest.fixture
def clock(cabinet: Cabinet) -> Clock:
    return cabinet.platform.clock


@pytest.fixture(params=["ours", "ncanode"])
def verifier(
    request: pytest.FixtureRequest, outer_world: Stand, clock: Clock
) -> Iterator[Signatures]:
    tls = client_context(outer_world.pki.ca, *outer_world.pki.pair("partner"))
    authority = OuterServer(outer_world.public_url, tls=tls, name="НУЦ")
    ncanode = OuterServer(f"{outer_world.partner_url}/ncanode", tls=tls, name="NCANode")
    trust = PinnedTrust.load(
        roots=outer_world.authority_file("/ca/roots.pem"),
        issuers=outer_world.authority_file("/ca/issuing.pem"),
        production=False,
    )
    tokens = TokenChecker(trust=trust, clock=clock)
    revocation = HttpRevocation(authority, clock=clock, freshness=lambda _: FRESH)
    if request.param == "ours":
        yield CmsExaminer(
            trust=trust, revocation=revocation, tokens=tokens, clock=clock
        )
    else:
        yield NcanodeExaminer(
            ncanode, trust=trust, revocation=revocation, tokens=tokens, clock=clock
        )
    authority.close()
    ncanode.close()


@pytest.fixture
def person(outer_world: Stand, request: pytest.FixtureRequest) -> Person:
    return outer_world.enrolled_person(request.node.name)


def _verdict(verifier: Signatures, raw: bytes, person: Person) -> Code | None:
    found = verifier.examine(raw, DOCUMENT)
    holder = NaturalPerson(person.identity.iin)
    return judge(found, holder, accepted=frozenset(Algorithm))


def test_good_signature_is_good_with_its_evidence(
    verifier: Signatures, person: Person
) -> None:
    raw = person.sign(DOCUMENT)
    assert _verdict(verifier, raw, person) is None
    found = verifier.examine(raw, DOCUMENT)
    assert isinstance(found, SignatureFacts)
    assert len(found.evidence.chain) == 3
    # Of the signer, and of the authority above.
    assert len(found.evidence.revocation) == 2


@pytest.mark.seeded("onboarding_ncanode_is_not_heard")
@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda raw: raw[:-1] + bytes([raw[-1] ^ 1]), Code.BAD_SIGNATURE),
        (lambda raw: raw + b"\x00", Code.MALFORMED),
        (lambda raw: raw[:-40], Code.MALFORMED),
    ],
)
def test_changed_bytes_are_refused(
    verifier: Signatures,
    person: Person,
    change: Callable[[bytes], bytes],
    code: Code,
) -> None:
    assert _verdict(verifier, change(person.sign(DOCUMENT)), person) is code


def test_another_document_is_refused(verifier: Signatures, person: Person) -> None:
    raw = person.sign(b"contracT")
    assert _verdict(verifier, raw, person) is Code.DIGEST_MISMATCH


def test_revoked_certificate_is_refused(verifier: Signatures, person: Person) -> None:
    raw = person.sign(DOCUMENT)
    person.revoke_certificate()
    assert _verdict(verifier, raw, person) is Code.REVOKED


def test_expired_certificate_is_refused(
    verifier: Signatures, person: Person, outer_world: Stand
) -> None:
    raw = person.sign(DOCUMENT)
    year = int(timedelta(days=366).total_seconds())
    outer_world.clock_file.write_text(str(year))
    assert _verdict(verifier, raw, person) is Code.OUTSIDE_VALIDITY


def test_another_person_is_refused(
    verifier: Signatures, person: Person, outer_world: Stand
) -> None:
    other = outer_world.enrolled_person("another-verified")
    assert _verdict(verifier, other.sign(DOCUMENT), person) is Code.WRONG_PERSON


def test_ncanode_that_is_away_is_no_verdict(
    outer_world: Stand, cabinet: Cabinet, person: Person
) -> None:
    """The settings choose it; away means later, never yes and never no."""
    settings = replace(
        cabinet.platform.settings,
        eds_verifier_url=f"{outer_world.partner_url}/ncanode",
    )
    use_cases = build(replace(cabinet.platform, settings=settings))
    verifier = use_cases._outside.signatures
    raw = person.sign(DOCUMENT)
    assert isinstance(verifier, NcanodeExaminer)
    assert _verdict(verifier, raw, person) is None
    outer_world.control.arm_world("/ncanode/cms/verify", "down")
    with pytest.raises(Transient):
        verifier.examine(raw, DOCUMENT)
    use_cases.close()
