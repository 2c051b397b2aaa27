"""Two phases on a real database, and the patience of a migration with a busy table."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import Engine, MetaData, event, text
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ProgrammingError

from infra.stack import Stack
from kernel.errors import Refused, Transient
from kernel.migrations import applying
from kernel.migrations.__main__ import create
from tests.databases import owner_engine
from tests.faults.proxy import Proxy

SERVICE: Final = "antifraud"
SCHEMA: Final = "migrated"
BOUND_S: Final = 30.0
FIRST: Final = """
from alembic import op

revision = "0001"
down_revision = None

def upgrade() -> None:
    op.execute("CREATE TABLE t (a text)")
"""


@pytest.fixture
def owner(servers: Stack) -> Iterator[Engine]:
    """The schema's owner, in an empty schema that nobody else looks at."""
    database = servers.servers.database
    database.run_sql(
        f"CREATE SCHEMA {SCHEMA} AUTHORIZATION {SERVICE}_owner", database=SERVICE
    )
    engine = owner_engine(servers, SERVICE)

    @event.listens_for(engine, "connect")
    def look_there(connection: DBAPIConnection, _record: object) -> None:
        cursor = connection.cursor()
        cursor.execute(f"SET search_path = {SCHEMA}")
        cursor.close()
        connection.commit()

    yield engine
    engine.dispose()
    database.run_sql(f"DROP SCHEMA {SCHEMA} CASCADE", database=SERVICE)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A service whose table has one column."""
    (tmp_path / "services" / SERVICE / "migrations").mkdir(parents=True)
    (migrations(tmp_path) / "0001_initial.py").write_text(FIRST)
    return tmp_path


def migrations(tree: Path) -> Path:
    return tree / "services" / SERVICE / "migrations"


def add(tree: Path, phase: str, statement: str) -> None:
    path = create(tree, SERVICE, "change", phase)
    path.write_text(path.read_text().replace("SELECT 1", statement))


def release(tree: Path) -> None:
    """A release that adds one column and drops the other."""
    add(tree, "pre", "ALTER TABLE t ADD COLUMN b text")
    add(tree, "post", "ALTER TABLE t DROP COLUMN a")


def migrate(owner: Engine, tree: Path, *, post: bool = False) -> list[str]:
    """Migrate; the columns there are then."""
    applying.upgrade(owner, directory=migrations(tree), metadata=MetaData(), post=post)
    with owner.connect() as connection:
        return sorted(connection.execute(text("SELECT * FROM t")).keys())


@pytest.mark.catalogue("F29")
@pytest.mark.seeded("migrate_runs_post_at_once")
def test_older_code_keeps_its_column_until_it_is_gone(
    owner: Engine, tree: Path
) -> None:
    """And a migration that has run is not run again."""
    assert migrate(owner, tree) == ["a"]
    release(tree)
    assert migrate(owner, tree) == migrate(owner, tree) == ["a", "b"]
    assert migrate(owner, tree, post=True) == migrate(owner, tree) == ["b"]


def test_an_empty_database_gets_everything(owner: Engine, tree: Path) -> None:
    release(tree)
    assert migrate(owner, tree) == ["b"]


@pytest.mark.catalogue("F29")
def test_a_release_can_be_taken_back_while_it_is_only_prepared(
    owner: Engine, tree: Path
) -> None:
    """The older code's `migrate` then leaves the schema alone; later it refuses."""
    migrate(owner, tree)
    release(tree)
    migrate(owner, tree)
    later = {path: path.read_text() for path in migrations(tree).glob("000[23]_*.py")}
    for path in later:
        path.unlink()
    assert migrate(owner, tree, post=True) == ["a", "b"]
    for path, content in later.items():
        path.write_text(content)
    migrate(owner, tree, post=True)
    for path in later:
        path.unlink()
    with pytest.raises(Refused) as refused:
        migrate(owner, tree)
    assert refused.value.code == "schema_too_new"


def test_a_migration_that_fails_leaves_nothing(owner: Engine, tree: Path) -> None:
    migrate(owner, tree)
    add(tree, "pre", "ALTER TABLE t ADD COLUMN b text")
    add(tree, "pre", "ALTER TABLE t ADD COLUMN a text")
    with pytest.raises(ProgrammingError):
        migrate(owner, tree)
    (migrations(tree) / "0003_pre_change.py").unlink()
    assert migrate(owner, tree) == ["a", "b"]


@pytest.mark.catalogue("F29")
@pytest.mark.seeded("migration_waits_for_its_table")
def test_a_migration_gives_way_while_its_table_is_busy(
    owner: Engine, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who comes after it gets through; when the table is free the migration runs."""
    migrate(owner, tree)
    add(tree, "pre", "ALTER TABLE t ADD COLUMN b text")
    gave_way, free = threading.Event(), threading.Event()

    def pause(_seconds: float) -> None:
        gave_way.set()
        assert free.wait(BOUND_S)

    monkeypatch.setattr("kernel.migrations.applying.time.sleep", pause)
    with owner.connect() as busy:
        busy.execute(text("SELECT * FROM t"))  # holds the table until it ends
        migration = threading.Thread(target=migrate, args=(owner, tree), daemon=True)
        migration.start()
        assert gave_way.wait(BOUND_S)
        with owner.begin() as other:
            other.execute(text("INSERT INTO t VALUES ('written meanwhile')"))
    free.set()
    migration.join(BOUND_S)
    assert migrate(owner, tree) == ["a", "b"]


@pytest.mark.catalogue("F18")
@pytest.mark.seeded("migration_dies_without_its_database")
def test_a_migration_waits_for_a_database_that_does_not_answer(
    owner: Engine, tree: Path, servers: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It need not be started anew by hand, nor does it end what started it."""
    migrate(owner, tree)
    add(tree, "pre", "ALTER TABLE t ADD COLUMN b text")
    with Proxy(("127.0.0.1", servers.port("postgres"))) as road:

        @event.listens_for(owner, "do_connect")
        def by_road(_dialect: object, _record: object, _args: object, to: Any) -> None:  # noqa: ANN401 - psycopg2's
            to["port"] = road.port

        owner.dispose()
        road.refuse()
        monkeypatch.setattr(
            "kernel.migrations.applying.time.sleep", lambda _seconds: road.heal()
        )
        assert migrate(owner, tree) == ["a", "b"]
        assert road.accepted > 0
        owner.dispose()


def test_a_table_that_stays_busy_ends_the_migration(
    owner: Engine, tree: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is half done, and it may be tried again."""
    migrate(owner, tree)
    add(tree, "pre", "ALTER TABLE t ADD COLUMN b text")
    monkeypatch.setattr(applying, "LOCK_TIMEOUT_MS", 50)
    monkeypatch.setattr(applying, "TRIES", 3)
    monkeypatch.setattr(applying, "PAUSE_S", 0)
    with owner.connect() as busy:
        busy.execute(text("SELECT * FROM t"))
        with pytest.raises(Transient):
            migrate(owner, tree)
    assert migrate(owner, tree) == ["a", "b"]
