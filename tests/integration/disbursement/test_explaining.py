"""What the treasurers are told of a payout, from the real rows."""

from typing import Any, cast

import pytest
from sqlalchemy import Engine

from services.disbursement.domain.payout import State
from services.disbursement.handlers.overview import explain
from services.disbursement.handlers.paying import pay_next
from tests.integration.disbursement.conftest import Office
from tests.integration.disbursement.test_payments import Journey, run_holds
from tests.unit.disbursement.builders import BELOW_LIMIT, CONTRACT_ID

BEFORE = (
    "INSERT INTO payout_checks (passage, name, payout_id, verdict, code, evidence,"
    " checked_at) SELECT gen_random_uuid(), name, payout_id, 'later', 'bank_rests', '',"
    " signed_at FROM payouts, unnest(ARRAY['bank', 'hold']) AS name"
)
"""What a release kept that had a row for each check."""


def checks_of(office: Office) -> list[dict[str, Any]]:
    with office.desk.open() as work:
        told = explain(
            office.payout(CONTRACT_ID).payout_id,
            overview=work.overview,
            payouts=work.payouts,
            policy=office.till.policy,
            counted_ns=None,
            now=office.clock.now(),
        )
    return cast("list[dict[str, Any]]", told["checks"])  # type: ignore[index,call-overload] # an object


@pytest.mark.clause("3.4")
@pytest.mark.seeded("disbursement_former_checks_untold")
def test_every_check_is_told_as_it_was_kept(office: Office, owner: Engine) -> None:
    """The newest passage first, each with its evidence; what was kept otherwise too."""
    journey = Journey(office)
    journey.sign(BELOW_LIMIT)
    journey.consent()
    run_holds(office)
    assert pay_next(office.till)
    assert journey.state() is State.PAID
    with owner.begin() as connection:
        connection.exec_driver_sql(BEFORE)
    told = checks_of(office)
    assert [one["check"] for one in told[:19]] == [one.name for one in office.checks()]
    assert {one["verdict"] for one in told[:19]} == {"passed"}
    assert all(one["evidence"] for one in told[:19])
    assert len({one["passage"] for one in told[:19]}) == 1
    assert sorted(one["check"] for one in told[19:]) == ["bank", "hold"]
    assert {one["code"] for one in told[19:]} == {"bank_rests"}
