"""Rows of the public door: reading, logging in, guessing, and what time tells."""

import json
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from statistics import quantiles
from typing import Final

from argon2 import PasswordHasher

from tests.benchmarks import doors
from tests.benchmarks.bench import Bench
from tests.benchmarks.doors import PASSWORD, Door, number
from tests.benchmarks.rows import OURS, Aim, Figures, Measure, Row
from tests.benchmarks.visitors import Address, Answer, Line, crowd, request

LINES: Final = 16
GUESSERS: Final = 100
DJANGO: Final = "Django + axes"
BARE: Final = "bare argon2"
_PER_NETWORK: Final = 20
"""Samples from one address: few enough for nobody to be throttled."""

Open = Callable[[Bench, int], AbstractContextManager[Door]]
Knock = Callable[[Bench, int, Open], Figures]


def _lines(door: Door, count: int) -> list[Address]:
    """So many lines, spread over the door's processes, each from a network of its own.

    Line by line another process: kept lines must not all land on one (they would).
    """
    return [
        Address(door.ports[n % len(door.ports)], f"127.0.{n + 1}.1")
        for n in range(count)
    ]


def _log_in(door: Door, login: str, password: str) -> bytes:
    body = {"login": login, "password": password}
    return request("POST", f"{door.prefix}/sessions", body=body)


def _reading(bench: Bench, count: int, open_door: Open) -> Figures:
    with open_door(bench, 1) as door:
        asked = request(
            "GET", f"{door.prefix}/sessions/current", headers=[door.session]
        )
        lines = _lines(door, LINES)
        crowd(lines, [asked] * LINES * 10, door.trust)  # warm
        seen = crowd(lines, [asked] * count, door.trust)
    assert {answer.status for answer in seen.answers} == {200}
    took = [answer.took_s * 1000 for answer in seen.answers]
    return {
        "GET/s": seen.per_second,
        "p99 ms": quantiles(took, n=100)[98],
        "worst ms": max(took),
    }


def _logging_in(bench: Bench, count: int, open_door: Open) -> Figures:
    """One after the other, each another client: a number gets few codes at once."""
    with (
        open_door(bench, count + 1) as door,
        Line(_lines(door, 1)[0], door.trust) as line,
    ):
        line.ask(_log_in(door, number(count), PASSWORD))
        answers = [line.ask(_log_in(door, number(n), PASSWORD)) for n in range(count)]
    assert {answer.status for answer in answers} == {200}
    return {"logins/s": count / sum(answer.took_s for answer in answers)}


def _hashing(_bench: Bench, count: int) -> Figures:
    """What no login can do without: the look itself, at the same cost."""
    hasher = PasswordHasher(time_cost=2, memory_cost=32 * 1024, parallelism=1)
    stored = hasher.hash(PASSWORD)
    began = time.monotonic()
    for _ in range(count):
        hasher.verify(stored, PASSWORD)
    return {"logins/s": count / (time.monotonic() - began)}


def _guessing(bench: Bench, count: int, open_door: Open) -> Figures:
    """One number, everything at once, the right password in the middle."""
    with open_door(bench, 1) as door:
        guesses = [
            _log_in(door, number(0), PASSWORD if n == count // 2 else f"guess {n}")
            for n in range(count)
        ]
        seen = crowd(_lines(door, GUESSERS), guesses, door.trust)
        verified = door.verified
    opened = sum(answer.status == 200 for answer in seen.answers)
    return {"looks at the password": verified, "logins and one": opened + 1}


def _telling(bench: Bench, count: int, open_door: Open) -> Figures:
    """How well time tells known numbers from unknown ones: the area under the curve.

    0.5 is not at all, 1 is always (Mann-Whitney).  Each sample is another number, so
    that no lock answers instead; known and unknown take turns, and the first turn.
    """
    with open_door(bench, count) as door:
        known: list[float] = []
        unknown: list[float] = []
        for place in range(count):
            pair = ((known, place), (unknown, 10**6 + place))
            for samples, login in pair if place % 2 else reversed(pair):
                answer = _sample(door, place, _log_in(door, number(login), "guess"))
                samples.append(answer.took_s)
    return {"AUC": _area(known, unknown)}


def _sample(door: Door, place: int, asked: bytes) -> Answer:
    network, port = divmod(place // _PER_NETWORK, 250)
    local = f"127.{network + 1}.{port}.1"
    address = Address(door.ports[place % len(door.ports)], local)
    with Line(address, door.trust) as line:
        answer = line.ask(asked)
    assert answer.status == 401, json.loads(answer.body)
    return answer


def _area(these: Sequence[float], those: Sequence[float]) -> float:
    """How often one of these is longer than one of those, ties by half."""
    ordered = sorted(those)
    wins = sum(
        (bisect_left(ordered, one) + bisect_right(ordered, one)) / 2 for one in these
    )
    return wins / (len(these) * len(those))


def _both(knock: Knock) -> dict[str, Measure]:
    def at(open_door: Open) -> Measure:
        return lambda bench, count: knock(bench, count, open_door)

    return {OURS: at(doors.ours), DJANGO: at(doors.django)}


GUESTS: Final = {
    "reading": Row(
        title=f"Authenticated GET over {LINES} kept lines, two processes each",
        unit="GET/s, ms",
        size=6000,
        of="requests",
        parties=_both(_reading),
        aim=Aim("GET/s", DJANGO, 3),
    ),
    "logging-in": Row(
        title="First factor, one login after the other",
        unit="logins/s",
        size=40,
        of="logins",
        parties={**_both(_logging_in), BARE: _hashing},
        aim=Aim("logins/s", BARE, 1 / 1.15),
    ),
    "guessing": Row(
        title=f"Guesses at one number over {GUESSERS} lines, limit 3",
        unit="",
        size=1000,
        of="guesses",
        parties=_both(_guessing),
    ),
    "timing": Row(
        title="What the time of a refusal tells of a number",
        unit="",
        size=500,
        of="samples of each kind",
        parties=_both(_telling),
    ),
}
