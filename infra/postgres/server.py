"""Making, feeding and asking the private PostgreSQL server.

PostgreSQL refuses to run as root, so root runs it as the user `postgres` in a folder
that this user owns; anybody else runs it as themselves.
"""

import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from infra.layout import (
    Layout,
    find_program,
    is_root,
    server_environment,
    write_private,
)
from infra.postgres import config

_SYSTEM_USER = "postgres"
_INITDB_TIMEOUT_S = 60
_PSQL_TIMEOUT_S = 60


class DatabaseServerError(Exception):
    """The database server could not be made or fed; the text holds its last words."""


@dataclass(frozen=True, slots=True)
class DatabaseServer:
    """One private cluster under `layout`, listening on `port` of 127.0.0.1."""

    layout: Layout
    port: int

    @property
    def data(self) -> Path:
        return self.layout.postgres / "data"

    def command(self) -> list[str]:
        """What the supervisor runs in the foreground."""
        settings = self.layout.postgres / "postgresql.conf"
        return [
            *_as_server_user(),
            _program("postgres"),
            "-D",
            str(self.data),
            "-c",
            f"config_file={settings}",
        ]

    def make(self) -> None:
        """Make the cluster when there is none. Idempotent."""
        if not (self.data / "PG_VERSION").is_file():
            self._initdb()

    def is_ready(self) -> bool:
        """Whether it takes connections on the private socket."""
        asked = subprocess.run(
            [_program("pg_isready"), "-q", *self._address()],
            check=False,
            timeout=_PSQL_TIMEOUT_S,
            env=server_environment(),
        )
        return asked.returncode == 0

    def provision(self) -> None:
        """Bring roles, databases and rights to the wanted state. Idempotent."""
        self.run_sql(config.provision_sql())

    def run_sql(self, script: str, *, database: str = "postgres") -> str:
        """Run a psql script as the superuser; its unaligned output.

        Raises DatabaseServerError with psql's complaint.
        """
        run = subprocess.run(
            [_program("psql"), "-XqAtw", *self._address(), "-d", database, "-f", "-"],
            input=f"\\set ON_ERROR_STOP on\n{script}\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=_PSQL_TIMEOUT_S,
            env={**server_environment(), "PGOPTIONS": "-c client_min_messages=warning"},
        )
        if run.returncode != 0:
            raise DatabaseServerError(f"psql: {run.stderr.strip()}")
        return run.stdout

    def _address(self) -> list[str]:
        socket = self.layout.database_socket
        return ["-h", str(socket), "-p", str(self.port), "-U", "postgres"]

    def _initdb(self) -> None:
        run = subprocess.run(
            [
                *_as_server_user(),
                _program("initdb"),
                *("-D", str(self.data), "-U", "postgres", "-E", "UTF8"),
                # The same order by either name; only this one compares bytes at once.
                *("--locale=C.UTF-8", "--lc-collate=C"),
                *("--data-checksums", "--no-instructions"),
                *("--auth-local=peer", "--auth-host=reject"),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=_INITDB_TIMEOUT_S,
            cwd="/",
            env=server_environment(),
        )
        if run.returncode != 0:
            shutil.rmtree(self.data, ignore_errors=True)
            raise DatabaseServerError(f"initdb: {run.stderr.strip()}")

    def prepare(self) -> None:
        """Write configuration and certificates where the server reads them."""
        home = self.layout.postgres
        tls = home / "tls"
        tls.mkdir(mode=0o700, exist_ok=True)
        written = {
            home / "postgresql.conf": config.postgresql_conf(
                port=self.port, home=home, socket=self.layout.database_socket
            ),
            home / "pg_hba.conf": config.pg_hba_conf(),
            home / "pg_ident.conf": config.pg_ident_conf(superusers=_superusers()),
            tls / "ca.crt": self._pki("ca.crt"),
            tls / "postgres.crt": self._pki("postgres.crt"),
            tls / "postgres.key": self._pki("postgres.key"),
        }
        for path, content in written.items():
            write_private(path, content)
            _give(path)
        _give(tls)

    def _pki(self, name: str) -> str:
        return (self.layout.pki / name).read_text()

    def inputs(self) -> list[Path]:
        """Files whose change asks for a restart."""
        home = self.layout.postgres
        names = ("postgresql.conf", "pg_hba.conf", "pg_ident.conf")
        return [*(home / name for name in names), *sorted((home / "tls").iterdir())]


def _program(name: str) -> str:
    return find_program(f"usr/lib/postgresql/15/bin/{name}")


def _superusers() -> tuple[str, ...]:
    me = pwd.getpwuid(os.geteuid()).pw_name
    return tuple(dict.fromkeys((me, _SYSTEM_USER)))


def _as_server_user() -> list[str]:
    if not is_root():
        return []
    setpriv = find_program("usr/bin/setpriv")
    return [
        setpriv,
        f"--reuid={_SYSTEM_USER}",
        f"--regid={_SYSTEM_USER}",
        "--clear-groups",
        "--",
    ]


def _give(path: Path) -> None:
    if is_root():
        user = pwd.getpwnam(_SYSTEM_USER)
        os.chown(path, user.pw_uid, user.pw_gid)
