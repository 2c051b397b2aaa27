"""The company's signatures are looked at again, and stamped before a stamp ages."""

from datetime import timedelta
from uuid import UUID

import pytest

from kernel.crypto import sha256_hex
from kernel.errors import Transient
from services.contracts.domain.signing import Renewal, Restamp
from services.contracts.handlers.renewing import (
    LOOKED_AGAIN,
    UNREADABLE,
    Looked,
    renew_ageing,
)
from tests.unit.contracts.builders import (
    CONTRACT,
    DOCUMENT,
    OFFERED_AT,
    POLICY,
)
from tests.unit.contracts.fakes import Bench
from tests.unit.contracts.test_signing import desk_of, sign, waiting

SHA256 = sha256_hex(DOCUMENT)
AHEAD = timedelta(days=POLICY.integer("onboarding.eds_restamp_days", OFFERED_AT))
YEAR = timedelta(days=365)
NOTHING = Looked((), ())


def renew(bench: Bench) -> Looked:
    return renew_ageing(desk_of(bench), ids=bench.ids, limit=5)


def put_signed(bench: Bench, contract_id: UUID = CONTRACT) -> None:
    waiting(bench, contract_id)
    assert sign(bench) == 1


def stamp(bench: Bench, number: int) -> Restamp:
    return Restamp(
        stamp=b"%d" % number, revocation=(b"good",), stamped_at=bench.clock.now()
    )


def test_a_signature_is_looked_at_once_and_then_when_its_stamp_ages(
    bench: Bench,
) -> None:
    put_signed(bench)
    ages_at = bench.clock.now() + YEAR
    bench.witness.renewals = [Renewal(code=None, ages_at=ages_at, restamp=None)]
    assert renew(bench) == NOTHING
    bench.clock.move(YEAR - AHEAD)
    assert renew(bench) == NOTHING
    assert bench.witness.looked_at == [(DOCUMENT, 0)]
    for number in range(2):
        bench.clock.move(YEAR)
        bench.witness.renewals = [
            Renewal(
                code=None,
                ages_at=bench.clock.now() + YEAR,
                restamp=stamp(bench, number),
            )
        ]
        assert renew(bench) == Looked((SHA256,), ())
    kept = bench.work.signatures.restamps(SHA256)
    assert [one.stamp for one in kept] == [b"0", b"1"]
    assert bench.witness.looked_at == [(DOCUMENT, 0), (DOCUMENT, 0), (DOCUMENT, 1)]


def test_a_broken_signature_is_told_and_rests(bench: Bench) -> None:
    put_signed(bench)
    broken = Renewal(code="untrusted", ages_at=None, restamp=None)
    bench.witness.renewals = [broken, broken]
    assert renew(bench) == Looked((), ((SHA256, "untrusted"),))
    bench.clock.move(LOOKED_AGAIN)
    assert renew(bench) == NOTHING
    bench.clock.move(timedelta(microseconds=1))
    assert renew(bench) == Looked((), ((SHA256, "untrusted"),))


def test_a_signature_whose_parts_are_gone_stops_no_other(bench: Bench) -> None:
    put_signed(bench)
    del bench.work.contracts.rows[CONTRACT]
    assert renew(bench) == Looked((), ((SHA256, UNREADABLE),))
    assert bench.witness.looked_at == []


def test_nothing_is_noted_while_onboarding_is_away(bench: Bench) -> None:
    put_signed(bench)
    bench.witness.away = True
    with pytest.raises(Transient):
        renew(bench)
    assert bench.work.signatures.looks == {}
