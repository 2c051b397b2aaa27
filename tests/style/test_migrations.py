"""Migrations keep to the two phases of ADR 0007."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from kernel.migrations.applying import configuration, revisions
from tests.marks import ROOT
from tests.style.phases import NAME, complaints, sql_of, words_allowed
from tests.style.test_rooms import SERVICES

LATER: Final = sorted(
    path
    for service in SERVICES
    for path in (service / "migrations").glob("[0-9]*.py")
    if path.name != "0001_initial.py"
)
SOURCE: Final = """
import sqlalchemy as sa
from alembic import op

def upgrade() -> None:
    {}
"""
NEW_TABLE: Final = 'op.create_table("t", sa.Column("c", sa.Text, nullable=False))'
Write = Callable[[str], str]


@pytest.fixture
def sql(tmp_path: Path) -> Write:
    """The SQL of a migration with this one operation."""

    def write(operation: str) -> str:
        path = tmp_path / "migration.py"
        path.write_text(SOURCE.format(operation))
        return sql_of(path)

    return write


@pytest.mark.parametrize("service", SERVICES, ids=lambda path: path.name)
def test_migrations_are_numbered_without_gaps(service: Path) -> None:
    """The first is the whole; later ones run before or after the new code."""
    names = sorted(path.name for path in (service / "migrations").glob("[0-9]*.py"))
    assert names[0] == "0001_initial.py"
    assert [name[:4] for name in names] == [f"{n:04}" for n in range(1, len(names) + 1)]
    assert [name for name in names[1:] if not NAME.fullmatch(name)] == []
    ids = ["0001", *("_".join(name.split("_")[:2]) for name in names[1:])]
    assert list(revisions(configuration(service / "migrations"))) == ids


@pytest.mark.catalogue("F29")
@pytest.mark.seeded("migration_pre_drops_column")
def test_no_migration_does_what_belongs_to_the_other_phase() -> None:
    found = [
        (path.relative_to(ROOT).as_posix(), complaint)
        for path in LATER
        if (named := NAME.fullmatch(path.name))
        for complaint in complaints(
            named["phase"], sql_of(path), words_allowed(_before(path))
        )
    ]
    assert found == []


def _before(migration: Path) -> list[Path]:
    earlier = sorted(migration.parent.glob("[0-9]*.py"))
    return [path for path in earlier if path.name < migration.name]


@pytest.mark.parametrize(
    "said_first",
    [
        """sa.CheckConstraint("c IN ('a', 'b')", name="k")""",
        """SQL = '''\nCONSTRAINT k\n    CHECK (c IN ('a',\n 'b')),\n'''""",
    ],
)
@pytest.mark.parametrize(
    ("words", "complained"), [("'a', 'b', 'c'", False), ("'a', 'c'", True)]
)
def test_a_check_may_be_made_anew_only_to_let_more_words_in(
    sql: Write, tmp_path: Path, said_first: str, words: str, *, complained: bool
) -> None:
    first = tmp_path / "0001_initial.py"
    first.write_text(said_first)
    said = sql(
        'op.drop_constraint("k", "t", type_="check")\n'
        f'    op.create_check_constraint("k", "t", "c IN ({words})")'
    )

    assert bool([*complaints("pre", said, words_allowed([first]))]) is complained


@pytest.mark.parametrize(
    "operation",
    [
        'op.drop_column("t", "c")',
        'op.drop_table("t")',
        'op.drop_index("i", "t")',
        'op.drop_constraint("k", "t")',
        'op.alter_column("t", "c", new_column_name="d")',
        'op.rename_table("t", "u")',
        'op.alter_column("t", "c", nullable=False)',
        'op.alter_column("t", "c", type_=sa.Integer)',
        'op.add_column("t", sa.Column("c", sa.Text, nullable=False))',
        'op.create_check_constraint("k", "t", "c > 0")',
        'op.create_index("i", "t", ["c"], unique=True)',
        'op.execute("REVOKE SELECT ON t FROM r")',
        'op.execute("DELETE FROM t")',
    ],
)
def test_a_pre_migration_takes_nothing_from_older_code(
    sql: Write, operation: str
) -> None:
    assert list(complaints("pre", sql(operation))) != []


@pytest.mark.parametrize(
    "operation",
    [
        'op.alter_column("t", "c", nullable=True)',
        'op.alter_column("t", "c", server_default="x")',
        'op.execute("ALTER TABLE t ADD COLUMN c text NOT NULL DEFAULT 1")',
        'op.create_index("i", "t", ["c"])',
        f'{NEW_TABLE}; op.create_index("i", "t", ["c"], unique=True)',
    ],
)
def test_a_pre_migration_may_widen(sql: Write, operation: str) -> None:
    assert list(complaints("pre", sql(operation))) == []


@pytest.mark.parametrize(
    "operation",
    [
        NEW_TABLE,
        'op.add_column("t", sa.Column("c", sa.Text))',
        'op.execute("GRANT SELECT ON t TO r")',
    ],
)
def test_a_post_migration_gives_nothing_that_newer_code_needs(
    sql: Write, operation: str
) -> None:
    assert list(complaints("post", sql(operation))) != []
    assert list(complaints("pre", sql(operation))) == []
