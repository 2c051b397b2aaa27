"""A contract as a court would get it: from signing to a folder of files."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from infra.demo.borrower import Borrower
from infra.demo.world import World
from infra.stack import company
from tests.e2e.test_from_registration_to_money import AMOUNT, register
from tests.seeds import seed
from tests.staff import Person, Recruiter
from tests.waiting import eventually
from tools import verify_contract

PURPOSE: Final = "court_case"


@pytest.fixture
def borrower(world: World) -> Iterator[Borrower]:
    """Somebody new; the seed is printed when a test fails."""
    person = world.borrower(seed())
    yield person
    person.cabinet.close()


@pytest.fixture(scope="module")
def clerk(recruiter: Recruiter) -> Person:
    return recruiter.recruit("clerk", "client-care")


@pytest.mark.clause("5.1")
@pytest.mark.clause("5.2b")
@pytest.mark.clause("6.1c")
@pytest.mark.clause("6.2")
def test_a_signed_contract_verifies_without_us(
    world: World,
    borrower: Borrower,
    clerk: Person,
    recruiter: Recruiter,
    tmp_path: Path,
) -> None:
    """Both signatures by the stand-alone program; and the client sees who exported."""
    register(borrower)
    borrower.log_in()
    assert borrower.apply(AMOUNT)["state"] == "offered"
    signed = borrower.sign()
    client_id = borrower.cabinet.call("GET", "/sessions/current")["client_id"]
    entry = entered(recruiter, client_id)
    bundle = _exported(clerk, borrower.contract_id, entry, tmp_path)
    roots = world.stack.layout.outer / "eds-roots.pem"
    given = ("--iin", borrower.person.iin, "--bin", company.BIN)
    judged = verify_contract.main([str(bundle), "--roots", str(roots), *given])
    assert judged == verify_contract.VERIFIED

    document = (bundle / "contract.pdf").read_bytes()
    assert document.startswith(b"%PDF-")
    listed = borrower.contract("GET", "/documents")["items"]
    assert [one["kind"] for one in listed] == ["contract", "evidence"]
    assert listed[0]["sha256"] == signed["document_sha256"]
    own = borrower.contract("GET", f"/documents/{signed['document_sha256']}")
    assert base64.b64decode(own["document_b64"]) == document
    for digest in (listed[0]["sha256"], listed[0]["content_sha256"]):
        told = borrower.cabinet.call("GET", f"/documents/{digest}")
        assert (told["kind"], told["state"]) == ("contract", "concluded")
    eventually(lambda: _seen(borrower))


def entered(recruiter: Recruiter, client_id: str) -> str:
    """What one asks for and another agrees to."""
    asked = recruiter.recruit("liaison", "regulator-liaison").ask(
        "contracts",
        "ask_disclosure",
        ground="written_consent",
        recipient="court no 2, request 17",
        client_id=client_id,
        days=1,
        proofs=["consent"],
        document_b64=base64.b64encode(b"the request").decode(),
    )
    entry = str(asked["approval_id"])
    recruiter.second.ask("contracts", "approve", approval_id=entry)
    return entry


def _exported(clerk: Person, contract_id: str, entry: str, tmp_path: Path) -> Path:
    answer: Any = clerk.ask(
        "contracts",
        "documents_export",
        contract_id=contract_id,
        disclosure_id=entry,
        purpose=PURPOSE,
    )
    folder = tmp_path / "bundle"
    folder.mkdir()
    for name, text in answer["files"].items():
        (folder / name).write_bytes(base64.b64decode(text))
    return folder


def _seen(borrower: Borrower) -> bool:
    """Whether the client's access history shows that the staff were given it."""
    found = borrower.cabinet.call("GET", "/personal-data/readings")["items"]
    return any((one["reader"], one["purpose"]) == ("staff", PURPOSE) for one in found)
