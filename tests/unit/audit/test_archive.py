"""Cold storage: whole by itself at every size, and nothing in it is believed unread."""

from collections.abc import Callable
from pathlib import Path

import pytest

from kernel.errors import Refused
from kernel.events.audit import IntegrityMismatchFound
from services.audit.adapters.archive import ArchiveFolder
from services.audit.domain.archive import bundle, root_at_the_edge, upper_tiles
from services.audit.domain.check import MismatchError
from services.audit.domain.following import TileRoots
from services.audit.domain.tiles import TILE_WIDTH, ExportFile, layout
from services.audit.domain.tree import leaf_hash, root_of
from services.audit.handlers.archiving import Archiving, ColdVerdict, verify_archive
from tests.unit.audit.builders import Writer, written
from tests.unit.audit.fakes import FakeUnits, verify_ed25519


def archived(writer: Writer, folder: Path, archiving: Archiving | None = None) -> Path:
    """The folder after as many beats as it takes."""
    beats = archiving or Archiving()
    archive = ArchiveFolder(folder)
    while beats.step(
        archive=archive, units=FakeUnits(writer.log), board=writer.board, most=2
    ):
        pass
    return folder


def verified(writer: Writer, folder: Path, begin: int = 0) -> ColdVerdict:
    return verify_archive(
        begin,
        archive=ArchiveFolder(folder),
        units=FakeUnits(writer.log),
        board=writer.board,
        verify=verify_ed25519,
        ids=writer.ids,
    )


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_at_every_size_it_is_a_full_export_and_nothing_else(tmp_path: Path) -> None:
    """One process, and one that starts anew each time, put away the same."""
    writer, archiving = written(1), Archiving()
    for size in (1, 7, 255, 256, 257, 700, 768, 1300):
        writer.grow(size)
        archived(writer, tmp_path / "one", archiving)
        archived(writer, tmp_path / "two")
        assert writer.state is not None
        whole = {file.path: file.content for file in layout(writer.leaves)}
        whole["checkpoint"] = writer.state.note
        assert files_in(tmp_path / "one") == whole
        assert files_in(tmp_path / "two") == whole
        verdict = verified(writer, tmp_path / "one")
        assert (verdict.code, verdict.verified) == ("", -(-size // TILE_WIDTH))
    assert writer.log.events == []


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 66_100])
def test_three_levels_come_to_the_same_tree(size: int) -> None:
    leaves = [str(number).encode() for number in range(size)]
    roots = TileRoots()
    roots.add(map(leaf_hash, leaves))
    upper = {file.path: file.content for file in upper_tiles(roots, since=0)}
    whole = {file.path: file.content for file in layout(leaves)}
    above = ("tile/entries", "tile/0/")
    assert upper == {p: c for p, c in whole.items() if not p.startswith(above)}
    edges, hashes = [], [leaf_hash(leaf) for leaf in leaves]
    expected = root_of(hashes)
    while hashes:
        full = len(hashes) // TILE_WIDTH
        edges.append(hashes[full * TILE_WIDTH :])
        hashes = [
            root_of(hashes[n * TILE_WIDTH : (n + 1) * TILE_WIDTH]) for n in range(full)
        ]
    assert root_at_the_edge(edges) == expected


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-2])


def added(path: Path) -> None:
    path.write_bytes(path.read_bytes() + b"\x00")


def flipped(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)


def removed(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("spoil", [cut, added, flipped, removed])
@pytest.mark.parametrize(
    ("path", "seq"),
    [
        ("tile/entries/001", 256),
        ("tile/entries/002.p/88", 512),
        ("tile/0/001", 256),
        ("tile/0/002.p/88", 512),
        ("tile/1/000.p/2", None),
        ("checkpoint", None),
    ],
)
@pytest.mark.clause("3.3c", "7.2b")
def test_whatever_is_spoilt_is_found_and_told(
    tmp_path: Path, path: str, seq: int | None, spoil: Callable[[Path], None]
) -> None:
    writer = written(600)
    archived(writer, tmp_path)
    (tmp_path / path).chmod(0o600)
    spoil(tmp_path / path)
    if (path, spoil) == ("checkpoint", removed):
        with pytest.raises(Refused, match="archive_empty"):
            verified(writer, tmp_path)
        return
    assert verified(writer, tmp_path).code == "archive_differs"
    [told] = writer.log.events
    assert isinstance(told, IntegrityMismatchFound)
    assert told.code == "archive_differs"
    assert seq is None or told.seq == seq


@pytest.mark.clause("3.3c", "7.2b")
@pytest.mark.seeded("audit_archive_believed")
def test_a_leaf_that_is_not_what_its_hash_says_is_found(tmp_path: Path) -> None:
    writer = written(300)
    archived(writer, tmp_path)
    path = tmp_path / "tile/entries/000"
    path.chmod(0o600)
    path.write_bytes(path.read_bytes().replace(b"thing", b"think"))
    assert verified(writer, tmp_path).code == "archive_differs"


@pytest.mark.clause("3.3c", "7.2b")
def test_leaves_changed_with_their_hashes_are_found_by_the_tile_above(
    tmp_path: Path,
) -> None:
    """And by the database, which is the other copy."""
    writer = written(600)
    archived(writer, tmp_path)
    leaves = [leaf.replace(b"thing", b"think") for leaf in writer.leaves[:256]]
    for file in bundle(0, leaves):
        (tmp_path / file.path).chmod(0o600)
        (tmp_path / file.path).write_bytes(file.content)
    assert "another in the database" in verified(writer, tmp_path).why
    for number, leaf in enumerate(leaves):
        row = writer.log.rows[number]
        changed = {"leaf": leaf, "leaf_hash": leaf_hash(leaf)}
        writer.log.rows[number] = type(row)(
            **{name: changed.get(name, getattr(row, name)) for name in row.__slots__}
        )
    assert "not in the one above" in verified(writer, tmp_path).why


@pytest.mark.clause("3.3c")
@pytest.mark.seeded("audit_archives_anything")
def test_what_the_checkpoint_does_not_sign_is_not_put_away(tmp_path: Path) -> None:
    writer = written(600)
    row = writer.log.rows[300]
    leaf = row.leaf.replace(b"thing", b"think")
    writer.log.rows[300] = type(row)(
        **{n: getattr(row, n) for n in row.__slots__ if n != "leaf"}, leaf=leaf
    )
    with pytest.raises(MismatchError, match="another") as found:
        archived(writer, tmp_path)
    assert found.value.seq == 256
    assert not (tmp_path / "tile/entries/001").exists()
    assert not (tmp_path / "checkpoint").exists()


def test_what_was_written_is_never_written_over(tmp_path: Path) -> None:
    archive = ArchiveFolder(tmp_path)
    archive.put(ExportFile("tile/0/000", b"one"))
    archive.put(ExportFile("tile/0/000", b"one"))
    with pytest.raises(MismatchError, match="not what was written"):
        archive.put(ExportFile("tile/0/000", b"two"))
    assert archive.read("tile/0/000") == b"one"
    assert (tmp_path / "tile/0/000").stat().st_mode & 0o222 == 0


def test_a_verification_goes_on_where_it_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.audit.handlers.archiving.MOST_VERIFIED", 2)
    writer = written(1300)
    archived(writer, tmp_path)
    assert [verified(writer, tmp_path, n).verified for n in (0, 2, 4)] == [2, 4, 6]
    with pytest.raises(Refused, match="tile_out_of_range"):
        verified(writer, tmp_path, 6)
