"""A message whose handler always fails stops its subject and nothing else (F23)."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

import orjson
import pytest

from infra import topology
from infra.demo.borrower import Borrower
from infra.demo.world import World
from kernel.inbox import RETRY_AFTER_S
from tests.e2e.test_from_registration_to_money import AMOUNT, register
from tests.seeds import seed
from tests.sweep import Sweep
from tests.waiting import eventually
from tests.wire import Wire, closed, fresh_ids, hidden, interests

# The table without which the listener's reaction fails, and to what.  Antifraud is
# asked before a client becomes active: its table can be read, but takes nothing new.
TRIPWIRES: Final = {
    "onboarding": ("obligations", "contracts.contract_annulled.v1"),
    "disbursement": ("payouts", "antifraud.operation_suspended.v1"),
    "antifraud": ("link", "onboarding.client_activated.v1"),
    "auth": ("logins", "onboarding.client_activated.v1"),
    "contracts": ("clients", "onboarding.client_activated.v1"),
}
ROUNDS_OF_TRIES: Final = len(RETRY_AFTER_S) + 1


@pytest.fixture
def people(world: World) -> Iterator[list[Borrower]]:
    """Whose events are poison, who comes after him, and who refuses an offer."""
    seeded = seed()
    names = ("poison", "next", "refusing")
    found = [world.borrower(f"{seeded}-{name}") for name in names]
    yield found
    for person in found:
        person.cabinet.close()


def test_every_listener_that_reacts_has_its_tripwire() -> None:
    # The log of events has no handlers: whatever is genuine is written.
    assert TRIPWIRES.keys() | {"audit"} == interests().keys()


@pytest.mark.clause("1.3c")
@pytest.mark.catalogue("F23")
@pytest.mark.seeded("inbox_tries_for_ever")
def test_poison_is_parked_with_an_alarm_and_the_queue_flows_on(
    world: World, wire: Wire, sweep: Sweep, people: list[Borrower]
) -> None:
    """In every listener at once; repaired and replayed, nothing is left of it."""
    poison, next_, refusing = people
    register(refusing)
    refusing.log_in()
    assert refusing.apply(AMOUNT)["state"] == "offered"
    [row] = sweep.rows(
        "onboarding",
        "SELECT client_id FROM registrations"  # noqa: S608 - ours
        f" WHERE registration_id = '{refusing.registration_id}'",
    )
    pids = wire.pids()
    with ExitStack() as repaired:
        register_to_activation(
            poison,
            before_last=lambda: hide(repaired, wire, refusing, row["client_id"]),
        )
        for service, (_, kind) in TRIPWIRES.items():
            eventually(partial(is_stuck, sweep, service, kind))
        use_up_attempts(world, wire, sweep)
    for service, (_, kind) in TRIPWIRES.items():
        [row] = [row for row in stuck(sweep, service) if row["type"] == kind]
        assert (row["state"], row["attempts"]) == ("parked", ROUNDS_OF_TRIES)
        assert runs(wire, service, row["message_id"]) == ROUNDS_OF_TRIES
        eventually(partial(alarmed, sweep, service, row["message_id"]))
        assert wire.depth(f"{service}.inbox") == 0
    register(next_)
    next_.log_in()
    for service in TRIPWIRES:
        replay(wire, sweep, service)
    poison.set_password()
    poison.log_in()
    sweep.settled()
    assert wire.pids() == pids


def register_to_activation(
    client: Borrower, *, before_last: Callable[[], None]
) -> None:
    """A registration whose last step publishes what the listeners react to."""
    client.appear()
    client.start_registration()
    client.confirm_phone()
    client.give_data()
    client.give_photo()
    before_last()
    client.identify()


def hide(repaired: ExitStack, wire: Wire, refusing: Borrower, client_id: str) -> None:
    """Lay the tripwires, and let antifraud suspend a payout before its own is laid.

    An offer is refused when only onboarding's is laid.
    """
    for service, (table, _) in TRIPWIRES.items():
        if service == "antifraud":
            suspend(wire, client_id)
        take_away = closed if service == "antifraud" else hidden
        repaired.enter_context(take_away(wire.stack, service, table))
        if service == "onboarding":
            refusing.contract("POST", "/refusal")


def suspend(wire: Wire, client: str) -> None:
    """A payout nobody has heard of, of a client who is suspended."""
    payout = fresh_ids().new()
    ask(
        wire,
        topology.OPERATOR,
        "suspend_client",
        {"client_id": client, "ground": "poison"},
    )
    decided = ask(
        wire,
        "disbursement-worker",
        "decide",
        {
            "operation": f"payout:{payout}",
            "client_id": client,
            "amount": "100.00",
            "facts": {},
        },
    )
    assert decided["outcome"] == "suspend"


def ask(
    wire: Wire, caller: str, method: str, arguments: dict[str, Any]
) -> dict[str, Any]:
    """Antifraud's answer."""
    with wire.calling(caller) as by:
        request = by.request("antifraud", method, arguments=arguments)
        by.send(f"antifraud.{method}", request)
        answer = orjson.loads(by.answer()[1])
    assert answer["error"] is None, answer
    return dict(answer["result"])


def stuck(sweep: Sweep, service: str) -> list[dict[str, Any]]:
    """What could not be applied; a missing table may trip more than one."""
    return sweep.rows(
        service,
        "SELECT message_id, type, state, attempts, next_at FROM inbox"
        " WHERE state IN ('failed', 'parked')",
    )


def is_stuck(sweep: Sweep, service: str, kind: str) -> bool:
    return any(row["type"] == kind for row in stuck(sweep, service))


def use_up_attempts(world: World, wire: Wire, sweep: Sweep) -> None:
    """Let each back-off pass at once, until there is nothing left to try."""

    def leap() -> bool:
        rows = [row for service in TRIPWIRES for row in stuck(sweep, service)]
        pauses = [
            datetime.fromisoformat(row["next_at"]) - wire.now
            for row in rows
            if row["next_at"] is not None
        ]
        if pauses and max(pauses) > timedelta():
            world.move_clock(max(pauses))
        return all(row["state"] == "parked" for row in rows)

    eventually(leap)


def runs(wire: Wire, service: str, message_id: str) -> int:
    """How often the handler ran in vain, by the process's own log."""
    return sum(
        "handler_failed" in line and message_id in line
        for line in wire.log(service).splitlines()
    )


def alarmed(sweep: Sweep, service: str, message_id: str) -> bool:
    """Whether the alarm stands in the log of events."""
    alarms = {
        row["id"]
        for row in sweep.rows(
            service,
            "SELECT id, convert_from(data, 'UTF8')::json ->> 'event_id' AS about"
            " FROM outbox WHERE type = 'platform.message_parked.v1'",
        )
        if row["about"] == message_id
    }
    logged = sweep.rows("audit", "SELECT event_id FROM audit_log WHERE kind = 1")
    return bool(alarms) and alarms <= {row["event_id"] for row in logged}


def replay(wire: Wire, sweep: Sweep, service: str) -> None:
    """What an operator does after the repair: again, while one waits for another."""
    parked = "SELECT message_id FROM inbox WHERE state = 'parked'"
    left = [row["message_id"] for row in sweep.rows(service, parked)]
    assert left
    while left:
        outcomes = [replayed(wire, service, message_id) for message_id in left]
        assert "applied" in outcomes, outcomes
        left = [row["message_id"] for row in sweep.rows(service, parked)]


def replayed(wire: Wire, service: str, message_id: str) -> str:
    """What became of one."""
    with wire.calling("operator") as by:
        arguments = {"message_id": message_id}
        request = by.request(service, "replay_parked", arguments=arguments)
        by.send(f"{service}.replay_parked", request)
        answer = orjson.loads(by.answer()[1])
        return str(answer["result"]["outcome"])
