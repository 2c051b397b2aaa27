"""What was believed once is provable when every certificate under it has ended."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from asn1crypto import x509

from services.onboarding.adapters.eds.archive import SignatureArchive
from services.onboarding.adapters.eds.trust import PinnedTrust
from services.onboarding.domain.archive import KeptSignature, Restamp, covered
from services.onboarding.domain.signature import (
    Algorithm,
    Code,
    NaturalPerson,
    judge,
)
from services.onboarding.handlers.archive import Looked, restamp_ageing
from services.onboarding.ports import Stamp
from tests.eds.authority import (
    BEGIN,
    COMMON_NAME,
    GOOD,
    IIN,
    SIGNING,
    TIME_STAMPING,
    YEAR,
    Holder,
    certificate,
    crl,
    delta_to,
    extended_usage,
    house,
    key_usage,
    ocsp,
    revoked_at,
)
from tests.eds.der import name
from tests.eds.keys import key
from tests.eds.making import ALTERED, DAY, DOCUMENT, NOW
from tests.eds.messages import Stamping, cms, token
from tests.eds.verdicts import FRESH
from tests.unit.onboarding.fakes import FakeClock, FakeIds
from tests.unit.onboarding.outside_twins import FakeRules
from tests.unit.onboarding.unit_twins import FakeUnit

KIND = "gost2015_512"
MINUTE = timedelta(minutes=1)
HOUSE = house(KIND)
TRUST = PinnedTrust(
    roots=(x509.Certificate.load(HOUSE.root.certificate),),
    issuers=(x509.Certificate.load(HOUSE.issuing.certificate),),
)
CEREMONY = UUID("01890000-0000-7000-8000-0000000000e1")
LATER = BEGIN + 5 * YEAR
"""Everybody's certificate has ended, but the authorities'."""


def _stamper(year: int) -> Holder:
    """A stamping authority whose certificate begins in December before a year."""
    word = f"stamper of {year}"
    begin = BEGIN + (year - 2026) * YEAR - 31 * DAY
    return certificate(
        word,
        key(KIND, word),
        subject=name([(COMMON_NAME, word)]),
        issuer=HOUSE.issuing,
        valid=(begin, begin + 6 * YEAR),
        extensions=[
            key_usage(SIGNING),
            extended_usage((TIME_STAMPING,), critical=True),
        ],
    )


def _kept() -> KeptSignature:
    raw = cms(DOCUMENT, HOUSE.person)
    answer = ocsp(
        HOUSE.person.serial,
        issuer=HOUSE.issuing,
        responder=HOUSE.responder,
        status=GOOD,
        at=NOW,
    )
    return KeptSignature(
        ceremony_id=CEREMONY,
        document=DOCUMENT,
        cms=raw,
        chain=(
            HOUSE.person.certificate,
            HOUSE.issuing.certificate,
            HOUSE.root.certificate,
        ),
        revocation=(answer,),
        stamp=token(_value(raw), HOUSE.stamper, Stamping(NOW)),
        restamps=(),
        iin=IIN,
        accepted_at=NOW,
    )


def _value(raw: bytes) -> bytes:
    """The signature value: the last 128 bytes of such a CMS."""
    return raw[-128:]


def _restamped(
    kept: KeptSignature, at: datetime, year: int, *said: bytes
) -> KeptSignature:
    made = token(
        covered(kept, restamps=len(kept.restamps)), _stamper(year), Stamping(at)
    )
    return replace(
        kept, restamps=(*kept.restamps, Restamp(token=made, revocation=said))
    )


def _said(year: int, at: datetime, status: bytes = GOOD) -> bytes:
    """НУЦ's answer about the stamper of a year."""
    return ocsp(
        _stamper(year).serial,
        issuer=HOUSE.issuing,
        responder=HOUSE.issuing,  # its responder ends earlier
        status=status,
        at=at,
    )


def _verdict(kept: KeptSignature, at: datetime) -> Code | None:
    archive = SignatureArchive(
        trust=TRUST, clock=FakeClock(at), freshness=lambda _: FRESH
    )
    found = archive.examine(kept)
    return judge(found, NaturalPerson(IIN), accepted=frozenset(Algorithm))


IN_TIME = BEGIN + YEAR - 20 * DAY


def test_signature_is_good_as_long_as_its_stamp() -> None:
    assert _verdict(_kept(), NOW + DAY) is None
    assert _verdict(_kept(), BEGIN + YEAR) is None


@pytest.mark.seeded("onboarding_aged_stamp_is_good")
def test_a_stamp_that_has_ended_proves_nothing() -> None:
    assert _verdict(_kept(), BEGIN + YEAR + DAY) is Code.OUTSIDE_VALIDITY


@pytest.mark.clause("5.2b")
def test_signature_is_good_after_every_certificate_has_ended() -> None:
    kept = _restamped(_kept(), IN_TIME, 2027)
    assert _verdict(kept, LATER) is None
    twice = _restamped(kept, LATER, 2031)
    assert _verdict(twice, LATER + 5 * YEAR) is None


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("onboarding_restamps_without_their_stampers")
def test_what_was_said_of_a_stamper_is_kept_under_the_next_stamp() -> None:
    """Changed, or taken out, it is missed; nothing else was known of before."""
    said = _said(2027, IN_TIME + MINUTE / 6)
    kept = _restamped(_kept(), IN_TIME, 2027, said)
    assert _verdict(kept, LATER) is None
    twice = _restamped(kept, LATER, 2031, _said(2031, LATER))
    assert _verdict(twice, LATER + 5 * YEAR) is None
    first, second = twice.restamps
    for other in (b"", _said(2027, IN_TIME)):
        revocation = (other,) if other else ()
        changed = replace(
            twice, restamps=(replace(first, revocation=revocation), second)
        )
        assert _verdict(changed, LATER + 5 * YEAR) is Code.WRONG_IMPRINT
    before = _restamped(_restamped(_kept(), IN_TIME, 2027), LATER, 2031)
    assert b"stampers" not in covered(before, restamps=2)


@pytest.mark.seeded("onboarding_revoked_stamper_is_good")
def test_a_stamper_that_was_revoked_proves_nothing() -> None:
    revoked = _said(2027, IN_TIME, revoked_at(IN_TIME - DAY))
    kept = _restamped(_kept(), IN_TIME, 2027, revoked)
    assert _verdict(kept, LATER) is Code.UNTRUSTED
    other = _restamped(_kept(), IN_TIME, 2027, _said(2031, IN_TIME))
    assert _verdict(other, LATER) is Code.REVOCATION_UNKNOWN


def test_a_stamp_taken_too_late_saves_nothing() -> None:
    late = _restamped(_kept(), BEGIN + YEAR + DAY, 2027)
    assert _verdict(late, LATER) is Code.OUTSIDE_VALIDITY


@pytest.mark.seeded("onboarding_restamp_of_anything")
@pytest.mark.parametrize(
    "change",
    [
        lambda kept: replace(kept, document=ALTERED),
        lambda kept: replace(kept, chain=kept.chain[:2]),
        lambda kept: replace(kept, revocation=(*kept.revocation, b"more")),
        lambda kept: replace(
            kept, stamp=token(_value(kept.cms), HOUSE.stamper, Stamping(NOW + MINUTE))
        ),
    ],
)
def test_evidence_changed_under_its_stamp_is_refused(
    change: Callable[[KeptSignature], KeptSignature],
) -> None:
    changed = change(_restamped(_kept(), IN_TIME, 2027))
    assert _verdict(changed, LATER) in {Code.WRONG_IMPRINT, Code.DIGEST_MISMATCH}


@pytest.mark.seeded("onboarding_kept_word_of_the_root_is_not_read")
def test_what_the_root_said_then_counts_for_ever() -> None:
    """Evidence of before roots were asked has no word of theirs, and stands."""
    good, window = _kept().revocation, (NOW - DAY, NOW + DAY)

    def with_list(*revoked: tuple[int, datetime]) -> KeptSignature:
        listed = crl(HOUSE.root, window=window, revoked=revoked)
        return replace(_kept(), revocation=(*good, listed))

    assert _verdict(with_list(), NOW + DAY) is None
    revoked = with_list((HOUSE.issuing.serial, NOW - DAY))
    assert _verdict(revoked, NOW + DAY) is Code.AUTHORITY_REVOKED


def test_a_delta_counts_with_the_list_it_was_kept_with() -> None:
    """A hold that had been lifted, and a revocation the full list had not yet."""
    window, mine = (NOW - DAY, NOW + DAY), [(HOUSE.person.serial, NOW - DAY)]
    indicator = [delta_to(7)]
    held = crl(HOUSE.issuing, window=window, revoked=mine)
    free = crl(HOUSE.issuing, window=window)
    lifted = crl(
        HOUSE.issuing, window=window, number=8, extensions=indicator, removed=mine
    )
    newer = crl(
        HOUSE.issuing, window=window, number=8, extensions=indicator, revoked=mine
    )

    def verdict(*raw: bytes) -> Code | None:
        return _verdict(replace(_kept(), revocation=raw), NOW + DAY)

    assert verdict(held) is Code.REVOKED
    assert verdict(held, lifted) is None
    assert verdict(free, newer) is Code.REVOKED
    assert verdict(lifted) is Code.REVOCATION_UNKNOWN


def test_other_evidence_of_revocation_is_none() -> None:
    assert _verdict(replace(_kept(), revocation=()), NOW) is Code.REVOCATION_UNKNOWN


@dataclass
class _Authority:
    """`Timestamps` by the stamper of a year."""

    clock: FakeClock
    asked: int = 0

    def stamp(self, signature: bytes) -> Stamp:
        self.asked += 1
        at = self.clock.now()
        return Stamp(
            token=token(signature, _stamper(2027), Stamping(at)), stamped_at=at
        )


@dataclass
class _Office:
    unit: FakeUnit
    clock: FakeClock
    authority: _Authority

    def look(self) -> Looked:
        return restamp_ageing(
            begin=self.unit.begin,
            clock=self.clock,
            ids=FakeIds(),
            rules=FakeRules(),
            archive=SignatureArchive(
                trust=TRUST, clock=self.clock, freshness=lambda _: FRESH
            ),
            timestamps=self.authority,
            limit=5,
        )


@pytest.fixture
def office() -> _Office:
    unit, clock = FakeUnit(), FakeClock(NOW)
    unit.archive.rows[CEREMONY] = _kept()
    return _Office(unit, clock, _Authority(clock))


@pytest.mark.seeded("onboarding_stamps_are_not_renewed")
def test_stamp_is_renewed_before_it_ages(office: _Office) -> None:
    assert office.look() == Looked((), ())
    assert office.unit.archive.ages[CEREMONY] == BEGIN + YEAR
    office.clock.at = IN_TIME
    assert office.look() == Looked((CEREMONY,), ())
    assert office.look() == Looked((), ())
    assert office.authority.asked == 1
    assert _verdict(office.unit.archive.rows[CEREMONY], LATER) is None


@pytest.mark.seeded("onboarding_broken_evidence_is_stamped")
def test_broken_evidence_is_told_and_never_stamped(office: _Office) -> None:
    office.unit.archive.rows[CEREMONY] = replace(_kept(), document=ALTERED)
    office.clock.at = IN_TIME
    assert office.look() == Looked((), ((CEREMONY, Code.DIGEST_MISMATCH),))
    assert office.look() == Looked((), ())
    office.clock.at += timedelta(days=1, seconds=1)
    assert len(office.look().broken) == 1
    assert office.authority.asked == 0
