"""The same journey in containers: it runs, and each container can do little else."""

import subprocess
import sys
from pathlib import Path

import pytest

from infra import topology
from infra.containers import places
from tests.containers.project import PORT, Project, python_in

# The first test waits for engine, images and platform.
pytestmark = pytest.mark.timeout(3000)

JOBS = frozenset(
    {"pki", "provision", "introduce", *(f"migrate-{s}" for s in topology.services())}
)
LASTING = frozenset(
    {
        topology.DATABASE_SERVER,
        topology.BROKER_SERVER,
        *topology.simulators(),
        *(process.name for process in topology.runnable()),
        topology.PHOTO_JUDGE,
        topology.LOG_SIGNER,
        topology.WEB_TIER,
    }
)
OURS = sorted(process.name for process in topology.runnable())
KEYS = """
from pathlib import Path
kinds = {".key", ".ed25519"}
print(*{path.name for path in Path("/state").rglob("*") if path.suffix in kinds})
"""
FILES = """
from pathlib import Path
root = Path("/state")
print(*(path.relative_to(root) for path in root.rglob("*") if path.is_file()))
"""
CODE = """
import os
print(*sorted(os.listdir("/app")), *sorted(os.listdir("/app/services")))
"""
WRITE = """
import sys
try:
    open(sys.argv[1] + "/written", "w").close()
except OSError as error:
    print("refused")
else:
    print("written")
"""
KNOCK = """
import http.client, ssl, sys
context = ssl.create_default_context(cafile=sys.argv[1])
at = ("127.0.0.1", int(sys.argv[2]))
door = http.client.HTTPSConnection(*at, context=context, timeout=10)
door.request("GET", "/api/v1/openapi.json")
print(door.getresponse().status)
"""


def test_compose_starts_what_the_tree_names(project: Project) -> None:
    """Every process of the topology runs and is healthy; every job ended well."""
    containers = project.containers()
    assert set(containers) == JOBS | LASTING
    health = {name: containers[name].attrs["State"] for name in LASTING}
    assert {
        n for n, state in health.items() if state["Health"]["Status"] != "healthy"
    } == set()
    assert {n for n in JOBS if containers[n].attrs["State"]["ExitCode"] != 0} == set()


def test_only_the_web_tier_is_published_and_on_this_machine_only(
    project: Project, tmp_path: Path
) -> None:
    published = {
        (name, binding["HostIp"], binding["HostPort"])
        for name, one in project.running().items()
        for bindings in one.attrs["HostConfig"]["PortBindings"].values()
        for binding in bindings
    }
    assert published == {(topology.WEB_TIER, "127.0.0.1", str(PORT))}
    ca = tmp_path / "ca.crt"
    read = "print(open('/state/pki/ca.crt').read())"
    ca.write_text(python_in(project.running()["gateway"], read))
    command = [
        *project.engine.entering,
        sys.executable,
        "-c",
        KNOCK,
        str(ca),
        str(PORT),
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout.strip() == "200"


def test_a_container_is_confined(project: Project) -> None:
    """In the engine's own words: nothing to write, no right, an end to memory."""
    for name, one in project.running().items():
        host = one.attrs["HostConfig"]
        assert host["ReadonlyRootfs"], name
        assert host["CapDrop"] == ["ALL"], name
        assert not host["CapAdd"], name
        assert host["SecurityOpt"] == ["no-new-privileges:true"], name
        assert host["Memory"] > 0, name
        assert host["PidsLimit"] > 0, name
        user = places.OTHERS.get(name, places.OURS)
        wanted = {f"{user}:{user}", "999:999"}
        assert one.attrs["Config"]["User"] in wanted, name


@pytest.mark.parametrize("name", OURS)
def test_a_process_holds_one_identity(project: Project, name: str) -> None:
    """Its own keys for the wire and for signing.

    Auth signs what the staff may do too, and contracts what the company concludes. The
    log's key is its signer's, which has no other (`test_the_logs_key_is_its_signers`).
    """
    held = set(python_in(project.running()[name], KEYS).split())
    more = {
        "auth": {"staff.ed25519"},
        "contracts": {"company.key"},
    }
    assert held == {f"{name}.key", f"{name}.ed25519"} | more.get(name, set())


def test_the_logs_key_is_its_signers(project: Project) -> None:
    """Who writes the log, or reads it, could not sign it."""
    running = project.running()
    held = set(python_in(running[topology.LOG_SIGNER], KEYS).split())
    assert held == {"audit-log.ed25519"}


@pytest.mark.parametrize("service", topology.migratable())
def test_a_migrator_holds_its_certificate_and_no_key(
    project: Project, service: str
) -> None:
    """Nothing that the service signs, seals or matches with, and no partner's door."""
    name = f"{service}-migrate"
    given = {project.volume(f"{name}-given"): {"bind": "/state", "mode": "ro"}}
    with project.aside(network_mode="none", volumes=given) as stranger:
        held = set(python_in(stranger, FILES).split())
    assert held == {
        "environment", "pki/ca.crt", f"pki/{name}.crt", f"pki/{name}.key",
    }  # fmt: skip


@pytest.mark.parametrize("name", OURS)
def test_a_process_cannot_change_its_code_or_what_it_was_given(
    project: Project, name: str
) -> None:
    container = project.running()[name]
    for folder in ("/app", "/state", "/state/data"):
        assert python_in(container, WRITE, folder) == "refused"
    assert python_in(container, WRITE, "/tmp") == "written"  # noqa: S108 - the control


@pytest.mark.parametrize("name", OURS)
def test_an_image_carries_one_service(project: Project, name: str) -> None:
    """The kernel and the service's own folder: nothing of others, nothing of infra."""
    found = set(python_in(project.running()[name], CODE).split())
    own = topology.process(name).service
    assert found - {"__pycache__"} == {
        "entry.py", "kernel", "services", "__init__.py", own,
    }  # fmt: skip
