"""The compose project of one session: built, started, asked, and taken away."""

import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.containers.engine import Engine
from tests.containers.found import SYSTEM
from tests.marks import ROOT

BUILD_TIMEOUT_S: Final = 600
UP_TIMEOUT_S: Final = 900
SHIPPED: Final = ("kernel", "services", "infra", "photo", "compose")
FILES: Final = ("pyproject.toml", "uv.lock", ".dockerignore")
LABEL: Final = "org.opencontainers.image.vendor=creditplus.kz"
PORT: Final = 8443
EVERYBODY: Final = ("--profile", "visit", "--profile", "operate")
DEAL_LONG_AGO: Final = """
import time
from datetime import UTC, datetime, timedelta
from infra.containers import places
from infra.containers.deal import Dealer
from infra.layout import Layout
now = datetime.fromtimestamp(time.time(), UTC) - timedelta(days=5)
Dealer(Layout(places.VAULT), places.HANDOUTS, "development").deal(now=now)
"""
PROBE: Final = """
import socket, sys
def opens(host):
    try:
        socket.create_connection((host, int(sys.argv[1])), timeout=2).close()
    except OSError:
        return False
    return True
print("open" if any([opens(host) for host in sys.argv[2:]]) else "closed")
"""


class ComposeError(Exception):
    """Compose ended badly; the text holds its last words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`compose.yml` and `simulators.yml` under a name of their own."""

    engine: Engine
    folder: Path
    name: str

    def compose(self, *words: str, timeout_s: float = UP_TIMEOUT_S) -> str:
        """Run one command of compose; its output.  Raises ComposeError."""
        done = subprocess.run(
            self._command(*words),
            env=self._environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
        )
        if done.returncode != 0:
            raise ComposeError(f"{words[0]}: {done.stdout[-1000:]}")
        return done.stdout

    def tried(
        self, service: str, *words: str, lines: Sequence[str] = ()
    ) -> "subprocess.CompletedProcess[str]":
        """A container for one command, given these lines; however it ended."""
        return subprocess.run(
            self._command("run", "--rm", "-T", service, *words),
            env=self._environment,
            input="".join(f"{line}\n" for line in lines),
            capture_output=True,
            text=True,
            timeout=UP_TIMEOUT_S,
            check=False,
        )

    def _command(self, *words: str) -> list[str]:
        files = [
            word
            for name in ("compose.yml", "simulators.yml")
            for word in ("-f", str(self.folder / "compose" / name))
        ]
        return [*self.engine.compose, *files, "-p", self.name, *words]

    @property
    def _environment(self) -> dict[str, str]:
        return {
            "PATH": SYSTEM,
            "HOME": str(self.folder),
            "DOCKER_HOST": self.engine.address,
            "DOCKER_BUILDKIT": "1",
            "KREDIT_VERSION": self.name,
            "KREDIT_PORT": str(PORT),
        }

    def run(self, service: str, *words: str) -> str:
        """A container for one command of a service; what it said."""
        return self.compose("run", "--rm", "-T", service, *words)

    def up(self) -> None:
        """Everything up and healthy.  Raises ComposeError with their last words."""
        try:
            self.compose("up", "-d", "--wait", "--quiet-pull")
        except ComposeError as error:
            raise ComposeError(f"{error}\n{_complaints(self)}") from error

    def volume(self, name: str) -> str:
        """The engine's name of one of our volumes."""
        return f"{self.name}_{name}"

    @contextmanager
    def aside(self, **options: object) -> Iterator[Any]:
        """A container beside compose's, of an image of ours, that does nothing."""
        idle = "import time; time.sleep(900)"
        container = self.engine.client.containers.run(
            self.image,
            entrypoint=["/venv/bin/python", "-c", idle],
            detach=True,
            healthcheck={"test": ["NONE"]},
            **options,
        )
        try:
            yield container
        finally:
            container.remove(force=True)

    def containers(self) -> dict[str, Any]:
        """Every container of the project by its service's name, ended ones too."""
        label = f"com.docker.compose.project={self.name}"
        listed = self.engine.client.containers.list(all=True, filters={"label": label})
        return {one.labels["com.docker.compose.service"]: one for one in listed}

    def running(self) -> dict[str, Any]:
        """Those that go on."""
        return {k: c for k, c in self.containers().items() if c.status == "running"}

    def addresses(self, service: str) -> list[str]:
        """Every address of a service's container, in whatever network."""
        networks = self.containers()[service].attrs["NetworkSettings"]["Networks"]
        return sorted(network["IPAddress"] for network in networks.values())

    @property
    def image(self) -> str:
        """An image of ours for a probe: Python and nothing of a service."""
        return f"kredit/outer:{self.name}"


def python_in(container: Any, code: str, *words: str) -> str:  # noqa: ANN401 - the SDK is untyped
    """What a line of Python prints inside a container."""
    status, said = container.exec_run(["/venv/bin/python", "-c", code, *words])
    text = bytes(said).decode().strip()
    assert status == 0, text
    return text


@contextmanager
def project(engine: Engine) -> Iterator[Project]:
    """Everything up and healthy; afterwards no container, volume or image of ours."""
    folder = engine.home / "context"
    _copy(folder)
    one = Project(
        engine=engine,
        folder=folder,
        name=f"kredit-{secrets.token_hex(3)}",
    )
    try:
        one.compose(*EVERYBODY, "build", "-q", timeout_s=BUILD_TIMEOUT_S)
        _deal_long_ago(one)
        one.up()
        yield one
    finally:
        one.compose(*EVERYBODY, "down", "-v", "-t", "5")
        _remove_images(one)
        shutil.rmtree(folder)


def _deal_long_ago(one: Project) -> None:
    """As if a first `up` had been five days ago: leaves are due, the roots are not."""
    job = ("--entrypoint", "/venv/bin/python", "pki", "-c", DEAL_LONG_AGO)
    one.compose("run", "--rm", "-T", *job)


def _complaints(one: Project) -> str:
    """The last words of each container that is not as it should be."""
    said = []
    for name, container in one.containers().items():
        state = container.attrs["State"]
        if state.get("Health", {}).get("Status", "healthy") != "healthy" or (
            state["ExitCode"] != 0
        ):
            said.append(f"{name}: {bytes(container.logs(tail=10)).decode()}")
    return "\n".join(said)


def _remove_images(one: Project) -> None:
    """Ours by name, and the nameless stages a classic builder leaves behind."""
    images = one.engine.client.images
    for image in images.list(filters={"reference": f"*/*:{one.name}"}):
        images.remove(image.id, force=True)
    images.prune(filters={"dangling": True, "label": LABEL})


def _copy(folder: Path) -> None:
    """What a build may see, and the packages it installs, apart from the tree."""
    shutil.rmtree(folder, ignore_errors=True)
    for name in SHIPPED:
        ignored = shutil.ignore_patterns("__pycache__", "wheels")
        shutil.copytree(ROOT / name, folder / name, ignore=ignored)
    for name in FILES:
        shutil.copy(ROOT / name, folder / name)
    wheels = _wheels(folder.parent / "wheels")
    only = shutil.ignore_patterns("uv.lock", "requirements.txt")
    shutil.copytree(wheels, folder / "compose" / "wheels", ignore=only)


def _wheels(folder: Path) -> Path:
    """The wheels of both locks, so that a build needs no index; kept while it is so."""
    projects = (ROOT, ROOT / "photo")
    lock = b"".join((project / "uv.lock").read_bytes() for project in projects)
    mark = folder / "uv.lock"
    if mark.exists() and mark.read_bytes() == lock:
        return folder
    folder.mkdir(exist_ok=True)
    uv = str(Path(sys.executable).with_name("uv"))
    export = [
        uv,
        "export",
        "-q",
        "--frozen",
        "--no-default-groups",
        "--no-emit-project",
    ]
    pip = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "-q",
        "--no-deps",
        "-d",
        str(folder),
    ]
    for project in projects:
        wanted = str(folder / "requirements.txt")
        _run([*export, "--project", str(project), "-o", wanted])
        _run([*pip, "--require-hashes", "-r", wanted])
    version = _run([uv, "--version"]).split()[1]
    _run([*pip, f"uv=={version}"])
    mark.write_bytes(lock)
    return folder


def _run(command: list[str]) -> str:
    return subprocess.run(
        command,
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
        timeout=BUILD_TIMEOUT_S,
    ).stdout
