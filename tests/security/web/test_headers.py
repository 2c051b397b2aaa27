"""Security headers stand on everything that comes out, each exactly once (ASVS 3.4)."""

import re

import pytest

from infra.web.config import PAGE_HEADERS, PROBLEM_HEADERS
from tests.security.web.conftest import Site
from tests.security.web.visitor import Answer

ONCE = (
    *("strict-transport-security", "x-content-type-options", "cache-control"),
    *("content-security-policy", "referrer-policy", "cross-origin-resource-policy"),
)
SINGLE = (*ONCE, "content-type", "x-request-id", "date", "server")
ANSWERS = {
    "page": ("GET", "/", 200),
    "screen": ("GET", "/ru/login", 200),
    "style": ("GET", "/style.css", 200),
    "no page": ("GET", "/nothing", 404),
    "hidden": ("GET", "/.git/config", 404),
    "proxied": ("GET", "/api/v1/mirror", 200),
    "gateway's problem": ("PUT", "/api/v1/mirror", 403),
    "own problem": ("TRACE", "/api/v1/mirror", 405),
    "page by post": ("POST", "/", 405),
}


@pytest.mark.seeded("web_adds_headers_to_the_gateways")
@pytest.mark.seeded("web_pages_without_headers")
@pytest.mark.parametrize("name", ANSWERS)
def test_every_answer_carries_each_security_header_once(site: Site, name: str) -> None:
    method, path, status = ANSWERS[name]
    answer = site.visitor().ask(method, path, Origin="https://elsewhere.kz")
    assert answer.status == status
    assert {header: len(answer.all(header)) for header in ONCE} == dict.fromkeys(
        ONCE, 1
    )
    assert [header for header in SINGLE if len(answer.all(header)) > 1] == []
    wanted = PAGE_HEADERS if status == 200 and "api" not in path else PROBLEM_HEADERS
    assert {h: answer.one(h) for h in wanted} == dict(wanted)
    assert banners(answer) == []


def banners(answer: Answer) -> list[str]:
    """Words that tell a version of something."""
    told = [*answer.all("server"), *answer.all("x-powered-by"), *answer.all("via")]
    return [word for word in told if any(char.isdigit() for char in word)]


def test_pages_run_no_script_or_style_of_their_own(site: Site) -> None:
    """The policy forbids it, and the page needs none: its one script is a file."""
    page = site.visitor().ask("GET", "/")
    policy = page.one("content-security-policy")
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    scripts = re.findall(rb"<script([^>]*)>([^<]*)", page.body)
    assert scripts == [(b' type="module" src="/app.js"', b"")]
    assert b"style=" not in page.body
    assert b"<style" not in page.body
    assert page.one("content-type") == "text/html; charset=utf-8"


@pytest.mark.seeded("web_lets_pages_speak_to_strangers")
def test_pages_speak_to_us_and_to_the_signing_program_alone(site: Site) -> None:
    """NCALayer on the client's own computer is the one address that is not ours."""
    policy = site.visitor().ask("GET", "/kk").one("content-security-policy")
    told = dict(part.split(" ", 1) for part in policy.split("; "))
    assert told["connect-src"] == "'self' wss://127.0.0.1:13579"
    elsewhere = [word for words in told.values() for word in words.split()]
    assert [word for word in elsewhere if ":" in word] == [
        "blob:",
        "wss://127.0.0.1:13579",
    ]


@pytest.mark.parametrize(
    "path", ["/kk", "/ru/", "/en/contracts/1/consent", "/ceremony/1"]
)
def test_every_screen_is_the_one_page(site: Site, path: str) -> None:
    visitor = site.visitor()
    assert visitor.ask("GET", path).body == visitor.ask("GET", "/").body
