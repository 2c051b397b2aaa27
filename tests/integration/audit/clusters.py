"""Clusters of a test's own: copied while they run, restored to a point in time.

The way of PostgreSQL's documentation, "Making a Base Backup Using the Low Level API"
and "Recovering Using a Continuous Archive Backup"; nothing is mocked.
"""

import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.postgres.server import DatabaseServer
from infra.stack import Stack
from tests.waiting import eventually

_MARK: Final = "@@"
_STOP: Final = "SELECT '@@' || labelfile || '@@' FROM pg_backup_stop(false)"


@dataclass(frozen=True, slots=True)
class Cluster:
    """A running server, and where its files are."""

    server: DatabaseServer
    data: Path
    port: int
    socket: Path

    @classmethod
    def of(cls, servers: Stack) -> "Cluster":
        """The session's own."""
        server = servers.servers.database
        return cls(server, server.data, server.port, server.layout.database_socket)

    def sql(self, script: str) -> str:
        address = ["-h", str(self.socket), "-p", str(self.port), "-U", "postgres"]
        ran = subprocess.run(
            [_program(self.server, "psql"), "-XqAtw", *address, "-f", "-"],
            input=f"\\set ON_ERROR_STOP on\n{script}\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def back_up(self, folder: Path) -> Path:
        """A base backup of the running server."""
        told = self.sql(
            "SELECT pg_backup_start('test', true);\n"
            f"\\! cp -a {self.data} {folder} 2> /dev/null\n"
            f"{_STOP};\n"
            f"\\! cp -a {self.data}/pg_wal/. {folder}/pg_wal/ 2> /dev/null\n"
        )
        _, label, _ = told.split(_MARK)
        for name in ("postmaster.pid", "postmaster.opts"):
            (folder / name).unlink(missing_ok=True)
        _write(folder / "backup_label", label)
        return folder

    def writes_its_wal_out(self) -> None:
        """What was committed until now is in the archive."""
        name = self.sql("SELECT pg_walfile_name(pg_switch_wal())").strip()
        eventually(
            lambda: (
                self.sql("SELECT last_archived_wal FROM pg_stat_archiver").strip()
                >= name
            ),
            told=lambda: self.sql("SELECT * FROM pg_stat_archiver"),
        )


@contextmanager
def started(
    like: Cluster, data: Path, *, settings: Mapping[str, str]
) -> Iterator[Cluster]:
    """Run a server over these files until the context ends."""
    cluster = Cluster(like.server, data, _free_port(), like.socket)
    said = {
        "data_directory": str(data),
        "port": str(cluster.port),
        **settings,
    }
    command = [
        str(data) if part == str(like.server.data) else part
        for part in like.server.command()
    ]
    for name, value in said.items():
        command += ["-c", f"{name}={value}"]
    log = data.parent / f"{data.name}.log"
    with log.open("wb") as told:
        process = subprocess.Popen(command, stdout=told, stderr=told, cwd="/")
    try:
        eventually(lambda: _leads(cluster), told=log.read_text)
        yield cluster
    finally:
        process.send_signal(signal.SIGINT)  # a fast shutdown
        process.wait(timeout=60)


def restored(base: Path, folder: Path) -> Path:
    """The files of a backup, told to recover; the backup itself stays."""
    subprocess.run(["/bin/cp", "-a", str(base), str(folder)], check=True)
    shutil.rmtree(folder / "pg_wal")
    (folder / "pg_wal").mkdir(mode=0o700)
    _own(folder / "pg_wal", like=folder)
    _write(folder / "recovery.signal", "")
    return folder


def _leads(cluster: Cluster) -> bool:
    try:
        return cluster.sql("SELECT pg_is_in_recovery()").strip() == "f"
    except AssertionError:
        return False


def _write(path: Path, content: str) -> None:
    path.write_text(content)
    path.chmod(0o600)
    _own(path, like=path.parent)


def _own(path: Path, *, like: Path) -> None:
    owner = like.stat()
    shutil.chown(path, owner.st_uid, owner.st_gid)


def _program(server: DatabaseServer, name: str) -> str:
    [postgres] = [part for part in server.command() if part.endswith("/postgres")]
    return str(Path(postgres).with_name(name))


def _free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port
