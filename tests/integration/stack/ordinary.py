"""An ordinary user: no right, a home, and nothing but what was given to them.

Where the tests run as root, it is the account `nobody`; else whoever runs them.
"""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from infra.layout import is_root

_ACCOUNT: Final = "nobody"
_LEFT_OUT: Final = shutil.ignore_patterns(".state", ".git", "__pycache__", ".*_cache")


def command(*words: str | Path) -> list[str]:
    """The command as this user runs it."""
    said = [str(word) for word in words]
    if not is_root():
        return said
    user = pwd.getpwnam(_ACCOUNT)
    identity = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return ["setpriv", *identity, "--", *said]


def give(folder: Path) -> Path:
    """Make `folder` and all that is in it theirs."""
    if is_root():
        user = pwd.getpwnam(_ACCOUNT)
        for path in (folder, *folder.rglob("*")):
            os.chown(path, user.pw_uid, user.pw_gid, follow_symlinks=False)
    return folder


def copy_to_read(source: Path, target: Path) -> Path:
    """A copy of a tree that they may read; as root's it is closed to their pen."""
    shutil.copytree(source, target, ignore=_LEFT_OUT)
    for path in (target, *target.rglob("*")):
        path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044))
    return target


def reachable(path: Path, copy: Path) -> Path:
    """The folder itself, or a copy of it where they may not read it."""
    return path if not is_root() or _others_may_read(path) else copy_to_read(path, copy)


def python(folder: Path) -> Path:
    """An interpreter with our packages that they may run; made below `folder`."""
    ours = Path(sys.executable)
    if not is_root() or all(map(_others_may_read, (ours, ours.resolve()))):
        return ours
    made = folder / "venv"
    create: Sequence[str] = ("/usr/bin/python3.11", "-m", "venv", "--without-pip")
    subprocess.run([*create, str(made)], check=True)
    packages = reachable(Path(sysconfig.get_path("purelib")), folder / "packages")
    listed = made / "lib" / "python3.11" / "site-packages" / "ours.pth"
    listed.write_text(str(packages))
    return made / "bin" / "python"


def commands_mentioning(text: str) -> list[str]:
    """Command lines of running processes, anybody's, that hold `text`."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if text in line:
            found.append(line)
    return found


def _others_may_read(path: Path) -> bool:
    folders = all(folder.stat().st_mode & 0o001 for folder in path.parents)
    return path.exists() and folders and bool(path.stat().st_mode & 0o004)
