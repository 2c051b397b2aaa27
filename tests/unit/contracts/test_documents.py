"""Documents are given out on record, and a code on paper tells of no person."""

import base64
from typing import Any
from uuid import UUID

import pytest

from kernel.context import StaffMember
from kernel.crypto import Json, sha256_hex
from kernel.errors import Refused
from kernel.events.contracts import DocumentRead
from services.contracts.domain.document import Document
from services.contracts.domain.reading import ReadPurpose
from services.contracts.handlers import documents
from services.contracts.handlers.documents import printed
from tests.unit.contracts.builders import (
    CLIENT,
    CONTRACT,
    DOCUMENT,
    OFFERED_AT,
    STRANGER,
    borrower,
    offered,
)
from tests.unit.contracts.fakes import Bench, FakePrinter
from tests.unit.contracts.test_document import paper

ANNA = StaffMember(id=UUID(int=0xA7), permissions=frozenset({"documents.read"}))


def filed(bench: Bench) -> Document:
    """The contract with its printed document on file."""
    document = printed(
        paper(),
        contract_id=CONTRACT,
        kind="contract",
        template="contract-3",
        printer=FakePrinter(),
    )
    bench.work.contracts.put(offered(document_sha256=document.sha256), document.data)
    with bench.work.begin() as unit:
        unit.documents.add(document, at=OFFERED_AT)
    return document


def shown(answer: Json) -> dict[str, Any]:
    assert isinstance(answer, dict)
    return answer


def read(bench: Bench, document: Document, *, client_id: UUID = CLIENT) -> Json:
    return documents.read_document(
        client_id=client_id,
        contract_id=CONTRACT,
        sha256=document.sha256,
        work=bench.work,
    )


def read_by_staff(bench: Bench, document: Document) -> Json:
    return documents.read_for_staff(
        contract_id=CONTRACT,
        sha256=document.sha256,
        purpose=ReadPurpose.COURT_CASE,
        by=ANNA,
        work=bench.work,
    )


@pytest.mark.clause("5.1")
def test_a_client_is_given_the_very_bytes(bench: Bench) -> None:
    document = filed(bench)
    answer = shown(read(bench, document))
    assert base64.b64decode(answer["document_b64"]) == document.data
    assert (answer["sha256"], answer["media_type"]) == (
        sha256_hex(document.data),
        "application/pdf",
    )


@pytest.mark.clause("6.1c")
@pytest.mark.seeded("contracts_reading_leaves_no_record")
def test_every_reading_is_on_record_with_who_and_what_for(bench: Bench) -> None:
    document = filed(bench)
    read(bench, document)
    read_by_staff(bench, document)
    documents.get_document(client_id=CLIENT, contract_id=CONTRACT, work=bench.work)
    told = [event for event in bench.work.said if isinstance(event, DocumentRead)]
    assert [(one.reader, one.purpose) for one in told] == [
        ("client", "own_document"),
        (f"staff:{ANNA.id}", "court_case"),
        ("client", "own_document"),
    ]
    assert {one.document_sha256 for one in told} == {document.sha256}
    assert {one.client_id for one in told} == {CLIENT}


def test_a_list_of_documents_is_no_reading(bench: Bench) -> None:
    document = filed(bench)
    own = documents.list_documents(
        client_id=CLIENT, contract_id=CONTRACT, work=bench.work
    )
    (listed,) = shown(own)["items"]
    (same,) = shown(documents.list_for_staff(contract_id=CONTRACT, work=bench.work))[
        "documents"
    ]
    assert listed == same
    assert (listed["sha256"], listed["content_sha256"]) == (
        document.sha256,
        paper().digest,
    )
    assert bench.work.said == []


@pytest.mark.clause("2.4")
@pytest.mark.seeded("contracts_anybodys_document")
def test_somebody_elses_document_is_not_found(bench: Bench) -> None:
    """Neither by another client, nor through another contract of one's own."""
    document = filed(bench)
    with pytest.raises(Refused, match="no such contract"):
        read(bench, document, client_id=STRANGER)
    other = UUID(int=0xC9)
    bench.work.contracts.put(offered(id=other, client_id=STRANGER), DOCUMENT)
    with pytest.raises(Refused, match="no such document"):
        documents.read_document(
            client_id=STRANGER,
            contract_id=other,
            sha256=document.sha256,
            work=bench.work,
        )
    assert bench.work.said == []


@pytest.mark.seeded("contracts_code_tells_of_a_person")
@pytest.mark.parametrize("digest", ["sha256", "content_sha256"])
def test_a_code_tells_kind_day_and_standing_and_no_person(
    bench: Bench, digest: str
) -> None:
    """By the file's digest, or by what is printed on the page."""
    document = filed(bench)
    answer = shown(documents.look_up(digest=getattr(document, digest), work=bench.work))
    assert answer == {
        "kind": "contract",
        "template": "contract-3",
        "sha256": document.sha256,
        "state": "offered",
        "contract_on": "2026-11-02",
        "signed_at": None,
    }
    person = borrower()
    for secret in (person.iin, person.surname, str(CLIENT), str(CONTRACT), "400"):
        assert secret not in str({k: v for k, v in answer.items() if k != "sha256"})


def test_an_unknown_code_is_told_so(bench: Bench) -> None:
    with pytest.raises(Refused) as refused:
        documents.look_up(digest="0" * 64, work=bench.work)
    assert refused.value.code == "document_unknown"
