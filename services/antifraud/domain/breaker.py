"""The breaker: a rule that stops nearly everybody stops nobody on its own any more.

It is measured over different operations within a window, of the kinds the rule is for.
A tripped rule still speaks, for a look by a person: what it speaks of does not go on by
itself, so no money is let go (clause 6.1g v).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Self
from uuid import UUID

from kernel.policy import Policy
from services.antifraud.domain.engine import OUT_OF_TIME
from services.antifraud.domain.rules import Operation, RuleSet
from services.antifraud.domain.suspending import STANDING_CODES

NEVER_TRIPPED: Final = STANDING_CODES | {OUT_OF_TIME}
"""What a person suspended, and what no rule says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stops:
    """Different operations: how many were judged of each kind, what stopped them."""

    judged: Mapping[Operation, int]
    stopped: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """A rule of a version that asks for a look only, since when and why."""

    trip_id: UUID
    version: str
    rule: str
    tripped_at: datetime
    judged: int
    stopped: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """From which share on, of how many at least, within which window."""

    window: timedelta
    permille: int
    least: int

    @classmethod
    def at(cls, policy: Policy, now: datetime) -> Self:
        """The settings in force.  Broken when one is missing."""
        return cls(
            window=timedelta(minutes=policy.integer("antifraud.breaker_minutes", now)),
            permille=policy.integer("antifraud.breaker_permille", now),
            least=policy.integer("antifraud.breaker_least", now),
        )

    def is_too_much(self, *, judged: int, stopped: int) -> bool:
        return judged >= self.least and stopped * 1_000 > judged * self.permille

    def blocking(
        self, stops: Stops, rule_set: RuleSet
    ) -> Iterator[tuple[str, int, int]]:
        """Rules that stop too much: code, judged, stopped."""
        for code, on in _kinds_of(rule_set).items():
            judged = sum(stops.judged.get(kind, 0) for kind in on)
            stopped = stops.stopped.get(code, 0)
            if code not in NEVER_TRIPPED and self.is_too_much(
                judged=judged, stopped=stopped
            ):
                yield code, judged, stopped


def _kinds_of(rule_set: RuleSet) -> dict[str, frozenset[Operation]]:
    """What each rule may speak of; a typology, what any of its rules may."""
    kinds = {rule.code: rule.on for rule in rule_set.rules}
    for each in rule_set.typologies:
        kinds[each.code] = frozenset[Operation]().union(
            *(kinds[code] for code in each.rules)
        )
    return kinds
