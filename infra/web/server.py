"""Preparing and running one web tier: nginx, from Debian's package.

It runs in the foreground under the supervisor, as whoever starts the stack; started by
root its workers become the machine's user for web servers, who owns nothing.
"""

import resource
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from infra import topology
from infra.layout import (
    PASSAGE,
    Layout,
    find_program,
    is_root,
    private_folder,
    server_environment,
    write_private,
)
from infra.web import limits
from infra.web.config import Place, nginx_conf
from infra.web.limits import Limits

STATIC = Path(__file__).with_name("static")
_WORKER = "www-data"
_LOCAL = ("localhost", "127.0.0.1")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebTier:
    """One nginx with its home, between browsers and the gateways."""

    home: Path
    log: Path
    """Where the audit log's checkpoints are published."""
    pki: Path
    port: int
    plain_port: int
    ready_port: int
    gateway_ports: tuple[int, ...]
    visitor: Limits = limits.PUBLIC
    """Of one address."""

    @classmethod
    def of(cls, layout: Layout, ports: Mapping[str, int], stage: str) -> "WebTier":
        """The one of a stack."""
        own = topology.WEB_TIER
        return cls(
            home=layout.web,
            log=layout.checkpoints,
            pki=layout.pki,
            port=ports[own],
            plain_port=ports[f"{own}.plain"],
            ready_port=ports[f"{own}.metrics"],
            gateway_ports=(ports["gateway"],),
            visitor=limits.limits_of(stage),
        )

    def prepare(self) -> None:
        """Write the configuration, and the pages where its workers reach them."""
        for folder in (self.home, self.home / "scratch", self.log):
            private_folder(folder, mode=PASSAGE)
        give_pages(self.home / "static")
        write_private(self.home / "nginx.conf", nginx_conf(self._place()))

    def command(self) -> list[str]:
        """What the supervisor runs in the foreground."""
        conf = str(self.home / "nginx.conf")
        nginx = find_program("usr/sbin/nginx")
        return [nginx, "-e", "stderr", "-p", str(self.home), "-c", conf]

    def environment(self) -> dict[str, str]:
        """Search paths, and nothing else."""
        return server_environment()

    def inputs(self) -> list[Path]:
        """Files whose change asks for a restart."""
        names = ("ca", topology.PUBLIC_CERTIFICATE, topology.WEB_TIER)
        return [self.home / "nginx.conf", *(self.pki / f"{n}.crt" for n in names)]

    def _place(self) -> Place:
        return Place(
            hosts=(topology.PUBLIC_HOST, *_LOCAL),
            gateways=tuple(f"127.0.0.1:{port}" for port in self.gateway_ports),
            port=self.port,
            plain_port=self.plain_port,
            ready_port=self.ready_port,
            pki=self.pki,
            static=self.home / "static",
            log=self.log,
            scratch=self.home / "scratch",
            visitor=self.visitor,
            files=_files(),
            user=_WORKER if is_root() else None,
        )


def give_pages(folder: Path) -> None:
    """Make `folder` hold the static pages and nothing else, readable by everybody."""
    shutil.copytree(STATIC, folder, dirs_exist_ok=True)
    for path in (folder, *folder.rglob("*")):
        if not (STATIC / path.relative_to(folder)).exists():
            path.unlink()
        else:
            path.chmod(0o755 if path.is_dir() else 0o644)


def _files() -> int:
    """As many descriptors as this machine grants, but no more than we ask for."""
    granted = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    unlimited = granted == resource.RLIM_INFINITY
    return limits.MOST_FILES if unlimited else min(limits.MOST_FILES, granted)
