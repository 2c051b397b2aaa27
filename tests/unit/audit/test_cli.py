"""The operators' command line over a fake service: exports as strangers get them."""

import argparse
import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from zipfile import ZipFile

import pytest

from kernel.cli import FINDING, Operator
from kernel.crypto import Json, as_object
from kernel.errors import Broken, Refused
from services.audit import cli
from services.audit.domain.stamping import TimeStamp
from services.audit.domain.tiles import ExportFile, zipped
from services.audit.domain.tree import leaf_hash, root_of
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import NOON
from tests.unit.audit.stories import CAUSE
from tests.unit.audit.test_tree import verify_consistency, verify_inclusion

PAGE = 7


@dataclass
class FakeOperator:
    """Answers what the service would, in small pages; `tail` lies about the end."""

    writer: Writer
    cut: int = 0
    asked: list[str] = field(default_factory=list)
    given: dict[str, Any] = field(default_factory=dict)
    stamps: list[TimeStamp] = field(default_factory=list)

    def call(self, method: str, **arguments: Any) -> Json:  # noqa: ANN401 - as Operator
        self.asked.append(method)
        note = self.writer.state.note.decode() if self.writer.state else ""
        match method:
            case "start_export":
                self.given = arguments
                return {"export_id": "1", "checkpoint": note}
            case "export_part":
                self.given = arguments
                raw = zipped([ExportFile("checkpoint", b"a note")])
                text = base64.b64encode(raw).decode()
                return {
                    "export_id": "1",
                    "leaves": 2,
                    "size": 3,
                    "archive_b64": text,
                }
            case "log_status":
                size = len(self.writer.leaves)
                return {"vkey": self.writer.signer.public.vkey, "size": size}
            case "seal_export":
                raw = zipped([ExportFile("manifest.json", b"{}")])
                return {"archive_b64": base64.b64encode(raw).decode()}
            case "export_stamps":
                found = [s for s in self.stamps if s.size > arguments["after"]]
                return {"stamps": [said_of(stamp) for stamp in found[:1]]}
            case "verify_some":
                if arguments.get("sealed") != "halfway":
                    verdict = None if arguments["held"] == [] else {"ok": False}
                    sealed = None if verdict else "halfway"
                    return {"leaves": 1, "of": 2, "sealed": sealed, "verdict": verdict}
                done: Json = {"ok": True}
                return {"leaves": 2, "of": 2, "sealed": None, "verdict": done}
            case "verify_archive":
                begin = arguments["begin"]
                return {"ok": begin != self.cut, "verified": begin + 2, "tiles": 6}
            case "prove_leaf":
                leaf = base64.b64encode(self.writer.leaves[arguments["seq"]]).decode()
                return {"leaf": leaf, "proof": "c2sp.org/tlog-proof@v1\n"}
            case "status":
                return {"service": "audit"}
            case _:
                start = arguments["from_seq"]
                leaves = self.writer.leaves[: len(self.writer.leaves) - self.cut]
                page = leaves[start : start + PAGE]
                return {"leaves": [base64.b64encode(leaf).decode() for leaf in page]}

    def ask(self, method: str, **arguments: Any) -> Mapping[str, Json]:  # noqa: ANN401 - as Operator
        return as_object(self.call(method, **arguments))


def said_of(stamp: TimeStamp) -> dict[str, Json]:
    return {
        "size": stamp.size,
        "checkpoint_b64": base64.b64encode(stamp.checkpoint).decode(),
        "reply_b64": base64.b64encode(stamp.reply).decode(),
        "stamped_at": "2026-11-22T10:00:00Z",
    }


def test_every_time_stamp_of_the_export_is_written(tmp_path: Path) -> None:
    stamps = [
        TimeStamp(size=n, checkpoint=b"c%d" % n, reply=b"r%d" % n, stamped_at=NOON)
        for n in (2, 5)
    ]
    answer, _ = exported(FakeOperator(written(9), stamps=stamps), tmp_path)
    assert as_object(answer)["stamps"] == 2
    found = sorted((tmp_path / "timestamps").iterdir())
    assert [(path.name, path.read_bytes()) for path in found] == [
        ("2.checkpoint", b"c2"),
        ("2.tsr", b"r2"),
        ("5.checkpoint", b"c5"),
        ("5.tsr", b"r5"),
    ]


def test_the_last_leaves_are_shown_by_what_they_say() -> None:
    writer = written(9)
    parser = argparse.ArgumentParser()
    cli.COMMANDS["tail"].arguments(parser)
    operator = cast("Operator", FakeOperator(writer))
    answer, code = cli.tail(operator, parser.parse_args(["-n", "3"]))
    rows = cast("list[dict[str, Json]]", as_object(answer)["leaves"])
    assert code == 0
    assert [row["seq"] for row in rows] == [6, 7, 8]
    assert {row["type"] for row in rows} == {"contracts.something_happened.v1"}
    answer, _ = cli.tail(operator, parser.parse_args(["--from", "0"]))
    rows = cast("list[dict[str, Json]]", as_object(answer)["leaves"])
    assert (rows[0]["kind"], rows[0]["type"]) == ("opened", None)


def exported(operator: FakeOperator, folder: Path, *options: str) -> tuple[Json, int]:
    parser = argparse.ArgumentParser()
    cli.COMMANDS["export"].arguments(parser)
    let = ("--disclosure", "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11")
    arguments = parser.parse_args([str(folder), *let, *options])
    return cli.export(cast("Operator", operator), arguments)


def test_an_export_is_tiles_bundles_checkpoint_and_policy(tmp_path: Path) -> None:
    writer = written(300)
    _, code = exported(FakeOperator(writer), tmp_path)
    files = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.*")}
    assert code == 0
    assert writer.state is not None
    assert (tmp_path / "checkpoint").read_bytes() == writer.state.note
    assert "tile/0/001.p" in files
    assert (tmp_path / "tile/entries/001.p/44").is_file()
    vkey = writer.signer.public.vkey
    assert (tmp_path / "policy").read_text() == f"log {vkey}\nquorum none\n"


def test_an_archive_holds_the_same_files_and_is_made_alike_twice(
    tmp_path: Path,
) -> None:
    writer = written(300)
    made = []
    for name in ("one", "two"):
        exported(FakeOperator(writer), tmp_path / name, "--zip")
        made.append((tmp_path / f"{name}.zip").read_bytes())
    with ZipFile(tmp_path / "one.zip") as archive:
        for name in archive.namelist():
            assert archive.read(name) == (tmp_path / "one" / name).read_bytes()
        assert "tile/entries/001.p/44" in archive.namelist()
    assert made[0] == made[1]


def hashes_in(lines: Iterator[str]) -> tuple[bytes, ...]:
    """Base64 lines up to the blank one."""
    return tuple(base64.b64decode(line) for line in iter(lambda: next(lines), ""))


def test_proofs_of_single_leaves_and_older_sizes_verify(tmp_path: Path) -> None:
    """By the algorithms of RFC 9162, from the files alone."""
    writer = written(30)
    exported(FakeOperator(writer), tmp_path, "--proof", "11", "--since", "7")
    hashes = [leaf_hash(leaf) for leaf in writer.leaves]
    leaf = (tmp_path / "proofs/11.leaf").read_bytes()
    lines = iter((tmp_path / "proofs/11.tlog-proof").read_text().split("\n"))
    assert [next(lines), next(lines)] == ["c2sp.org/tlog-proof@v1", "index 11"]
    assert verify_inclusion(
        hashed=leaf_hash(leaf),
        index=11,
        size=30,
        proof=hashes_in(lines),
        root=root_of(hashes),
    )
    lines = iter((tmp_path / "consistency/7").read_text().split("\n"))
    assert next(lines) == "old 7"
    assert verify_consistency(
        old=7,
        new=30,
        old_root=root_of(hashes[:7]),
        new_root=root_of(hashes),
        proof=hashes_in(lines),
    )


@pytest.mark.parametrize("option", [("--proof", "30"), ("--since", "31")])
def test_no_proof_beyond_the_log(tmp_path: Path, option: tuple[str, str]) -> None:
    with pytest.raises(Refused, match="no_such_leaf"):
        exported(FakeOperator(written(30)), tmp_path, *option)


def test_an_export_stands_alone_in_its_directory(tmp_path: Path) -> None:
    operator = FakeOperator(written(3))
    (tmp_path / "old").touch()
    with pytest.raises(Refused, match="directory_not_empty"):
        exported(operator, tmp_path)
    assert operator.asked == []


def test_a_service_that_gives_less_than_its_checkpoint_is_broken(
    tmp_path: Path,
) -> None:
    with pytest.raises(Broken, match="ends at 20"):
        exported(FakeOperator(written(30), cut=10), tmp_path)
    assert not (tmp_path / "checkpoint").exists()


def test_leaves_of_another_root_are_a_finding_without_a_checkpoint(
    tmp_path: Path,
) -> None:
    writer = written(30)
    writer.log.rows = written(30).log.rows
    _, code = exported(FakeOperator(writer), tmp_path)
    assert code == FINDING
    assert not (tmp_path / "checkpoint").exists()


def test_a_finding_of_the_service_ends_with_3(tmp_path: Path) -> None:
    (tmp_path / "held").write_text("a note")
    parser = argparse.ArgumentParser()
    cli.COMMANDS["verify"].arguments(parser)
    operator = cast("Operator", FakeOperator(written(1)))
    held = parser.parse_args(["--held", str(tmp_path / "held")])
    run = cli.COMMANDS["verify"].run
    assert run(operator, parser.parse_args([]))[1] == 0
    assert run(operator, held)[1] == FINDING


def verified(operator: FakeOperator, *words: str) -> int:
    parser = argparse.ArgumentParser()
    cli.COMMANDS["verify"].arguments(parser)
    run = cli.COMMANDS["verify"].run
    return run(cast("Operator", operator), parser.parse_args(words))[1]


def test_a_verification_that_was_broken_off_goes_on_from_its_file(
    tmp_path: Path,
) -> None:
    operator, state = FakeOperator(written(3)), tmp_path / "state"
    assert verified(operator, "--resume", str(state)) == 0
    assert (operator.asked, state.exists()) == (["verify_some"] * 2, False)
    state.write_text("halfway")
    assert verified(operator, "--resume", str(state)) == 0
    assert (len(operator.asked), state.exists()) == (3, False)


def test_cold_storage_is_verified_tile_by_tile() -> None:
    operator = FakeOperator(written(3), cut=-1)
    assert verified(operator, "--cold") == 0
    assert verified(operator, "--cold", "--from", "4") == 0
    assert operator.asked == ["verify_archive"] * 4
    assert verified(FakeOperator(written(3), cut=2), "--cold") == FINDING


def test_a_leaf_is_written_with_its_proof(tmp_path: Path) -> None:
    writer, parser = written(9), argparse.ArgumentParser()
    cli.COMMANDS["prove"].arguments(parser)
    words = parser.parse_args(["4", str(tmp_path / "leaf")])
    operator = cast("Operator", FakeOperator(writer))
    for _ in range(2):
        answer, _ = cli.COMMANDS["prove"].run(operator, words)
        assert Path(str(as_object(answer)["leaf"])).read_bytes() == writer.leaves[4]
        assert (tmp_path / "leaf/4.tlog-proof").read_text().startswith("c2sp")
        words = parser.parse_args(["4", str(tmp_path / "again")])
    with pytest.raises(Refused, match="directory_not_empty"):
        cli.COMMANDS["prove"].run(operator, words)


def extracted(operator: FakeOperator, folder: Path, *options: str) -> tuple[Json, int]:
    parser = argparse.ArgumentParser()
    cli.COMMANDS["extract"].arguments(parser)
    let = ("--disclosure", "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11")
    arguments = parser.parse_args([str(folder), *let, *options])
    return cli.COMMANDS["extract"].run(cast("Operator", operator), arguments)


def test_a_part_is_written_as_folder_and_archive(tmp_path: Path) -> None:
    """Days are those of Almaty: the period ends as the day after its last begins."""
    operator = FakeOperator(written(3))
    client = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d22"
    days = ("--from", "2026-11-01", "--until", "2026-11-30")
    answer, code = extracted(operator, tmp_path / "part", "--client", client, *days)
    assert (code, as_object(answer)["leaves"]) == (0, 2)
    assert (tmp_path / "part/checkpoint").read_bytes() == b"a note"
    assert (tmp_path / "part.zip").is_file()
    assert operator.given["scope"] == {
        "subject": f"client:{client}",
        "from": "2026-10-31T19:00:00.000000Z",
        "until": "2026-11-30T19:00:00.000000Z",
    }
    assert operator.given.keys() == {"scope", "disclosure_id"}


def test_what_is_for_one_recipient_is_never_unpacked(tmp_path: Path) -> None:
    operator = FakeOperator(written(3))
    (tmp_path / "court.pem").write_text("a certificate")
    to = ("--to", str(tmp_path / "court.pem"), "--names", "--kind", "opened")
    extracted(operator, tmp_path / "part", *to)
    assert (tmp_path / "part.zip.p7m").is_file()
    assert not (tmp_path / "part").exists()
    assert operator.given["names"] is True
    assert operator.given["recipient_pem"] == "a certificate"
    (tmp_path / "used").mkdir()
    (tmp_path / "used" / "file").touch()
    with pytest.raises(Refused, match="directory_not_empty"):
        extracted(operator, tmp_path / "used", "--kind", "opened")


@dataclass
class Finding:
    """Answers a search with two leaves a page, five in all."""

    writer: Writer
    asked: list[dict[str, Any]] = field(default_factory=list)

    def ask(self, method: str, **given: Any) -> Mapping[str, Json]:  # noqa: ANN401 - as Operator
        self.asked.append({"method": method, **given})
        before = given.get("before", 6)
        page = range(before - 1, max(before - 3, 0), -1)
        leaves = [base64.b64encode(self.writer.leaves[seq]).decode() for seq in page]
        return {
            "leaves": [{"leaf": leaf, "sentence": "Сказано."} for leaf in leaves],
            "goes_on": page[-1] if page[-1] > 1 else None,
            "searched": 9,
            "size": 9,
        }


def found_by(operator: Finding, *words: str) -> Mapping[str, Json]:
    parser = argparse.ArgumentParser()
    cli.COMMANDS["search"].arguments(parser)
    run = cli.COMMANDS["search"].run
    answer, code = run(cast("Operator", operator), parser.parse_args(words))
    assert code == 0
    return as_object(answer)


def test_a_search_asks_for_pages_until_it_has_enough_or_all() -> None:
    user = "01932f6e-8a52-7cc1-9a3e-5f0f6b2f9d11"
    operator = Finding(written(9))
    answer = found_by(operator, "--user", user, "--from", "2026-11-01")
    rows = cast("list[dict[str, Json]]", answer["leaves"])
    assert [row["seq"] for row in rows] == [5, 4, 3, 2, 1]
    assert (answer["goes_on"], rows[0]["sentence"]) == (None, "Сказано.")
    words = {"user": user, "from": "2026-10-31T19:00:00.000000Z"}
    assert [asked["words"] for asked in operator.asked] == [words] * 3
    operator = Finding(written(9))
    answer = found_by(operator, "--user", user, "-n", "3", "--language", "kk")
    assert (answer["goes_on"], len(operator.asked)) == (2, 2)
    assert [asked["limit"] for asked in operator.asked] == [3, 1]
    assert operator.asked[1] == {
        "method": "search",
        "words": {"user": user},
        "before": 4,
        "limit": 1,
        "language": "kk",
    }


def test_how_many_is_at_least_one() -> None:
    with pytest.raises(SystemExit):
        found_by(Finding(written(9)), "--user", str(CAUSE), "-n", "0")
