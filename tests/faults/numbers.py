"""A login on its way to the new number, and deaths on that way (clause 4.10).

The crash points are wired when both proofs but the last are there, so that the very
next thing each process commits or hears is a step of the saga.
"""

import random
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

import pytest

from infra.demo import changes
from infra.demo.borrower import Borrower
from infra.demo.cabinet import ProblemError, until
from infra.demo.world import World
from infra.simulators.client import person_from_seed
from tests.faults.crash import Point, crashing
from tests.sweep import Sweep

POINTS: Final = (
    (Point("database.committing", "onboarding", most=1),),
    (Point("database.committed", "onboarding", most=1),),
    (Point("outbox.published", "onboarding", most=1),),
    (Point("inbox.applied", "auth", most=1),),
    (Point("outbox.published", "auth", most=1),),
)
BOTH: Final = (
    Point("database.committed", "onboarding", most=1),
    Point("inbox.handled", "auth", most=1),
)


def move(
    world: World,
    client: Borrower,
    sweep: Sweep,
    folder: Path,
    points: tuple[Point, ...],
) -> None:
    """Change the number while processes die; see that it happened once and whole.

    Both numbers are told once, the session is dead, the old number is nobody's.
    """
    old, new = client.person.phone, person_from_seed(secrets.token_hex(8)).phone
    client_id = client.cabinet.call("GET", "/sessions/current")["client_id"]
    path = changes.begin_phone_change(client, new)
    ceremony = changes.show_face(client, path)
    sweep.settled()
    own = [world.stack.own_program(name) for name in {p.process for p in points}]

    with crashing(world.stack, own, points, dice=random.Random(1), folder=folder):
        world.stack.wait_ready(*(program.name for program in own))
        _sign_at_last(client, path, ceremony)
        client.next_message("логин вашего", within_s=60.0)
    world.stack.wait_ready(*(program.name for program in own))

    sweep.run(people=[client])
    told = [sms["text"] for number in (old, new) for sms in client.control.sms(number)]
    assert sum("больше не открывает" in text for text in told) == 1
    assert sum("логин вашего" in text for text in told) == 1
    moved = sweep.rows(
        "auth",
        "SELECT convert_from(data, 'UTF8') AS data FROM outbox"
        " WHERE type = 'auth.login_phone_changed.v1'",
    )
    assert sum(client_id in row["data"] for row in moved) == 1
    with pytest.raises(ProblemError, match="session_required"):
        client.cabinet.call("GET", "/sessions/current")
    by_old = {"login": old, "password": client.password}
    with pytest.raises(ProblemError, match="login_refused"):
        client.cabinet.call("POST", "/sessions", by_old)
    assert client.log_in()["client_id"] == client_id


def _sign_at_last(client: Borrower, path: str, ceremony: dict[str, object]) -> None:
    """Send the signature until it has been taken: an answer may be lost.

    Afterwards the ceremony is over, and soon the session too.
    """

    def send() -> dict[str, object]:
        with suppress(ProblemError):
            changes.sign(client, path, ceremony)
        try:
            return client.cabinet.call("GET", path)
        except ProblemError as problem:
            return {"state": problem.code}

    until(send, lambda c: c["state"] in {"applied", "session_required"}, within_s=90.0)
