"""Microcredit secrecy: nothing is told without a ground, a request and two persons."""

import base64
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from kernel import approvals
from kernel.approvals import Operation
from kernel.context import Call, StaffMember
from kernel.crypto import sha256, sha256_hex
from kernel.database import Transaction
from kernel.errors import Broken, Refused
from kernel.pages import Page
from services.contracts.domain.disclosure import Asked
from services.contracts.handlers.disclosures import RECORD
from services.contracts.wiring.disclosures import DisclosureUseCases
from tests.integration.contracts.conftest import Desk
from tests.staff import ANNA, BORIS, member
from tests.unit.contracts.builders import CLIENT

OFFICE = frozenset({"disclosures.ask", "disclosures.decide"})
FIRST, SECOND = member(ANNA, OFFICE), member(BORIS, OFFICE)
REQUEST = "Постановление: предоставить сведения".encode()
OF_ONE = Asked(
    ground="criminal_case",
    recipient="police of almaty, no 17-3",
    client_id=CLIENT,
    document_sha256="",
    proofs=("sanction",),
    days=10,
)
CONSENTED = replace(OF_ONE, ground="written_consent", proofs=("consent",))
OF_THE_LOG = replace(OF_ONE, ground="own_control", client_id=None, proofs=())
STRANGER = UUID(int=77)


@pytest.fixture
def register(desk: Desk) -> DisclosureUseCases:
    return DisclosureUseCases(desk.platform)


def call_of(desk: Desk, by: StaffMember = FIRST) -> Call:
    now = desk.platform.clock.now()
    return Call(
        id=desk.platform.ids.new(),
        caller="operator",
        method="ask_disclosure",
        deadline=now + timedelta(seconds=5),
        context=desk.platform.context(),
        client_id=None,
        idempotency_key=None,
        arguments_digest=sha256(b"disclosure"),
        staff=by,
    )


def ask(
    desk: Desk, register: DisclosureUseCases, asked: Asked, request: bytes = REQUEST
) -> UUID:
    answer: Any = register.ask(
        call_of(desk), asked, base64.b64encode(request).decode("ascii")
    )
    return UUID(str(answer["approval_id"]))


def agree(
    desk: Desk,
    register: DisclosureUseCases,
    approval_id: UUID,
    by: StaffMember = SECOND,
) -> None:
    def run(tx: Transaction, approval: approvals.Approval, who: StaffMember) -> None:
        register.record(tx, approval, who.id)

    with desk.platform.database.begin(desk.platform.context()) as tx:
        approvals.approve(
            tx,
            approval_id,
            seen=None,
            by=by,
            operations={RECORD: Operation("disclosures.decide", run)},
        )


def entered(desk: Desk, register: DisclosureUseCases, asked: Asked) -> UUID:
    """An entry two agreed on; its id."""
    approval_id = ask(desk, register, asked)
    agree(desk, register, approval_id)
    return approval_id


def code_of(act: Any, *given: Any) -> str:  # noqa: ANN401 - whatever refuses
    with pytest.raises(Refused) as refused:
        act(*given)
    return refused.value.code


@pytest.mark.clause("6.2")
@pytest.mark.seeded("contracts_disclosed_on_any_ground")
@pytest.mark.parametrize(
    ("asked", "code"),
    [
        (replace(OF_ONE, ground="curiosity"), "ground_not_listed"),
        (replace(OF_ONE, ground="court"), "ground_not_listed"),
        (replace(OF_ONE, proofs=()), "proof_missing"),
        (replace(OF_ONE, proofs=("consent",)), "proof_missing"),
        (replace(OF_ONE, client_id=None), "scope_too_wide"),
        (replace(OF_ONE, days=0), "expiry_unfit"),
        (replace(OF_ONE, days=31), "expiry_unfit"),
        (replace(OF_ONE, recipient="Иванов Иван"), "reason_unfit"),
    ],
)
def test_what_the_law_does_not_provide_for_is_refused(
    desk: Desk, register: DisclosureUseCases, asked: Asked, code: str
) -> None:
    """Denied by default: no entry, no question to a second person."""
    assert code_of(ask, desk, register, asked) == code
    assert desk.rows("SELECT 1 FROM approvals") == []


@pytest.mark.clause("6.2")
@pytest.mark.seeded("contracts_ground_without_its_act")
@pytest.mark.parametrize(
    ("ground", "recipient", "proofs", "told"),
    [
        ("court_case", "court", ("court_act",), True),
        ("enforcement", "enforcement_officer", ("enforcement_act", "sanction"), True),
        ("prosecutor_check", "prosecutor", ("check_act",), True),
        ("tax_control", "tax_body", ("tax_order",), True),
        ("inheritance", "notary", ("death_certificate",), True),
        ("financial_monitoring", "monitoring_agency", (), False),
        ("supervision", "regulator", (), True),
        ("credit_bureau", "credit_bureau", (), True),
    ],
)
def test_each_authority_brings_its_own_act(
    desk: Desk,
    register: DisclosureUseCases,
    ground: str,
    recipient: str,
    proofs: tuple[str, ...],
    told: bool,  # noqa: FBT001 - a column of the table above
) -> None:
    """Short of one of them it is refused; the client hears unless the law forbids."""
    asked = replace(OF_ONE, ground=ground, proofs=proofs)
    for missing in proofs:
        short = replace(asked, proofs=tuple(p for p in proofs if p != missing))
        assert code_of(ask, desk, register, short) == "proof_missing"
    entry = entered(desk, register, asked)
    shown: Any = register.shown(call_of(desk), entry)
    assert (shown["recipient_kind"], shown["told_to_client"]) == (recipient, told)
    page: Any = register.own(call_of(desk), CLIENT, Page())
    assert bool(page["items"]) is told


@pytest.mark.clause("6.2")
@pytest.mark.clause("6.1f")
@pytest.mark.seeded("contracts_disclosure_by_one")
def test_an_entry_stands_when_two_have_agreed(
    desk: Desk, register: DisclosureUseCases
) -> None:
    """With both persons, the request's digest and its end; the event says the same."""
    approval_id = ask(desk, register, OF_ONE)
    covers = register.valid, call_of(desk), approval_id, CLIENT
    assert code_of(*covers) == "disclosure_not_valid"
    assert code_of(agree, desk, register, approval_id, FIRST) == "own_request"
    agree(desk, register, approval_id)
    shown: Any = register.valid(call_of(desk), approval_id, CLIENT)
    assert (shown["asked_by"], shown["approved_by"]) == (str(ANNA), str(BORIS))
    assert shown["document_sha256"] == sha256_hex(REQUEST)
    assert desk.said().count("disclosure_approved") == 1
    listed: Any = register.listed(call_of(desk))
    assert [one["valid"] for one in listed["disclosures"]] == [True]


@pytest.mark.clause("6.2")
@pytest.mark.seeded("contracts_disclosure_for_ever", "contracts_disclosure_of_anybody")
def test_an_entry_covers_its_scope_until_its_end(
    desk: Desk, register: DisclosureUseCases
) -> None:
    """Of one client it opens no other and no log; the log's opens no client."""
    of_one = entered(desk, register, OF_ONE)
    of_log = entered(desk, register, OF_THE_LOG)
    for entry, scope in ((of_one, STRANGER), (of_one, None), (of_log, CLIENT)):
        covers = register.valid, call_of(desk), entry, scope
        assert code_of(*covers) == "disclosure_not_valid"
    register.valid(call_of(desk), of_log, None)
    with desk.owner.begin() as connection:
        connection.execute(
            text("UPDATE disclosures SET approved_at = :was, valid_until = :now"),
            {
                "was": desk.platform.clock.now() - timedelta(days=30),
                "now": desk.platform.clock.now(),
            },
        )
    over = register.valid, call_of(desk), of_log, None
    assert code_of(*over) == "disclosure_not_valid"


@pytest.mark.clause("6.2")
@pytest.mark.clause("1.3a")
@pytest.mark.seeded("contracts_disclosures_are_hidden")
def test_the_client_sees_what_the_law_lets_them_see(
    desk: Desk, register: DisclosureUseCases
) -> None:
    """Not an investigation, not another's; the newest first, page by page."""
    entered(desk, register, OF_ONE)
    entered(desk, register, replace(CONSENTED, client_id=STRANGER))
    first = entered(desk, register, CONSENTED)
    second = entered(desk, register, replace(CONSENTED, days=3))
    page: Any = register.own(call_of(desk), CLIENT, Page(limit=1))
    assert [one["disclosure_id"] for one in page["items"]] == [str(second)]
    assert page["items"][0]["recipient"] == "third_person"
    before = UUID(str(page["next_before"]))
    rest: Any = register.own(call_of(desk), CLIENT, Page(limit=5, before=before))
    assert [one["disclosure_id"] for one in rest["items"]] == [str(first)]


@pytest.mark.clause("6.2")
@pytest.mark.seeded("contracts_request_kept_in_clear")
def test_the_request_is_kept_sealed_and_read_by_who_decides(
    desk: Desk, register: DisclosureUseCases
) -> None:
    """Its bytes come back as they were, or not at all."""
    ask(desk, register, OF_ONE)
    ((sha256_, kept),) = desk.rows("SELECT sha256, document FROM disclosure_documents")
    assert REQUEST not in bytes(kept)
    found: Any = register.document(call_of(desk), sha256_)
    assert base64.b64decode(found["document_b64"]) == REQUEST
    missing = register.document, call_of(desk), "00" * 32
    assert code_of(*missing) == "document_not_found"
    assert code_of(ask, desk, register, OF_ONE, b"") == "document_unfit"
    with desk.owner.begin() as connection:
        connection.execute(
            text("UPDATE disclosure_documents SET document = document || 'x'::bytea")
        )
    with pytest.raises(Broken):
        register.document(call_of(desk), sha256_)


@pytest.mark.clause("6.2")
@pytest.mark.seeded("contracts_register_may_be_rewritten")
@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE disclosures SET valid_until = now() + interval '9 years'",
        "DELETE FROM disclosures",
        "DELETE FROM disclosure_documents",
    ],
)
def test_the_service_cannot_rewrite_the_register(
    desk: Desk, register: DisclosureUseCases, statement: str
) -> None:
    entered(desk, register, OF_ONE)
    with (
        pytest.raises(ProgrammingError, match="permission denied"),
        desk.platform.database.begin(desk.platform.context()) as tx,
    ):
        tx.connection.execute(text(statement))
    assert len(desk.rows("SELECT 1 FROM disclosures")) == 1
