"""Marks, seeded bugs and clauses agree with one another."""

import json
import re
import tomllib
from pathlib import Path
from typing import Final

import pytest

from kernel.starting_policy import STARTING_POLICY
from services.audit.domain.matrix import serves
from tests.marks import PATCHES, ROOT, read_marks
from tests.seeded import ledger
from tests.seeded.__main__ import apply
from tests.trace import CLAUSES, OPEN, TESTED, trace

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


def test_what_was_seen_red_is_kept_with_its_fingerprint(tmp_path: Path) -> None:
    name, kept = NAMES[0], tmp_path / "proven.json"
    assert ledger.proven(kept) == {}
    ledger.prove(name, kept)
    assert ledger.proven(kept) == {name: ledger.fingerprint(name)}


TREE: Final = {
    "kernel/thing.py": """\
LIMIT = 5


class Thing:
    def first(self) -> int:
        return 1

    def second(self) -> int:
        return LIMIT
""",
    "tests/test_thing.py": """\
import pytest

START = 3


@pytest.fixture
def thing():
    return made(START)


def made(start):
    return start


@pytest.mark.seeded("bug")
def test_a_thing(thing):
    assert thing


def test_another():
    assert START
""",
    "tests/seeded/bug.patch": """\
--- a/kernel/thing.py
+++ b/kernel/thing.py
@@ -3,4 +3,4 @@

 class Thing:
     def first(self) -> int:
-        return 1
+        return 2
""",
}


def _fingerprint(root: Path, changes: dict[str, tuple[str, str]]) -> str:
    """Of a small tree in which some texts stand for others."""
    for path, text in TREE.items():
        old, new = changes.get(path, ("", ""))
        assert old in text
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text.replace(old, new, 1) if old else text)
    return ledger.fingerprint("bug", root)


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("kernel/thing.py", "LIMIT = 5", "LIMIT = 5\nOTHER = 6"),
        ("kernel/thing.py", "return LIMIT", "return LIMIT + 1"),
        ("tests/test_thing.py", "    assert START", "    assert START > 2"),
        ("tests/seeded/bug.patch", "@@ -3,4 +3,4 @@", "@@ -13,4 +13,4 @@"),
    ],
)
def test_what_was_seen_red_holds_whatever_stands_beside_it(
    tmp_path: Path, path: str, old: str, new: str
) -> None:
    changed = _fingerprint(tmp_path / "changed", {path: (old, new)})
    assert changed == _fingerprint(tmp_path / "kept", {})


@pytest.mark.parametrize(
    ("path", "old", "new"),
    [
        ("kernel/thing.py", "return 1", "return 1 + 0"),
        ("tests/test_thing.py", "    assert thing", "    assert thing > 1"),
        ("tests/test_thing.py", "return made", "return 1 + made"),
        ("tests/test_thing.py", "return start", "return start + 1"),
        ("tests/test_thing.py", "START = 3", "START = 4"),
        (
            "tests/test_thing.py",
            "@pytest.mark",
            "@pytest.mark.clause('5.5')\n@pytest.mark",
        ),
        ("tests/seeded/bug.patch", "return 2", "return 3"),
    ],
)
def test_what_was_seen_red_holds_for_the_same_code_and_tests_only(
    tmp_path: Path, path: str, old: str, new: str
) -> None:
    """Helpers and fixtures of the test's file are part of it."""
    changed = _fingerprint(tmp_path / "changed", {path: (old, new)})
    assert changed != _fingerprint(tmp_path / "kept", {})


def test_marks_name_clauses_of_the_procedure() -> None:
    known = {clause["id"] for clause in tomllib.loads(CLAUSES.read_text())["clause"]}
    named = {clause for test in read_marks() for clause in test.clauses}
    assert sorted(named - known) == []


def test_the_list_for_programs_is_the_list_for_people() -> None:
    people = ROOT / "docs" / "procedure" / "clauses.md"
    listed = CLAUSE_ROW.findall(people.read_text())
    assert [row.clause for row in trace()] == listed
    assert len(listed) == 58


def test_a_clause_counts_only_with_a_seeded_bug() -> None:
    """Marks on unit tests, or without a patch, are allowed but prove no clause."""
    proofs = [proof for row in trace() for proof in row.proofs]
    assert all(proof.seeded for proof in proofs)
    assert all(proof.test.split("/")[1] != "unit" for proof in proofs)


def test_every_clause_has_a_test_that_was_seen_red_or_says_why_not() -> None:
    """Run `make seeded n=…` for those whose code has changed since."""
    without = {row.clause for row in trace() if not row.proofs}
    assert sorted(without) == sorted(OPEN)
    assert all(OPEN.values())


def test_every_clause_quotes_the_procedure_and_says_what_holds_it() -> None:
    whole = _plain(CLAUSES.with_name("procedure.ru.txt").read_text())
    for clause in tomllib.loads(CLAUSES.read_text())["clause"]:
        assert [text for text in clause["text"] if _plain(text) not in whole] == []
        assert clause["control"].endswith(".")


def test_every_dated_setting_serves_a_clause_or_names_an_act() -> None:
    """A value nobody can trace to either is a constant in disguise (1.1, 6.3)."""
    ids = [clause["id"] for clause in tomllib.loads(CLAUSES.read_text())["clause"]]
    for setting in STARTING_POLICY:
        if setting.clause:
            assert any(serves(setting.clause, clause) for clause in ids), setting.key
        else:
            assert setting.source != "platform decision", setting.key


def test_the_release_has_a_place_for_every_clause() -> None:
    """`make matrix` writes it."""
    assert list(json.loads(TESTED.read_text())) == [row.clause for row in trace()]


def _plain(text: str) -> str:
    return " ".join(text.split())
