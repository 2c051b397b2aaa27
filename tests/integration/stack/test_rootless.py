"""Without root and without servers: packages are fetched, unpacked below `.state`, run.

One rehearsal by an ordinary user in a tree that only `.state` of is theirs: a first
bootstrap is cut short, an archive changes on disk, then two bootstraps run at once.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import pytest

from infra import layout
from infra.layout import ROOT
from tests.integration.stack import ordinary
from tests.integration.stack.conftest import open_folder

FETCHED_WITHIN_S = 1500
"""120 MB by a slow mirror."""
STARTED_WITHIN_S = 300
POLL_S = 0.05
BOOTSTRAP = Path("infra/bootstrap/servers.sh")
UNPACKING = Path("infra/bootstrap/unpack.sh")
PACKAGES = Path("infra/packages.txt")
SERVERS = Path(".state/servers")
ARCHIVES = Path(".state/downloads/archives")
PROGRAMS = (
    *("usr/lib/postgresql", "usr/lib/erlang", "usr/lib/rabbitmq"),
    *("usr/bin", "usr/sbin"),
)
ELF = b"\x7fELF"
PASSED_ON = ("http_proxy", "https_proxy", "no_proxy", "APT_CONFIG")

pytestmark = pytest.mark.timeout(2 * FETCHED_WITHIN_S)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsal:
    """A tree after the bootstraps, and what was seen meanwhile."""

    tree: Path
    home: Path
    environment: Mapping[str, str]
    before: frozenset[str]
    """The tree's files outside `.state`, before anything ran; but Python's caches."""
    half: bool
    """Whether the cut-short bootstrap left something half unpacked."""
    taken: bool
    """Whether that half already stood where servers are looked for."""
    changed: Path
    """The archive that was changed behind the bootstrap's back."""
    runs: tuple[subprocess.CompletedProcess[str], ...]
    """The two that ran at once."""

    @property
    def servers(self) -> Path:
        return self.tree / SERVERS


@pytest.fixture(scope="module")
def rehearsal() -> Iterator[Rehearsal]:
    """Slow (a minute): done once for the module."""
    with open_folder() as folder:
        tree = ordinary.copy_to_read(ROOT, folder / "tree")
        home = folder / "home"
        home.mkdir()
        ordinary.give(home)
        (tree / ARCHIVES).mkdir(parents=True)
        _copy_archives(ROOT, tree)
        ordinary.give(tree / ".state")
        environment = {
            "PATH": os.defpath,
            "HOME": str(home),
            "TMPDIR": str(home),
            "KREDIT_SERVERS": "unpacked",
            **{name: os.environ[name] for name in PASSED_ON if name in os.environ},
        }
        before = _files(tree)
        half, taken = _cut_short(tree, environment)
        _copy_archives(tree, ROOT)
        changed = _change_one(tree / ARCHIVES)
        runs = _both([_start(tree, environment) for _ in range(2)])
        yield Rehearsal(
            tree=tree,
            home=home,
            environment=environment,
            before=before,
            half=half,
            taken=taken,
            changed=changed,
            runs=runs,
        )


def _start(tree: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        ordinary.command(tree / BOOTSTRAP),
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def _cut_short(tree: Path, environment: Mapping[str, str]) -> tuple[bool, bool]:
    """Kill a bootstrap while it unpacks; whether it left a half, and in its place."""
    run = _start(tree, environment)
    end = time.monotonic() + FETCHED_WITHIN_S
    places = (tree / SERVERS.with_name("servers.new"), tree / SERVERS)
    while run.poll() is None and not any((place / "usr").exists() for place in places):
        if time.monotonic() > end:
            break
        time.sleep(POLL_S)
    if run.poll() is None:
        os.killpg(run.pid, signal.SIGKILL)
    said, _ = run.communicate()
    assert run.returncode == -signal.SIGKILL, said
    half, taken = (place.exists() for place in places)
    return half, taken


def _change_one(archives: Path) -> Path:
    """Turn one byte in an archive, as a bad disk would; its size stays."""
    archive = min(archives.glob("*.deb"), key=lambda path: path.stat().st_size)
    content = bytearray(archive.read_bytes())
    middle = len(content) // 2
    content[middle] = (content[middle] + 1) % 256
    archive.write_bytes(content)
    return archive


def _both(
    runs: list[subprocess.Popen[str]],
) -> tuple[subprocess.CompletedProcess[str], ...]:
    ended = []
    for run in runs:
        said, _ = run.communicate(timeout=FETCHED_WITHIN_S)
        ended.append(subprocess.CompletedProcess(run.args, run.returncode, said))
    return tuple(ended)


def _copy_archives(source: Path, target: Path) -> None:
    """So that a second run of these tests loads nothing; the digests are checked."""
    (target / ARCHIVES).mkdir(parents=True, exist_ok=True)
    for archive in (source / ARCHIVES).glob("*.deb"):
        if (target / ARCHIVES / archive.name).exists():
            continue
        fresh = target / ARCHIVES / f"{archive.name}.{os.getpid()}"
        fresh.write_bytes(archive.read_bytes())
        fresh.replace(target / ARCHIVES / archive.name)


def _files(tree: Path) -> frozenset[str]:
    return frozenset(
        str(path.relative_to(tree))
        for path in tree.rglob("*")
        if not path.is_relative_to(tree / ".state") and "__pycache__" not in path.parts
    )


@pytest.mark.seeded("rootless_takes_a_half_for_whole")
def test_a_half_unpacked_tree_is_nobodys_servers(rehearsal: Rehearsal) -> None:
    """It lies apart until it is whole, and the next bootstrap begins anew."""
    assert (rehearsal.half, rehearsal.taken) == (True, False)
    assert [run.returncode for run in rehearsal.runs] == [0, 0], rehearsal.runs
    assert not rehearsal.servers.with_name("servers.new").exists()


def test_of_two_at_once_one_waits_for_the_other(rehearsal: Rehearsal) -> None:
    assert [run.returncode for run in rehearsal.runs] == [0, 0], rehearsal.runs
    said = sorted(run.stdout for run in rehearsal.runs)
    assert said[0] == ""
    assert "servers: ready in" in said[1]


@pytest.mark.seeded("rootless_believes_what_lies_there")
def test_an_archive_that_changed_on_disk_is_fetched_again(
    rehearsal: Rehearsal,
) -> None:
    """Every archive is, in the end, the one that the signed lists name."""
    assert [run.returncode for run in rehearsal.runs] == [0, 0], rehearsal.runs
    lines = (rehearsal.servers / "closure").read_text().splitlines()
    wanted = {name: digest for digest, name in (line.split() for line in lines)}
    assert rehearsal.changed.name in wanted
    archives = rehearsal.tree / ARCHIVES
    held = {n: sha256((archives / n).read_bytes()).hexdigest() for n in wanted}
    assert held == wanted


def test_unpacked_programs_find_every_library(
    rehearsal: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the unpacked tree, or in what no Debian lacks: nothing else of the machine."""
    monkeypatch.setattr(layout, "SERVERS", rehearsal.servers)
    lines = _run("ldd", *_programs(rehearsal.servers), env=layout.server_environment())
    libraries = [line.split() for line in lines if "=>" in line]
    assert {words[0] for words in libraries if words[2] == "not"} == set()
    outside = {
        Path(words[2]).name
        for words in libraries
        if not Path(words[2]).is_relative_to(rehearsal.servers)
    }
    base = set((rehearsal.servers / "base").read_text().split())
    assert "libc.so.6" in outside
    assert {name for name in outside if not _owners(name) & base} == set()


def test_database_broker_and_web_tier_run_on_them(rehearsal: Rehearsal) -> None:
    """As that user, with that user's own copies, and nowhere but in `.state`."""
    tree = rehearsal.tree
    python = ordinary.python(tree.parent)
    environment = {**rehearsal.environment, "PYTHONPATH": str(tree)}
    visit = subprocess.run(
        ordinary.command(python, "-m", "tests.integration.stack.visit"),
        cwd=tree,
        env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=STARTED_WITHIN_S,
        check=False,
    )
    assert visit.returncode == 0, visit.stderr
    seen = json.loads(visit.stdout)
    assert seen["user"] != 0
    assert seen["row"] == [42, True]
    assert seen["message"] == "{}"
    assert seen["page"] == {"status": 200}
    assert {
        name: Path(program).name
        for name, program in seen["programs"].items()
        if Path(program).is_relative_to(rehearsal.servers)
    } == {
        "postgres": "postgres",
        "rabbitmq": "beam.smp",
        "epmd": "epmd",
        "web": "nginx",
    }
    assert ordinary.commands_mentioning(str(tree)) == []
    assert _files(tree) == rehearsal.before
    assert list(rehearsal.home.iterdir()) == []


def _programs(servers: Path) -> list[Path]:
    """Programs and the modules they load: files that begin as ELF says."""
    found = []
    for folder in PROGRAMS:
        for path in (servers / folder).rglob("*"):
            if path.is_file() and not path.is_symlink():
                with path.open("rb") as file:
                    if file.read(len(ELF)) == ELF:
                        found.append(path)
    return found


def _owners(library: str) -> set[str]:
    """Installed packages that hold a file of this name."""
    return {line.split(":")[0] for line in _run("dpkg-query", "-S", f"*/{library}")}


def _run(*words: str | Path, env: Mapping[str, str] | None = None) -> list[str]:
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


# --- what it says when it cannot -----------------------------------------------------


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A tree that holds the bootstrap and its list of packages, nothing else."""
    for path in (BOOTSTRAP, UNPACKING, PACKAGES):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    return tmp_path


def _refusal(bare: Path, sources: str) -> str:
    """What the bootstrap says, and that it gave up, where apt has these sources."""
    listed, settings = bare / "sources.list", bare / "apt.conf"
    listed.write_text(sources)
    settings.write_text(
        f'Dir::Etc::sourcelist "{listed}"; Dir::Etc::sourceparts "-";\n'
        'Acquire::Retries "0";\n'
    )
    run = subprocess.run(
        [bare / BOOTSTRAP],
        env={
            "PATH": os.defpath,
            "KREDIT_SERVERS": "unpacked",
            "APT_CONFIG": str(settings),
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=STARTED_WITHIN_S,
        check=False,
    )
    assert run.returncode == 1, run.stdout
    assert not (bare / SERVERS).exists()
    return run.stderr


def test_a_system_without_these_packages_is_told_which_has_them(bare: Path) -> None:
    said = _refusal(bare, "")
    assert (
        "apt offers no PostgreSQL 15, no RabbitMQ or no nginx for this system" in said
    )
    assert "Debian 12" in said


def test_no_network_is_called_so(bare: Path) -> None:
    said = _refusal(bare, "deb http://127.0.0.1:9/debian bookworm main\n")
    assert "could not be fetched. Check the network" in said


@pytest.mark.seeded("rootless_takes_unsigned_packages")
def test_packages_that_nobody_signed_are_not_taken(bare: Path) -> None:
    """A mirror that offers every package, well-formed, under its own word only."""
    mirror = bare / "mirror"
    (mirror / "deb" / "DEBIAN").mkdir(parents=True)
    about = "Version: 99\nArchitecture: all\nMaintainer: nobody\nDescription: nothing\n"
    (mirror / "deb" / "DEBIAN" / "control").write_text(f"Package: forged\n{about}")
    archive = mirror / "forged.deb"
    _run("dpkg-deb", "--build", "--root-owner-group", mirror / "deb", archive)
    place = f"Filename: ./{archive.name}\nSize: {archive.stat().st_size}\n"
    digest = f"SHA256: {sha256(archive.read_bytes()).hexdigest()}\n"
    names = (ROOT / PACKAGES).read_text().split()
    listed = "\n".join(f"Package: {name}\n{about}{place}{digest}" for name in names)
    (mirror / "Packages").write_text(listed)
    raw = listed.encode()
    (mirror / "Release").write_text(
        "Date: Sun, 01 Jan 2023 00:00:00 UTC\nSHA256:\n"
        f" {sha256(raw).hexdigest()} {len(raw)} Packages\n"
    )
    assert "is not signed" in _refusal(bare, f"deb file:{mirror} ./\n")
