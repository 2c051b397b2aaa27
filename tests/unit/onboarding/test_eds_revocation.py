"""НУЦ is asked once per question, answers are kept for their time, silence refuses."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509

from kernel.errors import Transient
from services.onboarding.adapters.eds.revocation import HttpRevocation
from services.onboarding.adapters.http import OuterServer, Reply
from services.onboarding.domain.signature import Trust
from tests.eds.authority import GOOD, UNKNOWN, crl, house, ocsp, revoked_at
from tests.eds.making import DAY, NOW
from tests.eds.verdicts import FRESH

HOUSE = house("gost2015_512")
PERSON = x509.Certificate.load(HOUSE.person.certificate)
ISSUER = x509.Certificate.load(HOUSE.issuing.certificate)


class Nuc:
    """The responder and the list of НУЦ; clock and authority in one."""

    def __init__(self) -> None:
        self.moment = NOW
        self.fresh = FRESH
        self.status = GOOD
        self.lasting: timedelta | None = None
        self.silent = self.listless = False
        self.wrong_nonce = False
        self.revoked: list[tuple[int, datetime]] = []
        self.asked: list[str] = []

    def now(self) -> datetime:
        return self.moment

    def post(self, path: str, body: bytes, **_: object) -> Reply:
        self.asked.append(path)
        if self.silent:
            raise Transient("away")
        request = asn1_ocsp.OCSPRequest.load(body)
        extension = request["tbs_request"]["request_extensions"][0]
        nonce = extension["extn_value"].parsed.native
        raw = ocsp(
            PERSON.serial_number,
            issuer=HOUSE.issuing,
            responder=HOUSE.responder,
            status=self.status,
            at=self.moment,
            until=self.moment + self.lasting if self.lasting else None,
            nonce=nonce[::-1] if self.wrong_nonce else nonce,
        )
        return Reply(200, raw)

    def get(self, path: str, **_: object) -> Reply:
        self.asked.append(path)
        if self.listless:
            return Reply(503, b"")
        window = (self.moment, self.moment + 30 * DAY)
        return Reply(200, crl(HOUSE.issuing, window=window, revoked=self.revoked))


@pytest.fixture
def nuc() -> Nuc:
    return Nuc()


@pytest.fixture
def source(nuc: Nuc) -> HttpRevocation:
    return HttpRevocation(
        cast("OuterServer", nuc), clock=nuc, freshness=lambda _: nuc.fresh
    )


def test_good_answer_is_kept_as_evidence(source: HttpRevocation, nuc: Nuc) -> None:
    found = source.fetch(PERSON, ISSUER)
    assert found.trust is Trust.TRUSTED
    assert len(found.raw) == 1
    assert nuc.asked == ["/ocsp"]


def test_answer_without_an_end_is_asked_for_anew(
    source: HttpRevocation, nuc: Nuc
) -> None:
    source.fetch(PERSON, ISSUER)
    nuc.status = revoked_at(NOW)
    assert source.fetch(PERSON, ISSUER).trust is Trust.REVOKED


def test_answer_is_used_again_until_its_end(source: HttpRevocation, nuc: Nuc) -> None:
    nuc.lasting = timedelta(minutes=5)
    source.fetch(PERSON, ISSUER)
    nuc.status = revoked_at(NOW)
    nuc.moment += timedelta(minutes=5)
    assert source.fetch(PERSON, ISSUER).trust is Trust.TRUSTED
    assert nuc.asked == ["/ocsp"]
    nuc.moment += timedelta(seconds=1)
    assert source.fetch(PERSON, ISSUER).trust is Trust.REVOKED


@pytest.mark.seeded("onboarding_unknown_status_is_overruled")
def test_unknown_is_a_hold_and_no_list_overrules_it(
    source: HttpRevocation, nuc: Nuc
) -> None:
    nuc.status = UNKNOWN
    assert source.fetch(PERSON, ISSUER).trust is Trust.REVOCATION_UNKNOWN
    assert nuc.asked == ["/ocsp"]


def test_another_nonce_is_no_answer(source: HttpRevocation, nuc: Nuc) -> None:
    nuc.wrong_nonce = nuc.listless = True
    assert source.fetch(PERSON, ISSUER).trust is Trust.REVOCATION_UNKNOWN


def test_without_a_responder_the_list_says(source: HttpRevocation, nuc: Nuc) -> None:
    nuc.silent = True
    assert source.fetch(PERSON, ISSUER).trust is Trust.TRUSTED
    nuc.revoked = [(PERSON.serial_number, NOW)]
    nuc.moment += FRESH.crl
    assert source.fetch(PERSON, ISSUER).trust is Trust.TRUSTED
    assert nuc.asked == ["/ocsp", "/crl", "/ocsp"]
    nuc.moment += timedelta(seconds=1)
    assert source.fetch(PERSON, ISSUER).trust is Trust.REVOKED


@pytest.mark.seeded("onboarding_list_is_used_for_ever")
def test_a_shorter_dated_setting_asks_for_a_list_sooner(
    source: HttpRevocation, nuc: Nuc
) -> None:
    nuc.silent, nuc.fresh = True, replace(FRESH, crl=timedelta(minutes=1))
    source.fetch(PERSON, ISSUER)
    nuc.revoked = [(PERSON.serial_number, NOW)]
    nuc.moment += timedelta(minutes=2)
    assert source.fetch(PERSON, ISSUER).trust is Trust.REVOKED


def test_silence_on_both_sides_is_not_known(source: HttpRevocation, nuc: Nuc) -> None:
    nuc.silent = nuc.listless = True
    assert source.fetch(PERSON, ISSUER).trust is Trust.REVOCATION_UNKNOWN
