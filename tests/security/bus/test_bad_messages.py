"""Whatever bytes arrive, they are put aside: no crash, no loop, no word of them (B).

Everything goes over the real broker as a real user, to every queue of the platform.
"""

import json
import pickle
import random
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

import pytest
from typing_extensions import override

from infra import topology
from kernel.crypto import b64url, canonical, random_bytes
from kernel.events import Event
from tests.security.bus.conftest import Refusals, nonsense
from tests.seeds import seed
from tests.sweep import Sweep
from tests.waiting import eventually
from tests.wire import Wire, fresh_ids, interests, key_of, pairs, rounds, unsent

MUTATIONS: Final = 250
STORM_S: Final = 240.0
DEPTH: Final = 100_000
DIGITS: Final = 5_000
PACKED: Final = 20_000_000
"""Bytes that twenty kilobytes unfold to, for whoever unpacks them."""

Properties = dict[str, Any]
CHARSETS: Final = ("utf-16", "utf-32", "utf-7", "cp1251", "koi8-r", "idna", "rot13")
CONTENT_TYPES: Final = (
    "application/x-python-serialize",
    "application/x-yaml",
    "application/x-msgpack",
    "application/xml",
    "text/plain; charset=utf-16",
    "",
    "\u0000",
    "a" * 250,
)


class _Touch:
    """Whoever unpickles this touches a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @override
    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return Path.touch, (self.path,)


def hostile(touched: Path) -> Mapping[str, tuple[bytes, Properties]]:
    """Bodies that no parser likes, and formats that run code (B06, B07)."""
    pickled = pickle.dumps(_Touch(touched))
    yaml = f"!!python/object/apply:pathlib.Path.touch [{touched}]".encode()
    once = random_bytes(8).hex().encode()
    deep = b'["' + once + b'",' + b"[" * DEPTH
    return {
        "deep list": (deep, {}),
        "deep list, closed": (deep + b"]" * (DEPTH + 1), {}),
        "deep object": (b'{"' + once + b'":' + b'{"a":' * DEPTH, {}),
        "a name twice": (b'{"id":"a","id":"' + once + b'"}', {}),
        "a long integer": (b'{"' + once + b'":' + b"9" * DIGITS + b"}", {}),
        "no number": (b'{"' + once + b'":NaN}', {}),
        "a lone surrogate": (b'{"' + once + b'":"\\ud800"}', {}),
        "a raw surrogate": (b'{"' + once + b'":"\xed\xa0\x80"}', {}),
        "pickle": (pickled, {"content_type": "application/x-python-serialize"}),
        "pickle as data": (
            pickled + once,
            {"content_type": "application/data", "content_encoding": "binary"},
        ),
        "yaml": (yaml, {"content_type": "application/x-yaml"}),
        "unknown": (once, {"content_type": "x/unknown", "content_encoding": "x-y"}),
        "packed": (
            zlib.compress(once + b" " * PACKED),
            {"application_headers": {"compression": "zlib"}},
        ),
        "not packed": (
            once + b" ",
            {"application_headers": {"compression": "bzip2"}},
        ),
        "another charset": (
            once.decode().encode("utf-16"),
            {"content_encoding": "utf-16"},
        ),
    }


@dataclass(frozen=True, slots=True)
class Watch:
    """What must be the same after the storm as before it."""

    wire: Wire
    pids: dict[str, int]
    said: dict[str, int]

    @classmethod
    def begin(cls, wire: Wire) -> "Watch":
        said = {p.name: len(wire.log(p.name)) for p in topology.runnable()}
        return cls(wire, wire.pids(), said)

    def nobody_died(self, *queues: str) -> None:
        """The same processes, nothing stuck or dead-lettered, nothing quoted."""
        assert self.wire.pids() == self.pids
        for queue in queues:
            eventually(partial(self._is_empty, queue))
            assert self.wire.depth(f"{queue.partition('.')[0]}.dead") == 0
        for process, before in self.said.items():
            news = self.wire.log(process)[before:]
            for word in ("loop_ended", "handler_defect", "Traceback"):
                assert word not in news, (process, word)
            for word in ("datacontenttype", "specversion", "!!python", "\\ud800"):
                assert word not in news, (process, word)

    def _is_empty(self, queue: str) -> bool:
        return self.wire.depth(queue) == 0


@pytest.mark.catalogue("B06", "B07")
@pytest.mark.seeded("inbox_drops_garbage_in_silence")
@pytest.mark.parametrize("listener", sorted(interests()))
def test_a_listener_puts_hostile_bodies_aside(
    wire: Wire, refusals: Refusals, tmp_path: Path, listener: str
) -> None:
    """By the hand of a publisher it trusts; the process and its queue go on."""
    publisher = next(name for name, heard_by in pairs() if heard_by == listener)
    kind = next(w.kind for w in interests()[listener] if w.publisher == publisher)
    watch = Watch.begin(wire)
    cases = {**hostile(tmp_path / "touched"), "nonsense": (nonsense(), {})}
    wire.send(
        publisher,
        f"{publisher}.events",
        [
            (f"{kind.replace('#', 'any')}.x.v1", body, {"user_id": publisher, **told})
            for body, told in cases.values()
        ],
    )
    codes = refusals.codes(listener, [body for body, _ in cases.values()])
    refused = dict(zip(cases, codes, strict=True))
    assert {name for name, code in refused.items() if code is None} == set()
    assert not (tmp_path / "touched").exists()
    watch.nobody_died(f"{listener}.inbox")


def calls(by: Any, wire: Wire, service: str) -> Mapping[str, tuple[bytes, Properties]]:  # noqa: ANN401 - a Caller
    """Requests that lack what nameko's own consumer dies without (B04)."""
    key = wire.key("operator")
    good = json.loads(by.request(service, "status"))
    del good["signature"]

    def signed(**changes: Any) -> bytes:  # noqa: ANN401 - wire members
        members = {**good, "id": str(fresh_ids().new()), **changes}
        kept = {k: v for k, v in members.items() if v is not ...}
        return canonical({**kept, "signature": b64url(key.sign(canonical(kept)))})

    return {
        "no reply_to": (signed(), {"reply_to": None}),
        "no user": (signed(), {"user_id": None}),
        "nobody's answer": (signed(), {"reply_to": "gateway.1"}),
        "no args": (signed(args=...), {}),
        "args are an object": (signed(args={"a": 1}), {}),
        "args given": (signed(args=[1]), {}),
        "no kwargs": (signed(kwargs=...), {}),
        "kwargs are a list": (signed(kwargs=[]), {}),
        "kwargs are a text": (signed(kwargs="x"), {}),
        "unasked kwargs": (signed(kwargs={"__class__": "x"}), {}),
        "no method": (signed(method=...), {}),
        "unknown method": (signed(method="no_such_thing"), {}),
        "an inner method": (signed(method="__init__"), {}),
        "no deadline": (signed(deadline=...), {}),
        "not an instant": (signed(deadline="tomorrow"), {}),
        "no traceparent": (signed(traceparent=...), {}),
    }


@pytest.mark.clause("3.4")
@pytest.mark.catalogue("B04", "B06", "B07")
@pytest.mark.seeded("rpc_expects_a_reply_key")
@pytest.mark.parametrize("service", topology.services())
def test_a_callee_puts_hostile_requests_aside(
    wire: Wire, refusals: Refusals, tmp_path: Path, service: str
) -> None:
    """None runs, each is told of, and the next good call is answered."""
    watch = Watch.begin(wire)
    with wire.calling("operator") as by:
        cases = {
            **calls(by, wire, service),
            **hostile(tmp_path / "touched"),
            "nonsense": (nonsense(), {}),
        }
        for body, told in cases.values():
            by.send(f"{service}.status", body, **{"content_type": None, **told})
        by.send(
            f"{service}.status", by.request(service, "status"), correlation_id="good"
        )
        while by.answer()[0] != "good":
            pass
    codes = refusals.codes(service, [body for body, _ in cases.values()])
    refused = dict(zip(cases, codes, strict=True))
    assert {name for name, code in refused.items() if code is None} == set()
    assert not (tmp_path / "touched").exists()
    watch.nobody_died(f"{service}.rpc")


def mutations(body: bytes, dice: random.Random) -> Iterator[tuple[bytes, Properties]]:
    """The envelope spoilt in one way after another, with headers to match."""
    while True:
        spoilt = dice.choice(_SPOIL)(body, dice)
        if spoilt != body:
            yield spoilt, _headers(dice)


def _flipped(body: bytes, dice: random.Random) -> bytes:
    place, bit = dice.randrange(len(body)), dice.randrange(8)
    return body[:place] + bytes([body[place] ^ 1 << bit]) + body[place + 1 :]


def _cut(body: bytes, dice: random.Random) -> bytes:
    return body[: dice.randrange(len(body))]


def _doubled(body: bytes, dice: random.Random) -> bytes:
    first, last = sorted(dice.randrange(len(body)) for _ in range(2))
    return body[:last] + body[first:]


def _recoded(body: bytes, dice: random.Random) -> bytes:
    return body.decode().encode(dice.choice(("utf-16", "utf-32", "utf-8-sig", "cp037")))


_SPOIL: Final = (_flipped, _flipped, _flipped, _cut, _doubled, _recoded)


def _headers(dice: random.Random) -> Properties:
    found: Properties = {
        "content_type": dice.choice(CONTENT_TYPES),
        "content_encoding": dice.choice(("", "utf-8", "binary", *CHARSETS)),
        "message_id": dice.choice(("", "not an id", "x" * 200)),
        "application_headers": dice.choice(
            (
                {},
                {"compression": dice.choice(("zlib", "bzip2", "x"))},
                {"x-death": [{"count": 99}], "lang": "py", "task": "id"},
            )
        ),
    }
    return {name: value for name, value in found.items() if dice.random() < 0.7}


# Exchanges and kinds of subject that reach every listener between them.
ROUTES: Final = (
    ("onboarding", Event.known["onboarding.client_activated.v1"]),
    ("antifraud", Event.known["antifraud.operation_suspended.v1"]),
    ("contracts", Event.known["contracts.contract_annulled.v1"]),
)


def listeners(publisher: str, event: type[Event]) -> Iterable[str]:
    """Who hears the event."""
    return [
        listener
        for listener, wishes in interests().items()
        if any(
            wish.publisher == publisher and wish.kind in {event.SUBJECT, "#"}
            for wish in wishes
        )
    ]


@pytest.mark.timeout(900)
@pytest.mark.catalogue("B03")
@pytest.mark.seeded("bus_obeys_a_claimed_charset")
def test_a_spoilt_envelope_is_put_aside_by_every_listener(
    wire: Wire, refusals: Refusals, sweep: Sweep
) -> None:
    """Hundreds of ways each: no crash, no effect, and no log quotes a byte of it."""
    assert {name for route in ROUTES for name in listeners(*route)} == set(interests())
    dice = random.Random(seed())
    watch = Watch.begin(wire)
    sent: dict[str, list[bytes]] = {}
    for publisher, event in ROUTES:
        key = wire.key(publisher)
        body = unsent(event, source=publisher, keyid=key.keyid).signed(key)
        spoilt = mutations(body, dice)
        storm = [next(spoilt) for _ in range(rounds(MUTATIONS))]
        storm.append((nonsense(), {}))
        wire.send(
            publisher,
            f"{publisher}.events",
            [(key_of(event), one, {"user_id": publisher, **h}) for one, h in storm],
        )
        for listener in listeners(publisher, event):
            sent.setdefault(listener, []).extend(one for one, _ in storm)
    for listener, bodies in sent.items():
        # The nonsense at the end of each storm comes last to each listener.
        assert None not in refusals.codes(listener, bodies, within_s=STORM_S)
    watch.nobody_died(*(f"{listener}.inbox" for listener in interests()))
