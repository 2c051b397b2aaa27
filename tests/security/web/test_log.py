"""What the audit log publishes has a public address; nothing else of its folder has."""

import pytest

from infra.web.config import ADDRESSES
from tests.security.web.conftest import Site

NOTE = b"creditplus.kz/audit\n7\nAAAA\n\n\xe2\x80\x94 creditplus.kz/audit AAAA\n"


@pytest.fixture(autouse=True)
def nothing_published(site: Site) -> None:
    for path in site.tier.log.iterdir():
        path.unlink()


@pytest.mark.clause("7.1")
@pytest.mark.seeded("web_hides_the_checkpoint")
def test_anybody_reads_what_is_published_as_it_is(site: Site) -> None:
    for path, name in ADDRESSES.items():
        assert site.visitor().ask("GET", path).status == 404
        (site.tier.log / name).write_bytes(NOTE)
        answer = site.visitor().ask("GET", path)
        assert (answer.status, answer.body) == (200, NOTE)
        assert answer.one("Content-Type") == "text/plain; charset=utf-8"
        assert answer.one("Cache-Control") == "no-cache"
        assert site.visitor().ask("POST", path).status == 405
    assert site.behind.seen == []


@pytest.mark.clause("2.3")
@pytest.mark.seeded("web_shows_the_logs_folder")
@pytest.mark.parametrize(
    "path",
    [
        "/log/",
        "/log",
        "/log/.checkpoint.new",
        "/log/audit.note",
        "/log/checkpoint/",
        "/log/checkpoint%00",
        "/log/../nginx.conf",
        "/log/%2e%2e/nginx.conf",
        "/log/checkpoint/../../nginx.conf",
        "/log/CHECKPOINT",
    ],
)
def test_no_other_file_has_an_address(site: Site, path: str) -> None:
    for name in (".checkpoint.new", "audit.note", "checkpoint"):
        (site.tier.log / name).write_bytes(NOTE)
    answer = site.visitor().ask("GET", path)
    assert answer.status in {400, 404}
    assert NOTE not in answer.body
    assert b"worker_processes" not in answer.body
