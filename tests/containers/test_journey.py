"""One loan in containers, and what must be true of the platform afterwards."""

import io
import os
import secrets
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from infra import topology
from infra.containers import journey, places
from infra.demo.cabinet import until
from infra.simulators.identities import identity_from_seed
from tests.containers.conftest import Loan
from tests.containers.everywhere import Everywhere
from tests.containers.office import staff_of
from tests.containers.project import Project, python_in
from tests.marks import ROOT
from tests.sweep import personal_values

# The first test waits for engine, images and platform.
pytestmark = pytest.mark.timeout(3000)

THIEF = "antifraud"
LOGGED_WITHIN_S = 60
VERIFIED_WITHIN_S = 60
FORGE = f"""
import sys
from pathlib import Path
from infra.demo.forgery import Loot, forge
at = dict(host="{places.HOSTS["rabbitmq"]}", port={places.PORTS["rabbitmq"]})
loot = Loot(pki=Path("/state/pki"), thief="{THIEF}", **at)
print(forge(loot, sys.argv[1]).refused_by_broker)
"""
READ = "import sys; print(open(sys.argv[1]).read())"


def test_a_loan_goes_from_registration_to_money(loan: Loan) -> None:
    """By the public door; one transfer, and none before its time."""
    assert "release before its time refused: release_too_early" in loan.told
    assert "the bank's ledger has one transfer" in loan.told


def test_the_invariants_hold_afterwards(project: Project, loan: Loan) -> None:
    """Over every database, the bank's ledger, the audit log and what was said."""
    everywhere = Everywhere(project)
    password = journey.password_of(loan.seed)
    everywhere.hold([personal_values(identity_from_seed(loan.seed), password)])
    assert everywhere.ledger() != []


@pytest.mark.parametrize("service", topology.services())
def test_the_staff_asks_a_service(project: Project, service: str) -> None:
    """From a container of their own: the broker is all it reaches."""
    assert staff_of(project).ask(service, "status")["service"] == service


@pytest.mark.usefixtures("loan")
def test_an_export_convinces_a_stranger(project: Project, tmp_path: Path) -> None:
    """Who knows the log's key and the producers', and nothing else of the platform."""
    folder = f"/data/{secrets.token_hex(4)}"
    staff = staff_of(project)
    let = ("--disclosure", staff.disclosure(), "--yes")
    assert staff.ask("audit", "export", folder, *let)["ok"]
    exports = {project.volume("exports"): {"bind": "/data", "mode": "ro"}}
    with project.aside(network_mode="none", volumes=exports) as holder:
        stream, _ = holder.get_archive(folder)
        archive = io.BytesIO(b"".join(stream))
    with tarfile.open(fileobj=archive) as packed:
        for member in packed:
            content = packed.extractfile(member)
            if content is not None:
                path = tmp_path / member.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())
    writer = project.running()["audit-worker"]
    trust = tmp_path / "trust.json"
    trust.write_text(python_in(writer, READ, "/state/keys/trust.json"))
    known = python_in(writer, READ, "/state/web/log/vkey")
    verifier = str(ROOT / "tools" / "verify_export.py")
    export = str(tmp_path / Path(folder).name)
    done = subprocess.run(
        [sys.executable, verifier, export, "--vkey", known, "--trust", str(trust)],
        env={"PATH": os.defpath},
        capture_output=True,
        text=True,
        timeout=VERIFIED_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.usefixtures("loan")
def test_a_forged_event_moves_nothing_and_is_logged(project: Project) -> None:
    """With everything that lies in one container, from inside its network."""
    everywhere = Everywhere(project)
    states = "SELECT id, state FROM contracts ORDER BY id"
    refusals = "SELECT seq FROM audit_log WHERE kind = 4"
    contracts = everywhere.rows("contracts", states)
    logged = len(everywhere.rows("audit", refusals))
    stolen = {project.volume(f"{THIEF}-given"): {"bind": "/state", "mode": "ro"}}
    with project.aside(network=f"{project.name}_core", volumes=stolen) as thief:
        assert python_in(thief, FORGE, str(contracts[0]["id"])) == "True"
    until(
        lambda: {"state": len(everywhere.rows("audit", refusals))},
        lambda answer: answer["state"] == logged + 1,
        within_s=LOGGED_WITHIN_S,
    )
    everywhere.settled()
    assert everywhere.rows("contracts", states) == contracts
