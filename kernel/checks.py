"""Is this process well: each part with a figure, and what to do when it is not.

The same code answers the command line of a running service (over RPC) and
``python -m services.<service> check``, which needs no running service at all.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Final

from sqlalchemy import text

from kernel.bus import BROKER_ERRORS, close_quietly
from kernel.clock import Clock, SystemClock
from kernel.errors import Transient
from kernel.parts import Part, certificate, certificates_of
from kernel.platform import AnyPlatform

MOST_SKEW_S: Final = 2.0
"""A call's deadline is five seconds away: clocks further apart lose calls."""


def examine(
    platform: AnyPlatform, service: str, *, machine: Clock | None = None
) -> list[Part]:
    """Look at database, schema, clock, broker and certificates, the outer one too.

    ``machine`` is the clock of the computer; certificates are good by that one, however
    far the platform's own is shifted in a test.
    """
    now = machine or SystemClock()
    return [
        _database(platform),
        _asked(platform, "schema", lambda: _schema(platform, service)),
        _asked(platform, "clock", lambda: _clock(platform, now)),
        _broker(platform),
        certificate(platform.settings.tls_cert, now),
        *_outer_certificate(platform, now),
    ]


def _database(platform: AnyPlatform) -> Part:
    def ask() -> Part:
        began = time.monotonic()
        with platform.database.begin(platform.context()) as tx:
            tx.connection.execute(text("SELECT 1"))
        return Part(part="database", well=True, figure=_ms(began))

    return _asked(platform, "database", ask)


def _asked(platform: AnyPlatform, part: str, ask: Callable[[], Part]) -> Part:
    try:
        return ask()
    except Transient:
        address = platform.database.engine.url
        return Part(
            part=part,
            well=False,
            figure="no answer",
            advice=f"Is PostgreSQL running at {address.host}? make status",
        )


def _schema(platform: AnyPlatform, service: str) -> Part:
    # Late: Alembic is a tenth of what a process imports, and only this asks for it.
    schema = import_module("kernel.schema").Schema.of(service)
    with platform.database.begin(platform.context()) as tx:
        found, newest = schema.found(tx.connection), schema.newest()
        drift = schema.drift(tx.connection) if found == newest else []
    if not schema.serves(found):
        return Part(
            part="schema",
            well=False,
            figure=f"{found or 'none'}, not {newest}",
            advice=f"Run the migrations: python -m services.{service} migrate",
        )
    if drift:
        return Part(
            part="schema",
            well=False,
            figure=f"{newest}, {len(drift)} differences",
            advice="Somebody changed tables by hand: compare them with the code's.",
        )
    return Part(part="schema", well=True, figure=str(found))


def _clock(platform: AnyPlatform, machine: Clock) -> Part:
    """The one place that asks the database for the time; half the trip is forgiven."""
    with platform.database.begin(platform.context()) as tx:
        before = machine.now()
        theirs = tx.connection.execute(text("SELECT clock_timestamp()")).scalar_one()
        trip = machine.now() - before
    skew = theirs - (before + trip / 2)
    well = abs(skew) - trip / 2 <= timedelta(seconds=MOST_SKEW_S)
    return Part(
        part="clock",
        well=well,
        figure=f"{skew.total_seconds():+.3f} s to the database",
        advice="" if well else "Set both machines by NTP; see the runbook first.",
    )


def _broker(platform: AnyPlatform) -> Part:
    began = time.monotonic()
    try:
        close_quietly(platform.broker.connect())
    except BROKER_ERRORS as error:
        return Part(
            part="broker",
            well=False,
            figure=type(error).__name__,
            advice=f"Is RabbitMQ running at {platform.broker.host}? make status",
        )
    return Part(part="broker", well=True, figure=_ms(began))


def _outer_certificate(platform: AnyPlatform, machine: Clock) -> Iterator[Part]:
    """What the partners are shown, by a process that speaks to some."""
    path = certificates_of(platform.settings).get("outer")
    if path is not None:
        yield replace(certificate(path, machine), part="outer certificate")


def _ms(began: float) -> str:
    return f"{round((time.monotonic() - began) * 1000)} ms"
