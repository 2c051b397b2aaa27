"""Each service's own copy of changed settings, and how it takes effect (clause 6.3).

Audit keeps the registry and publishes ``setting_changed``; every service keeps the
record in its own table, within its inbox's transaction, and each of its processes reads
that table once a second.  A change is in force in all of them about a second after it
was heard, without a restart and without anybody asked.

A record that this release refuses, weaker than its floors or of a key it does not
know, is kept and has no effect: the floors of the code stand above every registry.
"""

import threading
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select
from sqlalchemy.dialects.postgresql import insert

from kernel.context import Context
from kernel.crypto import Json, canonical, parse_canonical
from kernel.database import Database, Transaction
from kernel.errors import Refused, Transient
from kernel.events.audit import SettingChanged
from kernel.logging import get_logger
from kernel.platform import AnyPlatform
from kernel.policy import LivePolicy, Setting
from kernel.tables import settings

log = get_logger("settings")

EVERY_S: Final = 1.0
"""How old a process's knowledge of its own service's copy may be."""

Record = tuple[str, datetime, bytes, str, str]
"""Key, since when, value as canonical JSON, source, clause."""


def keep(tx: Transaction, event: SettingChanged) -> bool:
    """Take over a change; False when it was known."""
    added = tx.connection.execute(
        insert(settings)
        .values(
            setting_id=event.setting_id,
            key=event.key,
            effective_at=event.effective_at,
            value=canonical({"value": event.to_data()["value"]}),
            source=event.source,
            clause=event.clause,
        )
        .on_conflict_do_nothing()
    )
    return added.rowcount == 1


def records(connection: Connection) -> Sequence[Record]:
    """All changes this service has heard of, by the instant they take effect."""
    found = connection.execute(
        select(
            settings.c.key,
            settings.c.effective_at,
            settings.c.value,
            settings.c.source,
            settings.c.clause,
        ).order_by(settings.c.effective_at, settings.c.key)
    )
    return [
        (row.key, row.effective_at, bytes(row.value), row.source, row.clause)
        for row in found
    ]


class Follower:
    """Takes what the service's table says into a process's policy."""

    def __init__(self, policy: LivePolicy, database: Database) -> None:
        self._policy = policy
        self._database = database
        self._seen: Sequence[Record] = ()

    def look(self, context: Context) -> None:
        """Take what is new.  Raises Transient when the database is away."""
        with self._database.begin(context) as tx:
            found = records(tx.connection)
        if found == self._seen:
            return
        self._seen = found
        for key, code in self._policy.take(self._readable(found)):
            log.warning("setting_without_effect", key=key, code=code)

    def _readable(self, found: Iterable[Record]) -> Iterable[Setting]:
        for key, effective_at, raw, source, clause in found:
            if key not in self._policy.keys:
                log.warning("setting_without_effect", key=key, code="setting_unknown")
                continue
            try:
                value = self._policy.value_from_wire(key, _value(raw))
            except Refused as refusal:
                log.warning("setting_without_effect", key=key, code=refusal.code)
                continue
            yield Setting(key, effective_at, value, source, clause)


def follow(platform: AnyPlatform, stop: threading.Event) -> None:
    """Begin to follow the table, in a thread beside, until ``stop`` is set.

    The first look is taken before this returns: a process that starts anew decides
    nothing by older values.  While the database is away nothing is decided either.
    """
    if not isinstance(platform.policy, LivePolicy):
        return
    follower = Follower(platform.policy, platform.database)
    _look(follower, platform)

    def run() -> None:
        while not stop.wait(EVERY_S):
            _look(follower, platform)

    threading.Thread(target=run, name="settings", daemon=True).start()


def _look(follower: Follower, platform: AnyPlatform) -> None:
    try:
        follower.look(platform.context())
    except Transient as away:
        log.warning("settings_not_read", why=away.sentence)


def _value(raw: bytes) -> Json:
    told = parse_canonical(raw)
    return told["value"] if isinstance(told, dict) else None
