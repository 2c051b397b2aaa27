"""The platform's wires in foreign hands: its users and keys by plain py-amqp."""

import importlib
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final

import amqp

from infra import topology
from infra.stack import Stack
from kernel.bus import REPLY_EXCHANGE, RPC_EXCHANGE, Broker, Interest
from kernel.clock import ShiftedClock, SystemClock
from kernel.context import fresh_context
from kernel.crypto import SigningKey, TrustStore
from kernel.entrypoints import interests_of
from kernel.events import Envelope, Event
from kernel.events.envelope import routing_key
from kernel.ids import Ids, system_ids
from kernel.rpc import RpcClient, sign_request
from tests.golden.examples import example
from tests.integration.stack.conftest import TIMEOUT_S, VHOST, Doors
from tests.staff import token_for

WRITER: Final = "audit-worker"
"""The one listener whose queue is named after another process: `audit.inbox`."""
WAIT_S: Final = 60.0


@cache
def interests() -> Mapping[str, frozenset[Interest]]:
    """Each listening service with what its queue is bound to, as it migrates."""
    found = {}
    for service in topology.services():
        room = importlib.import_module(f"services.{service}.service")
        wishes = interests_of(room.__name__) | set(getattr(room.Service, "listens", ()))
        if wishes:
            found[service] = frozenset(wishes)
    return found


def pairs() -> list[tuple[str, str]]:
    """Every (publisher, listener) that is wired."""
    return sorted(
        {
            (wish.publisher, listener)
            for listener, wishes in interests().items()
            for wish in wishes
        }
    )


def heard(publisher: str, listener: str) -> type[Event]:
    """An event of the publisher's that reaches the listener's queue."""
    kinds = {w.kind for w in interests()[listener] if w.publisher == publisher}
    return next(
        event
        for name, event in sorted(Event.known.items())
        if name.partition(".")[0] == publisher and kinds & {event.SUBJECT, "#"}
    )


def process_of(listener: str) -> str:
    """The process that reads the listener's queue."""
    return WRITER if listener == "audit" else listener


def rounds(few: int) -> int:
    """How often to repeat: `few`, or as `KREDIT_ROUNDS` says for a long run."""
    return max(few, int(os.environ.get("KREDIT_ROUNDS", "0")))


@dataclass(frozen=True, slots=True)
class Wire:
    """Everybody's identity at the broker of one stack, and everybody's signing key."""

    stack: Stack

    @contextmanager
    def connected(self, principal: str) -> Iterator[amqp.Connection]:
        """An open connection as `principal`."""
        with Doors(self.stack, self.stack.layout.pki).connected(principal) as opened:
            yield opened

    def send(
        self,
        principal: str,
        exchange: str,
        messages: Iterable[tuple[str, bytes, Mapping[str, Any]]],
    ) -> None:
        """Publish (routing key, body, properties) each; the broker took them all.

        Raises what the broker answers to the first it does not take.
        """
        with self.connected(principal) as connection:
            channel = connection.channel()
            # What a channel said that ends unanswered may be lost before its queue.
            channel.confirm_select()
            unanswered: set[int] = set()

            def answered(tag: int, multiple: bool = False, *_: object) -> None:  # noqa: FBT001, FBT002 - py-amqp calls it so
                unanswered.difference_update(
                    [t for t in unanswered if t <= tag] if multiple else [tag]
                )

            channel.events["basic_ack"].add(answered)
            channel.events["basic_nack"].add(answered)
            for number, (key, body, properties) in enumerate(messages, start=1):
                message = amqp.Message(body, **properties)
                unanswered.add(number)
                channel.basic_publish(message, exchange, key, timeout=TIMEOUT_S)
            while unanswered:
                connection.drain_events(timeout=TIMEOUT_S)

    def trust(self) -> TrustStore:
        """Whom the platform believes."""
        return TrustStore.load(self.stack.layout.keys / "trust.json")

    def key(self, principal: str) -> SigningKey:
        """A principal's own key, as a thief would have it."""
        return SigningKey.load(
            self.stack.layout.keys / f"{principal}.ed25519",
            keyid=self.trust().keyid_of(principal),
        )

    @contextmanager
    def calling(self, principal: str) -> Iterator["Caller"]:
        """A caller with a queue for its answers."""
        with self.connected(principal) as connection:
            channel = connection.channel()
            address = f"{principal}.{secrets.token_hex(4)}"
            queue = f"reply.{address}"
            channel.queue_declare(queue, exclusive=True, durable=False)
            channel.queue_bind(queue, exchange=REPLY_EXCHANGE, routing_key=address)
            yield Caller(self, principal, channel, address)

    def rpc(self, principal: str) -> RpcClient:
        """The client our own processes use, in a principal's name."""
        pki = self.stack.layout.pki
        broker = Broker(
            f"amqps://127.0.0.1:{self.stack.port('rabbitmq')}/{VHOST}",
            principal,
            pki / "ca.crt",
            pki / f"{principal}.crt",
            pki / f"{principal}.key",
        )
        clock = ShiftedClock(self.stack.layout.clock)
        key = self.key(principal)
        return RpcClient(broker, key=key, clock=clock, ids=fresh_ids())

    @property
    def now(self) -> datetime:
        """The instant by the platform's clock, which tests move."""
        return ShiftedClock(self.stack.layout.clock).now()

    def depth(self, queue: str) -> int:
        """Messages ready in a queue, as its service's migrator sees it."""
        owner = f"{queue.partition('.')[0]}-migrate"
        with self.connected(owner) as connection:
            declared = connection.channel().queue_declare(queue, passive=True)
            return int(declared.message_count)

    def pids(self) -> dict[str, int]:
        """Who runs; the same again means that nobody died."""
        return {p.name: self.stack.pid(p.name) for p in topology.runnable()}

    def log(self, process: str) -> str:
        """What a process has said so far."""
        path = self.stack.layout.logs / f"{process}.log"
        return path.read_text(errors="replace")


@dataclass(frozen=True, slots=True)
class Caller:
    """One principal's calls, byte by byte."""

    wire: Wire
    principal: str
    channel: amqp.Channel
    address: str

    def request(self, callee: str, method: str, **changes: Any) -> bytes:  # noqa: ANN401 - wire members
        """A signed request; `changes` replace members of `sign_request`."""
        ids = fresh_ids()
        members: dict[str, Any] = {
            "key": self.wire.key(self.principal),
            "call_id": ids.new(),
            "caller": self.principal,
            "callee": callee,
            "method": method,
            "deadline": self.wire.now + timedelta(seconds=WAIT_S),
            "context": fresh_context(ids),
            "assertion": None,
            "idempotency_key": None,
            "arguments": {},
            "staff_token": self._staff_token(),
            **changes,
        }
        return sign_request(**members)

    def _staff_token(self) -> str | None:
        """Of somebody who may do everything; services carry none."""
        if self.principal != topology.OPERATOR:
            return None
        return token_for(self.wire.stack)

    def send(self, key: str, body: bytes, **properties: Any) -> None:  # noqa: ANN401 - wire members
        """Publish to a callee; unless told otherwise as our own clients do."""
        ours = {"user_id": self.principal, "reply_to": self.address}
        given = {k: v for k, v in {**ours, **properties}.items() if v is not None}
        self.channel.basic_publish(
            amqp.Message(body, **given), RPC_EXCHANGE, key, timeout=TIMEOUT_S
        )

    def answer(self) -> tuple[str, bytes]:
        """The next answer: its correlation id and its bytes."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            got = self.channel.basic_get(f"reply.{self.address}", no_ack=True)
            if got is not None:
                body = got.body.encode() if isinstance(got.body, str) else got.body
                return str(got.properties.get("correlation_id", "")), bytes(body)
            time.sleep(0.02)
        raise AssertionError("no answer")


def fresh_ids() -> Ids:
    """Ids of the moment."""
    return system_ids(SystemClock())


def unsent(event: type[Event], *, source: str, keyid: str, **changes: Any) -> Envelope:  # noqa: ANN401 - envelope members
    """An event that nobody published, in a fresh place of a fresh subject."""
    ids = fresh_ids()
    made = example(event)
    subject = f"{event.SUBJECT}:{ids.new()}"
    members: dict[str, Any] = {
        "id": ids.new(),
        "source": source,
        "type": event.TYPE,
        "time": SystemClock().now(),
        "subject": subject,
        "subjectversion": 1,
        "sequence": 1,
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "correlation_id": ids.new(),
        "causation_id": None,
        "keyid": keyid,
        "data": made.to_data(),
        **changes,
    }
    return Envelope(**members)


def key_of(event: type[Event]) -> str:
    """The routing key of the event."""
    return routing_key(event.TYPE, f"{event.SUBJECT}:")


@contextmanager
def closed(stack: Stack, service: str, table: str) -> Iterator[None]:
    """Let a service add nothing to a table for a while; it goes on reading it."""
    database = stack.servers.database
    right = f'INSERT ON "{table}"'
    database.run_sql(f'REVOKE {right} FROM "{service}"', database=service)
    try:
        yield
    finally:
        database.run_sql(f'GRANT {right} TO "{service}"', database=service)


@contextmanager
def hidden(stack: Stack, service: str, table: str) -> Iterator[str]:
    """Take a table away for a while; gives the name it has meanwhile.

    The name stands for whatever an exception's text would carry outside.
    """
    database = stack.servers.database
    secret = f"secret_{secrets.token_hex(4)}"
    database.run_sql(f'ALTER TABLE "{table}" RENAME TO "{secret}"', database=service)
    try:
        yield secret
    finally:
        database.run_sql(
            f'ALTER TABLE "{secret}" RENAME TO "{table}"', database=service
        )
