"""`compose/*.yml` says of each volume who sees it; the tree says who there is."""

from collections import defaultdict
from typing import Any, Final

import pytest
import yaml

from infra import topology
from infra.containers import places
from tests.marks import ROOT

DEALER: Final = "pki"
# Who opens somebody else's volume, and why: compose.yml says it beside them.
GUESTS: Final = {
    ("provision", "postgres"),
    ("introduce", "onboarding"),
    ("introduce", "contracts"),
    ("introduce", "audit"),
    ("introduce", "audit-worker"),
}
MIGRATORS: Final = {
    f"{name}-migrate": f"migrate-{name}" for name in topology.services()
}
HOLDERS: Final = frozenset(
    {
        topology.DATABASE_SERVER,
        topology.BROKER_SERVER,
        topology.WEB_TIER,
        places.VISITOR,
        topology.OPERATOR,
        topology.LOG_SIGNER,
        *topology.simulators(),
        *(process.name for process in topology.runnable()),
        *(f"{service}-migrate" for service in topology.migratable()),
    }
)
"""Everybody to whom something is dealt."""

Mounts = dict[str, set[tuple[str, str]]]


@pytest.fixture(scope="module")
def mounts() -> Mounts:
    """Of every container: which volume lies where."""
    found: Mounts = defaultdict(set)
    for name in ("compose.yml", "simulators.yml"):
        read: dict[str, Any] = yaml.safe_load((ROOT / "compose" / name).read_text())
        for service, said in read["services"].items():
            for volume in said.get("volumes", ()):
                source, place = volume.split(":")[:2]
                found[service].add((source, place))
    return dict(found)


def test_the_dealer_reaches_everybody_it_deals_to(mounts: Mounts) -> None:
    """Each by a volume of their own; there is nobody else."""
    dealt = {(f"{name}-given", f"/handout/{name}") for name in HOLDERS}
    others = {("vault", "/vault"), ("clock", "/handout/clock")}
    assert mounts[DEALER] == dealt | others


def test_what_was_dealt_is_seen_by_its_holder_alone(mounts: Mounts) -> None:
    """One identity per container: nobody mounts another's."""
    seen = {
        (service, source.removesuffix("-given"))
        for service, listed in mounts.items()
        for source, _ in listed
        if source.endswith("-given") and service != DEALER
    }
    assert seen == {(MIGRATORS.get(name, name), name) for name in HOLDERS} | GUESTS


def test_the_vault_is_seen_by_the_dealer_alone(mounts: Mounts) -> None:
    holders = {s for s, listed in mounts.items() if "vault" in dict(listed)}
    assert holders == {DEALER}
