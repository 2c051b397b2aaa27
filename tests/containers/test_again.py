"""`up` on a platform that runs, `up` on one that was taken down, `up` days later."""

from typing import Any

import pytest

from infra import topology
from tests.containers.conftest import Loan, take_loan
from tests.containers.everywhere import Everywhere
from tests.containers.project import Project, python_in

# The first test waits for engine, images and platform.
pytestmark = pytest.mark.timeout(3000)

JOB = "pki"
AGES_D = """
from pathlib import Path
from cryptography.x509 import load_pem_x509_certificate
made = [
    load_pem_x509_certificate(Path(f"/state/pki/{name}.crt").read_bytes())
    for name in ("ca", "contracts")
]
root, leaf = (one.not_valid_before_utc for one in made)
print((leaf - root).days)
"""


def lasting(project: Project) -> dict[str, tuple[str, str]]:
    """Identity and start of every container that goes on."""
    return {
        name: (container.id, container.attrs["State"]["StartedAt"])
        for name, container in project.running().items()
    }


def remembered(everywhere: Everywhere) -> dict[str, list[dict[str, Any]]]:
    """What must outlive its containers: sessions end, money and evidence do not."""
    return {
        "payouts": everywhere.rows("disbursement", "SELECT * FROM payouts ORDER BY 1"),
        "contracts": everywhere.rows("contracts", "SELECT * FROM contracts ORDER BY 1"),
        "ledger": everywhere.ledger(),
        "log": everywhere.rows(
            "audit", "SELECT seq, leaf_hash FROM audit_log WHERE kind = 1 ORDER BY seq"
        ),
    }


def assert_remembered(
    everywhere: Everywhere, kept: dict[str, list[dict[str, Any]]]
) -> None:
    """The same money and contracts; the log goes on: sessions that end add to it."""
    again = remembered(everywhere)
    written = again.pop("log")
    assert again == {name: rows for name, rows in kept.items() if name != "log"}
    assert written[: len(kept["log"])] == kept["log"]


@pytest.mark.usefixtures("loan")
def test_a_second_up_changes_nothing(project: Project) -> None:
    """Its jobs run again and find nothing to do; who goes on goes on."""
    everywhere = Everywhere(project)
    everywhere.settled()
    before, kept = lasting(project), remembered(everywhere)
    first = project.containers()[JOB].attrs["State"]["StartedAt"]
    project.up()
    assert lasting(project) == before
    assert_remembered(everywhere, kept)
    job = project.containers()[JOB]
    assert job.attrs["State"]["StartedAt"] != first
    assert bytes(job.logs()).decode().splitlines()[-1] == "deal: nothing is due"


def test_data_stay_through_down_and_up(project: Project, loan: Loan) -> None:
    """Other containers, the same platform; and the next client is served."""
    everywhere = Everywhere(project)
    everywhere.settled()
    kept = remembered(everywhere)
    assert len(kept["payouts"]) >= 1, loan.told
    project.compose("down")
    assert project.containers() == {}
    project.up()
    assert_remembered(everywhere, kept)
    take_loan(project)
    everywhere.settled()
    everywhere.one_transfer_each()


def test_certificates_that_were_due_were_renewed(project: Project) -> None:
    """The first deal was five days before `up`: the root is of then, leaves are not."""
    names = [process.name for process in topology.runnable()]
    assert "contracts" in names
    assert python_in(project.running()["contracts"], AGES_D) == "5"
