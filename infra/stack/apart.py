"""Processes that are other users than ours, where we may choose: where root starts us.

Each has a folder of its own that nobody else reads. Elsewhere all are one user, and the
folders alone keep them apart; in containers each has its number.
"""

import os
import pwd
import stat
from pathlib import Path
from typing import Final

from infra import topology
from infra.layout import (
    ROOT,
    is_open_to_others,
    is_root,
    private_folder,
    write_private,
)

_USERS: Final = {
    "regulator": "daemon",
    "auditor": "nobody",
    topology.LOG_SIGNER: "sys",
}
_CODE: Final = (
    ROOT / "infra" / "simulators" / "witness.py",
    ROOT / "services" / "audit" / "signer.py",
    ROOT / "kernel" / "settings.py",
)
"""What they load; a repository that others may not read is run by its owner alone."""


def user_of(name: str) -> str | None:
    """The system user it runs as; None: as ourselves."""
    readable = all(
        is_open_to_others(path.parent) and path.stat().st_mode & stat.S_IROTH
        for path in _CODE
    )
    return _USERS[name] if is_root() and readable else None


def folder(path: Path, name: str) -> None:
    """Make a folder of its own. Idempotent."""
    private_folder(path, owner=_owner(name))


def give(path: Path, content: bytes, name: str) -> None:
    """Put a file there, for it alone."""
    write_private(path, content)
    if owner := _owner(name):
        os.chown(path, *owner)


def _owner(name: str) -> tuple[int, int] | None:
    user = user_of(name)
    known = pwd.getpwnam(user) if user else None
    return (known.pw_uid, known.pw_gid) if known else None
