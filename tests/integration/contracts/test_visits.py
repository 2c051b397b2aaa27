"""A client's visit to an office: two say so, then it opens a larger loan."""

from datetime import timedelta
from uuid import UUID

import pytest

from kernel import approvals
from kernel.approvals import Operation
from kernel.clock import almaty_date
from kernel.context import Call, StaffMember
from kernel.crypto import sha256
from kernel.errors import Refused
from services.contracts.handlers.underwriting import VISIT
from services.contracts.wiring import UseCases
from services.contracts.wiring.parts import Parts
from tests.integration.contracts.conftest import PRINTER, Desk, NoBank, as_object
from tests.staff import ANNA, BORIS, member
from tests.unit.contracts.builders import CLIENT, report

CARE = frozenset({"visits.record", "visits.decide"})
FIRST, SECOND = member(ANNA, CARE), member(BORIS, CARE)


@pytest.fixture
def cases(desk: Desk) -> UseCases:
    return UseCases(
        Parts(
            desk.platform,
            bureau=desk.bureau,
            state=desk.state,
            monitoring=desk.monitoring,
            printer=PRINTER,
            signer=desk.signer,
            bank=NoBank(),
        )
    )


def call_of(desk: Desk, by: StaffMember) -> Call:
    now = desk.platform.clock.now()
    return Call(
        id=desk.platform.ids.new(),
        caller="operator",
        method="ask_visit",
        deadline=now + timedelta(seconds=5),
        context=desk.platform.context(),
        client_id=None,
        idempotency_key=None,
        arguments_digest=sha256(b"visit"),
        staff=by,
    )


def approve(desk: Desk, cases: UseCases, approval_id: UUID, by: StaffMember) -> None:
    def run(tx: object, approval: object, who: StaffMember) -> None:
        cases.applications.record_visit(tx, approval, who.id)  # type: ignore[arg-type]  # as the door

    with desk.platform.database.begin(desk.platform.context()) as tx:
        approvals.approve(
            tx,
            approval_id,
            seen=None,
            by=by,
            operations={VISIT: Operation("visits.decide", run)},
        )


@pytest.mark.clause("6.1f")
def test_a_visit_counts_when_two_have_said_so(desk: Desk, cases: UseCases) -> None:
    """One alone opens nothing; the event names both, and no person."""
    desk.activate()
    desk.bureau.answer = report(earlier_online_microcredit=False)
    today = almaty_date(desk.platform.clock.now())
    asked = as_object(cases.applications.ask_visit(call_of(desk, FIRST), CLIENT, today))
    approval_id = UUID(str(asked["approval_id"]))
    assert desk.submit()["refusal_code"] == "personal_visit_required"
    with pytest.raises(Refused) as alone:
        approve(desk, cases, approval_id, FIRST)
    assert alone.value.code == "own_request"
    nobody: dict[str, object] = {"visits": []}
    assert cases.applications.visits_list(call_of(desk, FIRST), CLIENT) == nobody
    approve(desk, cases, approval_id, SECOND)
    listed = as_object(cases.applications.visits_list(call_of(desk, FIRST), CLIENT))
    assert listed["visits"] == [
        {
            "approval_id": str(approval_id),
            "client_id": str(CLIENT),
            "visited_on": today.isoformat(),
            "recorded_by": str(ANNA),
            "confirmed_by": str(BORIS),
        }
    ]
    other = cases.applications.visits_list(call_of(desk, FIRST), approval_id)
    assert other == nobody
    assert "branch_visit_recorded" in desk.said()
    ((recorded_by, confirmed_by),) = desk.rows(
        "SELECT recorded_by, confirmed_by FROM visits"
    )
    assert (recorded_by, confirmed_by) == (FIRST.id, SECOND.id)
    assert desk.submit()["state"] == "offered"


def test_a_visit_is_not_foretold(desk: Desk, cases: UseCases) -> None:
    tomorrow = almaty_date(desk.platform.clock.now()) + timedelta(days=1)
    with pytest.raises(Refused) as refused:
        cases.applications.ask_visit(call_of(desk, FIRST), CLIENT, tomorrow)
    assert refused.value.code == "visit_in_future"
