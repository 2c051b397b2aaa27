"""Who gets in where: TLS at the public door, and the web tier alone behind it."""

import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra import topology
from infra.pki.certificates import Authority, Leaf
from tests.faults.proxy import Proxy
from tests.ports import free_port
from tests.security.web.conftest import Behind, Site, Start
from tests.security.web.tap import Tap
from tests.security.web.visitor import HOST, Visitor, exchange, read, request
from tests.security.wire.test_substituted_server import Server

ASKED = (
    b"GET /api/v1/mirror HTTP/1.1\r\nHost: creditplus.kz\r\nConnection: close\r\n\r\n"
)
CANARY = "canary4711"


@pytest.mark.clause("3.2a")
@pytest.mark.seeded("web_speaks_old_tls")
def test_tls_1_3_is_spoken_and_1_2_is_refused(site: Site) -> None:
    modern = site.visitor().context()
    with site.visitor().connected(modern) as link:
        assert link.version() == "TLSv1.3"
    old = site.visitor().context()
    old.maximum_version = ssl.TLSVersion.TLSv1_2
    with pytest.raises(ssl.SSLError), site.visitor().connected(old):
        pass  # the handshake is what fails


def test_a_browser_that_means_another_site_tells_nothing(site: Site) -> None:
    """The certificate is for our names: chain and name are what a browser checks."""
    elsewhere = replace(site.visitor(), host="creditplus.kz.example")
    with (
        pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"),
        elsewhere.connected(),
    ):
        pass  # as before


@pytest.mark.clause("1.2a")
@pytest.mark.clause("3.1")
@pytest.mark.seeded("web_leads_the_api_to_https")
@pytest.mark.parametrize("path", ["/api/v1/sessions", "/api/v1/mirror?x=1", "/api"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_api_refuses_plain_http_aloud(site: Site, method: str, path: str) -> None:
    """No silent redirect: a client that errs must hear of it (ASVS 4.1.2)."""
    with closing(site.plain()) as link:
        link.sendall(request(method, path, Cookie="__Host-session=x"))
        answer = read(link, method)
    assert answer.status == 403
    assert answer.json()["code"] == "https_required"
    assert answer.all("location") == answer.all("set-cookie") == []
    assert answer.all("strict-transport-security") == []
    assert site.behind.seen == []


@pytest.mark.clause("3.1")
@pytest.mark.seeded("web_serves_pages_in_clear")
def test_pages_are_led_to_https(site: Site) -> None:
    """To the host that was asked for, if it is ours; with nothing of the page."""
    with closing(site.plain()) as link:
        link.sendall(request("GET", "/a?b=c"))
        answer = read(link)
    assert answer.status == 308
    assert answer.one("location") == f"https://{HOST}:{site.tier.port}/a?b=c"
    with closing(site.plain()) as link:
        link.sendall(request("POST", "/", b"x"))
        assert read(link).status == 403
    with closing(site.plain()) as link:
        link.sendall(request("GET", "/", host="elsewhere.kz"))
        elsewhere = read(link)
    assert (elsewhere.status, elsewhere.all("location")) == (421, [])


@pytest.mark.clause("3.1")
@pytest.mark.seeded("web_speaks_plain_http")
def test_clear_text_at_the_tls_door_is_refused(site: Site) -> None:
    with closing(site.plain(site.tier.port)) as link:
        link.sendall(request("GET", "/api/v1/mirror"))
        answer = read(link)
    assert (answer.status, answer.json()["code"]) == (403, "https_required")
    assert site.behind.seen == []


@pytest.mark.clause("2.3")
@pytest.mark.catalogue("A19")
@pytest.mark.seeded("gateway_asks_for_no_certificate")
@pytest.mark.seeded("gateway_opens_to_all_of_ours")
def test_the_gateway_opens_to_the_web_tier_alone(site: Site, tmp_path: Path) -> None:
    """Not to who shows nothing, nor to another of ours, nor to a forged name."""
    stranger = Authority(tmp_path, "strangers")
    stranger.ensure([Leaf(topology.WEB_TIER, client=True)], now=datetime.now(UTC))
    forged = site.visitor().context()
    forged.load_cert_chain(tmp_path / "web.crt", tmp_path / "web.key")
    direct = Visitor(site.behind.port, site.layout.pki / "ca.crt")
    identities = {
        "nothing": site.visitor().context(),
        "auth": site.identity("auth"),
        "operator": site.identity("operator"),
        "gateway": site.identity("gateway"),
        "forged": forged,
        "web": site.identity(topology.WEB_TIER),
    }
    opened = {name: is_let_in(direct, who) for name, who in identities.items()}
    assert [name for name, answered in opened.items() if answered] == ["web"]
    assert site.behind.seen == ["GET /api/v1/mirror"]


def is_let_in(door: Visitor, context: ssl.SSLContext) -> bool:
    """Whether anything is answered; the host name is not what is tried here."""
    context.check_hostname = False
    try:
        with door.connected(context) as link:
            return b" 200 " in exchange(link, ASKED)
    except (ssl.SSLError, ConnectionError):
        return False


@pytest.mark.clause("3.3a")
@pytest.mark.catalogue("A19")
@pytest.mark.seeded("web_believes_any_gateway")
@pytest.mark.seeded("web_believes_any_of_ours")
@pytest.mark.parametrize("impostor", ["stranger", "other"])
def test_a_substituted_gateway_is_told_nothing(
    start: Start, tmp_path: Path, impostor: str
) -> None:
    """One of another authority, and one of ours with another name."""
    site = start(gateway=False)
    if impostor == "stranger":
        leaf = Leaf("gateway", server=("gateway", "127.0.0.1"))
        Authority(tmp_path, "strangers").ensure([leaf], now=datetime.now(UTC))
        server = Server(tmp_path, "gateway")
    else:
        server = Server(site.layout.pki, "auth")
    with leading(site, server.port):
        answer = site.visitor().ask("POST", "/api/v1/sessions", CANARY.encode())
    assert (answer.status, server.heard) == (502, b"")
    server.door.close()


@contextmanager
def leading(site: Site, port: int) -> Iterator[None]:
    """Where the tier looks for its gateway, somebody else is."""
    with Proxy(("127.0.0.1", port), port=site.behind.port):
        yield


@pytest.mark.clause("3.3b")
@pytest.mark.catalogue("A19")
@pytest.mark.seeded("web_speaks_plain_http")
def test_neither_link_shows_what_passes(start: Start) -> None:
    """Visitor to web tier, and web tier to gateway, as somebody between them sees."""
    site = start(gateway=False)
    with (
        running(Behind(site.layout, free_port())) as behind,
        Tap(behind.port, site.behind.port) as inner,
        Tap(site.tier.port, free_port()) as outer,
    ):
        visitor = replace(site.visitor(), port=outer.port)
        answer = visitor.ask(
            "POST",
            f"/api/v1/mirror?said={CANARY}",
            CANARY.encode(),
            Cookie=f"__Host-session={CANARY}",
            Origin=f"https://{HOST}",
        )
    assert answer.status == 200
    assert CANARY in answer.json()["address"]
    for tap in (inner, outer):
        assert len(tap.heard) > len(answer.body)
        assert CANARY.encode() not in tap.heard
        assert b"mirror" not in tap.heard


@contextmanager
def running(behind: Behind) -> Iterator[Behind]:
    behind.start()
    yield behind
    behind.stop()
