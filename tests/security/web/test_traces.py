"""Nothing of a visitor stays in the web tier: no file, no line, no key but its own."""

from pathlib import Path
from typing import Final

import pytest

from infra import topology
from tests.security.web.conftest import Site, Start
from tests.security.web.visitor import HOST, request

CANARY: Final = "canary4711"
SOURCE: Final = "127.99.88.77"
OURS: Final = {"Origin": f"https://{HOST}"}
BODIES: Final = 60_000
PHOTO: Final = 8_000_000


def journey(site: Site) -> None:
    """Everything a visitor can say where it might be kept, served and refused alike."""
    visitor = site.visitor(SOURCE)
    told = {"Cookie": f"__Host-session={CANARY}", "Referer": f"https://{HOST}/{CANARY}"}
    body = (CANARY * BODIES)[:BODIES].encode()
    photo = (CANARY * PHOTO)[:PHOTO].encode()
    shown = f"/api/v1/registrations/{CANARY}/photo"
    asked = [
        ("GET", f"/api/v1/mirror/{CANARY}?iin={CANARY}", b"", 200),
        ("POST", f"/api/v1/mirror?phone={CANARY}", body, 200),
        ("PUT", shown, photo, 200),
        ("GET", f"/api/v1/mirror?large=900000&{CANARY}", b"", 200),
        ("GET", f"/{CANARY}?{CANARY}", b"", 404),
        ("TRACE", f"/api/{CANARY}", b"", 405),
        ("GET", f"/api/v1/{CANARY}?" + "x" * 5_000, b"", 431),
        ("POST", f"/api/v1/{CANARY}", body + body, 413),
        (CANARY.upper(), f"/{CANARY}", b"", 400),
    ]
    for method, path, sent, status in asked:
        assert visitor.ask(method, path, sent, **told, **OURS).status == status, path
    with site.plain() as link:
        link.sendall(request("POST", f"/api/v1/{CANARY}", CANARY.encode()))
        link.recv(1024)
    site.behind.stop()
    assert visitor.ask("GET", f"/api/v1/{CANARY}", **told).status == 502
    with visitor.connected() as link:  # and goes away in the midst of it
        link.sendall(f"GET /{CANARY} HTTP/1.1\r\nHost: {HOST}\r\nX: {CANARY}".encode())


def files(site: Site) -> list[Path]:
    """Everything the tier has written or was given."""
    return [path for path in site.tier.home.rglob("*") if path.is_file()]


@pytest.mark.clause("2.3")
@pytest.mark.clause("1.3a")
@pytest.mark.catalogue("A25")
@pytest.mark.seeded("web_logs_addresses")
@pytest.mark.seeded("web_tells_errors_of_requests")
@pytest.mark.seeded("web_keeps_bodies")
def test_nothing_of_a_visitor_stays(start: Start) -> None:
    """Neither in a file nor in the log, nor where they came from."""
    site = start()
    journey(site)
    words = [word.encode() for word in (CANARY, CANARY.upper(), SOURCE)]
    kept = [*files(site), site.log]
    assert [path for path in kept if any(w in path.read_bytes() for w in words)] == []
    scratch = site.tier.home / "scratch"
    assert {path.name for path in scratch.rglob("*") if path.is_file()} == {"nginx.pid"}
    assert site.lines().count('"event":"request"') >= 10


@pytest.mark.clause("2.3")
@pytest.mark.seeded("web_is_given_a_signing_key")
def test_it_is_told_of_no_database_broker_or_key_but_its_own(site: Site) -> None:
    """Its whole configuration, its files, and what its processes are started with."""
    tier = site.tier
    conf = (tier.home / "nginx.conf").read_text()
    named = {word.strip(";") for word in conf.split() if f"{site.layout.state}" in word}
    own = (topology.PUBLIC_CERTIFICATE, topology.WEB_TIER)
    pairs = {
        f"{site.layout.pki}/{name}.{kind}" for name in own for kind in ("crt", "key")
    }
    assert named == pairs | {f"{site.layout.pki}/ca.crt"}
    for word in ("postgres", "5432", "amqp", "5671", "ed25519", "fields"):
        assert word not in conf
    assert set(tier.environment()) <= {"PATH", "LANG", "LD_LIBRARY_PATH"}
    given = {path.relative_to(tier.home).parts[0] for path in files(site)}
    assert given - {tier.log.name} == {"nginx.conf", "scratch", "static"}
