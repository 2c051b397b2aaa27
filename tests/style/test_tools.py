"""The tools that judge tests are judged too."""

from pathlib import Path
from typing import Literal

import pytest

from tests.marks import UnreadableMarkError, read_marks
from tests.trace_plugin import Results, read_results

SOURCE = """
import pytest
pytestmark = [pytest.mark.clause("1.1"), pytest.mark.catalogue("F1")]

@pytest.mark.seeded("a", "b")
@pytest.mark.parametrize("x", [1, 2])
def test_one(x): ...

@pytest.mark.clause("2.1")
class TestMany:
    @pytest.mark.clause("2.2")
    async def test_two(self): ...

def other(): ...
"""


def _tree(root: Path, source: str) -> Path:
    folder = root / "tests" / "integration"
    folder.mkdir(parents=True)
    (folder / "test_x.py").write_text(source)
    return root


def test_marks_of_module_class_and_function_add_up(tmp_path: Path) -> None:
    one, two = read_marks(_tree(tmp_path, SOURCE))
    assert one.nodeid == "tests/integration/test_x.py::test_one"
    assert (one.clauses, one.seeded) == (("1.1",), ("a", "b"))
    assert two.nodeid == "tests/integration/test_x.py::TestMany::test_two"
    assert (two.clauses, two.seeded) == (("1.1", "2.1", "2.2"), ())


def test_a_mark_that_cannot_be_read_is_not_passed_over(tmp_path: Path) -> None:
    source = "import pytest\n@pytest.mark.clause(NAME)\ndef test_a(): ...\n"
    with pytest.raises(UnreadableMarkError):
        read_marks(_tree(tmp_path, source))


def test_a_patch_that_does_not_exist_makes_no_test_count(tmp_path: Path) -> None:
    one, two = read_marks(_tree(tmp_path, SOURCE))
    assert not one.counts
    assert not two.counts


def _report(
    nodeid: str,
    outcome: Literal["passed", "failed", "skipped"],
    when: Literal["setup", "call", "teardown"] = "call",
) -> pytest.TestReport:
    return pytest.TestReport(nodeid, ("", None, ""), {}, outcome, None, when)


def test_the_worst_of_a_functions_parameters_is_its_result(tmp_path: Path) -> None:
    results = Results(tmp_path / ".state" / "results.json")
    for report in (
        _report("t.py::test_a[1]", "passed"),
        _report("t.py::test_a[2]", "failed"),
        _report("t.py::test_a[3]", "passed"),
        _report("t.py::test_b", "passed"),
        _report("t.py::test_b", "failed", "teardown"),
        _report("t.py::test_c", "skipped", "setup"),
        _report("t.py::test_d", "failed"),
        _report("t.py::test_d", "failed", "teardown"),
    ):
        results.pytest_runtest_logreport(report)
    results.pytest_sessionfinish()
    kept = {name: row["outcome"] for name, row in read_results(results.file).items()}
    assert kept == {
        "t.py::test_a": "failed",
        "t.py::test_b": "error",
        "t.py::test_c": "skipped",
        "t.py::test_d": "failed",
    }


def test_a_later_run_replaces_only_what_it_ran(tmp_path: Path) -> None:
    file = tmp_path / ".state" / "results.json"
    for report in (
        _report("a", "failed"),
        _report("b", "passed"),
        _report("a", "passed"),
    ):
        run = Results(file)
        run.pytest_runtest_logreport(report)
        run.pytest_sessionfinish()
    assert {name: row["outcome"] for name, row in read_results(file).items()} == {
        "a": "passed",
        "b": "passed",
    }
