"""Which migrations run now, and how they wait for table and database (ADR 0007).

``NNNN_pre_…`` prepares a schema while older code still runs on it; ``NNNN_post_…``
takes away what only older code needed.  A revision's id is its number and its phase.
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, text

from kernel.database import transient_errors
from kernel.errors import Refused, Transient

LOCK_TIMEOUT_MS: Final = 1_000
"""While a migration waits for a table, everybody behind it waits too: not for long."""
TRIES: Final = 30
PAUSE_S: Final = 1.0
_POST: Final = "_post"


def upgrade(
    engine: Engine, *, directory: Path, metadata: MetaData, post: bool = False
) -> None:
    """Apply what `target` says of the migrations in ``directory``, all or none.

    A table that others hold is waited for in short turns, and so is a database that
    does not answer.  Raises Refused as `target` does, and Transient when that lasts.
    """
    config = configuration(directory)
    config.attributes["metadata"] = metadata
    known = revisions(config)
    for left in reversed(range(TRIES)):
        try:
            with transient_errors():
                _apply(engine, config, known, post=post)
        except Transient:
            if not left:
                raise
            time.sleep(PAUSE_S)
        else:
            return


def configuration(directory: Path) -> Config:
    """Alembic's configuration for the migrations of one service."""
    config = Config()
    config.set_main_option("script_location", "kernel:migrations")
    config.set_main_option("version_locations", str(directory))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    return config


def revisions(config: Config) -> tuple[str, ...]:
    """Ids of the revisions there are, the oldest first."""
    scripts = ScriptDirectory.from_config(config).walk_revisions()
    return tuple(reversed([script.revision for script in scripts]))


def target(current: str | None, known: Sequence[str], *, post: bool) -> str | None:
    """The revision to go to from ``current``; None when there is nothing to do.

    - An empty database has no older code: everything.
    - With ``post`` the caller says that no older process is left: everything.
    - Else the pre-migrations that come next.  Refused ``post_first`` when one more
      stands behind a post-migration: the code that needs it is two releases ahead.
    - A database of the next release serves this one, as long as only its
      pre-migrations ran (that is how a release is taken back); else Refused
      ``schema_too_new``.
    """
    if current is not None and current not in known:
        if current.endswith(_POST) or current[:4] <= known[-1][:4]:
            raise Refused(
                "schema_too_new",
                f"The database stands at {current}, which this code does not know.",
                next_step="Run the release that made it.",
            )
        return None
    rest = list(known[known.index(current) + 1 :] if current else known)
    if current is not None and not post:
        posts = [n for n, revision in enumerate(rest) if revision.endswith(_POST)]
        first = posts[0] if posts else len(rest)
        if len(posts) < len(rest[first:]):
            raise Refused(
                "post_first",
                f"{rest[first]} must run before {rest[-1]} can.",
                next_step="Stop every process of older code, then `migrate --post`.",
            )
        rest = rest[:first]
    return rest[-1] if rest else None


def _apply(engine: Engine, config: Config, known: Sequence[str], *, post: bool) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}"))
        context = MigrationContext.configure(connection)
        goal = target(context.get_current_revision(), known, post=post)
        if goal is not None:
            config.attributes["connection"] = connection
            command.upgrade(config, goal)
