"""A hand between the exchanges and the listeners' queues that keeps no order.

The listeners' queues are unbound and one tap is bound instead; what comes there is
held, mixed, and published again several times for each listener, by the user who
published it, under a key that leads to that listener alone.
"""

import itertools
import random
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

import amqp

from infra import topology
from kernel.events import Event
from tests.waiting import eventually
from tests.wire import Wire, interests

TAP: Final = "onboarding.inbox"
"""A queue its owner may declare and nobody else has: onboarding listens to nothing."""
WINDOW: Final = 50
HOLD_S: Final = 0.5
"""A message waits so long for others to be mixed with."""
COPIES: Final = (2, 5)
PUBLISH_S: Final = 10


@dataclass(slots=True)
class Shuffler:
    """The tap and the hand; `failure` is what ended it before its time."""

    wire: Wire
    dice: random.Random
    stop: threading.Event = field(default_factory=threading.Event)
    taken: int = 0
    given: int = 0
    overtaken: int = 0
    failure: Exception | None = None

    def take_over(self) -> None:
        """Every event comes to the tap, and only from there to the listeners."""
        with self.wire.connected(_owner(TAP)) as connection:
            channel = connection.channel()
            quorum = {"x-queue-type": "quorum"}
            channel.queue_declare(
                TAP, durable=True, auto_delete=False, arguments=quorum
            )
            for publisher, kind in _everything():
                channel.queue_bind(TAP, f"{publisher}.events", f"{kind}.#")
        self._rebind(tapped=True)

    def give_back(self) -> None:
        """The listeners hear for themselves again; nothing is left on its way."""
        self._rebind(tapped=False)
        with self.wire.connected(_owner(TAP)) as connection:
            for publisher, kind in _everything():
                exchange = f"{publisher}.events"
                connection.channel().queue_unbind(TAP, exchange, f"{kind}.#")
        eventually(lambda: self.failure is not None or self.wire.depth(TAP) == 0)
        self.stop.set()

    def forget(self) -> None:
        """Remove the tap and the keys that nobody uses any more."""
        with self.wire.connected(_owner(TAP)) as connection:
            connection.channel().queue_delete(TAP)
        for listener, wishes in interests().items():
            with self.wire.connected(f"{listener}-migrate") as connection:
                for wish in wishes:
                    connection.channel().queue_unbind(
                        f"{listener}.inbox", f"{wish.publisher}.events", _key(listener)
                    )

    def _rebind(self, *, tapped: bool) -> None:
        for listener, wishes in interests().items():
            with self.wire.connected(f"{listener}-migrate") as connection:
                channel = connection.channel()
                for wish in wishes:
                    place = (f"{listener}.inbox", f"{wish.publisher}.events")
                    channel.queue_bind(*place, _key(listener))
                    act = channel.queue_unbind if tapped else channel.queue_bind
                    act(*place, wish.binding_key)

    def run(self) -> None:
        """Take, hold, mix, give, until told to stop and nothing is held."""
        try:
            with ExitStack() as opened:
                self._run(opened)
        except Exception as error:  # noqa: BLE001 - told by the test's own thread
            self.failure = error

    def _run(self, opened: ExitStack) -> None:
        connection = opened.enter_context(self.wire.connected(_owner(TAP)))
        channel = connection.channel()
        channel.auto_decode = False
        held: list[Any] = []
        channel.basic_consume(TAP, callback=held.append)
        users: dict[str, amqp.Channel] = {}
        since = time.monotonic()
        while held or not self.stop.is_set():
            if not held:
                since = time.monotonic()
            with suppress(TimeoutError):
                connection.drain_events(timeout=0.05)
            if held and (len(held) >= WINDOW or time.monotonic() - since > HOLD_S):
                self._give(held, users, opened)
                channel.basic_ack(held[-1].delivery_tag, multiple=True)
                held.clear()

    def _give(
        self, held: list[Any], users: dict[str, amqp.Channel], opened: ExitStack
    ) -> None:
        """Every message two to five times to each of its listeners, in no order."""
        copies = [
            (place, listener)
            for place, message in enumerate(held)
            for listener in _listeners(message)
            for _ in range(self.dice.randint(*COPIES))
        ]
        self.dice.shuffle(copies)
        self.taken += len(held)
        self.given += len(copies)
        self.overtaken += sum(
            next_ < one for (one, _), (next_, _) in itertools.pairwise(copies)
        )
        for place, listener in copies:
            message = held[place]
            user = message.properties["user_id"]
            if user not in users:
                users[user] = opened.enter_context(self.wire.connected(user)).channel()
            users[user].basic_publish_confirm(
                amqp.Message(message.body, **message.properties),
                exchange=f"{user}.events",
                routing_key=_key(listener),
                mandatory=True,
                timeout=PUBLISH_S,
            )


@contextmanager
def shuffled(wire: Wire, dice: random.Random) -> Iterator[Shuffler]:
    """Meanwhile no listener gets a message but late, mixed and often."""
    hand = Shuffler(wire, dice)
    thread = threading.Thread(target=hand.run, daemon=True)
    hand.take_over()
    thread.start()
    try:
        yield hand
    finally:
        hand.give_back()
        thread.join()
        hand.forget()
        assert hand.failure is None, hand.failure


def _owner(queue: str) -> str:
    return f"{queue.partition('.')[0]}-migrate"


def _key(listener: str) -> str:
    return f"shuffled.{listener}"


def _everything() -> set[tuple[str, str]]:
    """Every kind of subject of every publisher; what all may publish, of each."""
    return {
        (publisher, event.SUBJECT)
        for name, event in Event.known.items()
        for publisher in topology.services()
        if name.partition(".")[0] in {publisher, "platform"}
    }


def _listeners(message: Any) -> list[str]:  # noqa: ANN401 - a py-amqp message
    publisher = message.properties["user_id"]
    kind = message.delivery_info["routing_key"].partition(".")[0]
    return [
        listener
        for listener, wishes in interests().items()
        if any(w.publisher == publisher and w.kind in {kind, "#"} for w in wishes)
    ]
