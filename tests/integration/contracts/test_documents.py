"""Documents and templates as the database keeps them."""

from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from kernel.crypto import sha256_hex
from kernel.errors import Broken
from services.contracts.domain.document import Document
from services.contracts.domain.editions import FIRST, propose
from services.contracts.ports import Approvers
from tests.integration.contracts.conftest import Desk
from tests.integration.contracts.test_storage import put
from tests.unit.contracts.builders import CONTRACT, OFFERED_AT, borrower, offered

ANNA, BORIS = UUID(int=0xA7), UUID(int=0xB0)
FIRST_CONTRACT = FIRST["contract"]
NEXT = propose(
    "contract",
    after=FIRST_CONTRACT,
    kk=FIRST_CONTRACT.kk + "5.4. Тағы.\n",
    ru=FIRST_CONTRACT.ru + "5.4. Ещё.\n",
)


def on_file(desk: Desk, contract_id: UUID) -> Document:
    """The contract's one document."""
    with desk.unit() as unit:
        (filed,) = unit.documents.of_contract(contract_id)
        document = unit.documents.get(filed.sha256)
    assert document is not None
    return document


@pytest.mark.clause("5.1")
def test_a_contract_is_printed_and_filed_by_its_digest(desk: Desk) -> None:
    """With the edition it was made of; the bytes are those to be signed."""
    contract_id = desk.offered()
    contract, document = desk.contract(contract_id), on_file(desk, contract_id)
    assert document.data.startswith(b"%PDF-")
    assert sha256_hex(document.data) == document.sha256 == contract.document_sha256
    assert (document.kind, document.template) == ("contract", "contract-3")
    with desk.unit() as unit:
        assert unit.contracts.document(contract) == document.data
        by_print = unit.documents.find(document.content_sha256)
        assert by_print is not None
        assert by_print == unit.documents.find(document.sha256)
        assert unit.documents.find("0" * 64) is None


@pytest.mark.clause("3.2b")
def test_documents_are_sealed(desk: Desk) -> None:
    desk.offered()
    ((data,),) = desk.rows("SELECT data FROM documents")
    for secret in (b"%PDF", borrower().iin.encode(), b"KSK-"):
        assert secret not in bytes(data)


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("contracts_filed_document_unchecked")
def test_a_changed_document_is_not_given_out(desk: Desk) -> None:
    """One bit of it, or another document that was sealed with the right key."""
    contract_id = desk.offered()
    digest = on_file(desk, contract_id).sha256
    other = desk.platform.field_keys.seal(
        b"%PDF- another", table="documents", column="data", row=digest
    )
    with desk.owner.begin() as connection:
        connection.execute(text("UPDATE documents SET data = :other"), {"other": other})
    with desk.unit() as unit, pytest.raises(Broken, match="no longer has its digest"):
        unit.documents.get(digest)
    with desk.owner.begin() as connection:
        connection.execute(
            text(
                "UPDATE documents SET data = set_byte(data, 40, get_byte(data, 40) # 1)"
            )
        )
    with desk.unit() as unit, pytest.raises(Broken, match="was changed"):
        unit.documents.get(digest)


def test_the_same_bytes_are_one_document(desk: Desk) -> None:
    contract = put(desk, offered())
    document = Document(
        contract_id=contract.id,
        kind="evidence",
        template="evidence-1",
        content_sha256="5e" * 32,
        data=b"%PDF- once",
    )
    with desk.unit() as unit:
        unit.documents.add(document, at=OFFERED_AT)
        unit.documents.add(document, at=OFFERED_AT)
        assert len(unit.documents.of_contract(CONTRACT)) == 1
        assert unit.documents.of_contract(UUID(int=9)) == []


@pytest.mark.clause("5.1")
def test_an_approved_edition_is_in_force_and_contracts_keep_theirs(desk: Desk) -> None:
    approvers = Approvers(asked_by=ANNA, approved_by=BORIS, at=OFFERED_AT)
    with desk.unit() as unit:
        assert unit.templates.in_force("contract") == FIRST_CONTRACT
        assert unit.templates.add(NEXT, approvers)
        assert not unit.templates.add(NEXT, approvers)
    with desk.unit() as unit:
        assert unit.templates.in_force("contract") == NEXT
        assert unit.templates.get("contract", 3) == FIRST_CONTRACT
        assert unit.templates.get("contract", 4) == NEXT
        assert unit.templates.get("contract", 5) is None
        assert unit.templates.approved() == [(NEXT, approvers)]
    assert on_file(desk, desk.offered()).template == "contract-4"


@pytest.mark.clause("1.4")
@pytest.mark.seeded("contracts_template_of_one_person")
def test_the_database_wants_two_persons_too(desk: Desk) -> None:
    alone = Approvers(asked_by=ANNA, approved_by=ANNA, at=OFFERED_AT)
    with (
        pytest.raises(IntegrityError, match="templates_four_eyes"),
        desk.unit() as unit,
    ):
        unit.templates.add(NEXT, alone)


@pytest.mark.clause("3.2b")
def test_a_rewritten_edition_is_not_used(desk: Desk) -> None:
    approvers = Approvers(asked_by=ANNA, approved_by=BORIS, at=OFFERED_AT)
    with desk.unit() as unit:
        unit.templates.add(NEXT, approvers)
    changed = replace(NEXT, ru=NEXT.ru.replace("{gesv}", "0 %"))
    with desk.owner.begin() as connection:
        connection.execute(text("UPDATE templates SET ru = :ru"), {"ru": changed.ru})
    with desk.unit() as unit, pytest.raises(Broken, match="no longer has its digest"):
        unit.templates.in_force("contract")
