"""Sizes are aims: they are reported at the end of a run, and fail nothing."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.style.tree import modules, name_of

FILE_LINES: Final = 400
FUNCTION_LINES: Final = 50
WHAT_SHIPS: Final = ("kernel", "services", "infra")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what is larger than one would like."""
    large = [line for path in modules(*WHAT_SHIPS) for line in _large(path)]
    if large:
        terminalreporter.section("larger than aimed at (not a failure)")
        for line in large:
            terminalreporter.write_line(line)


def _large(path: Path) -> Iterator[str]:
    text = path.read_text()
    lines = text.count("\n")
    if lines > FILE_LINES:
        yield f"{name_of(path)}: {lines} lines"
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LINES:
                yield f"{name_of(path)}:{node.lineno} {node.name}: {length} lines"
