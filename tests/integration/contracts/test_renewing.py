"""Renewed stamps of the company's signatures on the real database."""

from datetime import timedelta

import pytest

from services.contracts.domain.signing import Renewal, Restamp
from services.contracts.handlers.renewing import (
    LOOKED_AGAIN,
    UNREADABLE,
    Looked,
    renew_ageing,
)
from tests.integration.contracts.conftest import Desk

YEAR = timedelta(days=365)


def renew(desk: Desk) -> Looked:
    return renew_ageing(desk.signing_desk(), ids=desk.platform.ids, limit=5)


def stamp(desk: Desk, number: int) -> Restamp:
    return Restamp(
        stamp=b"stamp %d" % number,
        revocation=(b"good", b"good above"),
        stamped_at=desk.clock.now(),
    )


@pytest.mark.clause("5.2b")
@pytest.mark.seeded("contracts_restamps_are_forgotten")
def test_the_companys_signature_is_stamped_again_before_its_stamp_ages(
    desk: Desk,
) -> None:
    """Each time with every stamp before it; sealed, and never changed."""
    contract = desk.contract(desk.concluded())
    sha256 = contract.document_sha256
    stamps: list[Restamp] = []
    for number in range(3):
        stamps.append(stamp(desk, number))
        desk.witness.renewals = [
            Renewal(code=None, ages_at=desk.clock.now() + YEAR, restamp=stamps[-1])
        ]
        assert renew(desk) == Looked((sha256,), ())
        assert renew(desk) == Looked((), ())
        desk.clock.move(YEAR)
    with desk.unit() as unit:
        assert list(unit.signatures.restamps(sha256)) == stamps
    assert [number for _, number in desk.witness.looked_at] == [0, 1, 2]
    ((sealed,),) = desk.rows("SELECT proof FROM company_restamps WHERE number = 1")
    assert b"stamp 1" not in bytes(sealed)


def test_of_two_stamps_at_once_one_is_kept(desk: Desk) -> None:
    contract = desk.contract(desk.concluded())
    with desk.unit() as unit:
        for number in (1, 2):
            unit.signatures.add_restamp(
                contract.id,
                contract.document_sha256,
                stamp(desk, number),
                restamp_id=desk.platform.ids.new(),
                number=0,
                at=desk.clock.now(),
            )
        (kept,) = unit.signatures.restamps(contract.document_sha256)
    assert kept.stamp == b"stamp 1"


def test_a_signature_changed_in_the_database_is_told_and_not_stamped(
    desk: Desk,
) -> None:
    contract = desk.contract(desk.concluded())
    desk.rows("UPDATE company_signatures SET proof = 'other' RETURNING 1")
    assert renew(desk) == Looked((), ((contract.document_sha256, UNREADABLE),))
    assert desk.witness.looked_at == []
    desk.clock.move(LOOKED_AGAIN)
    assert renew(desk) == Looked((), ())
