"""A person's visits to the camera, and the negative result of three that failed.

Visits count for the person (ИИН), whatever they were for: who fails for a registration
does not begin anew by registering again, nor by signing something else. Three failed
attempts are a negative result (order №56/2024); then nobody is compared until it has
cooled down, and three new attempts begin.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit whose result has been taken; it stands for `tries` attempts."""

    proved: bool
    tries: int
    settled_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRules:
    """The dated settings: how many attempts, how long a negative result stays."""

    max_attempts: int
    cooldown: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """Attempts a person has left; none until `retry_at` after a negative result."""

    attempts_left: int
    retry_at: datetime | None = None


def allowance(visits: Iterable[Visit], rules: VisitRules, *, at: datetime) -> Allowance:
    """What a person's visits so far, in their order, leave at an instant.

    1. A visit that proved the person forgives those before it.
    2. With the last attempt allowed the result is negative and counting begins anew.
    3. A negative result younger than the cool-down leaves nothing.
    """
    failed, negative_at = 0, None
    for visit in visits:
        if visit.proved:  # step 1
            failed = 0
            continue
        failed += visit.tries
        if failed >= rules.max_attempts:  # step 2
            failed, negative_at = 0, visit.settled_at
    if negative_at is not None and at < negative_at + rules.cooldown:  # step 3
        return Allowance(attempts_left=0, retry_at=negative_at + rules.cooldown)
    return Allowance(attempts_left=rules.max_attempts - failed)
