"""Guessing at the real door: two processes, TLS, everything at once (A01, A02, A14)."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from services.auth.wiring import build_gateway
from tests.benchmarks.visitors import Address, Answer, Line, crowd, request
from tests.integration.auth.stand import PASSWORD, Stand
from tests.security.gateway.processes import Gateways, running

PATH: Final = "/api/v1/sessions"
LINES: Final = 100
GUESSES: Final = 1000
RIGHT: Final = 500
"""The place of the right password."""
NETWORKS: Final = 20
"""Enough for no source to be throttled: the lock alone must hold."""
SPELLINGS: Final = (
    "+77011234567",
    "87011234567",
    "77011234567",
    "8 (701) 123-45-67",
    "+7 701 123 45 67",
    "8\u2011701\u2011123\u201145\u201167",
    "+７７０１１２３４５６７",
    "+7 ٧٠١ ١٢٣ ٤٥ ٦٧",
)
CHECKS: Final = 500
LOGIN_MEMORY_MIB: Final = 160
"""Two hashes of 32 MiB, and what five hundred connections take."""
OTHERS_WITHIN_S: Final = 5.0


@pytest.fixture
def gateways(stand: Stand, tmp_path: Path) -> Iterator[Gateways]:
    """Two of them over the stand's database; the client's hash is a real one."""
    client_id = stand.activate(stand.prove_phone())
    build_gateway(stand.gateway_platform).set_first_password(
        stand.context(), client_id=client_id, password=PASSWORD
    )
    with running(stand.servers, tmp_path, 2) as processes:
        yield processes


def attempt(login: object, password: object) -> bytes:
    return request("POST", PATH, body={"login": login, "password": password})


def guess(place: int) -> bytes:
    password = PASSWORD if place == RIGHT else f"guess {place}"
    return attempt(SPELLINGS[place % len(SPELLINGS)], password)


def tricks() -> list[bytes]:
    """More than one guess in a request (A02)."""
    login, right = SPELLINGS[0], PASSWORD
    pair = {"login": login, "password": right}
    twice = json.dumps({**pair, "passw0rd": "x"}).replace("passw0rd", "password")
    return [
        request("POST", PATH, body=[pair] * 50),
        attempt(login, [f"guess {n}" for n in range(50)] + [right]),
        attempt([login] * 50, right),
        attempt({"$in": [login]}, {"$ne": ""}),
        request("POST", PATH, body=twice.encode()),
        request("POST", PATH, body=json.dumps(pair).encode() * 2),
    ]


def shape(answer: Answer) -> tuple[object, ...]:
    """An answer without what must differ: its id, and how long is left."""
    body = {k: v for k, v in json.loads(answer.body).items() if k != "request_id"}
    left = body.pop("seconds_left", None)
    names = {line.partition(":")[0].lower() for line in answer.headers.split("\r\n")}
    return (
        answer.status,
        left is not None,
        str(sorted(body.items())),
        str(sorted(names - {"retry-after"})),
    )


def code_of(answer: Answer) -> str:
    return str(json.loads(answer.body)["code"])


@pytest.mark.clause("4.5")
@pytest.mark.clause("4.7")
@pytest.mark.catalogue("A01")
@pytest.mark.catalogue("A02")
@pytest.mark.seeded("auth_attempts_pass_the_lock")
def test_of_a_thousand_guesses_at_two_gateways_three_are_verified(
    stand: Stand, gateways: Gateways
) -> None:
    """In every spelling, with tricks in between, the right one among them: no login."""
    lines = gateways.addresses(LINES, networks=NETWORKS)
    guesses = [guess(place) for place in range(GUESSES)]
    answers = crowd(lines, guesses, gateways.trust).answers

    assert gateways.verified <= 3
    assert stand.rows("SELECT 1 FROM challenges WHERE purpose = 'login'") == []
    assert stand.rows("SELECT 1 FROM sessions") == []
    counted = Counter(shape(answer) for answer in answers)
    assert len(counted) == 2, counted
    assert sorted((key[0], n) for key, n in counted.items()) == [(401, 2), (429, 998)]
    assert {code_of(answer) for answer in answers} == {"login_refused"}

    tricked = crowd(lines, tricks(), gateways.trust).answers
    assert {answer.status for answer in tricked} <= {400, 422}
    assert gateways.verified <= 3


@pytest.mark.catalogue("A14")
@pytest.mark.seeded("auth_hashes_without_bound")
def test_five_hundred_checks_at_once_take_bounded_memory_and_starve_nobody(
    gateways: Gateways,
) -> None:
    """Each number is another, so that no lock helps; who does not fit hears 503."""
    (gateway, *_) = gateways.processes
    before = gateway.most_memory_mib()
    lines = [
        Address(gateway.port, f"127.0.{n % NETWORKS + 1}.1") for n in range(CHECKS)
    ]
    checks = [attempt(f"+7701{n:07}", "guess") for n in range(CHECKS)]
    answers: list[Answer] = []
    flood = threading.Thread(
        target=lambda: answers.extend(crowd(lines, checks, gateways.trust).answers)
    )
    took = []
    with Line(Address(gateway.port, "127.0.101.1"), gateways.trust) as other:
        flood.start()
        while flood.is_alive():
            served = other.ask(request("GET", "/api/v1/health/live"))
            assert served.status == 200
            took.append(served.took_s)
            flood.join(0.05)

    assert len(answers) == CHECKS
    assert {answer.status for answer in answers} <= {401, 503}
    assert gateway.most_memory_mib() - before < LOGIN_MEMORY_MIB
    assert max(took) < OTHERS_WITHIN_S
