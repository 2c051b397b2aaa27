"""When a partner is left alone: after failures in a row, and between two requests.

Both are counts of one process on a clock that nobody sets (seconds); they say when to
ask, never what became of an order.
"""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRules:
    """All values come from settings.

    ``failures``: so many in a row let the partner rest for ``rest_s``; ``per_s``: so
    many requests a second, of which ``burst`` may come at once; ``patience_s``: who
    would wait longer for a turn does not ask.
    """

    failures: int
    rest_s: float
    per_s: float
    burst: int
    patience_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A circuit breaker: closed, open until an instant, or trying one request."""

    failed: int = 0
    rests_until: float | None = None

    def lets_through(self, now: float) -> bool:
        """Closed, or open and rested: then one request may try."""
        return self.rests_until is None or self.rests_until <= now

    def trying(self, now: float, rules: GuardRules) -> "Circuit":
        """A request goes out; while it tries, an open circuit lets no other through."""
        if self.rests_until is None:
            return self
        return replace(self, rests_until=now + rules.rest_s)

    def answered(self) -> "Circuit":
        """The partner is there: closed."""
        return Circuit()

    def unanswered(self, now: float, rules: GuardRules) -> "Circuit":
        """One failure more; enough of them, or a failed try, and the partner rests."""
        failed = self.failed + 1
        open_now = failed >= rules.failures or self.rests_until is not None
        return Circuit(
            failed=failed, rests_until=now + rules.rest_s if open_now else None
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """A rate limit by the generic cell rate algorithm: when the next turn would be."""

    next_at: float = 0.0

    def wait_s(self, now: float, rules: GuardRules) -> float:
        """How long a request asked for now has to wait."""
        slack = (rules.burst - 1) / rules.per_s
        return max(self.next_at - slack - now, 0.0)

    def taken(self, now: float, rules: GuardRules) -> "Pace":
        """A turn is taken, now or after the wait."""
        return Pace(next_at=max(self.next_at, now) + 1 / rules.per_s)
