"""Which seeded bugs have been seen red, on exactly the code and tests that stand now.

Trying all takes hours; what was seen holds as long as the patch, the statements it
breaks and its tests, with what these use of their file, are written the same.
"""

import ast
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

from tests.marks import PATCHES, ROOT, Marked, read_marks

LEDGER: Final = PATCHES / "proven.json"
_FILE: Final = re.compile(r"\+\+\+ b/(.+)")
_HUNK: Final = re.compile(r"@@ -(\d+)")


def fingerprint(name: str, root: Path = ROOT) -> str:
    """SHA-256 over the patch, the statements it changes, and its tests.

    Where in its file any of them stands is no part of it.
    """
    patch = (root / PATCHES.relative_to(ROOT) / f"{name}.patch").read_text()
    tests = [test for test in read_marks(root) if name in test.seeded]
    parts = chain(
        (line for line in patch.splitlines() if not line.startswith(("@@", "index "))),
        *(_broken(hunk, root) for hunk in _hunks(patch)),
        *(_written(test, root) for test in tests),
    )
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def proven(path: Path = LEDGER) -> dict[str, str]:
    """Fingerprints by name, as of the day each was last seen red."""
    return dict(json.loads(path.read_text())) if path.is_file() else {}


def prove(name: str, path: Path = LEDGER) -> None:
    """Keep that a bug was seen red just now."""
    known = proven(path) | {name: fingerprint(name)}
    path.write_text(json.dumps(known, indent=1, sort_keys=True) + "\n")


@dataclass(slots=True)
class _Hunk:
    """A part of a patch: the lines it expects, and which of them it touches."""

    path: str
    expected_at: int
    expects: list[str] = field(default_factory=list)
    touches: list[int] = field(default_factory=list)


def _hunks(patch: str) -> list[_Hunk]:
    path, hunk = "", None
    found: list[_Hunk] = []
    for line in patch.splitlines():
        if line.startswith(("diff ", "--- ", "+++ ")):
            named = _FILE.match(line)
            path, hunk = named[1] if named else path, None
        elif begun := _HUNK.match(line):
            hunk = _Hunk(path, int(begun[1]))
            found.append(hunk)
        elif hunk is not None and line.startswith("+"):
            # What is put in between two lines touches both.
            hunk.touches += [len(hunk.expects) - 1, len(hunk.expects)]
        elif hunk is not None:
            if line.startswith("-"):
                hunk.touches.append(len(hunk.expects))
            hunk.expects.append(line[1:])
    return found


def _broken(hunk: _Hunk, root: Path) -> Sequence[str]:
    """The statements it changes; the file where it has none, or does not fit."""
    file = root / hunk.path
    lines, expects = _lines(file), hunk.expects
    places = [
        place
        for place in range(len(lines) - len(expects) + 1)
        if list(lines[place : place + len(expects)]) == expects
    ]
    if file.suffix != ".py" or not places:
        return lines
    start = 1 + min(places, key=lambda place: abs(place + 1 - hunk.expected_at))
    touched = {start + index for index in hunk.touches}
    return [
        "\n".join(lines[statement.first - 1 : statement.last])
        for statement in _statements(file)
        if not touched.isdisjoint(range(statement.first, statement.last + 1))
    ]


def _written(test: Marked, root: Path) -> Iterator[str]:
    """A test and all it uses of its file: helpers, fixtures, constants."""
    file = root / test.path
    statements = _statements(file)
    wanted = {test.name.partition("::")[0], "pytestmark"}
    taken: set[int] = set()
    while new := {
        place
        for place, statement in enumerate(statements)
        if place not in taken and not wanted.isdisjoint(statement.names)
    }:
        taken |= new
        wanted |= set().union(*(statements[place].uses for place in new))
    lines = _lines(file)
    for place in sorted(taken):
        yield from lines[statements[place].first - 1 : statements[place].last]


@dataclass(frozen=True, slots=True)
class _Statement:
    """One of a module or of a class in it: its lines, what it defines and uses."""

    first: int
    last: int
    names: frozenset[str]
    uses: frozenset[str]


@cache
def _lines(file: Path) -> tuple[str, ...]:
    return tuple(file.read_text().splitlines()) if file.is_file() else ()


@cache
def _statements(file: Path) -> tuple[_Statement, ...]:
    tree = ast.parse("\n".join(_lines(file)))
    return tuple(_flat(tree.body, owner=None))


def _flat(body: Iterable[ast.stmt], *, owner: str | None) -> Iterator[_Statement]:
    """Who uses a class uses all of it."""
    for node in body:
        inner = node.body if isinstance(node, ast.ClassDef) else []
        decorators = getattr(node, "decorator_list", [])
        first = min(node.lineno, *(one.lineno for one in decorators), node.lineno)
        last = inner[0].lineno - 1 if inner else node.end_lineno
        yield _Statement(
            first=first,
            last=max(first, last or first),
            names=frozenset([owner] if owner else _defined(node)),
            uses=frozenset(_used(node)),
        )
        if isinstance(node, ast.ClassDef):
            yield from _flat(inner, owner=node.name)


def _defined(node: ast.stmt) -> Iterator[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            # A fixture of this kind is used by all without being named.
            if any("autouse" in ast.unparse(one) for one in node.decorator_list):
                yield "pytestmark"
        case ast.Assign() | ast.AnnAssign():
            for part in ast.walk(node):
                if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store):
                    yield part.id
        case _:
            return


def _used(node: ast.stmt) -> Iterator[str]:
    for part in ast.walk(node):
        match part:
            case ast.Name():
                yield part.id
            case ast.arg():
                yield part.arg
            case ast.Constant(value=str() as text):
                yield text
            case _:
                continue
