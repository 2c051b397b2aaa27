"""What every text of the repository keeps to."""

import ast
import re
from typing import Final

from tests.marks import ROOT
from tests.style.tree import modules, name_of, texts

# A folder of somebody's own machine has no business in a text for everybody.
SOMEBODYS_FOLDER: Final = re.compile(r"(?<![\w.])/(?:home|Users|root|work|mnt|opt)/\w")
UNFINISHED: Final = re.compile(r"\b(?:TODO|FIXME)\b|# (?:XXX|HACK)\b")
CONFLICT: Final = re.compile(r"^(?:<{7} |={7}$|>{7} )", re.MULTILINE)
# What may keep a test from running.
SKIPS: Final = frozenset({"skip", "skipif", "xfail", "importorskip"})


def test_every_module_says_why_it_is_there() -> None:
    silent = [
        name_of(path)
        for path in modules()
        if path.read_text().strip() and not ast.get_docstring(_parsed(path.read_text()))
    ]
    assert silent == []


def test_no_text_names_a_folder_of_the_machine_it_was_written_on() -> None:
    found = [
        f"{name_of(path)}: {line.strip()}"
        for path in texts()
        for line in path.read_text().splitlines()
        if SOMEBODYS_FOLDER.search(line) or f"{ROOT}/" in line
    ]
    assert [line for line in found if "test_texts.py" not in line] == []


def test_nothing_is_left_to_be_done_or_merged() -> None:
    """What is to be done stands in the list of issues, not in the code."""
    found = [
        name_of(path)
        for path in texts()
        if UNFINISHED.search(path.read_text()) or CONFLICT.search(path.read_text())
    ]
    assert [name for name in found if not name.endswith("test_texts.py")] == []


def test_no_test_is_skipped() -> None:
    """A test that does not run is deleted, or made to run."""
    found = [
        name_of(path) for path in modules("tests") if _skips(_parsed(path.read_text()))
    ]
    assert found == []


def test_every_text_ends_with_one_newline() -> None:
    """Golden examples are bytes of the wire; the Procedure's text is left alone."""
    found = [
        name_of(path)
        for path in texts()
        if (content := path.read_text())
        and path.parent.name not in {"golden", "procedure"}
        and path.name != "procedure.ru.txt"
        and (not content.endswith("\n") or content.endswith("\n\n"))
    ]
    assert found == []


def _skips(tree: ast.Module) -> bool:
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in SKIPS
        and ast.unparse(node.value) in {"pytest", "pytest.mark"}
        for node in ast.walk(tree)
    )


def _parsed(text: str) -> ast.Module:
    return ast.parse(text)
