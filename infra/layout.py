"""Where everything that is made lies: one folder, `.state`, outside the repository.

`KREDIT_STATE` moves it, so that a second stack (a test's) can live elsewhere.
"""

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
"""The repository: where the code is, wherever the state may be."""

SERVERS = ROOT / ".state" / "servers"
"""Servers unpacked by `infra/bootstrap/servers.sh` where nothing may be installed."""

PHOTO_PYTHON = ROOT / ".state" / "photo-venv" / "bin" / "python"
"""The photo judge's Python: its packages are not ours (`photo/uv.lock`)."""

PASSAGE = 0o711
"""Others may pass through, but not look around."""

# A Unix socket's address holds 107 bytes; PostgreSQL adds ".s.PGSQL.NNNNN.lock".
_LONGEST_SOCKET_FOLDER = 80


class StateFolderError(Exception):
    """The state folder cannot be used; the text says what to do."""


def state_folder() -> Path:
    """The state folder the environment names, else `.state` in the repository."""
    named = os.environ.get("KREDIT_STATE")  # noqa: TID251 - infra may not import kernel
    return Path(named).resolve() if named else ROOT / ".state"


def is_root() -> bool:
    """Whether we are the superuser: PostgreSQL then needs another user."""
    return os.geteuid() == 0


@dataclass(frozen=True, slots=True)
class Layout:
    """Paths under one state folder. `state` must be absolute."""

    state: Path

    @property
    def pki(self) -> Path:
        return self.state / "pki"

    @property
    def outer(self) -> Path:
        return self.pki / "outer"

    @property
    def keys(self) -> Path:
        return self.state / "keys"

    @property
    def env(self) -> Path:
        return self.state / "env"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def data(self) -> Path:
        return self.state / "data"

    @property
    def clock(self) -> Path:
        """The shifted clock's offset in seconds; absent means zero."""
        return self.data / "clock"

    @property
    def anchor(self) -> Path:
        """The audit log's last word, apart from the database and its backups."""
        return self.state / "anchor"

    @property
    def archive(self) -> Path:
        """The audit log's second copy; where it counts, on another medium."""
        return self.state / "archive"

    @property
    def checkpoints(self) -> Path:
        """What the audit log publishes, where the web tier can show it."""
        return self.web / "log"

    @property
    def reads(self) -> Path:
        """The gateway's log of ordinary reads; its digests are events."""
        return self.data / "reads"

    @property
    def session(self) -> Path:
        """Where the staff's command line keeps who is logged in."""
        return self.state / "session"

    @property
    def ports(self) -> Path:
        return self.state / "ports.json"

    @property
    def rabbitmq(self) -> Path:
        return self.state / "rabbitmq"

    @property
    def postgres(self) -> Path:
        """Home of the database; elsewhere when its user cannot reach the state."""
        return self._reached("postgres", f"kredit-{self._mark}")

    @property
    def web(self) -> Path:
        """Home of the web tier; elsewhere when its user cannot reach the state."""
        return self._reached("web", f"kredit-web-{self._mark}")

    def witness(self, name: str) -> Path:
        """Home of an outside witness: its key, its store, and what it was given."""
        return self._reached(f"witness-{name}", f"kredit-witness-{name}-{self._mark}")

    @property
    def log_signer(self) -> Path:
        """Home of the audit log's signer: its keys, and what it has signed."""
        return self._reached("audit-signer", f"kredit-audit-signer-{self._mark}")

    @property
    def log_signer_socket(self) -> Path:
        """Where it listens."""
        return self._short(self.log_signer / "run", "signer") / "signer.sock"

    @property
    def audit_policy(self) -> Path:
        """Which witnesses the audit log's writer asks (C2SP tlog-policy)."""
        return self.outer / "audit.policy"

    @property
    def run(self) -> Path:
        """Sockets and pid files, 0700; moved to /tmp when its path is too long."""
        return self._short(self.state / "run", "run")

    @property
    def broker_guard_socket(self) -> Path:
        """Where the guard of the broker listens."""
        return self.run / "broker-guard.sock"

    @property
    def photo_socket(self) -> Path:
        """Where the photo judge listens."""
        return self.run / "photo.sock"

    @property
    def database_socket(self) -> Path:
        """Folder of PostgreSQL's private socket, the superuser's only door."""
        return self._short(self.postgres / "run", "pg") if is_root() else self.run

    def _reached(self, name: str, elsewhere: str) -> Path:
        if is_root() and not is_open_to_others(self.state):
            return Path("/var/tmp") / elsewhere  # noqa: S108 - owner checked
        return self.state / name

    def _short(self, folder: Path, kind: str) -> Path:
        if len(str(folder)) <= _LONGEST_SOCKET_FOLDER:
            return folder
        return Path("/tmp") / f"kredit-{kind}-{self._mark}"  # noqa: S108 - owner checked

    @property
    def _mark(self) -> str:
        path = f"{os.geteuid()}:{self.state}"
        return hashlib.sha256(path.encode()).hexdigest()[:12]

    def prepare(self) -> None:
        """Make the folders, each open to its owner only. Idempotent."""
        self.state.mkdir(parents=True, exist_ok=True)
        self.state.chmod(PASSAGE)  # the database's user must come through
        for folder in (
            self.pki,
            self.outer,
            self.keys,
            self.env,
            self.logs,
            self.data,
            self.anchor,
            self.archive,
            self.reads,
            self.session,
            self.rabbitmq,
            self.run,
        ):
            private_folder(folder)
        for folder in (self.web, self.checkpoints):
            private_folder(folder, mode=PASSAGE)
        if is_root():
            user = pwd.getpwnam("postgres")
            private_folder(self.postgres, owner=(user.pw_uid, user.pw_gid))
            private_folder(self.database_socket, owner=(user.pw_uid, user.pw_gid))
        else:
            private_folder(self.postgres)


def private_folder(
    folder: Path, *, owner: tuple[int, int] | None = None, mode: int = 0o700
) -> None:
    """Make `folder` 0700 and ours (or `owner`'s); refuse somebody else's.

    With the `mode` 0711 others may pass through to what lies inside.
    """
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    ours = {os.geteuid(), owner[0]} if owner else {os.geteuid()}
    if not stat.S_ISDIR(found.st_mode) or found.st_uid not in ours:
        raise StateFolderError(
            f"{folder} belongs to another user; remove it or set KREDIT_STATE"
        )
    if owner:
        os.chown(folder, *owner)
    folder.chmod(mode)


def write_private(path: Path, content: str | bytes) -> bool:
    """Put `content` at `path`, 0600, in one step; False when it already was there."""
    raw = content.encode() if isinstance(content, str) else content
    if path.is_file() and path.read_bytes() == raw:
        path.chmod(0o600)
        return False
    fresh = path.with_name(f".{path.name}.new")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(raw)
    fresh.replace(path)
    return True


def find_program(*places: str) -> str:
    """The first of `places` that exists, among our own servers or on the machine."""
    for base in (SERVERS, Path("/")):
        for place in places:
            candidate = base / place
            if candidate.exists():
                return str(candidate)
    raise StateFolderError(
        f"{places[0]} is missing: run infra/bootstrap/servers.sh first"
    )


def server_environment() -> dict[str, str]:
    """Search paths under which installed and unpacked servers alike run."""
    system = "/usr/local/bin:/usr/bin:/bin"
    if not SERVERS.is_dir():
        return {"PATH": system, "LANG": "C.UTF-8"}
    libraries = ":".join(
        str(path)
        for folder in ("usr/lib", "lib")
        for path in (SERVERS / folder).glob("*-linux-gnu")
    )
    return {
        "PATH": f"{SERVERS}/usr/bin:{SERVERS}/bin:{system}",
        "LANG": "C.UTF-8",
        "LD_LIBRARY_PATH": libraries,
    }


def is_open_to_others(folder: Path) -> bool:
    """Whether another user may pass through to it.

    What is not there yet will be, see `Layout.prepare`.
    """
    return all(
        parent.stat().st_mode & stat.S_IXOTH
        for parent in (folder, *folder.parents)
        if parent.exists()
    )
