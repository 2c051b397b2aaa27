"""Between web tier and gateway nobody can hide a request in another (case A22).

Only requests that the tier itself takes for one reach the gateway's parser: whatever
two parsers might read differently is refused at the edge, and on the kept links behind
it every message has one length and no header of the hop before.
"""

from concurrent.futures import ThreadPoolExecutor
from typing import Final

import pytest

from tests.security.web.conftest import Site
from tests.security.web.visitor import HOST, exchange, read, request

HIDDEN: Final = b"GET /api/v1/hidden HTTP/1.1\r\nHost: creditplus.kz\r\n\r\n"
START: Final = b"POST /api/v1/mirror HTTP/1.1\r\nHost: creditplus.kz\r\n"
NOTHING: Final = b"0\r\n\r\n"
FIVE: Final = b"Content-Length: 5\r\n"
CHUNKED: Final = b"Transfer-Encoding: chunked\r\n"
END: Final = b"\r\n"
TRIES: Final = {
    "both lengths": FIVE + CHUNKED + END + NOTHING,
    "both, other order": CHUNKED + FIVE + END + NOTHING,
    "chunked": CHUNKED + END + NOTHING,
    "spaced colon": b"Transfer-Encoding : chunked\r\n" + FIVE + END + NOTHING,
    "leading space": FIVE + b" " + CHUNKED + END + NOTHING,
    "tab": b"Transfer-Encoding:\tchunked\r\n" + FIVE + END + NOTHING,
    "other coding": b"Transfer-Encoding: xchunked\r\n" + FIVE + END + NOTHING,
    "identity": b"Transfer-Encoding: identity\r\n" + FIVE + END + NOTHING,
    "two codings": b"Transfer-Encoding: gzip, chunked\r\n" + END + NOTHING,
    "twice": CHUNKED + b"Transfer-Encoding: x\r\n" + END + NOTHING,
    "two lengths": b"Content-Length: 0\r\n" + FIVE + END + NOTHING,
    "length list": b"Content-Length: 0, 5\r\n" + END + NOTHING,
    "plus": b"Content-Length: +0\r\n" + END,
    "hexadecimal": b"Content-Length: 0x0\r\n" + END,
    "negative": b"Content-Length: -1\r\n" + END,
    "nul": b"X: a\x00b\r\n" + END,
    "bare cr": b"X: a\r" + FIVE + END,
}


@pytest.mark.catalogue("A22")
@pytest.mark.seeded("web_takes_two_framings")
@pytest.mark.parametrize("name", TRIES)
def test_what_could_be_read_in_two_ways_is_refused(site: Site, name: str) -> None:
    """With an answer or without; and what hides behind it is no request."""
    with site.visitor().connected() as link:
        received = exchange(link, START + TRIES[name] + HIDDEN)
    status = received[9:12]
    assert status in {b"400", b"411", b"501", b"405"}, received[:200]
    assert received.count(b"Server: ") == 1
    assert site.behind.seen == []


@pytest.mark.catalogue("A22")
@pytest.mark.seeded("web_forgets_the_length")
def test_a_request_in_a_body_stays_a_body(site: Site) -> None:
    """Many at once over the kept links: each gets its own answer, in its own length."""
    ours = {"Origin": f"https://{HOST}"}

    def ask(number: int) -> bool:
        body = HIDDEN * (number % 3)
        path = f"/api/v1/mirror?n={number}"
        answer = site.visitor().ask("POST", path, body, **ours).json()
        return (answer["address"], answer["length"]) == (path, len(body))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(ask, range(64)))
    assert set(site.behind.seen) == {"POST /api/v1/mirror"}


@pytest.mark.catalogue("A22")
def test_a_body_cut_short_is_no_request(site: Site) -> None:
    """Nothing reaches the gateway before all of it is there."""
    with site.visitor().connected() as link:
        link.sendall(START + b"Content-Length: 10\r\n\r\n12345")
    with site.visitor().connected() as link:
        link.sendall(request("GET", "/api/v1/mirror"))
        assert read(link).status == 200
    assert site.behind.seen == ["GET /api/v1/mirror"]


@pytest.mark.catalogue("A22")
@pytest.mark.seeded("web_passes_words_of_the_hop")
def test_headers_of_the_hop_before_end_there(site: Site) -> None:
    told = {
        "Connection": "close, X-Real-IP",
        "Keep_Alive": "timeout=999",
        "Proxy_Authorization": "Basic eDp5",
        "Proxy_Connection": "keep-alive",
        "TE": "trailers",
        "Trailer": "X-Late",
        "Upgrade": "h2c",
        "HTTP2_Settings": "AAMAAABkAAQAAP__",
        "Expect": "100-continue",
        "Proxy": "http://127.0.0.1:1",
        "Forwarded": "for=10.0.0.1",
        "X_Forwarded_Host": "elsewhere.kz",
        "X_Forwarded_Proto": "http",
    }
    answer = site.visitor().ask("GET", "/api/v1/mirror", **told)
    arrived = {name for name, _ in answer.json()["headers"]}
    assert arrived == {"host", "x-real-ip"}


@pytest.mark.catalogue("A22")
@pytest.mark.parametrize(
    "target",
    ["https://elsewhere.kz/api/v1/mirror", "//elsewhere.kz/api/v1/mirror"],
)
def test_a_target_of_another_host_reaches_nobody(site: Site, target: str) -> None:
    """Neither by the absolute form nor by an address that looks like one."""
    answer = site.visitor().ask("GET", target)
    assert answer.status in {404, 421}
    assert site.behind.seen == []
