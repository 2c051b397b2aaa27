"""Marks, seeded bugs and clauses agree with one another."""

import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.marks import PATCHES, ROOT, read_marks
from tests.seeded import ledger
from tests.seeded.__main__ import apply
from tests.trace import CLAUSES, trace

NAMES: Final = sorted(path.stem for path in PATCHES.glob("*.patch"))
CLAUSE_ROW: Final = re.compile(r"^\| (\d\.\d+[a-z]?) \|", re.MULTILINE)


@pytest.mark.parametrize("name", NAMES)
def test_a_seeded_bug_applies_to_the_tree(name: str) -> None:
    """A patch that no longer fits proves nothing: make it anew."""
    assert apply(PATCHES / f"{name}.patch", to=ROOT, only_check=True) == ""


@pytest.mark.parametrize("name", NAMES)
def test_a_seeded_bug_breaks_what_ships_and_not_its_tests(name: str) -> None:
    changed = re.findall(
        r"^\+\+\+ b/(\S+)", (PATCHES / f"{name}.patch").read_text(), re.MULTILINE
    )
    assert changed
    assert [path for path in changed if path.startswith("tests/")] == []


def test_every_seeded_bug_has_a_test_and_every_mark_a_bug() -> None:
    marked = {name for test in read_marks() for name in test.seeded}
    without_patch, without_test = marked - set(NAMES), set(NAMES) - marked
    assert (sorted(without_patch), sorted(without_test)) == ([], [])


def test_what_was_seen_red_is_a_seeded_bug() -> None:
    assert set(ledger.proven()) <= {path.stem for path in PATCHES.glob("*.patch")}


def test_what_was_seen_red_holds_for_the_same_bytes_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = min(path.stem for path in PATCHES.glob("*.patch"))
    kept = tmp_path / "proven.json"
    assert ledger.proven(kept) == {}
    ledger.prove(name, kept)
    assert ledger.proven(kept) == {name: ledger.fingerprint(name)}
    patch = (PATCHES / f"{name}.patch").read_text()
    monkeypatch.setattr(ledger, "PATCHES", tmp_path)
    (tmp_path / f"{name}.patch").write_text(patch + " ")
    assert ledger.proven(kept) != {name: ledger.fingerprint(name)}


def test_marks_name_clauses_of_the_procedure() -> None:
    known = {clause["id"] for clause in tomllib.loads(CLAUSES.read_text())["clause"]}
    named = {clause for test in read_marks() for clause in test.clauses}
    assert sorted(named - known) == []


def test_the_list_for_programs_is_the_list_for_people() -> None:
    listed = CLAUSE_ROW.findall(CLAUSES.with_suffix(".md").read_text())
    assert [row.clause for row in trace()] == listed
    assert len(listed) == 58


def test_a_clause_counts_only_with_a_seeded_bug() -> None:
    """Marks on unit tests, or without a patch, are allowed but prove no clause."""
    proofs = [proof for row in trace() for proof in row.proofs]
    assert all(proof.seeded for proof in proofs)
    assert all(proof.test.split("/")[1] != "unit" for proof in proofs)
