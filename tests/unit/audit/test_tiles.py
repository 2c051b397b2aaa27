"""The layout of C2SP tlog-tiles."""

import pytest

from services.audit.domain.tiles import entry, layout, number_path, tile_path
from services.audit.domain.tree import leaf_hash, root_of


def files(size: int) -> dict[str, bytes]:
    leaves = [str(number).encode() for number in range(size)]
    made = list(layout(leaves))
    assert len({file.path for file in made}) == len(made)
    return {file.path: file.content for file in made}


def hash_tiles(size: int) -> set[str]:
    return {path for path in files(size) if not path.startswith("tile/entries")}


@pytest.mark.parametrize(
    ("number", "path"),
    [
        (0, "000"),
        (999, "999"),
        (1000, "x001/000"),
        (1_234_067, "x001/x234/067"),
    ],
)
def test_numbers_stand_in_groups_of_three_digits(number: int, path: str) -> None:
    assert number_path(number) == path


def test_a_partial_tile_names_its_width() -> None:
    assert tile_path(0, 273, width=112) == "tile/0/273.p/112"
    assert tile_path("entries", 5) == "tile/entries/005"


def test_size_70000_has_exactly_the_tiles_of_the_specification() -> None:
    """273 full and 273.p/112; one full and 001.p/17; 000.p/1."""
    paths = hash_tiles(70_000)
    assert len([p for p in paths if p.startswith("tile/0/") and ".p" not in p]) == 273
    assert {p for p in paths if ".p" in p} == {
        "tile/0/273.p/112",
        "tile/1/001.p/17",
        "tile/2/000.p/1",
    }
    assert "tile/1/000" in paths


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (0, set()),
        (1, {"tile/0/000.p/1"}),
        (255, {"tile/0/000.p/255"}),
        (256, {"tile/0/000", "tile/1/000.p/1"}),
        (257, {"tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"}),
    ],
)
def test_boundary_sizes(size: int, expected: set[str]) -> None:
    assert hash_tiles(size) == expected


def test_a_tile_of_level_one_holds_roots_of_256_leaves() -> None:
    hashes = [leaf_hash(str(number).encode()) for number in range(256)]
    made = files(256)
    assert made["tile/1/000.p/1"] == root_of(hashes)
    assert made["tile/0/000"] == b"".join(hashes)


def test_an_entry_stands_behind_its_length() -> None:
    assert entry(b"abc") == b"\x00\x03abc"
    assert entry(b"a" * 65_535)[:2] == b"\xff\xff"
    with pytest.raises(ValueError, match="fit"):
        entry(b"a" * 65_536)


def test_a_bundle_holds_its_entries_and_nothing_else() -> None:
    assert files(2)["tile/entries/000.p/2"] == b"\x00\x010\x00\x011"
