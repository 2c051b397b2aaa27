"""Parts of the log, honest and spoilt, before the stranger's verifier."""

import json
import shutil
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest

from kernel.crypto import Json, canonical, sha256_hex
from services.audit.handlers.parts import export_part
from tests.security.audit.exports import ExportFolder, Ran
from tests.unit.audit.builders import Writer
from tests.unit.audit.stories import (
    ANNA,
    BORIS,
    CAUSE,
    CONTRACT,
    LOG_ENTRY,
    desk_of,
    event,
    told,
)

Verify = Callable[..., Ran]
FINDING = 3
CLIENT: dict[str, Json] = {"subject": f"client:{ANNA}"}
SECOND_DAY: dict[str, Json] = {
    "from": "2026-11-23T00:00:00Z",
    "until": "2026-11-24T00:00:00Z",
}
SCOPES: tuple[dict[str, Json], ...] = (
    CLIENT,
    SECOND_DAY,
    {"incident": str(CAUSE)},
    {"kinds": ["contracts.contract_offered.v1", "opened"]},
    {"subject": f"contract:{CONTRACT}", **SECOND_DAY},
)


def part(
    folder: Path,
    words: dict[str, Json],
    *,
    writer: Writer | None = None,
    since: tuple[int, ...] = (),
) -> ExportFolder:
    """A part as the service gives it, unpacked."""
    writer = writer or told()
    given = export_part(
        words,
        disclosure_id=LOG_ENTRY,
        since=since,
        taken_by="operator",
        desk=desk_of(writer),
    )
    return unpacked(given.archive, folder, writer)


def unpacked(archive: bytes, folder: Path, writer: Writer) -> ExportFolder:
    with ZipFile(BytesIO(archive)) as made:
        made.extractall(folder)
    return ExportFolder(folder, writer, writer.leaves)


def say_anew(folder: ExportFolder, **members: Json) -> None:
    """Whoever passes the export on says something else of it, with true digests."""
    said = json.loads(folder.file("manifest.json").read_bytes())
    said |= members
    paths = [p for p in folder.folder.rglob("*") if p.is_file()]
    names = {p.relative_to(folder.folder).as_posix(): p for p in paths}
    said["files"] = {
        name: sha256_hex(path.read_bytes())
        for name, path in names.items()
        if not name.startswith("manifest")
    }
    folder.file("manifest.json").write_bytes(canonical(said))


def leave_out(folder: ExportFolder, seq: int) -> None:
    for end in ("leaf", "tlog-proof"):
        folder.file(f"proofs/{seq}.{end}").unlink()
    said = json.loads(folder.file("manifest.json").read_bytes())
    say_anew(folder, leaves=[n for n in said["leaves"] if n != seq])


@pytest.mark.parametrize("words", SCOPES)
def test_an_honest_part_verifies(
    tmp_path: Path, verify: Verify, words: dict[str, Json]
) -> None:
    folder = part(tmp_path / "part", words, since=(1, 4))
    held = ("--held", folder.held(4), "--held", folder.held(8), "--held")
    ran = verify(folder, *held, folder.held(1), "--trust", folder.trust())
    assert (ran.code, ran.said.partition(":")[0]) == (0, "part verified")


def test_a_part_of_a_long_log_verifies(tmp_path: Path, verify: Verify) -> None:
    writer = told(told().grow(517))
    folder = part(tmp_path / "part", CLIENT, writer=writer, since=(256, 300))
    held = ("--held", folder.held(256), "--held", folder.held(300))
    ran = verify(folder, *held)
    assert ran.code == 0
    assert "10 leaves of a log of 524" in ran.said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (CLIENT, "complete: by the numbers of 3 subjects"),
        (SECOND_DAY, "complete: every leaf of its time"),
        ({**CLIENT, **SECOND_DAY}, "complete: by the manifest's word alone"),
    ],
)
def test_it_is_told_how_far_completeness_is_proved(
    tmp_path: Path, verify: Verify, words: dict[str, Json], said: str
) -> None:
    assert said in verify(part(tmp_path / "part", words)).said


def test_numbers_the_log_lacks_are_told(tmp_path: Path, verify: Verify) -> None:
    writer = told()
    contract, of_anna = f"contract:{CONTRACT}", {"client_id": str(ANNA)}
    writer.write(event(writer.producer, "contract_closed", contract, 4, of_anna))
    ran = verify(part(tmp_path / "part", CLIENT, writer=writer))
    assert ran.code == 0
    assert "1 numbers missing by its own word" in ran.said


@pytest.mark.clause("3.2b", "3.3c")
@pytest.mark.seeded("audit_verifier_believes_any_manifest")
def test_any_changed_byte_of_any_file_is_found(tmp_path: Path, verify: Verify) -> None:
    folder = part(tmp_path / "part", CLIENT, since=(4,))
    held = folder.held(4)
    paths = [p for p in folder.folder.rglob("*") if p.is_file()]
    # What the manifest's own signature is made of is judged in test_seals.
    for path in sorted(p for p in paths if not p.name.startswith("manifest.c")):
        if path.name.startswith("manifest.t"):
            continue
        raw = path.read_bytes()
        for place in (0, len(raw) // 2, len(raw) - 1):
            path.write_bytes(raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :])
            ran = verify(folder, "--held", held)
            assert ran.code == FINDING, (path, place, ran.said)
        path.unlink()
        assert verify(folder, "--held", held).code != 0, path
        path.write_bytes(raw)
    assert verify(folder, "--held", held).code == 0


def test_a_manifest_of_another_checkpoint_is_found(
    tmp_path: Path, verify: Verify
) -> None:
    folder = part(tmp_path / "part", CLIENT)
    say_anew(folder, checkpoint={"sha256": "0" * 64, "size": 8})
    assert verify(folder).code == FINDING


def test_a_file_no_manifest_names_is_found(tmp_path: Path, verify: Verify) -> None:
    folder = part(tmp_path / "part", CLIENT)
    folder.file("report.html").write_text("Всё в порядке.")
    ran = verify(folder)
    assert ran.code == FINDING
    assert "report.html does not belong" in ran.said


@pytest.mark.seeded("audit_verifier_skips_proofs")
def test_a_leaf_that_was_never_logged_is_found(tmp_path: Path, verify: Verify) -> None:
    """With a manifest that says all of it: only the tree knows better."""
    folder = part(tmp_path / "part", SECOND_DAY)
    leaf = json.loads(folder.leaves[3])
    leaf["event"]["data"]["client_id"] = str(BORIS)
    raw = canonical(leaf["event"])
    leaf["event_sha256"] = sha256_hex(raw)
    folder.file("proofs/3.leaf").write_bytes(canonical(leaf))
    say_anew(folder)
    ran = verify(folder)
    assert ran.code == FINDING
    assert "first bad seq 3: the proof leads to another root" in ran.said


@pytest.mark.parametrize(
    ("words", "seq", "said"),
    [
        (CLIENT, 3, "number 2 of contract:"),
        (CLIENT, 5, "number 2 of payout:"),
        (CLIENT, 6, "the manifest's numbers are of other subjects"),
        (SECOND_DAY, 4, "first bad seq 4: a leaf of its time is missing"),
        (SECOND_DAY, 3, "the leaves around its time are missing"),
        (SECOND_DAY, 6, "the leaves around its time are missing"),
    ],
)
@pytest.mark.seeded("audit_verifier_counts_no_numbers")
def test_a_leaf_left_out_is_found(
    tmp_path: Path, verify: Verify, words: dict[str, Json], seq: int, said: str
) -> None:
    """By numbers and by times, also when the manifest agrees with what is there."""
    folder = part(tmp_path / "part", words)
    leave_out(folder, seq)
    ran = verify(folder)
    assert ran.code == FINDING
    assert said in ran.said


@pytest.mark.seeded("audit_verifier_takes_any_scope")
def test_a_leaf_of_somebody_else_is_found(tmp_path: Path, verify: Verify) -> None:
    folder = part(tmp_path / "part", {"kinds": ["contracts.contract_offered.v1"]})
    say_anew(folder, scope=CLIENT)
    ran = verify(folder)
    assert ran.code == FINDING
    assert "first bad seq 2: the leaf does not belong to the scope" in ran.said


@pytest.mark.seeded("audit_verifier_skips_growth")
def test_a_log_that_is_not_the_one_you_knew_is_found(
    tmp_path: Path, verify: Verify
) -> None:
    """Attacks 9 and 11: another history under the true key, an older state."""
    folder = part(tmp_path / "part", CLIENT, since=(4,))
    held = folder.held(4)
    other = Writer(signer=folder.writer.signer, producer=folder.writer.producer).open()
    rewritten = part(tmp_path / "other", CLIENT, writer=told(other), since=(4,))
    assert verify(rewritten, "--held", held).code == FINDING
    assert verify(folder, "--held", held).code == 0
    shutil.rmtree(folder.folder / "consistency")
    say_anew(folder)
    assert verify(folder, "--held", held).code == FINDING
    folder.writer.grow(9)
    assert verify(folder, "--held", folder.held(9)).code == FINDING
