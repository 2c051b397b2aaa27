"""The rows of the report: what is measured, of whom, and the aim."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import text

from tests.benchmarks.bench import (
    EXCHANGE,
    KEY,
    LISTENER,
    PATIENCE_S,
    PUBLISHER,
    QUEUE,
    Bench,
    PartyFailedError,
)

Figures = Mapping[str, float]
OURS: Final = "ours"


@dataclass(frozen=True, slots=True)
class Aim:
    """At least ``ratio`` times what ``peer`` does."""

    figure: str
    peer: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison; every party is measured at the same size in turn."""

    key: str
    title: str
    unit: str
    size: int
    parties: Mapping[str, Callable[[Bench, int], Figures]]
    aim: Aim | None = None


def _listen_ours(bench: Bench, count: int) -> Figures:
    bench.fill_queue(bench.messages(count))
    with bench.party("ours", "listen", count, principal=LISTENER) as party:
        party.go()
        heard = party.hear()
    return {"drain": heard["count"] / heard["seconds"]}


def _listen_aiopika(bench: Bench, count: int) -> Figures:
    bench.fill_queue(bench.messages(count))
    arguments = ("listen", LISTENER, QUEUE, count)
    with bench.party("aiopika", *arguments, principal=LISTENER) as party:
        party.go()
        heard = party.hear()
    return {"drain": heard["count"] / heard["seconds"]}


_WAITING = text("SELECT 1 FROM outbox WHERE published_at IS NULL LIMIT 1")
_MARKED = text(
    "SELECT extract(epoch FROM max(published_at) - min(published_at)) AS seconds,"
    " count(*) FILTER (WHERE published_at > first) AS count"
    " FROM outbox, (SELECT min(published_at) AS first FROM outbox) AS f"
)


def _relay_ours(bench: Bench, count: int) -> Figures:
    """Timed by what the relay itself wrote: from its first batch to its last."""
    bench.fill_outbox(count)
    end = time.monotonic() + PATIENCE_S
    with bench.party("ours", "relay", principal=PUBLISHER) as party:
        party.go()
        with bench.engines[PUBLISHER].connect() as connection:
            while connection.execute(_WAITING).first():
                connection.rollback()
                time.sleep(0.05)
                if time.monotonic() > end or party.process.poll() is not None:
                    raise PartyFailedError("the relay did not come to its end")
            seconds, marked = connection.execute(_MARKED).one()
    return {"confirmed": marked / float(seconds)}


def _publish_raw(bench: Bench, count: int) -> Figures:
    path = bench.write_bodies(bench.messages(count))
    with bench.party("raw", path, EXCHANGE, KEY, principal=PUBLISHER) as party:
        party.go()
        heard = party.hear()
    return {"confirmed": heard["count"] / heard["seconds"]}


ROWS: Final = {
    row.key: row
    for row in (
        Row(
            key="events",
            title="Event path: from the queue to the committed effect",
            unit="events/s",
            size=4000,
            parties={OURS: _listen_ours, "aio-pika": _listen_aiopika},
            aim=Aim("drain", "aio-pika", 1.2),
        ),
        Row(
            key="relay",
            title="Outbox relay: from the committed row to the confirmed message",
            unit="events/s",
            size=6000,
            parties={OURS: _relay_ours, "py-amqp": _publish_raw},
            aim=Aim("confirmed", "py-amqp", 0.7),
        ),
    )
}
