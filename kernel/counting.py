"""Each service says, hour by hour, how many events its outbox holds.

Numbers without gaps show what is missing before the newest event that came; they show
nothing when that was the last.  The count is an event with a number of its own, so
whoever listens to everything notices the loss with it, and notices silence (7.2b).
"""

import threading
from dataclasses import asdict
from typing import Final

from kernel.clock import Clock
from kernel.context import fresh_context
from kernel.database import Database
from kernel.errors import Transient
from kernel.events.platform import OutboxCounted
from kernel.ids import Ids
from kernel.logging import get_logger
from kernel.outbox import counted
from kernel.policy import Policy

log = get_logger("counting")

A_MINUTE_S: Final = 60.0


class Counting:
    """The beat of one process; counts of several processes do no harm."""

    def __init__(
        self, database: Database, clock: Clock, ids: Ids, policy: Policy
    ) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._policy = policy

    def count(self) -> None:
        """Say it once.  Raises Transient when the database is away."""
        with self._database.begin(fresh_context(self._ids)) as tx:
            told = asdict(counted(tx.connection))
            tx.publish(OutboxCounted(count_id=self._ids.new(), **told))

    def run(self, stop: threading.Event) -> None:
        """Say it after each span of the policy until ``stop`` is set."""
        while not stop.wait(self._span_s()):
            try:
                self.count()
            except Transient as error:
                log.warning("counting_rests", why=error.sentence)

    def _span_s(self) -> float:
        now = self._clock.now()
        return A_MINUTE_S * self._policy.integer("audit.count_minutes", now)
