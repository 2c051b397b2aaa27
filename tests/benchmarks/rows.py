"""The rows of the report: what is measured, of whom, and the aim."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from statistics import quantiles
from typing import Any, Final

from tests.benchmarks.bench import (
    EXCHANGE,
    KEY,
    LISTENER,
    OTHER_VHOST,
    PUBLISHER,
    QUEUE,
    Bench,
)

OURS: Final = "ours"
PACE: Final = 150
"""Events a second in the row of latencies: far below what either party can do."""
IN_FLIGHT: Final = 16

Figures = Mapping[str, float]
Measure = Callable[[Bench, int], Figures]


@dataclass(frozen=True, slots=True)
class Aim:
    """``figure`` of ours is at least ``ratio`` times what ``peer`` does."""

    figure: str
    peer: str
    ratio: float


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: every party in turn does the same work of so many messages."""

    title: str
    unit: str
    size: int
    parties: Mapping[str, Measure]
    aim: Aim | None = None
    of: str = "messages"


def _rate(heard: Mapping[str, Any]) -> float:
    return float(heard["count"] / heard["seconds"])


def _alone(bench: Bench, *command: object, principal: str) -> Mapping[str, Any]:
    """The figures of one party that needs nobody else."""
    with bench.party(*command, principal=principal) as party:
        party.go()
        return party.hear()


def _drain_ours(bench: Bench, count: int) -> Figures:
    bench.fill_queue(bench.messages(count))
    return {"drain": _rate(_alone(bench, "ours", "drain", count, principal=LISTENER))}


def _drain_aiopika(bench: Bench, count: int, library: str = "cryptography") -> Figures:
    bench.fill_queue(bench.messages(count))
    arguments = ("aiopika", "drain", LISTENER, QUEUE, count, library)
    return {"drain": _rate(_alone(bench, *arguments, principal=LISTENER))}


def _drain_nameko(bench: Bench, count: int) -> Figures:
    with (
        bench.other_vhost(),
        bench.party("stock", OTHER_VHOST, count, principal=LISTENER) as party,
    ):
        bench.fill_queue(bench.messages(count), vhost=OTHER_VHOST, key="signed")
        party.go()
        return {"drain": _rate(party.hear())}


def _relay_ours(bench: Bench, count: int) -> Figures:
    bench.fill_outbox(count)
    heard = _alone(bench, "ours", "relay", count, principal=PUBLISHER)
    return {"confirmed": _rate(heard)}


def _publish_raw(bench: Bench, count: int) -> Figures:
    path = bench.write_bodies(bench.messages(count))
    heard = _alone(bench, "raw", path, EXCHANGE, KEY, principal=PUBLISHER)
    return {"confirmed": _rate(heard)}


def _latency(
    bench: Bench, hearing: tuple[object, ...], pacing: tuple[object, ...]
) -> Figures:
    """Milliseconds from commit (peer: publish) to handler, by one monotonic clock."""
    with (
        bench.party(*hearing, principal=LISTENER) as listener,
        bench.party(*pacing, principal=PUBLISHER) as publisher,
    ):
        listener.go()
        publisher.go()
        sent, heard = publisher.hear()["at"], listener.hear()["at"]
    took = quantiles([(h - s) * 1000 for s, h in zip(sent, heard, strict=True)], n=100)
    return {"p50": took[49], "p99": took[98]}


def _latency_ours(bench: Bench, count: int) -> Figures:
    return _latency(bench, ("ours", "hear", count), ("ours", "pace", count, PACE))


def _latency_aiopika(bench: Bench, count: int) -> Figures:
    path = bench.write_bodies(bench.messages(count))
    return _latency(
        bench,
        ("aiopika", "hear", LISTENER, QUEUE, count),
        ("aiopika", "pace", PUBLISHER, path, EXCHANGE, KEY, PACE),
    )


def _calls(
    bench: Bench, count: int, *, answering: tuple[str, ...], calling: tuple[str, ...]
) -> Figures:
    figures = {}
    with bench.party(*answering, principal=PUBLISHER) as callee:
        callee.go()
        for name, in_flight in (("serial", 1), (f"{IN_FLIGHT} in flight", IN_FLIGHT)):
            heard = _alone(bench, *calling, count, in_flight, principal="gateway")
            figures[name] = _rate(heard)
    return figures


def _calls_ours(bench: Bench, count: int) -> Figures:
    return _calls(bench, count, answering=("ours", "answer"), calling=("caller",))


def _calls_aiopika(bench: Bench, count: int) -> Figures:
    return _calls(
        bench,
        count,
        answering=("aiopika", "answer", PUBLISHER, f"{PUBLISHER}.rpc"),
        calling=("aiopika", "call", "auth"),
    )


ROWS: Final = {
    "events": Row(
        title="Event path: from the queue to the committed effect",
        unit="events/s",
        size=4000,
        parties={
            OURS: _drain_ours,
            "aio-pika": _drain_aiopika,
            "aio-pika, PyNaCl": partial(_drain_aiopika, library="nacl"),
            "stock nameko": _drain_nameko,
        },
        aim=Aim("drain", "aio-pika", 1.2),
    ),
    "relay": Row(
        title="Outbox relay: from the committed row to the confirmed message",
        unit="events/s",
        size=8000,
        parties={OURS: _relay_ours, "py-amqp": _publish_raw},
        aim=Aim("confirmed", "py-amqp", 0.7),
    ),
    "latency": Row(
        title=f"Latency: from commit to handler at {PACE} events/s",
        unit="ms",
        size=900,
        parties={OURS: _latency_ours, "aio-pika": _latency_aiopika},
    ),
    "calls": Row(
        title="Calls: signed request, verified, answered",
        unit="calls/s",
        size=800,
        parties={OURS: _calls_ours, "aio-pika": _calls_aiopika},
    ),
}
