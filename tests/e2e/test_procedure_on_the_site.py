"""Whoever opens the site reads the approved Procedure, without logging in (8.3)."""

import hashlib
import ssl

import httpx
import pytest

from infra.demo.world import World
from tests.sweep import Sweep
from tests.waiting import eventually


@pytest.mark.clause("8.3")
@pytest.mark.seeded("web_has_no_procedure")
def test_the_page_hashes_to_the_version_in_force(world: World, sweep: Sweep) -> None:
    """By way of the web tier, as the browser gets it."""
    trusted = ssl.create_default_context(cafile=str(world.stack.layout.pki / "ca.crt"))
    with httpx.Client(base_url=world.stack.url, verify=trusted) as visitor:
        eventually(lambda: visitor.get("/procedure").status_code == 200)
        page = visitor.get("/procedure")
    (version,) = sweep.rows(
        "audit", "SELECT encode(sha256, 'hex') AS sha256, minutes FROM audit_procedure"
    )
    assert hashlib.sha256(page.content).hexdigest() == version["sha256"]
    assert f"№{version['minutes']}" in page.text
    assert page.headers["content-type"] == "text/plain; charset=utf-8"
