"""Numbers that must go on moving when nothing else can: measured by a beat.

The relay cannot tell how old the outbox is while the broker is away, and the database
cannot be asked while it is away itself.  So the beat keeps *since when* something
waits, and its age is reckoned at each scrape.
"""

import threading
from datetime import datetime
from typing import Final

from sqlalchemy import func, select

from kernel.clock import Clock
from kernel.context import fresh_context
from kernel.database import Database
from kernel.errors import Transient
from kernel.ids import Ids
from kernel.logging import get_logger
from kernel.metrics import (
    INBOX_PARKED,
    INBOX_WAITING_OLDEST_AGE_SECONDS,
    OUTBOX_OLDEST_AGE_SECONDS,
)
from kernel.outbox import standing
from kernel.tables import inbox

log = get_logger("measures")

BEAT_S: Final = 2.0


class Measures:
    """The beat of one service, and what it has seen last."""

    def __init__(self, database: Database, clock: Clock, ids: Ids) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._unpublished: datetime | None = None
        self._waiting: datetime | None = None
        OUTBOX_OLDEST_AGE_SECONDS.set_function(lambda: self._age_s(self._unpublished))
        INBOX_WAITING_OLDEST_AGE_SECONDS.set_function(
            lambda: self._age_s(self._waiting)
        )

    def _age_s(self, since: datetime | None) -> float:
        if since is None:
            return 0.0
        return max((self._clock.now() - since).total_seconds(), 0.0)

    def measure(self) -> None:
        """Look once.  Raises Transient when the database is away."""
        with self._database.begin(fresh_context(self._ids)) as tx:
            self._unpublished = standing(tx.connection).oldest_unpublished
            self._waiting = tx.connection.execute(
                select(func.min(inbox.c.received_at)).where(inbox.c.state == "waiting")
            ).scalar()
            parked = tx.connection.execute(
                select(func.count()).where(inbox.c.state == "parked")
            ).scalar_one()
        INBOX_PARKED.set(parked)

    def run(self, stop: threading.Event) -> None:
        """Look at every beat until ``stop`` is set."""
        while not stop.wait(BEAT_S):
            try:
                self.measure()
            except Transient as error:
                log.warning("measures_rest", why=error.sentence)
