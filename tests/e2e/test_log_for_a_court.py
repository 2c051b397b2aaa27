"""What the log says of one client, as a court would get it: closed, signed, proved."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from infra.demo.borrower import Borrower
from infra.demo.world import World
from infra.stack import company
from tests.e2e.test_contract_for_a_court import entered
from tests.e2e.test_from_registration_to_money import AMOUNT, register
from tests.security.audit.exports import TOOL_MODULE
from tests.seeds import seed
from tests.staff import Recruiter
from tests.unit.audit.test_recipients import opened, pem_of
from tests.waiting import eventually


@pytest.fixture
def borrower(world: World) -> Iterator[Borrower]:
    """Somebody new; the seed is printed when a test fails."""
    person = world.borrower(seed())
    yield person
    person.cabinet.close()


@pytest.mark.clause("6.2")
@pytest.mark.clause("6.1c")
def test_what_the_log_says_of_a_client_reaches_one_recipient(
    world: World,
    borrower: Borrower,
    recruiter: Recruiter,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Names, ИИН with its proof, the company's signature, and the client sees it."""
    register(borrower)
    borrower.log_in()
    assert borrower.apply(AMOUNT)["state"] == "offered"
    borrower.sign()
    client_id = borrower.cabinet.call("GET", "/sessions/current")["client_id"]
    entry = entered(recruiter, client_id)
    auditor = recruiter.recruit("auditor", "auditor")
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)

    def given() -> Any:  # noqa: ANN401 - JSON
        return auditor.ask(
            "audit",
            "export_part",
            scope={"subject": f"client:{client_id}"},
            disclosure_id=entry,
            names=True,
            recipient_pem=pem_of(key),
        )

    eventually(lambda: given()["leaves"] > 5)
    folder = tmp_path / "part"
    raw = base64.b64decode(given()["archive_b64"])
    with opened(raw, key, tmp_path) as archive:
        archive.extractall(folder)
    layout = world.stack.layout
    wanted = ("--trust", str(layout.keys / "trust.json"), "--bin", company.BIN)
    roots = ("--roots", str(layout.outer / "eds-roots.pem"))
    vkey = (layout.checkpoints / "vkey").read_text().strip()
    judged = TOOL_MODULE.main([str(folder), "--vkey", vkey, *wanted, *roots])
    said = capsys.readouterr().out
    assert judged == 0, said
    assert "complete: by the numbers of" in said
    assert "company's signature stamped 20" in said

    report = (folder / "report.ru.html").read_text()
    assert borrower.person.iin in report
    assert "Клиент подписал договор на" in report
    (line,) = (folder / "disclosures.jsonl").read_bytes().splitlines()
    assert json.loads(line)["value"] == borrower.person.iin
    readings = borrower.cabinet.call("GET", "/personal-data/readings")["items"]
    assert "log_export" in {one["purpose"] for one in readings}


@pytest.mark.clause("6.1d")
@pytest.mark.clause("7.2b")
def test_an_auditor_finds_proves_and_verifies_over_the_bus(
    world: World, recruiter: Recruiter
) -> None:
    """Every door of the shipped process once; looks are found by a look."""
    auditor = recruiter.recruit("auditor", "auditor")

    def ask(method: str, **given: object) -> Any:  # noqa: ANN401 - JSON
        return auditor.ask("audit", method, **given)

    words = {"kinds": ["platform.staff_called.v1"]}
    eventually(lambda: ask("search", words=words, limit=5)["leaves"])
    found = ask("search", words=words, limit=1, language="kk")
    (row,) = found["leaves"]
    leaf = json.loads(base64.b64decode(row["leaf"]))
    assert row["sentence"].startswith("Қызметкер")
    assert found["goes_on"] == leaf["seq"]
    staff = leaf["event"]["data"]["staff_id"]
    eventually(lambda: ask("search", words={"user": staff}, limit=5)["leaves"])
    assert ask("timeline", subject=leaf["event"]["subject"], limit=5)["leaves"]
    eventually(lambda: ask("witnesses")["size"] > leaf["seq"])
    assert ask("prove_leaf", seq=leaf["seq"])["leaf"] == row["leaf"]

    progress = ask("verify_some")
    while progress["verdict"] is None:
        progress = ask("verify_some", sealed=progress["sealed"])
    assert progress["verdict"]["ok"] is True
    assert ask("producers")["ok"] is True
    assert ask("witnesses")["of"] > 0
    eventually(lambda: ask("archive_status")["size"])
    cold = ask("verify_archive")
    assert (cold["ok"], cold["code"]) == (True, "")
    assert (world.stack.layout.archive / "checkpoint").is_file()
