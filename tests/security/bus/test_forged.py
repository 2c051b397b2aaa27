"""Nobody is believed for what he has not signed, nor after it was meant (A15).

For every pair that is wired, as the broker's real users; what a thief would need is
granted him each time: the user, or the key, or both of somebody else.
"""

import secrets
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import orjson
import pytest
from amqp.exceptions import PreconditionFailed

from infra import topology
from infra.rabbitmq.definitions import load_calls
from kernel.crypto import SigningKey, canonical
from kernel.events import Event
from tests.security.bus.conftest import Refusals, nonsense
from tests.sweep import Sweep
from tests.waiting import eventually
from tests.wire import Wire, heard, key_of, pairs, unsent

LATE_S = 1


def forged(
    wire: Wire, publisher: str, event: type[Event]
) -> Mapping[str, tuple[str, bytes, dict[str, Any]]]:
    """Kind of forgery → the code it must be refused with, bytes, properties."""
    own = wire.key(publisher)
    other = wire.key("auth" if publisher != "auth" else "contracts")
    foreign = next(
        kind
        for name, kind in sorted(Event.known.items())
        if name.partition(".")[0] not in {publisher, "platform"}
    )
    sent: dict[str, Any] = {"user_id": publisher}

    def made(**changes: Any) -> bytes:  # noqa: ANN401 - envelope members
        key = changes.pop("key", own)
        kind = changes.pop("event", event)
        named = {"source": publisher, "keyid": key.keyid, **changes}
        return unsent(kind, **named).signed(key)

    bare = unsent(event, source=publisher, keyid=own.keyid).unsigned()
    moved = unsent(event, source=publisher, keyid=own.keyid)
    subject = f"{event.SUBJECT}:{moved.id}"
    return {
        "unsigned": ("misshapen", canonical(bare), sent),
        "signed by nobody": (
            "bad_signature",
            made(key=SigningKey.generate(f"nobody-{secrets.token_hex(4)}")),
            sent,
        ),
        "signed with a wrong key": (
            "bad_signature",
            made(key=SigningKey.generate(own.keyid)),
            sent,
        ),
        "signed by another service": ("wrong_sender", made(key=other), sent),
        "another subject under the signature": (
            "bad_signature",
            _resubjected(moved.signed(own), moved.subject, subject),
            sent,
        ),
        "another service's type": ("not_entitled", made(event=foreign), sent),
        "no user": ("wrong_sender", made(), {}),
        "nonsense": ("misshapen", nonsense(), sent),
    }


def _resubjected(body: bytes, subject: str, other: str) -> bytes:
    changed = body.replace(subject.encode(), other.encode())
    assert changed != body
    return changed


@pytest.mark.clause("3.4")
@pytest.mark.clause("3.3c")
@pytest.mark.catalogue("A15")
@pytest.mark.seeded("inbox_believes_signature")
@pytest.mark.parametrize(("publisher", "listener"), pairs())
def test_a_listener_believes_only_what_its_publisher_has_signed(
    wire: Wire, refusals: Refusals, sweep: Sweep, publisher: str, listener: str
) -> None:
    """Each forgery is refused with a security event, and nothing of it is applied."""
    event = heard(publisher, listener)
    cases = forged(wire, publisher, event)
    wire.send(
        publisher,
        f"{publisher}.events",
        [(key_of(event), body, properties) for _, body, properties in cases.values()],
    )
    codes = refusals.codes(listener, [body for _, body, _ in cases.values()])
    assert dict(zip(cases, codes, strict=True)) == {
        name: code for name, (code, _, _) in cases.items()
    }
    for _, body, _ in list(cases.values())[:-1]:
        assert applied(sweep, listener, body) == []


def applied(sweep: Sweep, listener: str, body: bytes) -> list[dict[str, Any]]:
    """Where a message's id stands among those that were believed."""
    message_id = orjson.loads(body)["id"]
    if listener == "audit":
        sql = "SELECT seq FROM audit_log WHERE kind IN (1, 2) AND event_id"
    else:
        sql = "SELECT state FROM inbox WHERE message_id"
    return sweep.rows(listener, f"{sql} = '{message_id}'")


@pytest.mark.clause("6.1f")
@pytest.mark.catalogue("A15")
@pytest.mark.seeded("broker_lets_impersonate")
@pytest.mark.parametrize("publisher", topology.services())
def test_a_publisher_cannot_name_another_user(wire: Wire, publisher: str) -> None:
    """Whoever else is named, the broker takes nothing (406)."""
    others = [name for name in topology.principals() if name != publisher]
    for other in others:
        with pytest.raises(PreconditionFailed):
            wire.send(
                publisher,
                f"{publisher}.events",
                [("x.y.v1", b"{}", {"user_id": other})],
            )


def calls() -> list[tuple[str, str]]:
    """Every (caller, routing key) that the broker lets through."""
    found = []
    for caller, patterns in load_calls().items():
        for pattern in patterns:
            callee, method = pattern.split(".")
            callees = topology.services() if callee == "*" else (callee,)
            found += [(caller, f"{one}.{method.replace('*', 'x')}") for one in callees]
    return found


@pytest.mark.clause("3.4")
@pytest.mark.catalogue("A15", "P18")
@pytest.mark.seeded("rpc_runs_late_commands")
@pytest.mark.parametrize(("caller", "key"), calls())
def test_a_command_past_its_deadline_is_refused(
    wire: Wire, caller: str, key: str
) -> None:
    """Nobody hears of it but the log; the next command is answered."""
    callee, _, method = key.partition(".")
    before = wire.log(callee).count("call_late")
    with wire.calling(caller) as caller_:
        late = caller_.request(
            callee, method, deadline=wire.now - timedelta(seconds=LATE_S)
        )
        caller_.send(key, late, correlation_id="late")
        caller_.send(key, caller_.request(callee, method), correlation_id="in time")
        correlation, _ = caller_.answer()
        assert correlation == "in time"
    eventually(lambda: wire.log(callee).count("call_late") == before + 1)
