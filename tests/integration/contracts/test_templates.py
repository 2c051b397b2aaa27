"""A wording comes into force by two members of the staff, in one commit."""

from datetime import timedelta
from uuid import UUID

import pytest

from kernel import approvals
from kernel.approvals import Approval, Operation
from kernel.context import Call, StaffMember
from kernel.crypto import sha256
from kernel.database import Transaction
from kernel.errors import Refused
from services.contracts.domain.editions import FIRST
from services.contracts.handlers.templates import OPERATION
from services.contracts.wiring import UseCases
from services.contracts.wiring.parts import Parts
from tests.integration.contracts.conftest import PRINTER, Desk, NoBank, as_object
from tests.integration.contracts.test_documents import on_file

RIGHTS = frozenset({"templates.propose", "templates.decide"})
ANNA = StaffMember(id=UUID(int=0xA7), permissions=RIGHTS)
BORIS = StaffMember(id=UUID(int=0xB0), permissions=RIGHTS)
WORDING = FIRST["contract"]


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
    return Call(
        id=desk.platform.ids.new(),
        caller="operator",
        method="propose_template",
        deadline=desk.platform.clock.now() + timedelta(seconds=5),
        context=desk.platform.context(),
        client_id=None,
        idempotency_key=None,
        arguments_digest=sha256(b"template"),
        staff=by,
    )


def propose(desk: Desk, cases: UseCases, by: StaffMember, more: str) -> UUID:
    asked = cases.documents.propose_template(
        call_of(desk, by),
        kind="contract",
        kk=f"{WORDING.kk}{more}\n",
        ru=f"{WORDING.ru}{more}\n",
    )
    return UUID(str(as_object(asked)["approval_id"]))


def approve(desk: Desk, cases: UseCases, approval_id: UUID, by: StaffMember) -> None:
    def run(tx: Transaction, approval: Approval, who: StaffMember) -> None:
        cases.documents.put_template_in_force(tx, approval, who)

    with desk.platform.database.begin(desk.platform.context()) as tx:
        approvals.approve(
            tx,
            approval_id,
            seen=None,
            by=by,
            operations={OPERATION: Operation("templates.decide", run)},
        )


@pytest.mark.clause("1.4")
@pytest.mark.clause("5.1")
def test_a_wording_counts_when_two_have_said_so(desk: Desk, cases: UseCases) -> None:
    """Who proposed it cannot approve it; contracts are made of it from then on."""
    approval_id = propose(desk, cases, ANNA, "5.4. Ещё.")
    with pytest.raises(Refused) as alone:
        approve(desk, cases, approval_id, ANNA)
    assert alone.value.code == "own_request"
    assert desk.rows("SELECT 1 FROM templates") == []
    approve(desk, cases, approval_id, BORIS)
    ((version, asked_by, approved_by),) = desk.rows(
        "SELECT version, asked_by, approved_by FROM templates"
    )
    assert (version, asked_by, approved_by) == (4, ANNA.id, BORIS.id)
    assert "template_approved" in desk.said()
    assert on_file(desk, desk.offered()).template == "contract-4"


def test_an_overtaken_proposal_leaves_nothing(desk: Desk, cases: UseCases) -> None:
    """The refusal takes the decision back with it: the request stays open."""
    one = propose(desk, cases, ANNA, "5.4. Ещё.")
    other = propose(desk, cases, BORIS, "5.4. Иначе.")
    approve(desk, cases, one, BORIS)
    with pytest.raises(Refused) as refused:
        approve(desk, cases, other, ANNA)
    assert refused.value.code == "template_superseded"
    ((state,),) = desk.rows(
        "SELECT state FROM approvals WHERE approval_id = :id", id=other
    )
    assert state == "asked"
    assert [row.version for row in desk.rows("SELECT version FROM templates")] == [4]
