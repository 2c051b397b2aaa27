"""What a migration would do to a schema that other processes are using (ADR 0007)."""

import ast
import importlib.util
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from alembic.migration import MigrationContext
from alembic.operations import Operations

NAME: Final = re.compile(r"\d{4}_(?P<phase>pre|post)_[a-z0-9_]+\.py")
_TAKES_AWAY: Final = {
    r"\bDROP\b(?! (?:NOT NULL|DEFAULT)\b)": "drops something",
    r"\bRENAME\b": "renames something",
    r"\bSET NOT NULL\b": "lets older code write less",
    r"\b(?:TYPE|USING)\b(?! brin\b)": "changes a type",
    r"\bREVOKE\b": "takes a right away",
    r"\b(?:DELETE FROM|TRUNCATE)\b": "deletes rows",
    r"\bADD CONSTRAINT\b(?!.*\bFOREIGN KEY\b)": "lets older code write less",
    r"\bCREATE UNIQUE INDEX\b": "lets older code write less",
}
_GIVES: Final = {
    r"\bCREATE TABLE\b": "creates a table",
    r"\bADD COLUMN\b": "adds a column",
    r"\bGRANT\b": "grants a right",
}
_WORDS: Final = re.compile(r"\w+ IN \(([^()]*)\)")
_WORD: Final = re.compile(r"'(\w+)'")
_CHECK: Final = re.compile(
    r'ADD CONSTRAINT "?(?P<name>\w+)"? CHECK \(\w+ IN \((?P<words>[^()]*)\)\);'
)
_IN_SQL: Final = re.compile(
    r"CONSTRAINT (?P<name>\w+)\s+CHECK \(\w+ IN \((?P<words>[^()]*)\)\)"
)
_NAMED: Final = re.compile(r'ALTER TABLE "?\w+"? (?:ADD|DROP) CONSTRAINT "?(\w+)"?')
_NEVER: Final = frozenset({"a check that was not there before is no wider one"})
_NEEDED_COLUMN: Final = re.compile(r"\bADD COLUMN\b(?=.*\bNOT NULL\b)(?!.*\bDEFAULT\b)")


def sql_of(migration: Path) -> str:
    """The statements of a migration's ``upgrade``, as PostgreSQL would get them."""
    spec = importlib.util.spec_from_file_location(migration.stem, migration)
    if spec is None or spec.loader is None:
        raise ValueError(f"{migration} is no module")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    said = io.StringIO()
    context = MigrationContext.configure(
        dialect_name="postgresql", opts={"as_sql": True, "output_buffer": said}
    )
    with Operations.context(context):
        module.upgrade()
    return said.getvalue()


def words_allowed(migrations: Iterable[Path]) -> dict[str, frozenset[str]]:
    """The words of every check ``column IN ('a', 'b')``, by its name; the last counts.

    Read from the source: the first migration says its SQL to a live server only.
    """
    found: dict[str, frozenset[str]] = {}
    for migration in migrations:
        for call in ast.walk(ast.parse(migration.read_text())):
            if isinstance(call, ast.Constant) and isinstance(call.value, str):
                for check in _IN_SQL.finditer(call.value):
                    found[check["name"]] = frozenset(_WORD.findall(check["words"]))
            if isinstance(call, ast.Call):
                texts = [
                    node.value
                    for node in (*call.args, *(k.value for k in call.keywords))
                    if isinstance(node, ast.Constant) and isinstance(node.value, str)
                ]
                rules = [rule for text in texts if (rule := _WORDS.fullmatch(text))]
                found |= {
                    text: frozenset(_WORD.findall(rule[1]))
                    for rule in rules
                    for text in texts
                }
    return found


def complaints(
    phase: str, sql: str, allowed: Mapping[str, frozenset[str]] = MappingProxyType({})
) -> Iterator[str]:
    """What a migration of this phase may not do; new tables may be as they like.

    `allowed` are the words each check let older code write; a check that is made anew
    under its name and lets it write them still takes nothing away.
    """
    made = set(re.findall(r'CREATE TABLE "?(\w+)"?', sql)) if phase == "pre" else set()
    wider = {
        check["name"]
        for check in _CHECK.finditer(" ".join(sql.split()))
        if allowed.get(check["name"], _NEVER) <= {*_WORD.findall(check["words"])}
    }
    rules = _TAKES_AWAY if phase == "pre" else _GIVES
    for statement in re.split(r";\s*\n", sql):
        about = re.search(r'\b(?:TABLE|ON) (?:ONLY )?"?(\w+)"?', statement)
        if about and about[1] in made:
            continue
        flat = " ".join(statement.split())
        named = _NAMED.search(flat)
        if phase == "pre" and named and named[1] in wider:
            continue
        for pattern, complaint in rules.items():
            if re.search(pattern, flat, re.IGNORECASE):
                yield f"{complaint}: {flat}"
        if phase == "pre" and _NEEDED_COLUMN.search(flat):
            yield f"adds a column older code does not fill: {flat}"
