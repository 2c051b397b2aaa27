"""Reactions: one inbox for all events a service listens to."""

import functools
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final, ParamSpec, TypeVar

from nameko.extensions import Entrypoint
from typing_extensions import override

from kernel.bus import Interest
from kernel.database import Transaction
from kernel.entrypoints.container import EACH, Background, OutboxRelay, ms_since
from kernel.errors import KernelError, Transient
from kernel.events import Envelope, Event
from kernel.inbox import BATCH, Handler, Inbox
from kernel.logging import canonical

P = ParamSpec("P")
R = TypeVar("R")


class EventDoor(Background):
    """One inbox for all reactions of the service."""

    def __init__(self) -> None:
        self.reactions: dict[str, Entrypoint] = {}
        super().__init__()

    @override
    def loops(self) -> Iterable[Callable[[threading.Event], None]]:
        platform, service = self.container.platform, self.container.service_name
        inbox = Inbox(
            service=service,
            database=platform.database,
            handlers={
                event_type: functools.partial(
                    _told, self.container.reaction(entrypoint)
                )
                for event_type, entrypoint in self.reactions.items()
            },
            trust=platform.trust,
            field_keys=platform.field_keys,
            clock=platform.clock,
            ids=platform.ids,
            quarantine=platform.quarantine,
            each=EACH,
        )
        self.container.inbox = inbox
        for queue, receive in (
            (f"{service}.inbox", inbox.receive),
            (f"{service}.dead", inbox.receive_dead),
        ):
            yield self.consume(queue, receive, read=inbox.read, most=BATCH)
        yield inbox.run_retries


def _told(react: Handler, tx: Transaction, event: Event, envelope: Envelope) -> None:
    """Run a reaction, and one line about it; its exception comes out here."""
    began, outcome = time.monotonic(), "broken"
    try:
        react(tx, event, envelope)
        outcome = "ok"
    except Transient:
        outcome = "transient"
        raise
    finally:
        canonical(
            "entrypoints",
            "reaction",
            outcome=outcome,
            type=envelope.type,
            id=envelope.id,
            ms=ms_since(began),
            trace_id=tx.context.trace_id,
            correlation_id=tx.context.correlation_id,
        )


class _Handles(Entrypoint):
    door = EventDoor()
    relay = OutboxRelay()

    def __init__(self, *, event_type: str) -> None:
        self._event_type = event_type
        super().__init__(expected_exceptions=(KernelError,))

    def setup(self) -> None:
        self.door.reactions[self._event_type] = self


def handles(event: type[Event]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """A reaction to ``event``, run once inside the inbox transaction."""

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _Handles.decorator(event_type=event.TYPE)(function)
        LISTENING.setdefault(function.__module__, []).append(event)
        return function

    return decorate


LISTENING: Final[dict[str, list[type[Event]]]] = {}
"""Which events each service module handles, as the decorators saw it."""


def interests_of(module: str) -> set[Interest]:
    """The bindings a queue needs for the reactions of this module, or package."""
    return {
        Interest(event.TYPE.partition(".")[0], event.SUBJECT)
        for room, events in LISTENING.items()
        if f"{room}.".startswith(f"{module}.")
        for event in events
    }
