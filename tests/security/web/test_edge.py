"""One address cannot use up what all share, and meets the edge before any counter."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from infra.web import limits
from tests.security.web.conftest import Site, Start
from tests.security.web.visitor import HOST, Answer

OURS = {"Origin": f"https://{HOST}", "Content_Type": "application/json"}
GUESSES = 200
AT_ONCE = 8


def guess(site: Site, number: int, source: str, path: str = "sessions") -> Answer:
    body = f'{{"login":"+7701{number:07}","password":"x"}}'.encode()
    return site.visitor(source).ask("POST", f"/api/v1/{path}", body, **OURS)


@pytest.mark.catalogue("A05")
@pytest.mark.seeded("web_counts_no_guesses")
def test_numbers_cannot_be_locked_by_the_thousand_from_one_address(site: Site) -> None:
    """The gateway, which counts attempts, hears of a handful; others go on as ever."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda n: guess(site, n, "127.0.0.66"), range(GUESSES)))
    refused = [answer for answer in answers if answer.status == 429]
    heard = len(site.behind.seen)
    assert limits.PUBLIC.guesses_at_once <= heard <= limits.PUBLIC.guesses_at_once + 15
    assert len(refused) == GUESSES - heard
    assert {answer.json()["code"] for answer in refused} == {"too_many_requests"}
    assert all(int(answer.one("retry-after")) > 0 for answer in refused)
    assert guess(site, 1, "127.0.0.1").status == 200
    # Who is out of guesses still reads, and sees what they have.
    assert site.visitor("127.0.0.66").ask("GET", "/api/v1/sessions").status == 200


@pytest.mark.catalogue("A14")
@pytest.mark.seeded("web_counts_no_look_ups")
def test_whoever_looks_up_documents_is_slowed(start: Start) -> None:
    """Anybody may; nobody needs to by the thousand."""
    site = start(replace(limits.PUBLIC, guesses_at_once=3, guesses_per_min=1))
    address = f"/api/v1/documents/{'5e' * 32}"
    answers = [site.visitor("127.0.0.1").ask("GET", address).status for _ in range(8)]
    assert answers == [200] * 4 + [429] * 4
    assert site.visitor("127.0.0.1").ask("GET", "/api/v1/contracts").status == 200


@pytest.mark.catalogue("A05")
@pytest.mark.seeded("web_counts_guesses_as_written")
@pytest.mark.parametrize(
    "path", ["%73essions", "sessions/second-factor", "./sessions", "x/../sessions"]
)
def test_a_guess_counts_however_its_address_is_written(start: Start, path: str) -> None:
    few = replace(limits.PUBLIC, guesses_at_once=3, guesses_per_min=1)
    site = start(few)
    answers = [guess(site, n, "127.0.0.1", path).status for n in range(8)]
    assert answers == [200] * 4 + [429] * 4


@pytest.mark.catalogue("A05", "A06")
@pytest.mark.seeded("web_counts_no_requests")
def test_a_flood_from_one_address_ends_at_the_edge(start: Start) -> None:
    few = replace(limits.PUBLIC, requests_at_once=20, requests_per_s=1)
    site = start(few)

    def ask(source: str) -> int:
        return site.visitor(source).ask("GET", "/api/v1/mirror").status

    with ThreadPoolExecutor(AT_ONCE) as pool:
        flood = list(pool.map(lambda _: ask("127.0.0.66"), range(100)))
    assert flood.count(200) == len(site.behind.seen) <= 20 + 5
    assert ask("127.0.0.1") == 200
