"""One leaf proved on one page: what a phone scans is all a stranger needs."""

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from kernel.crypto import canonical, sha256_hex
from kernel.errors import Refused
from kernel.papers import Codes
from services.audit.adapters.printing import ReportPrinter, tellings
from services.audit.domain.onepage import proof_page
from services.audit.domain.report import Report
from services.audit.handlers.parts import Given, export_part
from tests.security.audit.exports import TOOL_MODULE
from tests.unit.audit.builders import Writer
from tests.unit.audit.stories import BORIS, LOG_ENTRY, desk_of, told
from tests.unit.audit.test_parts import CLIENT


def given(writer: Writer, *pages: int) -> Given:
    return export_part(
        CLIENT,
        disclosure_id=LOG_ENTRY,
        taken_by="operator",
        desk=desk_of(writer),
        pages=pages,
    )


def forged(leaf: str) -> str:
    """Another event with its true digest: the tree alone knows better."""
    said = json.loads(leaf)
    said["event"]["data"]["client_id"] = str(BORIS)
    said["event_sha256"] = sha256_hex(canonical(said["event"]))
    return canonical(said).decode()


def made(writer: Writer) -> Report:
    part = given(writer, 3)
    with ZipFile(BytesIO(part.archive)) as archive:
        proof = archive.read("proofs/3.tlog-proof")
    [entry] = [entry for entry in part.part.entries if entry.seq == 3]
    return proof_page(entry, proof, part=part.part, tellings=tellings())


@pytest.mark.clause("3.2b")
@pytest.mark.seeded("audit_verifier_believes_one_leaf")
def test_what_is_scanned_from_the_page_proves_the_leaf(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    writer = told()
    [codes] = [part for part in made(writer).parts if isinstance(part, Codes)]
    (_, proof), (_, leaf) = codes.codes
    scanned, said = tmp_path / "proof", tmp_path / "leaf"
    scanned.write_text(proof)
    vkey = ("--vkey", writer.signer.public.vkey)
    for text, code in (
        (leaf, 0),
        (leaf.replace('"seq":3', '"seq":4'), 3),
        (leaf.replace("contract_signed", "contract_closed"), 3),
        (forged(leaf), 3),
    ):
        said.write_text(text)
        assert TOOL_MODULE.main([str(scanned), "--leaf", str(said), *vkey]) == code
    assert "leaf verified: number 3 of a log of 8" in capsys.readouterr().out
    assert TOOL_MODULE.main([str(said), "--leaf", str(said), *vkey]) == 3
    held = ("--held", str(said))
    assert TOOL_MODULE.main([str(scanned), "--leaf", str(said), *vkey, *held]) == 2


def test_the_page_is_one_and_says_what_happened_in_both_languages() -> None:
    report = made(told())
    pdf = ReportPrinter().print(report)
    assert pdf.count(b"/Type /Page\n") == 1
    words = repr(report.parts)
    assert "Клиент подписал договор" in words
    assert "қол қойды" in words


def test_pages_are_made_of_leaves_of_the_part_alone() -> None:
    writer = told()
    with ZipFile(BytesIO(given(writer, 3, 5).archive)) as archive:
        assert {"proofs/3.pdf", "proofs/5.pdf", "proofs/3.cms"} <= {*archive.namelist()}
    with pytest.raises(Refused, match="no_such_leaf"):
        given(writer, 2)
    with pytest.raises(Refused, match="part_too_large"):
        export_part(
            {"kinds": ["contracts.something_happened.v1"]},
            disclosure_id=LOG_ENTRY,
            taken_by="operator",
            desk=desk_of(told(told().grow(40))),
            pages=range(8, 30),
        )
