"""`python -m kernel.migrations SERVICE MESSAGE [pre|post]`: the next migration's file.

``make migration s=auth m="add login reason"`` makes
``services/auth/migrations/0002_pre_add_login_reason.py`` from the template; ``p=post``
makes one that runs after the last older process is gone.  What may stand in which is
in ADR 0007 and checked by ``make check``.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from alembic.script import ScriptDirectory

from kernel.migrations.applying import configuration, revisions

ROOT: Final = Path(__file__).parents[2]
PHASES: Final = ("pre", "post")
MESSAGE: Final = re.compile(r"[a-z][a-z0-9]*(?: [a-z0-9]+)*")
MOST_LETTERS: Final = 40


class BadNameError(ValueError):
    """No migration can be called so; the text says what is wrong."""


def create(root: Path, service: str, message: str, phase: str) -> Path:
    """Write the next migration of ``service``; its path.  Raises BadNameError."""
    directory = root / "services" / service / "migrations"
    if not re.fullmatch("[a-z]+", service) or not directory.is_dir():
        raise BadNameError(f"no service is called {service!r}")
    if not MESSAGE.fullmatch(message) or len(message) > MOST_LETTERS:
        raise BadNameError(
            f"say in small letters and at most {MOST_LETTERS} of them what changes,"
            f" as in 'add login reason'; not {message!r}"
        )
    config = configuration(directory)
    number = len(revisions(config)) + 1
    made = ScriptDirectory.from_config(config).generate_revision(
        f"{number:04}_{phase}", message, version_path=str(directory)
    )
    if made is None:
        raise BadNameError(f"{message!r} makes no file")
    return Path(made.path)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Exit status 0, or 2 with a sentence when the names are not good."""
    parser = argparse.ArgumentParser(
        prog="python -m kernel.migrations", description=__doc__
    )
    parser.add_argument("service")
    parser.add_argument("message")
    parser.add_argument("phase", nargs="?", choices=PHASES, default="pre")
    asked = parser.parse_args(arguments)
    try:
        made = create(root, asked.service, asked.message, asked.phase)
    except BadNameError as error:
        print(f"migration: {error}", file=sys.stderr)
        return 2
    print(made.relative_to(root))
    return 0


if __name__ == "__main__":
    sys.exit(main())
