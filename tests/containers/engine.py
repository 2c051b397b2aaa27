"""A container engine: the one ``DOCKER_HOST`` names, else a private one of Debian's.

The private one lives in a network namespace of its own: bridges, rules and published
ports exist only there.  Without a registry, stand-ins built from Debian's packages
carry the official images' names.
"""

import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import docker
from docker.errors import DockerException, ImageNotFound

from tests.containers import found
from tests.containers.found import NoEngineError, program, run

STANDINS: Final = Path(__file__).with_name("standins")
IMAGES: Final = {
    "python:3.11-slim-bookworm": "python",
    "postgres:15": "postgres",
    "rabbitmq:3": "rabbitmq",
    "nginx:1-stable": "nginx",
}
BASE: Final = "debian:bookworm-slim"
SUITE: Final = "bookworm"
CLIENT_TIMEOUT_S: Final = 300
UP_WITHIN_S: Final = 20
DOWN_WITHIN_S: Final = 60
OUTSIDE: Final = ("203.0.113.2", 80)
"""A stand-in of the internet (RFC 5737): else "blocked" would prove nothing."""
_LISTENER: Final = (
    "import socketserver as s; h = s.BaseRequestHandler;"
    "s.TCPServer(('203.0.113.2', 80), h).serve_forever()"
)
_NO_NETWORK: Final = (
    "--bridge=none",
    "--iptables=false",
    "--ip6tables=false",
    "--ip-forward=false",
    "--ip-masq=false",
)
_NO_RESOLVER: Final = ("--dns-opt=timeout:1", "--dns-opt=attempts:1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """An engine that answers."""

    address: str
    client: Any
    home: Path
    compose: tuple[str, ...]
    """How to call compose v2."""
    outside: tuple[str, int]
    entering: tuple[str, ...] = ()
    """What to put before a command so that it sees published ports."""


@dataclass(frozen=True, slots=True)
class Front:
    """The plugin by which `python -m tests.containers` hands its engine to tests."""

    engine: Engine


@contextmanager
def engine() -> Iterator[Engine]:
    """An engine for one session; nothing of it is left afterwards.

    Raises NoEngineError.  ``KREDIT_ENGINE_HOME`` keeps images between sessions.
    """
    kept = os.environ.get("KREDIT_ENGINE_HOME")
    home = Path(kept or tempfile.mkdtemp(prefix="kredit-engine-"))
    home.mkdir(parents=True, exist_ok=True)
    try:
        address = os.environ.get("DOCKER_HOST")
        with _theirs(address, home) if address else _private(home) as one:
            yield one
    finally:
        if not kept:
            shutil.rmtree(home)


@contextmanager
def _theirs(address: str, home: Path) -> Iterator[Engine]:
    outside = os.environ.get("KREDIT_OUTSIDE", "1.1.1.1:443").split(":")
    with _client(address) as client:
        yield Engine(
            address=address,
            client=client,
            home=home,
            compose=found.compose_program(home),
            outside=(outside[0], int(outside[1])),
        )


@contextmanager
def _client(address: str) -> Iterator[Any]:
    try:
        client = docker.DockerClient(base_url=address, timeout=CLIENT_TIMEOUT_S)
        client.ping()
    except DockerException as error:
        raise NoEngineError(f"No container engine answers at {address}.") from error
    try:
        yield client
    finally:
        client.close()


@contextmanager
def _private(home: Path) -> Iterator[Engine]:
    if os.geteuid() != 0:
        raise NoEngineError(
            "no container engine: DOCKER_HOST names none, and only root on Debian can"
            " start a private one. Name one (DOCKER_HOST=unix:///…) or be root."
        )
    found.engine_programs()
    compose = found.compose_program(home)
    with _daemon(home, (), _NO_NETWORK) as client:
        _bake(client, home)
    with _namespace() as name:
        entering = (program("nsenter"), f"--net=/run/netns/{name}")
        with _daemon(home, entering, _NO_RESOLVER) as client:
            yield Engine(
                address=_socket(home),
                client=client,
                home=home,
                compose=compose,
                outside=OUTSIDE,
                entering=entering,
            )


def _socket(home: Path) -> str:
    return f"unix://{home}/docker.sock"


@contextmanager
def _daemon(
    home: Path, entering: tuple[str, ...], options: tuple[str, ...]
) -> Iterator[Any]:
    """Debian's engine over its own data; it ends with us, at the latest."""
    with (home / "dockerd.log").open("ab") as log:
        daemon = subprocess.Popen(
            [
                *(program("setpriv"), "--pdeathsig=TERM", *entering),
                *(program("dockerd"), "--data-root", str(home / "data")),
                *("--exec-root", str(home / "exec"), "--pidfile", str(home / "pid")),
                *("-H", _socket(home), *options),
            ],
            env={"PATH": found.SYSTEM},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    try:
        _wait_for(daemon, home)
        with _client(_socket(home)) as client:
            yield client
    finally:
        daemon.terminate()
        daemon.wait(DOWN_WITHIN_S)
        _let_go(home)


def _wait_for(daemon: "subprocess.Popen[bytes]", home: Path) -> None:
    end = time.monotonic() + UP_WITHIN_S
    while not (home / "docker.sock").exists():
        if daemon.poll() is not None or time.monotonic() > end:
            said = (home / "dockerd.log").read_text(errors="replace")[-800:]
            raise NoEngineError(f"Debian's container engine does not start: {said}")
        time.sleep(0.1)


def _let_go(home: Path) -> None:
    """Unmount what a daemon that was cut short may have left mounted."""
    mounted = [
        line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()
    ]
    for place in sorted(mounted, reverse=True):
        if place.startswith(f"{home}/"):
            run("umount", "--lazy", place)


@contextmanager
def _namespace() -> Iterator[str]:
    """A network of our own with a stand-in internet behind it."""
    name = f"kredit-{secrets.token_hex(3)}"
    out = f"{name}-out"
    ip = program("ip")
    for each in (name, out):
        run(ip, "netns", "add", each)
        run(ip, "-n", each, "link", "set", "lo", "up")
    pair = ("type", "veth", "peer", "name", "inside", "netns", out)
    run(ip, "-n", name, "link", "add", "outside", *pair)
    for each, link, address in ((name, "outside", 1), (out, "inside", 2)):
        run(ip, "-n", each, "addr", "add", f"203.0.113.{address}/24", "dev", link)
        run(ip, "-n", each, "link", "set", link, "up")
    run(ip, "-n", name, "route", "add", "default", "via", OUTSIDE[0])
    internet = subprocess.Popen(
        [
            *(program("setpriv"), "--pdeathsig=TERM"),
            *(program("nsenter"), f"--net=/run/netns/{out}"),
            *(sys.executable, "-c", _LISTENER),
        ],
        start_new_session=True,
    )
    try:
        yield name
    finally:
        internet.terminate()
        internet.wait()
        for each in (name, out):
            run(ip, "netns", "del", each)


def _bake(client: Any, home: Path) -> None:  # noqa: ANN401 - the SDK is untyped
    """The stand-ins, as far as they are missing."""
    if not _has(client, BASE):
        client.api.import_image_from_file(
            str(_base(home)), repository=BASE.split(":")[0], tag=BASE.split(":")[1]
        )
    missing = {tag: folder for tag, folder in IMAGES.items() if not _has(client, tag)}
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda item: _build(client, *item), missing.items()))


def _build(client: Any, tag: str, folder: str) -> None:  # noqa: ANN401 - as above
    client.images.build(
        path=str(STANDINS / folder), tag=tag, network_mode="host", rm=True
    )


def _has(client: Any, tag: str) -> bool:  # noqa: ANN401 - as above
    try:
        client.images.get(tag)
    except ImageNotFound:
        return False
    return True


def _base(home: Path) -> Path:
    """The smallest Debian, as an archive."""
    archive = home / "base.tar"
    if not archive.exists():
        root = home / "root"
        run(program("debootstrap"), "--variant=minbase", SUITE, str(root), found.MIRROR)
        fresh = home / "base.new"
        left_out = (
            "--exclude=./var/cache/apt/archives/*.deb",
            "--exclude=./var/lib/apt/lists/*",
        )
        run("tar", "-C", str(root), *left_out, "-cf", str(fresh), ".")
        shutil.rmtree(root)
        fresh.replace(archive)
    return archive
