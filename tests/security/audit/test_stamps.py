"""Time stamps over checkpoints, judged by the stranger's verifier and by OpenSSL."""

import subprocess
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from services.audit.domain.stamping import covering, stamp_files
from services.audit.handlers.stamping import Stamping
from tests.security.audit.exports import ExportFolder, run_tool
from tests.security.audit.stamps import Authority
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import FakeUnits


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("authority") / "ca"


def stamped(writer: Writer, authority: Authority, *, days: int = 3) -> None:
    """A hundred leaves and one stamp a day."""
    stamping = Stamping()
    for _ in range(days):
        writer.grow(len(writer.leaves) + 100)
        stamping.beat(
            stamper=authority,
            units=FakeUnits(writer.log),
            board=writer.board,
            clock=writer.clock,
            ids=writer.ids,
        )
        writer.clock.move(86_400)


@pytest.fixture
def export(tmp_path: Path, keys: Path) -> tuple[ExportFolder, Authority, Path]:
    """Three days of a log, their stamps, and who vouches for them."""
    writer = written(1)
    authority = Authority.made(keys, writer.clock)
    stamped(writer, authority)
    folder = ExportFolder(tmp_path / "export", writer).write()
    lay_out(folder)
    return folder, authority, authority.pem(tmp_path / "tsa.pem")


def lay_out(folder: ExportFolder) -> None:
    for file in stamp_files(folder.writer.log.stamped):
        path = folder.file(file.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(file.content)


Made = tuple[ExportFolder, Authority, Path]


@pytest.mark.clause("3.2b")
def test_every_stamp_of_the_range_is_in_the_export_and_verifies(export: Made) -> None:
    folder, _, tsa = export
    assert [each.size for each in folder.writer.log.stamped] == [101, 201, 301]
    ran = run_tool(folder, "--tsa", tsa)
    assert ran.code == 0, ran.said
    assert "time stamps 3, the newest 2026-11-24T10:00:00Z" in ran.said
    assert "time stamps 3, not checked" in run_tool(folder).said


def test_stock_openssl_verifies_each(export: Made) -> None:
    folder, _, tsa = export
    for size in (101, 201, 301):
        note, reply = (
            folder.file(f"timestamps/{size}.{end}") for end in ("checkpoint", "tsr")
        )
        command = ["openssl", "ts", "-verify", "-CAfile", str(tsa)]
        command += ["-data", str(note), "-in", str(reply)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert "Verification: OK" in done.stdout + done.stderr
        note.write_bytes(note.read_bytes() + b"\n")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode != 0


def edited(folder: ExportFolder) -> None:
    folder.edit("timestamps/201.checkpoint", b"\n201\n", b"\n202\n")


def other_bytes(folder: ExportFolder) -> None:
    """A cosignature's line more: a genuine note, but not the bytes stamped."""
    path = folder.file("timestamps/201.checkpoint")
    path.write_bytes(path.read_bytes() + "— other AAAAAAAA\n".encode())


def swapped(folder: ExportFolder) -> None:
    one, other = (folder.file(f"timestamps/{size}.tsr") for size in (101, 201))
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def damaged(folder: ExportFolder) -> None:
    path = folder.file("timestamps/201.tsr")
    raw = bytearray(path.read_bytes())
    raw[-20] ^= 1
    path.write_bytes(bytes(raw))


def without_token(folder: ExportFolder) -> None:
    folder.file("timestamps/201.tsr").unlink()


def without_note(folder: ExportFolder) -> None:
    folder.file("timestamps/201.checkpoint").unlink()


def stranger(folder: ExportFolder) -> None:
    folder.file("timestamps/note").write_bytes(b"")


def renamed(folder: ExportFolder) -> None:
    for end in ("checkpoint", "tsr"):
        folder.file(f"timestamps/201.{end}").rename(
            folder.file(f"timestamps/202.{end}")
        )


def rewritten(folder: ExportFolder) -> None:
    """Another history under the true key; the stamps are of the old one."""
    leaves = list(folder.leaves)
    leaves[150], leaves[151] = (
        leaves[151].replace(b'"seq":151', b'"seq":150'),
        leaves[150].replace(b'"seq":150', b'"seq":151'),
    )
    folder.write(leaves)


def cut(folder: ExportFolder) -> None:
    """Rolled back below what was stamped."""
    for path in (folder.folder / "tile").rglob("*"):
        if path.is_file():
            path.unlink()
    folder.write(folder.leaves[:250])


@pytest.mark.catalogue("A18")
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (edited, "signature is false"),
        (other_bytes, "a time stamp is over another signature"),
        (swapped, "a time stamp is over another signature"),
        (damaged, "FINDING"),
        (without_token, "timestamps/201.tsr is missing"),
        (without_note, "timestamps/201.checkpoint is missing"),
        (stranger, "timestamps/note does not belong there"),
        (renamed, "timestamps/202.checkpoint is of 201 leaves"),
    ],
)
def test_what_the_stamps_do_not_cover_is_found(
    export: Made, spoil: Callable[[ExportFolder], None], why: str
) -> None:
    folder, _, tsa = export
    spoil(folder)
    ran = run_tool(folder, "--tsa", tsa)
    assert ran.code == 3, ran.said
    assert why in ran.said


@pytest.mark.catalogue("A18")
@pytest.mark.seeded("audit_verifier_skips_stamped_checkpoints")
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (rewritten, "first bad seq 101: changed between 101 and 200"),
        (cut, "there is a stamp over 301 leaves: the log was rolled back"),
    ],
)
def test_another_history_under_the_true_key_is_found(
    export: Made, spoil: Callable[[ExportFolder], None], why: str
) -> None:
    """With nothing held, and no authority given: what was stamped binds alone."""
    folder, _, _ = export
    spoil(folder)
    ran = run_tool(folder)
    assert ran.code == 3, ran.said
    assert why in ran.said


@pytest.mark.seeded("audit_verifier_takes_any_stamp")
def test_another_authority_says_nothing(export: Made, tmp_path: Path) -> None:
    folder, authority, _ = export
    other = Authority.made(tmp_path / "other", authority.clock)
    ran = run_tool(folder, "--tsa", other.pem(tmp_path / "other.pem"))
    assert (ran.code, "does not lead to a root" in ran.said) == (3, True)


@pytest.mark.seeded("audit_verifier_takes_times_after_the_stamp")
def test_a_leaf_that_says_it_came_after_its_stamp_is_named(
    tmp_path: Path, keys: Path
) -> None:
    """The writer's clock was set ahead: the stamp tells (attack 21)."""
    writer = written(1)
    authority = Authority.made(keys, writer.clock)
    authority.ahead = -timedelta(hours=2)
    stamped(writer, authority, days=1)
    folder = ExportFolder(tmp_path / "export", writer).write()
    lay_out(folder)
    ran = run_tool(folder, "--tsa", authority.pem(tmp_path / "tsa.pem"))
    assert ran.code == 3
    assert "first bad seq 100: it says it came after the stamp" in ran.said


def test_a_part_takes_the_stamps_that_cover_its_leaves(
    tmp_path: Path, keys: Path
) -> None:
    """Of each leaf the first stamp after it, and the newest of all."""
    writer = written(1)
    stamped(writer, Authority.made(keys, writer.clock), days=5)
    stamps = writer.log.stamped

    def sizes(*leaves: int) -> list[int]:
        return [each.size for each in covering(stamps, leaves)]

    assert sizes(0) == [101, 501]
    assert sizes(100, 101, 102, 350) == [101, 201, 401, 501]
    assert sizes(500) == [501]
    assert sizes(501) == [501]
