"""The guard of the broker on the session's real node: cut off, given back, kept."""

import json
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import amqp
import pytest
from amqp.exceptions import NotAllowed

from infra.demo.forgery import Loot, _connect
from infra.layout import find_program
from infra.rabbitmq.guard import KEPT, Guard, Node, answered
from infra.rabbitmq.server import NODE
from infra.stack import Stack

THIEF = "contracts"
GONE = """
rabbit_auth_backend_internal:clear_permissions(<<"auth">>, <<"kredit">>, <<"x">>),
rabbit_auth_backend_internal:delete_user(<<"antifraud">>, <<"x">>),
base64:encode_to_string(<<"done">>).
"""


def guard_of(servers: Stack, state: Path) -> Guard:
    broker = servers.servers.broker
    node = Node(find_program("usr/bin/erl_call"), NODE, broker.environment())
    definitions = json.loads((servers.layout.rabbitmq / "definitions.json").read_text())
    return Guard(node, definitions, state)


@pytest.fixture
def guard(servers: Stack, tmp_path: Path) -> Iterator[Guard]:
    """Everybody may speak again when the test ends."""
    made = guard_of(servers, tmp_path / "guard.json")
    made.look()
    yield made
    made.told([])


def connected(servers: Stack, who: str = THIEF) -> amqp.Connection:
    port = servers.port("rabbitmq")
    loot = Loot(pki=servers.layout.pki, thief=who, host="127.0.0.1", port=port)
    return _connect(loot)


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("broker_guard_leaves_connections")
def test_whoever_is_cut_off_has_no_connection_until_admitted(
    servers: Stack, guard: Guard
) -> None:
    """Within the answer; nobody else notices, and the rights are the old ones."""
    before = guard.node.rights()
    with closing(connected(servers, "auth")):
        held = connected(servers)
        began = time.monotonic()
        assert guard.told([THIEF])["cut"] == [THIEF]
        assert time.monotonic() - began < 1
        with pytest.raises((amqp.ConnectionForced, OSError)):
            held.drain_events(timeout=5)
        with pytest.raises(NotAllowed):
            connected(servers)
        assert guard.node.connected(["auth", THIEF]) == {"auth"}
    assert guard.told([])["cut"] == []
    connected(servers).close()
    assert guard.node.rights() == before
    assert guard.standing()["given_back"] == []


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("broker_guard_forgets")
def test_it_holds_when_the_guard_or_the_rights_start_anew(
    servers: Stack, guard: Guard
) -> None:
    """A node that boots takes the definitions again, those of who is cut off too."""
    guard.told([THIEF])
    again = guard_of(servers, guard.state)
    again.node.load(again.definitions)
    assert THIEF in again.node.rights()
    again.look()
    assert THIEF not in again.node.rights()
    assert again.standing() == {"cut": [THIEF], "given_back": []}


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("broker_guard_gives_nothing_back")
def test_rights_that_somebody_took_are_given_back_and_told(
    servers: Stack, guard: Guard
) -> None:
    """A user that was removed is there again; each loss has its number."""
    before = guard.node.rights()
    guard.node._said(GONE)
    guard.look()
    guard.look()
    assert guard.node.rights() == before
    connected(servers, "antifraud").close()
    told = guard.told([], since=1)["given_back"]
    assert told == [(1, "antifraud"), (2, "auth")]
    assert guard.told([], since=2)["given_back"] == [(2, "auth")]


@pytest.mark.clause("7.2b")
@pytest.mark.seeded("broker_guard_alarms_at_a_release")
def test_what_a_release_adds_is_nobodys_loss(servers: Stack, guard: Guard) -> None:
    """Other definitions than before: the broker gets them, and nothing is told."""
    guard.node._said(GONE)
    again = guard_of(servers, guard.state)
    again.definitions = {**again.definitions, "global_parameters": []}
    again.look()
    assert again.node.rights().keys() >= {"auth", "antifraud"}
    assert again.standing()["given_back"] == []
    again.node._said(GONE)
    again.look()
    assert len(again.standing()["given_back"]) == 2


@pytest.mark.parametrize("who", [*KEPT, "nobody", 'x">>, halt'])
def test_nobody_is_cut_off_who_keeps_the_record_or_is_unknown(
    guard: Guard, who: str
) -> None:
    asked = json.dumps({"cut": [who], "since": 0}).encode()
    assert answered(guard, asked) == {"cut": [], "given_back": []}


@pytest.mark.parametrize("raw", [b"{}", b"[]", b"nonsense", b'{"cut": 1, "since": 0}'])
def test_what_is_no_question_changes_nothing(guard: Guard, raw: bytes) -> None:
    guard.told([THIEF])
    assert "failed" in answered(guard, raw)
    assert answered(guard, b"")["cut"] == [THIEF]
