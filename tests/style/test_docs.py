"""The documents say what is so."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from kernel.events.__main__ import PAGE, page
from tests.marks import ROOT
from tests.style.tree import files, modules, name_of

DOCUMENTS: Final = [path for path in files() if path.suffix == ".md"]
LINK: Final = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE: Final = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)
MAKE: Final = re.compile(r"`make ([a-z0-9-]+)|^make ([a-z0-9-]+)", re.MULTILINE)
LISTED_TARGET: Final = re.compile(r"^([a-z0-9-]+):.*## ", re.MULTILINE)
TEST_FILE: Final = re.compile(r"`((?:unit|integration|security|e2e)/[\w/]+(?:\.py)?)`")
TEST_NAME: Final = re.compile(r"`(test_\w+)`")
FRAGMENT: Final = re.compile(r"\+[a-z0-9-]+\.(?:added|changed|fixed)\.md")
ADR: Final = re.compile(r"\d{4}-[a-z0-9-]+\.md")
ADR_LINES: Final = 80
LEVELS: Final = frozenset({"warning", "error", "exception", "critical"})


def _anchors(path: Path) -> set[str]:
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-")
        for heading in HEADING.findall(path.read_text())
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    """Files and headings; addresses of the internet are not looked up."""
    lost = []
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        if "://" in link:
            continue
        place, _, anchor = link.partition("#")
        target = (document.parent / place).resolve() if place else document
        if not target.exists() or (anchor and anchor not in _anchors(target)):
            lost.append(link)
    assert lost == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_it_names_is_one_that_help_lists(document: Path) -> None:
    listed = set(LISTED_TARGET.findall((ROOT / "Makefile").read_text()))
    named = {first or second for first, second in MAKE.findall(document.read_text())}
    assert sorted(named - listed) == []


def test_the_catalogue_of_events_is_up_to_date() -> None:
    """If it is not: ``make events``."""
    assert (ROOT / PAGE).read_text() == page()


def test_the_threat_model_names_tests_that_exist() -> None:
    text = (ROOT / "docs" / "threat-model.md").read_text()
    paths = [ROOT / "tests" / name for name in TEST_FILE.findall(text)]
    assert [name_of(path) for path in paths if not path.exists()] == []
    sources = "\n".join(
        path.read_text() for path in files("tests") if path.suffix == ".py"
    )
    names = TEST_NAME.findall(text)
    assert [name for name in names if f"def {name}(" not in sources] == []


def test_the_runbook_knows_every_alarm_and_every_number() -> None:
    """Each warning or error a process may log, each metric it may show."""
    runbook = (ROOT / "docs" / "runbook.md").read_text()
    words = {word for path in modules("kernel", "services") for word in _signs(path)}
    assert sorted(word for word in words if word not in runbook) == []


def _signs(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        match node:
            case ast.Call(
                func=ast.Attribute(value=ast.Name("log" | "_log"), attr=level),
                args=[ast.Constant(str(word)), *_],
            ) if level in LEVELS:
                yield word
            case ast.Call(
                func=ast.Name("Counter" | "Gauge" | "Histogram"),
                args=[ast.Constant(str(word)), *_],
            ):
                yield word


@pytest.mark.parametrize(
    "fragment", sorted((ROOT / "changelog.d").iterdir()), ids=name_of
)
def test_a_change_is_told_in_one_sentence(fragment: Path) -> None:
    """``+<room>-<what>.<added|changed|fixed>.md``: ``room: what is now true.``"""
    assert FRAGMENT.fullmatch(fragment.name)
    content = fragment.read_text()
    assert re.fullmatch(r"[a-z]+: [^\n]+\.\n", content)


@pytest.mark.parametrize(
    "record", sorted((ROOT / "docs" / "adr").iterdir()), ids=name_of
)
def test_a_decision_is_one_page_of_the_same_form(record: Path) -> None:
    assert ADR.fullmatch(record.name)
    text = record.read_text()
    lines = text.splitlines()
    assert lines[0].startswith(f"# {record.name[:4]} · ")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d · (accepted|superseded by \d{4})", lines[2])
    headings = [line for line in lines if line.startswith("## ")]
    assert headings == ["## Context", "## Decision", "## Consequences"]
    assert "**Adds**:" in text
    assert len(lines) <= ADR_LINES
