"""What tests say they prove, read from their source.

Read and not collected, so that it takes milliseconds and works inside a test run.
Whether a test was collected, ran and passed is known from `tests.trace_plugin`.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[1]
PATCHES: Final = ROOT / "tests" / "seeded"
COUNTING: Final = ("integration", "e2e", "security")
"""Folders of `tests` whose tests may prove a clause of the Procedure (Порядок)."""

Mark = tuple[str, tuple[str, ...]]


class UnreadableMarkError(ValueError):
    """A mark whose arguments are not written out as texts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """One test function with the names of its marks."""

    path: str
    name: str
    clauses: tuple[str, ...]
    seeded: tuple[str, ...]

    @property
    def nodeid(self) -> str:
        """pytest's name of the function, without parameters."""
        return f"{self.path}::{self.name}"

    @property
    def counts(self) -> bool:
        """Whether it may prove a clause: by its folder, and by patches that exist."""
        return (
            self.path.split("/")[1] in COUNTING
            and bool(self.seeded)
            and all((PATCHES / f"{name}.patch").is_file() for name in self.seeded)
        )


@cache
def read_marks(root: Path = ROOT) -> tuple[Marked, ...]:
    """Every test function of the tree that carries ``clause`` or ``seeded``.

    Read once per process.  Raises UnreadableMarkError.
    """
    found: list[Marked] = []
    for path in sorted((root / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text(), filename=str(path))
        where = path.relative_to(root).as_posix()
        found += _functions(tree.body, where, "", _own_marks(tree.body))
    return tuple(test for test in found if test.clauses or test.seeded)


def _functions(
    body: list[ast.stmt], path: str, prefix: str, inherited: list[Mark]
) -> Iterator[Marked]:
    for node in body:
        match node:
            case ast.ClassDef() if node.name.startswith("Test"):
                marks = [*inherited, *_marks(node.decorator_list)]
                marks += _own_marks(node.body)
                yield from _functions(node.body, path, f"{prefix}{node.name}::", marks)
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                if node.name.startswith("test"):
                    marks = [*inherited, *_marks(node.decorator_list)]
                    yield Marked(
                        path=path,
                        name=f"{prefix}{node.name}",
                        clauses=_named(marks, "clause"),
                        seeded=_named(marks, "seeded"),
                    )


def _own_marks(body: list[ast.stmt]) -> list[Mark]:
    """Marks of a module or class by ``pytestmark = …``."""
    return [
        mark
        for node in body
        if isinstance(node, ast.Assign)
        and [ast.unparse(target) for target in node.targets] == ["pytestmark"]
        for mark in _marks([node.value])
    ]


def _marks(nodes: Iterable[ast.expr]) -> Iterator[Mark]:
    for node in nodes:
        match node:
            case ast.List() | ast.Tuple():
                yield from _marks(node.elts)
            case ast.Call(func=ast.Attribute(attr="clause" | "seeded" as kind)):
                if not ast.unparse(node.func).startswith("pytest.mark."):
                    continue
                yield kind, tuple(_text(argument) for argument in node.args)


def _text(node: ast.expr) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    raise UnreadableMarkError(f"write it out: {ast.unparse(node)}")


def _named(marks: Iterable[Mark], kind: str) -> tuple[str, ...]:
    names = (name for found, texts in marks if found == kind for name in texts)
    return tuple(dict.fromkeys(names))
