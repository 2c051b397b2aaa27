"""The guard before a partner's server: its circuit and its pace, for all threads."""

import threading
import time
from collections.abc import Callable
from typing import Final

from kernel.logging import get_logger
from services.disbursement.domain.guard import Circuit, GuardRules, Pace

log = get_logger("disbursement")

TOO_MANY: Final = 429
SERVER_FAILS: Final = 500


class Guard:
    """Lets requests to one partner through, in turn; thread-safe."""

    def __init__(
        self,
        name: str,
        rules: GuardRules,
        *,
        elapsed: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """`elapsed` and `sleep` count the same seconds, by no clock one can set."""
        self._name = name
        self._rules = rules
        self._elapsed = elapsed
        self._sleep = sleep
        self._lock = threading.Lock()
        self._circuit = Circuit()
        self._pace = Pace()

    def refusal(self) -> str | None:
        """A code when the partner is not to be asked now; waits for its turn else."""
        with self._lock:
            now = self._elapsed()
            wait_s = self._pace.wait_s(now, self._rules)
            if not self._circuit.lets_through(now):
                return "bank_rests"
            if wait_s > self._rules.patience_s:
                return "bank_rate_limited"
            self._circuit = self._circuit.trying(now, self._rules)
            self._pace = self._pace.taken(now, self._rules)
        if wait_s > 0:
            self._sleep(wait_s)
        return None

    def saw(self, status: int | None) -> None:
        """What became of a request: its status, None without an answer."""
        failed = status is None or status == TOO_MANY or status >= SERVER_FAILS
        with self._lock:
            was_closed = self._circuit.rests_until is None
            self._circuit = (
                self._circuit.unanswered(self._elapsed(), self._rules)
                if failed
                else self._circuit.answered()
            )
            is_closed = self._circuit.rests_until is None
        if was_closed and not is_closed:
            log.warning("bank_rests", partner=self._name)
        if is_closed and not was_closed:
            log.info("bank_answers_again", partner=self._name)
