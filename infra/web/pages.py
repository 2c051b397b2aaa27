"""``python -m infra.web.pages``: make the cabinet's pages anew from their sources.

The pages are kept in the repository, so that nobody needs Node to run the platform;
``--check`` says whether they are what the sources give (status 1: they are not).
"""

import argparse
import filecmp
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.layout import ROOT
from infra.web.server import STATIC

SOURCES = Path(__file__).with_name("cabinet")
TOOLS = ROOT / ".state" / "cabinet"
"""As `infra/bootstrap/pages.sh` leaves them."""


def main() -> int:
    """Exit status: 0 the pages are as their sources say, 1 not, with the reason."""
    parser = argparse.ArgumentParser(prog="python -m infra.web.pages")
    parser.add_argument("--check", action="store_true", help="compare, change nothing")
    only_compare = parser.parse_args().check
    if not _run(TOOLS / "node_modules/.bin/tsc", "--project", SOURCES):
        return 1
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / "static"
        if not _run(TOOLS / "node-here", SOURCES / "build.mjs", TOOLS, made):
            return 1
        if only_compare:
            return _compare(made)
        shutil.rmtree(STATIC, ignore_errors=True)
        shutil.copytree(made, STATIC)
    return 0


def _run(program: Path, *words: Path | str) -> bool:
    command = [str(program), *map(str, words)]
    return subprocess.run(command, cwd=SOURCES, check=False).returncode == 0


def _compare(made: Path) -> int:
    names = {
        path.relative_to(top).as_posix()
        for top in (made, STATIC)
        for path in top.rglob("*")
        if path.is_file()
    }
    _, differ, absent = filecmp.cmpfiles(made, STATIC, sorted(names), shallow=False)
    if not differ and not absent:
        return 0
    print("pages: not what infra/web/cabinet gives: make pages", file=sys.stderr)
    print(*differ, *absent, sep="\n", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
