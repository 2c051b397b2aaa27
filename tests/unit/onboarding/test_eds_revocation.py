"""НУЦ is asked once per question, answers are kept for their time, silence refuses."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import cast

import pytest
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import tsp as asn1_tsp
from asn1crypto import x509
from typing_extensions import override

from kernel.crypto import sha256
from kernel.errors import Broken, Transient
from services.onboarding.adapters.eds.path import Path
from services.onboarding.adapters.eds.revocation import (
    DELTA,
    LIST_OF_ROOT,
    HttpRevocation,
    of_path,
)
from services.onboarding.adapters.eds.status import UnusableError, crl_status
from services.onboarding.adapters.eds.timestamp import HttpTimestamps, TokenChecker
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.adapters.http import OuterServer, Reply
from services.onboarding.domain.signature import Trust
from tests.eds.authority import (
    GOOD,
    SHA256,
    UNKNOWN,
    crl,
    delta_to,
    house,
    ocsp,
    revoked_at,
)
from tests.eds.der import integer, sequence
from tests.eds.keys import KeyPair
from tests.eds.making import DAY, NOW
from tests.eds.messages import Stamping, token
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
        self.of_root: list[tuple[int, datetime]] = []
        self.delta: bytes | None = None
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
        if path == DELTA:
            return Reply(404 if self.delta is None else 200, self.delta or b"")
        if path == LIST_OF_ROOT:
            return Reply(200, crl(HOUSE.root, window=window, revoked=self.of_root))
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
    assert nuc.asked == ["/ocsp", "/crl", DELTA, "/ocsp", DELTA]
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


ROOT = x509.Certificate.load(HOUSE.root.certificate)
PATH = Path(Trust.TRUSTED, (PERSON, ISSUER, ROOT))
WINDOW = (NOW, NOW + 30 * DAY)


@pytest.mark.seeded("onboarding_authorities_are_not_asked_about")
def test_the_root_is_asked_about_the_authority_and_its_list_is_kept(
    source: HttpRevocation, nuc: Nuc
) -> None:
    found = of_path(source, PATH)
    assert (found.trust, len(found.raw)) == (Trust.TRUSTED, 2)
    nuc.of_root = [(ISSUER.serial_number, NOW)]
    nuc.moment += FRESH.crl
    assert of_path(source, PATH).trust is Trust.TRUSTED
    assert nuc.asked == ["/ocsp", LIST_OF_ROOT, "/ocsp"]
    nuc.moment += timedelta(seconds=1)
    found = of_path(source, PATH)
    assert (found.trust, len(found.raw)) == (Trust.AUTHORITY_REVOKED, 2)


@pytest.mark.seeded("onboarding_authority_unknown_is_good")
def test_an_authority_of_unknown_state_is_a_hold(
    source: HttpRevocation, nuc: Nuc
) -> None:
    nuc.listless = True
    assert of_path(source, PATH).trust is Trust.AUTHORITY_REVOCATION_UNKNOWN


def test_of_a_revoked_certificate_nobody_else_is_asked(
    source: HttpRevocation, nuc: Nuc
) -> None:
    nuc.status = revoked_at(NOW)
    assert of_path(source, PATH).trust is Trust.REVOKED
    assert nuc.asked == ["/ocsp"]


def test_who_is_certified_by_a_root_itself_needs_no_list(
    source: HttpRevocation, nuc: Nuc
) -> None:
    assert of_path(source, Path(Trust.TRUSTED, (PERSON, ISSUER))).trust is Trust.TRUSTED
    assert nuc.asked == ["/ocsp"]


def delta(
    *,
    number: int = 9,
    base: int = 7,
    window: tuple[datetime, datetime] = WINDOW,
    critical: bool = True,
    revoked: Sequence[tuple[int, datetime]] = (),
    removed: Sequence[tuple[int, datetime]] = (),
    signed_by: KeyPair | None = None,
) -> bytes:
    return crl(
        HOUSE.issuing,
        window=window,
        number=number,
        extensions=[delta_to(base, critical=critical)],
        revoked=revoked,
        removed=removed,
        signed_by=signed_by,
    )


MINE = [(PERSON.serial_number, NOW)]


@pytest.mark.seeded("onboarding_delta_is_not_read")
def test_a_delta_revokes_and_takes_off(source: HttpRevocation, nuc: Nuc) -> None:
    """RFC 5280, 5.2.4; both lists are evidence."""
    nuc.silent = True
    nuc.delta = delta()
    found = source.fetch(PERSON, ISSUER)
    assert (found.trust, len(found.raw)) == (Trust.TRUSTED, 2)
    nuc.delta = delta(revoked=MINE)
    assert source.fetch(PERSON, ISSUER).trust is Trust.REVOKED
    nuc.revoked, nuc.delta = MINE, delta(removed=MINE)
    nuc.moment += FRESH.crl + timedelta(seconds=1)
    assert source.fetch(PERSON, ISSUER).trust is Trust.TRUSTED


@pytest.mark.seeded("onboarding_delta_of_any_base")
@pytest.mark.parametrize(
    "made",
    [
        delta(base=8),
        delta(window=(NOW - DAY, NOW - timedelta(hours=1))),
        delta(critical=False),
        delta(signed_by=HOUSE.person.key),
        crl(HOUSE.issuing, window=WINDOW, number=9),
        crl(HOUSE.root, window=WINDOW, number=9, extensions=[delta_to(7)]),
        b"no list",
    ],
    ids=["base", "stale", "not critical", "other key", "full", "issuer", "malformed"],
)
def test_a_delta_that_does_not_fit_leaves_nothing_known(
    source: HttpRevocation, nuc: Nuc, made: bytes
) -> None:
    nuc.silent, nuc.delta = True, made
    assert source.fetch(PERSON, ISSUER).trust is Trust.REVOCATION_UNKNOWN


def test_a_delta_older_than_the_list_adds_nothing(
    source: HttpRevocation, nuc: Nuc
) -> None:
    nuc.silent, nuc.delta = True, delta(number=7, base=3, revoked=MINE)
    assert source.fetch(PERSON, ISSUER).trust is Trust.TRUSTED


def test_a_full_list_takes_nothing_off(source: HttpRevocation, nuc: Nuc) -> None:
    """Only a delta may say remove_from_crl."""
    with pytest.raises(UnusableError, match="untrusted"):
        crl_status(
            crl(HOUSE.issuing, window=WINDOW, removed=MINE), PERSON, ISSUER, moment=NOW
        )


class Tsa(Nuc):
    """НУЦ that stamps as well; `status` is what it says of its stamper."""

    @override
    def post(self, path: str, body: bytes, **more: object) -> Reply:
        if path != "/tsp":
            return self._of_stamper(body)
        asked = asn1_tsp.TimeStampReq.load(body)
        made = Stamping(
            at=self.moment,
            imprint=(SHA256, sha256),
            nonce=asked["nonce"].native,
        )
        granted = sequence(integer(0))
        return Reply(200, sequence(granted, token(b"a value", HOUSE.stamper, made)))

    def _of_stamper(self, body: bytes) -> Reply:
        if self.silent:
            raise Transient("away")
        request = asn1_ocsp.OCSPRequest.load(body)
        extension = request["tbs_request"]["request_extensions"][0]
        raw = ocsp(
            HOUSE.stamper.serial,
            issuer=HOUSE.issuing,
            responder=HOUSE.responder,
            status=self.status,
            at=self.moment,
            nonce=extension["extn_value"].parsed.native,
        )
        return Reply(200, raw)


@pytest.fixture
def tsa() -> Tsa:
    return Tsa()


@pytest.fixture
def stamps(tsa: Tsa) -> HttpTimestamps:
    server = cast("OuterServer", tsa)
    return HttpTimestamps(
        server,
        checker=TokenChecker(
            trust=PinnedTrust(roots=(ROOT,), issuers=(ISSUER,)), clock=tsa
        ),
        revocation=HttpRevocation(server, clock=tsa, freshness=lambda _: FRESH),
    )


def test_a_stamp_comes_with_what_says_that_the_stamper_was_good(
    stamps: HttpTimestamps,
) -> None:
    """About the stamper, and about the authority above it."""
    stamp = stamps.stamp(b"a value")
    assert (stamp.stamped_at, len(stamp.revocation)) == (NOW, 2)


@pytest.mark.seeded("onboarding_stamper_is_not_asked_about")
def test_nothing_is_stamped_by_a_revoked_stamper(
    stamps: HttpTimestamps, tsa: Tsa
) -> None:
    """Nor below a revoked authority; of unknown state it waits."""
    tsa.status = revoked_at(NOW)
    with pytest.raises(Broken, match="revoked"):
        stamps.stamp(b"a value")
    tsa.status, tsa.of_root = GOOD, [(ISSUER.serial_number, NOW)]
    with pytest.raises(Broken, match="revoked"):
        stamps.stamp(b"a value")
    tsa.status = UNKNOWN
    with pytest.raises(Transient, match="not known"):
        stamps.stamp(b"a value")
