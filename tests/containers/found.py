"""What this machine must have so that containers can be tried, said in one sentence."""

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

PACKAGES: Final = ("docker.io", "debootstrap", "iptables", "iproute2", "util-linux")
PROGRAMS: Final = ("dockerd", "debootstrap", "iptables", "ip", "nsenter", "setpriv")
INSTALL_TIMEOUT_S: Final = 300
SYSTEM: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_POLICY: Final = Path("/usr/sbin/policy-rc.d")
MIRROR: Final = "http://deb.debian.org/debian"
_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
_NEWER: Final = "trixie"
"""Debian 12 has no compose v2; the plugin of Debian 13 runs there as it is."""


class NoEngineError(Exception):
    """No container engine can be used; the text says what is missing."""


def program(name: str) -> str:
    """The path of a system program; raises NoEngineError."""
    found = shutil.which(name, path=SYSTEM)
    if found is None:
        raise NoEngineError(f"The program {name} is missing and cannot be installed.")
    return found


def run(
    *command: str, timeout_s: float = INSTALL_TIMEOUT_S, cwd: Path | None = None
) -> str:
    """Run to the end; its output.  Raises NoEngineError with its last words."""
    done = subprocess.run(
        command,
        cwd=cwd,
        env={"PATH": SYSTEM, "DEBIAN_FRONTEND": "noninteractive", "LANG": "C.UTF-8"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout_s,
        check=False,
    )
    if done.returncode != 0:
        raise NoEngineError(f"{' '.join(command[:3])} failed: {done.stdout[-800:]}")
    return done.stdout


def engine_programs() -> None:
    """Install Debian's engine where it is missing.  Raises NoEngineError."""
    if all(shutil.which(name, path=SYSTEM) for name in PROGRAMS):
        return
    if shutil.which("apt-get", path=SYSTEM) is None:
        raise NoEngineError(
            "no container engine: DOCKER_HOST names none, and there is no apt-get to"
            " install Debian's. Name one (DOCKER_HOST=unix:///…) or use Debian 12."
        )
    with _nothing_starts():
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-y", "-qq", "--no-install-recommends", *PACKAGES)


@contextmanager
def _nothing_starts() -> Iterator[None]:
    """Keep apt from starting the engine it installs on the machine's own network."""
    if _POLICY.exists():
        yield
        return
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()


def compose_program(home: Path) -> tuple[str, ...]:
    """How to call compose v2; fetched into ``home`` where the machine has none."""
    return ("docker", "compose") if _has_compose() else (str(_fetched_compose(home)),)


def _has_compose() -> bool:
    try:
        run("docker", "compose", "version")
    except (NoEngineError, FileNotFoundError):
        return False
    return True


def _fetched_compose(home: Path) -> Path:
    plugin = home / "docker-compose"
    if plugin.exists():
        return plugin
    if not shutil.which("apt-get", path=SYSTEM):
        raise NoEngineError("Compose v2 is missing and there is no apt to fetch it.")
    apt = home / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (apt / folder).mkdir(parents=True, exist_ok=True)
    sources = apt / "sources.list"
    sources.write_text(f"deb [signed-by={_KEYRING}] {MIRROR} {_NEWER} main\n")
    private = {
        "Dir::Etc::sourcelist": str(sources),
        "Dir::Etc::sourceparts": "-",
        "Dir::State::lists": str(apt / "lists"),
        "Dir::Cache::archives": str(apt / "archives"),
        "Dir::Cache::pkgcache": "",
        "Dir::Cache::srcpkgcache": "",
        "APT::Sandbox::User": "root",
    }
    options = [
        word for key, value in private.items() for word in ("-o", f"{key}={value}")
    ]
    run("apt-get", *options, "update", "-qq")
    run("apt-get", *options, "-qq", "download", "docker-compose", cwd=apt)
    (package,) = apt.glob("docker-compose_*.deb")
    run("dpkg-deb", "-x", str(package), str(apt / "unpacked"))
    shutil.copy(
        apt / "unpacked" / "usr/libexec/docker/cli-plugins/docker-compose", plugin
    )
    shutil.rmtree(apt)
    return plugin
