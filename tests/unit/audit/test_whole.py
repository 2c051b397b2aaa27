"""What goes with an export of the whole log, and what is said of it."""

import json
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from kernel.crypto import as_object, sha256_hex
from kernel.errors import Refused
from services.audit.domain.stamping import TimeStamp
from services.audit.handlers.reading import seal_export, start_export
from tests.security.audit.exports import TOOL_MODULE, ExportFolder
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import NOON, FakeUnits
from tests.unit.audit.stories import LOG_ENTRY, FakePrinter, FakeRegister, FakeSeal
from tests.unit.audit.test_cli import FakeOperator, exported
from tests.unit.audit.test_recipients import opened, pem_of


def given(writer: Writer, *, recipient_pem: str | None = None) -> ZipFile:
    """Start an export of the whole log, and take what goes with it."""
    units = FakeUnits(writer.log)
    export = start_export(
        taken_by="x",
        disclosure_id=LOG_ENTRY,
        register=FakeRegister(),
        board=writer.board,
        units=units,
        clock=writer.clock,
        ids=writer.ids,
        recipient_pem=recipient_pem,
    )
    raw = seal_export(
        export.export_id, units=units, printer=FakePrinter(), seal=FakeSeal()
    )
    return ZipFile(BytesIO(raw))


def stamped(writer: Writer, *sizes: int) -> Writer:
    for size in sizes:
        writer.log.stamped.append(
            TimeStamp(size=size, checkpoint=b"", reply=b"", stamped_at=NOON)
        )
    return writer


@pytest.mark.clause("6.2")
def test_the_whole_log_comes_with_reports_and_the_companys_word() -> None:
    archive = given(stamped(written(300), 100, 250))
    names = set(archive.namelist())
    for language in ("ru", "kk"):
        assert {f"report.{language}.{end}" for end in ("html", "pdf", "cms")} <= names
    assert {"manifest.json", "manifest.cms", "manifest.tst"} <= names
    said = json.loads(archive.read("manifest.json"))
    assert said["form"] == "kredit-audit-log-1"
    assert said["checkpoint"]["size"] == 300
    for name, digest in said["files"].items():
        assert sha256_hex(archive.read(name)) == digest
    report = archive.read("report.ru.html").decode()
    for fact in ("Журнал событий целиком", "<td>300</td>", "contracts", "22.11.2026"):
        assert fact in report


def test_the_manifest_begins_as_contracts_signs_it() -> None:
    raw = given(written(3)).read("manifest.json")
    assert raw.startswith(b'{"checkpoint":{"sha256":"')


def test_who_the_export_is_encrypted_to_is_on_record() -> None:
    writer = written(3)
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    given(writer, recipient_pem=pem_of(key))
    (notice,) = writer.log.notices
    assert len(str(notice.fields["recipient_sha256"])) == 64
    with pytest.raises(Refused) as refused:
        given(writer, recipient_pem="nobody's")
    assert refused.value.code == "recipient_unfit"


def test_encrypted_to_its_recipient_nothing_else_is_left(tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    certificate = tmp_path / "regulator.pem"
    certificate.write_text(pem_of(key))
    operator = FakeOperator(written(300))
    folder = tmp_path / "log"
    answer, code = exported(operator, folder, "--to", str(certificate))
    assert code == 0
    assert operator.given["recipient_pem"] == certificate.read_text()
    assert {path.name for path in tmp_path.iterdir()} == {
        "regulator.pem",
        "log.zip.p7m",
    }
    raw = Path(str(as_object(answer)["archive"])).read_bytes()
    with opened(raw, key, tmp_path) as archive:
        assert {"checkpoint", "manifest.json"} <= set(archive.namelist())
        assert "tile/entries/001.p/44" in archive.namelist()


@pytest.mark.seeded("audit_verifier_skips_the_whole_manifest")
@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ("report.ru.html", "report.ru.html is not what the manifest says"),
        ("checkpoint", "the manifest is of another checkpoint"),
    ],
)
def test_a_copy_that_is_not_the_signed_one_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spoil: str, why: str
) -> None:
    writer = written(300)
    folder = ExportFolder(tmp_path / "log", writer).write()
    given(writer).extractall(folder.folder)
    arguments = [str(folder.folder), "--vkey", folder.vkey]
    assert TOOL_MODULE.main(arguments) == 0
    assert "company's signature not checked" in capsys.readouterr().out
    path = folder.file(spoil)
    path.write_bytes(path.read_bytes() + "— other AAAAAAAA\n".encode())
    assert TOOL_MODULE.main(arguments) == 3
    assert why in capsys.readouterr().out


def test_without_the_companys_word_no_roots_are_satisfied(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ExportFolder(tmp_path / "log", written(3)).write()
    roots = tmp_path / "roots.pem"
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    roots.write_text(pem_of(key))
    arguments = [str(folder.folder), "--vkey", folder.vkey, "--roots", str(roots)]
    assert TOOL_MODULE.main(arguments) == 3
    assert "manifest.json is missing" in capsys.readouterr().out
